// WITH RECURSIVE.
#include "common/sql/default_planner/physical_builder.h"
#include "common/status/macros.h"

namespace adbms::sql::default_planner {
namespace {

using plan::kCost;
using plan::Rel;

// PostgreSQL's assumption: so many rounds.
constexpr double kAssumedRounds = 10;

}  // namespace

absl::StatusOr<Physical> PhysicalBuilder::BuildRecursiveUnion(const Rel& rel) {
  ASSIGN_OR_RETURN(Physical initial, BuildRel(*rel.inputs[0]));
  ASSIGN_OR_RETURN(initial, Align(std::move(initial), rel.inputs[0]->output));
  working_table_rows_[rel.working_table] = initial.rows * kAssumedRounds;
  ASSIGN_OR_RETURN(Physical recursive, BuildRel(*rel.inputs[1]));
  ASSIGN_OR_RETURN(recursive, Align(std::move(recursive), rel.inputs[1]->output));
  Physical result;
  common::v1::RecursiveUnion* op = result.op.mutable_recursive_union();
  op->set_all(rel.all);
  op->set_working_table(rel.working_table);
  result.layout = rel.output;
  result.rows = initial.rows + kAssumedRounds * recursive.rows;
  result.startup = initial.startup;
  result.cost = initial.cost + kAssumedRounds * recursive.cost +
                result.rows * (rel.all ? kCost.emit_row : kCost.emit_row + kCost.hash_build_row);
  *op->mutable_initial() = std::move(initial.op);
  *op->mutable_recursive() = std::move(recursive.op);
  Finish(&result);
  return result;
}

absl::StatusOr<Physical> PhysicalBuilder::BuildWorkingTable(const Rel& rel) {
  Physical result;
  result.op.mutable_working_table_scan()->set_working_table(rel.working_table);
  result.op.mutable_working_table_scan()->set_alias(rel.alias);
  result.layout = rel.output;
  const auto rows = working_table_rows_.find(rel.working_table);
  result.rows = rows == working_table_rows_.end() ? 1000 : rows->second;
  result.cost = result.rows * kCost.emit_row;
  Finish(&result);
  return result;
}

}  // namespace adbms::sql::default_planner
