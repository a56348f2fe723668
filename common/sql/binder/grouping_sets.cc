// GROUPING SETS, ROLLUP and CUBE: the rows are kept, and grouped once for each set.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr size_t kMostSets = 4096;
constexpr size_t kLargestCube = 12;

// The expressions between an item's parentheses: (a, b) counts as one item.
NodeList PartsOf(const Node* const& node) {
  if (node->node_case == PG_QUERY__NODE__NODE_ROW_EXPR &&
      node->row_expr->row_format == PG_QUERY__COERCION_FORM__COERCE_IMPLICIT_CAST)
    return {node->row_expr->args, node->row_expr->n_args};
  return {const_cast<Node* const*>(&node), 1};
}

// Without the keys that are there twice.
std::vector<size_t> Joined(const std::vector<size_t>& a, const std::vector<size_t>& b) {
  std::vector<size_t> result = a;
  for (const size_t key : b) {
    if (std::find(result.begin(), result.end(), key) == result.end()) result.push_back(key);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

absl::StatusOr<Binder::GroupingSets> Binder::ExpandGroupBy(NodeList items, Scope* scope,
                                                           const std::vector<Target>& targets,
                                                           std::vector<ExprPtr>* keys) {
  GroupingSets product = {{}};
  for (const Node* item : items) {
    ASSIGN_OR_RETURN(const GroupingSets sets, ExpandGroupItem(item, scope, targets, keys));
    GroupingSets next;
    if (product.size() * sets.size() > kMostSets)
      return ErrorAt(sqlstate::kStatementTooComplex, -1,
                     absl::StrCat("too many grouping sets present (maximum ", kMostSets, ")"));
    for (const std::vector<size_t>& a : product) {
      for (const std::vector<size_t>& b : sets) next.push_back(Joined(a, b));
    }
    product = std::move(next);
  }
  return product;
}

absl::StatusOr<Binder::GroupingSets> Binder::ExpandGroupItem(const Node* item, Scope* scope,
                                                             const std::vector<Target>& targets,
                                                             std::vector<ExprPtr>* keys) {
  const auto keys_of = [&](const Node* const& node) -> absl::StatusOr<std::vector<size_t>> {
    std::vector<size_t> result;
    for (const Node* part : PartsOf(node)) {
      ASSIGN_OR_RETURN(const size_t key, BindGroupKey(part, scope, targets, keys));
      result = Joined(result, {key});
    }
    return result;
  };
  if (item->node_case != PG_QUERY__NODE__NODE_GROUPING_SET) {
    ASSIGN_OR_RETURN(std::vector<size_t> set, keys_of(item));
    return GroupingSets{std::move(set)};
  }
  const PgQuery__GroupingSet& grouping = *item->grouping_set;
  const NodeList content(grouping.content, grouping.n_content);
  GroupingSets result;
  if (grouping.kind == PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SETS) {
    for (const Node* node : content) {
      ASSIGN_OR_RETURN(const GroupingSets sets, ExpandGroupItem(node, scope, targets, keys));
      result.insert(result.end(), sets.begin(), sets.end());
    }
    return result;
  }
  std::vector<std::vector<size_t>> parts;
  for (const Node* node : content) {
    ASSIGN_OR_RETURN(std::vector<size_t> part, keys_of(node));
    parts.push_back(std::move(part));
  }
  switch (grouping.kind) {
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP:
      for (size_t count = parts.size() + 1; count-- > 0;) {
        std::vector<size_t>& set = result.emplace_back();
        for (size_t i = 0; i < count; ++i) set = Joined(set, parts[i]);
      }
      return result;
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE:
      if (parts.size() > kLargestCube)
        return ErrorAt(sqlstate::kTooManyColumns, grouping.location,
                       absl::StrCat("CUBE is limited to ", kLargestCube, " elements"));
      for (size_t mask = size_t{1} << parts.size(); mask-- > 0;) {
        std::vector<size_t>& set = result.emplace_back();
        for (size_t i = 0; i < parts.size(); ++i) {
          if ((mask >> i & 1) != 0) set = Joined(set, parts[i]);
        }
      }
      return result;
    default:
      return GroupingSets{{}};
  }
}

absl::StatusOr<ExprPtr> Binder::BindGrouping(const PgQuery__GroupingFunc& function, Scope* scope) {
  if (scope->grouping == nullptr)
    return ErrorAt(sqlstate::kGroupingError, function.location,
                   absl::StrCat("grouping operations are not allowed in ", scope->clause));
  if (function.n_args > 31)
    return ErrorAt("54023", function.location, "GROUPING must have fewer than 32 arguments");
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({function.args, function.n_args}, scope));
  constexpr Type kInteger{TypeId::kInt4, 0};
  for (const GroupingState::Operation& known : scope->grouping->operations) {
    if (std::equal(known.arguments.begin(), known.arguments.end(), args.begin(), args.end(),
                   [](const ExprPtr& a, const ExprPtr& b) { return plan::Equal(*a, *b); }))
      return plan::MakeColumn(known.output, kInteger, function.location);
  }
  const ColumnId id = query_->AddColumn({"grouping", kInteger, 0, 0, true});
  scope->grouping->operations.push_back({std::move(args), id, function.location});
  aggregate_columns_.insert(id);
  return plan::MakeColumn(id, kInteger, function.location);
}

absl::StatusOr<int32_t> Binder::GroupingValue(const GroupingState::Operation& operation,
                                              const std::vector<ExprPtr>& keys,
                                              const std::vector<size_t>& set) const {
  int32_t value = 0;
  for (const ExprPtr& e : operation.arguments) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const ExprPtr& known) { return plan::Equal(*known, *e); });
    if (key == keys.end())
      return ErrorAt(
          sqlstate::kGroupingError, operation.location,
          "arguments to GROUPING must be grouping expressions of the associated query level");
    const auto position = static_cast<size_t>(key - keys.begin());
    const bool grouped = std::find(set.begin(), set.end(), position) != set.end();
    value = value * 2 + (grouped ? 0 : 1);
  }
  return value;
}

