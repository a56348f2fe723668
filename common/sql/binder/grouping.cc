// The body of a SELECT above its WHERE: targets, grouping, HAVING, DISTINCT, ORDER BY.
#include <algorithm>

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

bool OwnColumn(const Scope& scope, ColumnId id) {
  for (const ScopeItem& item : scope.items) {
    for (const ScopeColumn& column : item.columns) {
      if (column.id == id) return true;
    }
  }
  return false;
}

// Whether the grouped columns include the primary key of the table that produced `id`: the column
// then has one value in each group.
bool DeterminedByKey(const Scope& scope, ColumnId id, const GroupKeys& keys) {
  for (const ScopeItem& item : scope.items) {
    if (item.table == nullptr || item.table->primary_key_size() == 0) continue;
    const bool mine = std::any_of(item.columns.begin(), item.columns.end(),
                                  [id](const ScopeColumn& column) { return column.id == id; });
    if (!mine) continue;
    std::vector<ColumnId> by_ordinal(item.table->columns_size(), 0);
    size_t next = 0;
    for (int i = 0; i < item.table->columns_size(); ++i) {
      if (!item.table->columns(i).dropped() && next < item.columns.size())
        by_ordinal[i] = item.columns[next++].id;
    }
    return std::all_of(item.table->primary_key().begin(), item.table->primary_key().end(),
                       [&](uint32_t ordinal) {
                         return std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
                           return key.first->kind == Expr::Kind::kColumn &&
                                  key.first->column == by_ordinal[ordinal];
                         });
                       });
  }
  return false;
}

}  // namespace

