// The body of a SELECT above its WHERE: targets, grouping, HAVING, DISTINCT, ORDER BY.
#include <algorithm>
#include <functional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

using GroupKeys = std::vector<std::pair<ExprPtr, ColumnId>>;

// Those of the keys that are in every set.
GroupKeys KeysOfAll(const GroupKeys& keys,
                    const std::optional<std::vector<std::vector<size_t>>>& sets) {
  GroupKeys result;
  for (size_t i = 0; sets.has_value() && i < keys.size(); ++i) {
    if (std::all_of(sets->begin(), sets->end(), [i](const std::vector<size_t>& set) {
          return std::find(set.begin(), set.end(), i) != set.end();
        }))
      result.push_back(keys[i]);
  }
  return result;
}

}  // namespace

absl::StatusOr<BoundQuery> Binder::BindSelectBody(const PgQuery__SelectStmt& select, Scope* scope,
                                                  RelPtr rel, bool keep_unknown) {
  GroupingState grouping;
  scope->grouping = &grouping;
  WindowingState windowing;
  scope->windowing = &windowing;
  RETURN_IF_ERROR(BindWindowClause({select.window_clause, select.n_window_clause}, scope));
  SeriesState series;
  scope->series = &series;
  scope->row_calls = &series;
  ASSIGN_OR_RETURN(std::vector<Target> targets,
                   BindTargets({select.target_list, select.n_target_list}, scope,
                               keep_unknown && select.n_distinct_clause == 0));
  std::vector<ExprPtr> group;
  std::optional<GroupingSets> sets;
  RETURN_IF_ERROR(BindGroupBy(select, scope, targets, &group, &sets));
  ExprPtr having;
  if (select.having_clause != nullptr) {
    scope->clause = "HAVING";
    scope->windowing = nullptr;
    scope->series = nullptr;
    scope->row_calls = nullptr;
    ASSIGN_OR_RETURN(having, BindExpr(select.having_clause, scope));
    ASSIGN_OR_RETURN(having, ToBoolean(having, "HAVING"));
    scope->windowing = &windowing;
    scope->series = &series;
    scope->row_calls = &series;
  }
  scope->clause = "ORDER BY";
  ASSIGN_OR_RETURN(std::vector<OrderItem> order,
                   BindOrderBy({select.sort_clause, select.n_sort_clause}, scope, targets, false));
  for (const OrderItem& item : order) {
    if (item.target < 0) continue;
    Target& target = targets[static_cast<size_t>(item.target)];
    ASSIGN_OR_RETURN(target.expression, ResolveUnknown(target.expression));
  }
  const bool distinct_on = select.n_distinct_clause > 0 &&
                           select.distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
  const bool distinct = select.n_distinct_clause > 0 && !distinct_on;
  std::vector<OrderItem> distinct_items;
  if (distinct_on) {
    ASSIGN_OR_RETURN(
        distinct_items,
        BindDistinctOn({select.distinct_clause, select.n_distinct_clause}, scope, targets));
  }
  scope->grouping = nullptr;
  scope->windowing = nullptr;
  scope->series = nullptr;
  scope->row_calls = nullptr;

  if (!grouping.calls.empty() && std::any_of(scope->items.begin(), scope->items.end(),
                                             [](const ScopeItem& item) { return item.recursive; }))
    return ErrorAt("42P19", -1,
                   "aggregate functions are not allowed in a recursive query's recursive term");

  // Sort expressions that are no targets become targets that are dropped at the end.
  const size_t visible = targets.size();
  for (OrderItem& item : order) {
    if (item.target >= 0) continue;
    if (distinct)
      return ErrorAt(sqlstate::kInvalidColumnReference, item.expression->location,
                     "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
    item.target = static_cast<int>(targets.size());
    targets.push_back({item.expression, "?column?"});
  }
  if (distinct_on) RETURN_IF_ERROR(MatchDistinctOn(&distinct_items, order, &targets));

  const bool grouped =
      !group.empty() || !grouping.calls.empty() || having != nullptr || sets.has_value();
  if (!grouping.operations.empty() && group.empty() && !sets.has_value())
    RETURN_IF_ERROR(GroupingValue(grouping.operations[0], group, {}).status());
  // Set-returning functions that groups are made of run below them, the others above; so do
  // functions that storage cannot run, if aggregates or windows are about them.
  ASSIGN_OR_RETURN(const std::vector<bool> below,
                   SeriesBelow(series, group, grouping, &windowing, grouped));
  const auto program = std::find_if(series.calls.begin(), series.calls.end(),
                                    [](const auto& call) { return call.program != nullptr; });
  if (program != series.calls.end() && select.n_locking_clause > 0)
    return NoLocks(*program->program);
  RETURN_IF_ERROR(CheckBesideSets(series, select.limit_count != nullptr));
  ASSIGN_OR_RETURN(rel, ApplySeries(rel, series, below));
  std::vector<bool> above(below.size());
  std::transform(below.begin(), below.end(), above.begin(), std::logical_not<>());
  const auto replace_in_series = [&](GroupKeys* keys) -> absl::Status {
    for (size_t i = 0; i < series.calls.size(); ++i) {
      if (below[i]) continue;
      for (ExprPtr& e : series.calls[i].function.arguments) {
        ASSIGN_OR_RETURN(e, ReplaceGrouped(e, scope, keys));
      }
    }
    return absl::OkStatus();
  };
  const auto replace_in_windows = [&](GroupKeys* keys) -> absl::Status {
    absl::Status status;
    windowing.ForEachExpression([&](ExprPtr& e) {
      if (!status.ok()) return;
      absl::StatusOr<ExprPtr> replaced = ReplaceGrouped(e, scope, keys);
      if (replaced.ok())
        e = *std::move(replaced);
      else
        status = replaced.status();
    });
    return status;
  };
  if (grouped && group.empty() && grouping.calls.empty() && !sets.has_value()) {
    // HAVING alone asks for one group, whose rows nobody looks at: they are not even read.
    GroupKeys none;
    for (Target& target : targets) {
      ASSIGN_OR_RETURN(target.expression, ReplaceGrouped(target.expression, scope, &none));
    }
    ASSIGN_OR_RETURN(having, ReplaceGrouped(having, scope, &none));
    RETURN_IF_ERROR(replace_in_windows(&none));
    RETURN_IF_ERROR(replace_in_series(&none));
    std::vector<ExprPtr> conditions;
    plan::SplitConjunction(having, &conditions);
    rel = plan::MakeFilter(plan::MakeOneRow(), std::move(conditions));
  } else if (grouped) {
    GroupKeys keys;
    for (const ExprPtr& key : group) {
      plan::ColumnInfo info{ColumnNameOf(nullptr), key->type, 0, 0, false};
      if (key->kind == Expr::Kind::kColumn) info = query_->columns[key->column];
      keys.push_back({key, query_->AddColumn(info)});
    }
    const GroupKeys common = KeysOfAll(keys, sets);
    if (sets.has_value()) common_keys_ = &common;
    const absl::Cleanup no_common = [this] { common_keys_ = nullptr; };
    for (Target& target : targets) {
      ASSIGN_OR_RETURN(target.expression, ReplaceGrouped(target.expression, scope, &keys));
    }
    if (having != nullptr) {
      ASSIGN_OR_RETURN(having, ReplaceGrouped(having, scope, &keys));
    }
    RETURN_IF_ERROR(replace_in_windows(&keys));
    RETURN_IF_ERROR(replace_in_series(&keys));
    if (sets.has_value()) {
      ASSIGN_OR_RETURN(rel, GroupBySets(rel, grouping, *sets, group, keys));
    } else {
      ASSIGN_OR_RETURN(rel, GroupByKeys(rel, grouping, group, keys));
    }
    if (having != nullptr) {
      std::vector<ExprPtr> conditions;
      plan::SplitConjunction(having, &conditions);
      rel = plan::MakeFilter(rel, std::move(conditions));
    }
  }

  if (!windowing.calls.empty()) rel = ApplyWindows(rel, windowing);

  for (Target& target : targets) {
    plan::ColumnInfo info{target.name, target.expression->type, 0, 0, false};
    if (target.expression->kind == Expr::Kind::kColumn) {
      info = query_->columns[target.expression->column];
      info.name = target.name;
    }
    target.id = query_->AddColumn(info);
  }
  // As PostgreSQL has it: ORDER BY comes before the set-returning functions, unless it is about
  // them.
  const auto uses_series = [&](const ExprPtr& e) {
    const std::vector<bool> used = SeriesIn(series, {e});
    for (size_t i = 0; i < used.size(); ++i) {
      if (used[i] && above[i]) return true;
    }
    return false;
  };
  const bool limited = select.limit_count != nullptr;
  // Functions that have one row for each are not even called for those that LIMIT drops.
  bool behind_limit = limited;
  for (size_t i = 0; i < above.size(); ++i)
    behind_limit &= !above[i] ||
                    (series.calls[i].program != nullptr && !series.calls[i].program->returns_set());
  const bool series_last =
      (!order.empty() || behind_limit) && !distinct &&
      std::none_of(order.begin(), order.end(), [&](const OrderItem& item) {
        return uses_series(targets[static_cast<size_t>(item.target)].expression);
      });
  plan::ColumnSet needed;
  for (const Target& target : targets) {
    needed.insert(target.id);
    plan::CollectColumns(*target.expression, &needed);
  }
  if (!series_last) {
    ASSIGN_OR_RETURN(rel, ApplySeries(rel, series, above, &needed));
  }
  // What calls volatile functions is computed for the rows that are left: PostgreSQL does so after
  // ORDER BY and, row by row, below LIMIT.
  std::vector<Target> postponed;
  if (!distinct && (distinct_on ? series_last : !order.empty() || limited)) {
    std::vector<Target> first;
    plan::ColumnSet passed;
    const auto pass = [&](const ExprPtr& e) {
      for (const ColumnId id : plan::ColumnsOf(e)) {
        const auto& known = rel->output;
        if (std::find(known.begin(), known.end(), id) == known.end() || !passed.insert(id).second)
          continue;
        first.push_back({plan::MakeColumn(id, query_->columns[id].type), "", id});
      }
    };
    for (size_t i = 0; i < targets.size(); ++i) {
      const bool is_key = std::any_of(order.begin(), order.end(), [&](const OrderItem& item) {
        return item.target == static_cast<int>(i);
      });
      const ExprPtr& e = targets[i].expression;
      const bool later = (!distinct_on && plan::IsVolatile(e)) || (series_last && uses_series(e));
      if (is_key || !later) {
        first.push_back(targets[i]);
        continue;
      }
      postponed.push_back(targets[i]);
      pass(e);
    }
    for (size_t i = 0; series_last && i < series.calls.size(); ++i) {
      if (!above[i]) continue;
      for (const ExprPtr& e : series.calls[i].function.arguments) pass(e);
    }
    rel = Project(rel, postponed.empty() ? targets : first);
  } else {
    rel = Project(rel, targets);
  }
  if (distinct) {
    RelPtr unique = plan::MakeRel(Rel::Kind::kAggregate, {rel});
    for (Target& target : targets) {
      if (!types::IsComparable(target.expression->type))
        return ErrorAt(sqlstate::kUndefinedFunction, target.expression->location,
                       absl::StrCat("could not identify an equality operator for type ",
                                    types::Format(target.expression->type)));
      RETURN_IF_ERROR(CheckGroups(target.expression));
      unique->expressions.push_back(plan::MakeColumn(target.id, target.expression->type));
      target.id = query_->AddColumn(query_->columns[target.id]);
      unique->output.push_back(target.id);
    }
    rel = unique;
  }
  if (distinct_on) {
    ASSIGN_OR_RETURN(rel, FirstOfEach(rel, distinct_items, order, targets));
  }
  std::vector<plan::SortKey> keys;
  for (const OrderItem& item : order) {
    const Target& target = targets[item.target];
    ExprPtr column = plan::MakeColumn(target.id, target.expression->type);
    ASSIGN_OR_RETURN(column, Ordered(column));
    keys.push_back({std::move(column), item.descending, item.nulls_first});
  }
  if (!order.empty()) {
    RelPtr sort = plan::MakeRel(Rel::Kind::kSort, {rel});
    sort->output = rel->output;
    sort->keys = keys;
    rel = sort;
  }
  if (series_last && !behind_limit) {
    ASSIGN_OR_RETURN(rel, ApplySeries(rel, series, above, &needed));
  }
  for (size_t i = 0; i < above.size() && select.limit_offset != nullptr; ++i) {
    const common::v1::FunctionDescriptor* called = series.calls[i].program;
    if (above[i] && called != nullptr && plan::IsVolatileFunction(*called))
      return NoConditionBesideLimit(*called);
  }
  ASSIGN_OR_RETURN(rel, BindLimit(select, rel, keys, scope));
  if (series_last && behind_limit) {
    ASSIGN_OR_RETURN(rel, ApplySeries(rel, series, above, &needed));
  }
  if (select.n_locking_clause > 0) RETURN_IF_ERROR(ApplyLocking(select, rel));
  BoundQuery bound;
  std::vector<Target> kept;
  for (size_t i = 0; i < visible; ++i) {
    const Target& target = targets[i];
    bound.columns.push_back({target.name, target.id, target.expression->type});
    const bool later = std::any_of(postponed.begin(), postponed.end(),
                                   [&](const Target& other) { return other.id == target.id; });
    if (later)
      kept.push_back(target);
    else
      kept.push_back(
          {plan::MakeColumn(target.id, target.expression->type), target.name, target.id});
  }
  if (visible < targets.size() || !postponed.empty() || distinct_on) rel = Project(rel, kept);
  bound.rel = rel;
  return bound;
}

}  // namespace adbms::sql::binder