absl::StatusOr<RelPtr> Binder::GroupBySets(RelPtr rel, const GroupingState& grouping,
                                           const GroupingSets& sets,
                                           const std::vector<ExprPtr>& group,
                                           const std::vector<std::pair<ExprPtr, ColumnId>>& keys) {
  // The keys become columns of the rows that are kept, beside what the aggregates are about.
  plan::ColumnSet used;
  for (const plan::AggregateCall& call : grouping.calls) {
    for (const ExprPtr& e : call.arguments) plan::CollectColumns(*e, &used);
    if (call.filter) plan::CollectColumns(*call.filter, &used);
    for (const plan::SortKey& key : call.order_by) plan::CollectColumns(*key.expression, &used);
  }
  RelPtr rows = plan::MakeRel(Rel::Kind::kProject, {rel});
  for (const ColumnId id : rel->output) {
    if (!used.contains(id)) continue;
    rows->output.push_back(id);
    rows->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  }
  std::vector<ColumnId> key_columns;
  for (const auto& [key, id] : keys) {
    key_columns.push_back(query_->AddColumn(query_->columns[id]));
    rows->output.push_back(key_columns.back());
    rows->expressions.push_back(key);
  }
  CteEntry kept;
  kept.name = "grouping sets";
  for (const ColumnId id : rows->output)
    kept.columns.push_back({query_->columns[id].name, id, query_->columns[id].type});
  KeepRows(rows, &kept);
  RelPtr append = plan::MakeRel(Rel::Kind::kAppend);
  for (const auto& [key, id] : keys) append->output.push_back(id);
  append->output.insert(append->output.end(), grouping.outputs.begin(), grouping.outputs.end());
  for (const GroupingState::Operation& operation : grouping.operations)
    append->output.push_back(operation.output);
  for (const std::vector<size_t>& set : sets) {
    ScopeItem item;
    ASSIGN_OR_RETURN(RelPtr reader, ReadCte(kept, -1, &item));
    if (reader->kind == Rel::Kind::kCte) reader->alias = kept.name;
    std::map<ColumnId, ExprPtr> columns;
    for (size_t i = 0; i < item.columns.size(); ++i)
      columns[rows->output[i]] = plan::MakeColumn(item.columns[i].id, item.columns[i].type);
    const auto moved = [&columns](const ExprPtr& e) {
      return plan::Transform(e, [&columns](const ExprPtr& part) -> ExprPtr {
        if (part->kind != plan::Expr::Kind::kColumn) return nullptr;
        const auto it = columns.find(part->column);
        return it == columns.end() ? nullptr : it->second;
      });
    };
    RelPtr aggregate = plan::MakeRel(Rel::Kind::kAggregate, {reader});
    RelPtr project = plan::MakeRel(Rel::Kind::kProject, {aggregate});
    for (size_t i = 0; i < keys.size(); ++i) {
      const Type type = query_->columns[keys[i].second].type;
      project->output.push_back(query_->AddColumn(query_->columns[keys[i].second]));
      // Those behind the written ones are determined by what all sets have.
      if (i < group.size() && std::find(set.begin(), set.end(), i) == set.end()) {
        project->expressions.push_back(plan::MakeNull(type));
        continue;
      }
      aggregate->expressions.push_back(columns[key_columns[i]]);
      aggregate->output.push_back(query_->AddColumn(query_->columns[keys[i].second]));
      project->expressions.push_back(plan::MakeColumn(aggregate->output.back(), type));
    }
    for (size_t i = 0; i < grouping.calls.size(); ++i) {
      plan::AggregateCall call = grouping.calls[i];
      for (ExprPtr& e : call.arguments) e = moved(e);
      if (call.filter) call.filter = moved(call.filter);
      for (plan::SortKey& key : call.order_by) key.expression = moved(key.expression);
      aggregate->aggregates.push_back(std::move(call));
      const plan::ColumnInfo info = query_->columns[grouping.outputs[i]];
      aggregate->output.push_back(query_->AddColumn(info));
      project->expressions.push_back(plan::MakeColumn(aggregate->output.back(), info.type));
      project->output.push_back(query_->AddColumn(info));
    }
    for (const GroupingState::Operation& operation : grouping.operations) {
      ASSIGN_OR_RETURN(const int32_t value, GroupingValue(operation, group, set));
      project->expressions.push_back(plan::MakeLiteral(types::Value::Int(TypeId::kInt4, value)));
      project->output.push_back(query_->AddColumn({"grouping", {TypeId::kInt4, 0}, 0, 0, true}));
    }
    append->inputs.push_back(project);
  }
  return append;
}

}  // namespace adbms::sql::binder
