// min() and max() without groups: the first row that an index gives at either end.
#include <algorithm>

#include "common/sql/default_planner/access_paths.h"
#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::ColumnId;
using plan::Expr;
using plan::ExprPtr;
using plan::Rel;
using plan::RelPtr;

// A row of the table at which one of the aggregates has its value.
struct End {
  ColumnId column = 0;
  bool greatest = false;
};

// One end for each aggregate, equal ones once; empty when another aggregate needs all rows.
std::vector<End> EndsOf(const Rel& aggregate) {
  std::vector<End> ends;
  for (const plan::AggregateCall& call : aggregate.aggregates) {
    const bool greatest = call.function->name == "max";
    if ((!greatest && call.function->name != "min") || call.filter != nullptr ||
        call.arguments.size() != 1)
      return {};
    const Expr& argument = StripRelabel(*call.arguments[0]);
    if (argument.kind != Expr::Kind::kColumn) return {};
    if (std::none_of(ends.begin(), ends.end(), [&](const End& end) {
          return end.column == argument.column && end.greatest == greatest;
        }))
      ends.push_back({argument.column, greatest});
  }
  return ends;
}

bool ReadsOnlyItsInput(const std::vector<ExprPtr>& expressions) {
  return std::none_of(expressions.begin(), expressions.end(),
                      [](const ExprPtr& e) { return plan::HasSubquery(e) || plan::IsVolatile(e); });
}

// A copy of the tree without the rows in which `column` is NULL. Null when it is more than a table
// under conditions and projections.
RelPtr WithoutNulls(const plan::Query& query, const RelPtr& rel, ColumnId column) {
  switch (rel->kind) {
    case Rel::Kind::kScan:
      if (rel->table->is_virtual() || rel->lock.has_value()) return nullptr;
      return plan::MakeFilter(
          rel, {plan::MakeTest(common::v1::TestExpression::KIND_IS_NOT_NULL,
                               {plan::MakeColumn(column, query.columns[column].type)})});
    case Rel::Kind::kFilter: {
      if (!ReadsOnlyItsInput(rel->conditions)) return nullptr;
      RelPtr below = WithoutNulls(query, rel->inputs[0], column);
      if (below == nullptr) return nullptr;
      std::vector<ExprPtr> conditions = rel->conditions;
      if (below->kind == Rel::Kind::kFilter) {
        conditions.insert(conditions.end(), below->conditions.begin(), below->conditions.end());
        below = below->inputs[0];
      }
      return plan::MakeFilter(below, std::move(conditions));
    }
    case Rel::Kind::kProject: {
      if (!ReadsOnlyItsInput(rel->expressions)) return nullptr;
      const auto it = std::find(rel->output.begin(), rel->output.end(), column);
      if (it == rel->output.end()) return nullptr;
      const Expr& source = *rel->expressions[it - rel->output.begin()];
      if (source.kind != Expr::Kind::kColumn) return nullptr;
      RelPtr below = WithoutNulls(query, rel->inputs[0], source.column);
      if (below == nullptr) return nullptr;
      auto copy = std::make_shared<Rel>(*rel);
      copy->inputs[0] = std::move(below);
      return copy;
    }
    default:
      return nullptr;
  }
}

RelPtr FirstRow(const plan::Query& query, const RelPtr& rel, const End& end) {
  RelPtr sort = plan::MakeRel(Rel::Kind::kSort, {rel});
  sort->output = rel->output;
  sort->keys.push_back(
      {plan::MakeColumn(end.column, query.columns[end.column].type), end.greatest, end.greatest});
  RelPtr limit = plan::MakeRel(Rel::Kind::kLimit, {sort});
  limit->output = rel->output;
  limit->count = plan::MakeLiteral(types::Value::Int(types::TypeId::kInt8, 1));
  return limit;
}

}  // namespace

// The rows at the ends instead of all of the input, `whole`: the aggregates over them are the same.
// Nullopt where an index does not lead to each end, or not at a lower cost.
absl::StatusOr<std::optional<Physical>> PhysicalBuilder::TryIndexEnds(const Rel& aggregate,
                                                                      const Physical& whole) {
  if (!aggregate.expressions.empty()) return std::optional<Physical>();
  const std::vector<End> ends = EndsOf(aggregate);
  if (ends.empty()) return std::optional<Physical>();
  std::vector<Physical> rows;
  double cost = 0;
  for (const End& end : ends) {
    const RelPtr present = WithoutNulls(query_, aggregate.inputs[0], end.column);
    if (present == nullptr) return std::optional<Physical>();
    ASSIGN_OR_RETURN(Physical row, BuildRel(*FirstRow(query_, present, end)));
    if (row.op.limit().input().has_sort()) return std::optional<Physical>();
    cost += row.cost;
    if (cost >= whole.cost) return std::optional<Physical>();
    ASSIGN_OR_RETURN(row, Align(std::move(row), whole.layout));
    rows.push_back(std::move(row));
  }
  if (rows.size() == 1) return std::optional<Physical>(std::move(rows.front()));
  Physical result;
  for (Physical& row : rows) *result.op.mutable_append()->add_inputs() = std::move(row.op);
  result.layout = whole.layout;
  result.rows = static_cast<double>(rows.size());
  result.cost = cost;
  Finish(&result);
  return std::optional<Physical>(std::move(result));
}

}  // namespace adbms::sql::default_planner
