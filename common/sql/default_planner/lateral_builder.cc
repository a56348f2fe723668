// What is computed for each row of a left side: set-returning functions, lateral joins.
#include <algorithm>

#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::ColumnId;
using plan::ColumnSet;
using plan::ExprPtr;
using plan::kCost;
using plan::Rel;

// The part of a wanted order that the left side can be asked for: the rows stay in its order.
Wanted OfLeft(const Wanted& wanted, const std::vector<ColumnId>& left) {
  Wanted result;
  for (const plan::SortKey& key : wanted.order) {
    if (std::find(left.begin(), left.end(), key.expression->column) == left.end()) return {};
    result.order.push_back(key);
  }
  return result;
}

}  // namespace

absl::StatusOr<Physical> PhysicalBuilder::BuildProjectSet(const Rel& rel, const Wanted& wanted) {
  ASSIGN_OR_RETURN(Physical input, BuildRel(*rel.inputs[0], OfLeft(wanted, rel.inputs[0]->output)));
  Physical result;
  common::v1::ProjectSet* set = result.op.mutable_project_set();
  set->set_ordinality(rel.ordinality);
  set->set_keeps_empty(rel.keeps_empty);
  double rows = 1;
  for (const plan::SetFunction& function : rel.set_functions) {
    common::v1::SetFunction* out = set->add_functions();
    if (function.function != nullptr) {
      out->set_function(function.function->signature);
      rows = std::max(rows, RowsOf(*function.function, function.arguments));
    }
    for (const ExprPtr& e : function.arguments)
      RETURN_IF_ERROR(EncodeInto(e, input.layout, out->add_arguments()));
  }
  result.layout = input.layout;
  const std::vector<ColumnId> computed = plan::ComputedColumns(rel);
  result.layout.insert(result.layout.end(), computed.begin(), computed.end());
  result.ordering = input.ordering;
  result.sorted = input.sorted;
  result.rows = input.rows * rows;
  result.startup = input.startup;
  result.cost = input.cost + result.rows * kCost.emit_row;
  *set->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildLateral(const Rel& rel, const Wanted& wanted) {
  ASSIGN_OR_RETURN(Physical left, BuildRel(*rel.inputs[0], OfLeft(wanted, rel.inputs[0]->output)));
  // The right side finds the left's columns in slots, as a sub-plan does.
  SubPlanState state;
  SubPlanState* const outer = subplan_;
  subplan_ = &state;
  absl::StatusOr<Physical> built = BuildRel(*rel.inputs[1]);
  subplan_ = outer;
  if (!built.ok()) return built.status();
  Physical right = *std::move(built);
  Physical result;
  common::v1::LateralJoin* join = result.op.mutable_lateral_join();
  join->set_type(rel.join_type);
  for (size_t i = 0; i < state.columns.size(); ++i) {
    join->add_correlation_slots(state.numbers[i]);
    const ColumnId column = state.columns[i];
    RETURN_IF_ERROR(EncodeInto(plan::MakeColumn(column, query_.columns[column].type), left.layout,
                               join->add_correlation()));
  }
  result.layout = left.layout;
  result.layout.insert(result.layout.end(), right.layout.begin(), right.layout.end());
  if (!rel.conditions.empty())
    RETURN_IF_ERROR(EncodeAnd(rel.conditions, result.layout, join->mutable_condition()));
  result.ordering = left.ordering;
  result.sorted = left.sorted;
  result.rows = left.rows * right.rows;
  if (!rel.conditions.empty()) result.rows *= estimator_.Selectivity(query_, rel.conditions);
  if (rel.join_type == common::v1::JOIN_TYPE_LEFT) result.rows = std::max(result.rows, left.rows);
  result.startup = left.startup + right.startup;
  result.cost = left.cost + left.rows * right.cost + result.rows * kCost.emit_row;
  *join->mutable_left() = std::move(left.op);
  *join->mutable_right() = std::move(right.op);
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