absl::Status Binder::BindGroupBy(const PgQuery__SelectStmt& select, Scope* scope,
                                 const std::vector<Target>& targets, std::vector<ExprPtr>* keys) {
  scope->clause = "GROUP BY";
  GroupingState* grouping = scope->grouping;
  WindowingState* windowing = scope->windowing;
  scope->grouping = nullptr;
  scope->windowing = nullptr;
  auto bind = [&]() -> absl::Status {
    for (const Node* node : NodeList(select.group_clause, select.n_group_clause)) {
      if (node->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
        return Unsupported(node->grouping_set->location, "GROUPING SETS, ROLLUP and CUBE");
      ASSIGN_OR_RETURN(const std::optional<int> target,
                       MatchTarget(node, targets, scope, true, "GROUP BY"));
      ExprPtr key;
      int location = -1;
      if (target.has_value()) {
        key = targets[*target].expression;
        location = node->node_case == PG_QUERY__NODE__NODE_A_CONST ? node->a_const->location
                                                                   : node->column_ref->location;
        bool has_aggregate = false;
        bool has_window = false;
        plan::Walk(key, [&](const Expr& e) {
          has_aggregate |= e.kind == Expr::Kind::kColumn && aggregate_columns_.contains(e.column);
          has_window |= e.kind == Expr::Kind::kColumn && window_columns_.contains(e.column);
        });
        if (has_aggregate)
          return ErrorAt(sqlstate::kGroupingError, location,
                         "aggregate functions are not allowed in GROUP BY");
        if (has_window)
          return ErrorAt(sqlstate::kWindowingError, location,
                         "window functions are not allowed in GROUP BY");
      } else {
        ASSIGN_OR_RETURN(key, BindExpr(node, scope));
        ASSIGN_OR_RETURN(key, ResolveUnknown(key));
        location = key->location;
      }
      if (!types::IsComparable(key->type.id))
        return ErrorAt(sqlstate::kUndefinedFunction, location,
                       absl::StrCat("could not identify an equality operator for type ",
                                    types::Format(key->type)));
      const bool known = std::any_of(keys->begin(), keys->end(),
                                     [&](const ExprPtr& e) { return plan::Equal(*e, *key); });
      if (!known) keys->push_back(key);
    }
    return absl::OkStatus();
  };
  const absl::Status status = bind();
  scope->grouping = grouping;
  scope->windowing = windowing;
  return status;
}

absl::StatusOr<ExprPtr> Binder::ReplaceGrouped(const ExprPtr& expression, Scope* scope,
                                               GroupKeys* keys) {
  absl::Status status;
  ExprPtr result = plan::Transform(expression, [&](const ExprPtr& e) -> ExprPtr {
    for (const auto& [key, id] : *keys) {
      if (plan::Equal(*key, *e)) return plan::MakeColumn(id, e->type, e->location);
    }
    if (e->kind != Expr::Kind::kColumn || !OwnColumn(*scope, e->column)) return nullptr;
    if (DeterminedByKey(*scope, e->column, *keys)) {
      if (view_ == nullptr) needed_keys_.insert(query_->columns[e->column].table_id);
      const ColumnId id = query_->AddColumn(query_->columns[e->column]);
      keys->push_back({plan::MakeColumn(e->column, e->type), id});
      return plan::MakeColumn(id, e->type, e->location);
    }
    const bool undecided = std::any_of(
        keys->begin(), keys->end(), [](const auto& key) { return plan::HasSubquery(key.first); });
    if (status.ok() && undecided) {
      // Whether two subqueries are the same one is not known here.
      status = Unsupported(e->location, "grouping by an expression with a subquery");
    } else if (status.ok()) {
      std::string name = query_->columns[e->column].name;
      for (const ScopeItem& item : scope->items) {
        for (const ScopeColumn& column : item.columns) {
          if (column.id == e->column && !item.alias.empty())
            name = absl::StrCat(item.alias, ".", column.name);
        }
      }
      status =
          ErrorAt(sqlstate::kGroupingError, e->location,
                  absl::StrCat(
                      "column \"", name,
                      "\" must appear in the GROUP BY clause or be used in an aggregate function"));
    }
    return e;
  });
  if (!status.ok()) return status;
  return result;
}

absl::StatusOr<BoundQuery> Binder::BindSelectBody(const PgQuery__SelectStmt& select, Scope* scope,
                                                  RelPtr rel, bool keep_unknown) {
  GroupingState grouping;
  scope->grouping = &grouping;
  WindowingState windowing;
  scope->windowing = &windowing;
  RETURN_IF_ERROR(BindWindowClause({select.window_clause, select.n_window_clause}, scope));
  std::vector<RelPtr> series;
  scope->series = &series;
  ASSIGN_OR_RETURN(
      std::vector<Target> targets,
      BindTargets({select.target_list, select.n_target_list}, scope,
                  keep_unknown && select.n_distinct_clause == 0 && select.n_sort_clause == 0));
  scope->series = nullptr;
  std::vector<ExprPtr> group;
  RETURN_IF_ERROR(BindGroupBy(select, scope, targets, &group));
  ExprPtr having;
  if (select.having_clause != nullptr) {
    scope->clause = "HAVING";
    scope->windowing = nullptr;
    ASSIGN_OR_RETURN(having, BindExpr(select.having_clause, scope));
    ASSIGN_OR_RETURN(having, ToBoolean(having, "HAVING"));
    scope->windowing = &windowing;
  }
  scope->clause = "ORDER BY";
  ASSIGN_OR_RETURN(std::vector<OrderItem> order,
                   BindOrderBy({select.sort_clause, select.n_sort_clause}, scope, targets, false));
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

  const bool grouped = !group.empty() || !grouping.calls.empty() || having != nullptr;
  if (!series.empty() && !windowing.calls.empty())
    return Unsupported(-1, "a set-returning function beside window functions in a select list");
  ASSIGN_OR_RETURN(rel, JoinSeries(rel, series, grouped));
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
  if (grouped && group.empty() && grouping.calls.empty()) {
    // HAVING alone asks for one group, whose rows nobody looks at: they are not even read.
    GroupKeys none;
    for (Target& target : targets) {
      ASSIGN_OR_RETURN(target.expression, ReplaceGrouped(target.expression, scope, &none));
    }
    ASSIGN_OR_RETURN(having, ReplaceGrouped(having, scope, &none));
    RETURN_IF_ERROR(replace_in_windows(&none));
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
    for (Target& target : targets) {
      ASSIGN_OR_RETURN(target.expression, ReplaceGrouped(target.expression, scope, &keys));
    }
    if (having != nullptr) {
      ASSIGN_OR_RETURN(having, ReplaceGrouped(having, scope, &keys));
    }
    RETURN_IF_ERROR(replace_in_windows(&keys));
    RelPtr aggregate = plan::MakeRel(Rel::Kind::kAggregate, {rel});
    for (const auto& [key, id] : keys) {
      aggregate->expressions.push_back(key);
      aggregate->output.push_back(id);
    }
    aggregate->aggregates = grouping.calls;
    aggregate->output.insert(aggregate->output.end(), grouping.outputs.begin(),
                             grouping.outputs.end());
    rel = aggregate;
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
  // What calls volatile functions is computed for the rows that are left: PostgreSQL does so after
  // ORDER BY and, row by row, below LIMIT.
  std::vector<Target> postponed;
  const bool limited = select.limit_count != nullptr;
  if (!distinct && !distinct_on && (!order.empty() || limited)) {
    std::vector<Target> first;
    plan::ColumnSet passed;
    for (size_t i = 0; i < targets.size(); ++i) {
      const bool is_key = std::any_of(order.begin(), order.end(), [&](const OrderItem& item) {
        return item.target == static_cast<int>(i);
      });
      if (is_key || !plan::IsVolatile(targets[i].expression)) {
        first.push_back(targets[i]);
        continue;
      }
      postponed.push_back(targets[i]);
      for (const ColumnId id : plan::ColumnsOf(targets[i].expression)) {
        const auto& known = rel->output;
        if (std::find(known.begin(), known.end(), id) == known.end() || !passed.insert(id).second)
          continue;
        first.push_back({plan::MakeColumn(id, query_->columns[id].type), "", id});
      }
    }
    rel = Project(rel, postponed.empty() ? targets : first);
  } else {
    rel = Project(rel, targets);
  }
  if (distinct) {
    RelPtr unique = plan::MakeRel(Rel::Kind::kAggregate, {rel});
    for (Target& target : targets) {
      if (!types::IsComparable(target.expression->type.id))
        return ErrorAt(sqlstate::kUndefinedFunction, target.expression->location,
                       absl::StrCat("could not identify an equality operator for type ",
                                    types::Format(target.expression->type)));
      unique->expressions.push_back(plan::MakeColumn(target.id, target.expression->type));
      target.id = query_->AddColumn(query_->columns[target.id]);
      unique->output.push_back(target.id);
    }
    rel = unique;
  }
  if (distinct_on) rel = FirstOfEach(rel, distinct_items, order, targets);
  if (!order.empty()) {
    RelPtr sort = plan::MakeRel(Rel::Kind::kSort, {rel});
    sort->output = rel->output;
    for (const OrderItem& item : order)
      sort->keys.push_back(
          {plan::MakeColumn(targets[item.target].id, targets[item.target].expression->type),
           item.descending, item.nulls_first});
    rel = sort;
  }
  ASSIGN_OR_RETURN(rel, BindLimit(select, rel, scope));
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
