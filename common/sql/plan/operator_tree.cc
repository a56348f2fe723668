#include "common/sql/plan/operator_tree.h"

namespace adbms::sql::plan {

using common::v1::Operator;

std::vector<const Operator*> ChildrenOf(const Operator& op) {
  const std::vector<Operator*> children = MutableChildrenOf(const_cast<Operator*>(&op));
  return {children.begin(), children.end()};
}

std::vector<Operator*> MutableChildrenOf(Operator* op) {
  switch (op->body_case()) {
    case Operator::kFilter:
      return {op->mutable_filter()->mutable_input()};
    case Operator::kProject:
      return {op->mutable_project()->mutable_input()};
    case Operator::kHashJoin:
      return {op->mutable_hash_join()->mutable_left(), op->mutable_hash_join()->mutable_right()};
    case Operator::kLookupJoin:
      return {op->mutable_lookup_join()->mutable_left()};
    case Operator::kNestedLoopJoin:
      return {op->mutable_nested_loop_join()->mutable_left(),
              op->mutable_nested_loop_join()->mutable_right()};
    case Operator::kAggregate:
      return {op->mutable_aggregate()->mutable_input()};
    case Operator::kSort:
      return {op->mutable_sort()->mutable_input()};
    case Operator::kWindow:
      return {op->mutable_window()->mutable_input()};
    case Operator::kLimit:
      return {op->mutable_limit()->mutable_input()};
    case Operator::kAppend: {
      std::vector<Operator*> inputs;
      for (Operator& input : *op->mutable_append()->mutable_inputs()) inputs.push_back(&input);
      return inputs;
    }
    case Operator::kSetOperation:
      return {op->mutable_set_operation()->mutable_left(),
              op->mutable_set_operation()->mutable_right()};
    case Operator::kProjectSet:
      return {op->mutable_project_set()->mutable_input()};
    case Operator::kProgramRows:
      if (!op->program_rows().has_input()) return {};
      return {op->mutable_program_rows()->mutable_input()};
    case Operator::kMergeRows:
      return {op->mutable_merge_rows()->mutable_input()};
    case Operator::kLateralJoin:
      return {op->mutable_lateral_join()->mutable_left(),
              op->mutable_lateral_join()->mutable_right()};
    case Operator::kRecursiveUnion:
      return {op->mutable_recursive_union()->mutable_initial(),
              op->mutable_recursive_union()->mutable_recursive()};
    case Operator::kInsert:
      return {op->mutable_insert()->mutable_input()};
    case Operator::kUpdate:
      return {op->mutable_update()->mutable_input()};
    case Operator::kDelete:
      return {op->mutable_delete_()->mutable_input()};
    default:
      return {};
  }
}

void ForEachOperator(Operator* root, const std::function<void(Operator*)>& visit) {
  visit(root);
  for (Operator* child : MutableChildrenOf(root)) ForEachOperator(child, visit);
}

bool RunsPrograms(const common::v1::Plan& plan) {
  return plan.program_calls_size() > 0 ||
         std::any_of(plan.ctes().begin(), plan.ctes().end(),
                     [](const Operator& cte) { return cte.has_program_rows(); });
}

void ForEachRoot(common::v1::Plan* plan, const std::function<void(Operator*)>& visit) {
  visit(plan->mutable_root());
  for (auto& subplan : *plan->mutable_subplans()) visit(subplan.mutable_root());
  for (Operator& cte : *plan->mutable_ctes()) visit(&cte);
}

}  // namespace adbms::sql::plan
