// What MERGE does with the rows of its join.
#include <algorithm>

#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {

using plan::ColumnId;
using plan::kCost;

absl::StatusOr<Physical> PhysicalBuilder::BuildMerge(const plan::Rel& rel) {
  ASSIGN_OR_RETURN(Physical input, BuildRel(*rel.inputs[0]));
  std::vector<ColumnId> layout = rel.target_columns;
  layout.push_back(rel.row_key);
  for (const ColumnId id : input.layout) {
    if (std::find(layout.begin(), layout.end(), id) == layout.end()) layout.push_back(id);
  }
  ASSIGN_OR_RETURN(input, Align(std::move(input), layout));
  Physical result;
  common::v1::MergeRows* merge = result.op.mutable_merge_rows();
  merge->set_table_id(rel.table->table_id());
  RETURN_IF_ERROR(EncodeInto(rel.expressions[0], input.layout, merge->mutable_action()));
  merge->set_asks_once(
      std::any_of(rel.conditions.begin(), rel.conditions.end(), plan::HasSubquery));
  if (!rel.conditions.empty() && !merge->asks_once())
    RETURN_IF_ERROR(EncodeAnd(rel.conditions, input.layout, merge->mutable_matches()));
  for (const common::v1::StatementKind action : rel.merge_actions) merge->add_actions(action);
  result.layout = std::move(layout);
  result.layout.push_back(rel.output.back());
  result.rows = input.rows;
  result.startup = input.startup;
  result.cost = input.cost + input.rows * kCost.fetch_row;
  *merge->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

Physical PhysicalBuilder::Held(Physical input) {
  Physical result;
  result.layout = input.layout;
  result.rows = input.rows;
  result.startup = result.cost = input.cost;
  common::v1::ProgramRows* op = result.op.mutable_program_rows();
  op->set_held(true);
  *op->mutable_input() = std::move(input.op);
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
