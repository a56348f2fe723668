// GROUP BY, and what it makes of the expressions above it.
#include <algorithm>
#include <numeric>
#include <utility>

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

absl::StatusOr<size_t> Binder::BindGroupKey(const Node* node, Scope* scope,
                                            const std::vector<Target>& targets,
                                            std::vector<ExprPtr>* keys) {
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
  if (!types::IsComparable(key->type))
    return ErrorAt(sqlstate::kUndefinedFunction, location,
                   absl::StrCat("could not identify an equality operator for type ",
                                types::Format(key->type)));
  RETURN_IF_ERROR(CheckGroups(key));
  const auto known = std::find_if(keys->begin(), keys->end(),
                                  [&](const ExprPtr& e) { return plan::Equal(*e, *key); });
  const size_t position = known - keys->begin();
  if (known == keys->end()) keys->push_back(key);
  return position;
}

absl::Status Binder::BindGroupBy(const PgQuery__SelectStmt& select, Scope* scope,
                                 const std::vector<Target>& targets, std::vector<ExprPtr>* keys,
                                 std::optional<GroupingSets>* sets) {
  scope->clause = "GROUP BY";
  GroupingState* grouping = std::exchange(scope->grouping, nullptr);
  WindowingState* windowing = std::exchange(scope->windowing, nullptr);
  const NodeList items(select.group_clause, select.n_group_clause);
  auto expanded = ExpandGroupBy(items, scope, targets, keys);
  scope->grouping = grouping;
  scope->windowing = windowing;
  if (!expanded.ok()) return expanded.status();
  const bool has_sets = std::any_of(items.begin(), items.end(), [](const Node* node) {
    return node->node_case == PG_QUERY__NODE__NODE_GROUPING_SET;
  });
  if (!has_sets) return absl::OkStatus();
  if (select.group_distinct) {
    std::sort(expanded->begin(), expanded->end());
    expanded->erase(std::unique(expanded->begin(), expanded->end()), expanded->end());
  }
  *sets = *std::move(expanded);
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::ReplaceGrouped(const ExprPtr& expression, Scope* scope,
                                               GroupKeys* keys) {
  absl::Status status;
  ExprPtr result = plan::Transform(expression, [&](const ExprPtr& e) -> ExprPtr {
    for (const auto& [key, id] : *keys) {
      if (plan::Equal(*key, *e)) return plan::MakeColumn(id, e->type, e->location);
    }
    if (e->kind != Expr::Kind::kColumn || !OwnColumn(*scope, e->column)) return nullptr;
    const GroupKeys& determining = common_keys_ == nullptr ? *keys : *common_keys_;
    if (DeterminedByKey(*scope, e->column, determining)) {
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

absl::StatusOr<RelPtr> Binder::GroupByKeys(RelPtr rel, const GroupingState& grouping,
                                           const std::vector<ExprPtr>& group,
                                           const std::vector<std::pair<ExprPtr, ColumnId>>& keys) {
  RelPtr aggregate = plan::MakeRel(Rel::Kind::kAggregate, {rel});
  for (const auto& [key, id] : keys) {
    aggregate->expressions.push_back(key);
    aggregate->output.push_back(id);
  }
  aggregate->aggregates = grouping.calls;
  aggregate->output.insert(aggregate->output.end(), grouping.outputs.begin(),
                           grouping.outputs.end());
  if (grouping.operations.empty()) return aggregate;
  // Of the one set that there is.
  std::vector<size_t> all(group.size());
  std::iota(all.begin(), all.end(), 0);
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {aggregate});
  project->output = aggregate->output;
  for (const ColumnId id : aggregate->output)
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  for (const GroupingState::Operation& operation : grouping.operations) {
    ASSIGN_OR_RETURN(const int32_t value, GroupingValue(operation, group, all));
    project->output.push_back(operation.output);
    project->expressions.push_back(plan::MakeLiteral(types::Value::Int(TypeId::kInt4, value)));
  }
  return project;
}

}  // namespace adbms::sql::binder
