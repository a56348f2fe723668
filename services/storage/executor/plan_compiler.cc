#include <set>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/executor/locked_rows.h"
#include "services/storage/executor/operator.h"
#include "services/storage/executor/plan_shape.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

using PlanOperator = common::v1::Operator;

// Far beyond what a statement of bounded size can need.
constexpr uint32_t kMostOperators = 1 << 20;
constexpr uint32_t kMostSlots = 1 << 20;

// Every correlation slot that a message's tree reads, the sub-plans that it runs, and the slots
// that its lateral joins set.
void CollectSlots(const google::protobuf::Message& root, std::set<uint32_t>* slots,
                  std::set<uint32_t>* subplans, std::set<uint32_t>* set_by_joins) {
  ForEachMessage(root, [&](const google::protobuf::Message& message) {
    if (message.GetDescriptor() == common::v1::LateralJoin::descriptor()) {
      const auto& join = static_cast<const common::v1::LateralJoin&>(message);
      set_by_joins->insert(join.correlation_slots().begin(), join.correlation_slots().end());
    }
    if (message.GetDescriptor() != common::v1::Expression::descriptor()) return;
    const auto& expression = static_cast<const common::v1::Expression&>(message);
    if (expression.node_case() == common::v1::Expression::kCorrelationSlot)
      slots->insert(expression.correlation_slot());
    if (expression.has_subquery()) subplans->insert(expression.subquery().subplan());
  });
}

// Slots that a sub-plan reads, itself or through the sub-plans it runs, beyond those that are bound
// there.
std::set<uint32_t> FreeSlots(const common::v1::Plan& plan, uint32_t subplan,
                             std::set<uint32_t>* active) {
  std::set<uint32_t> slots;
  if (subplan >= static_cast<uint32_t>(plan.subplans_size()) || !active->insert(subplan).second)
    return slots;
  std::set<uint32_t> nested, set_by_joins;
  CollectSlots(plan.subplans(static_cast<int>(subplan)).root(), &slots, &nested, &set_by_joins);
  for (uint32_t inner : nested) slots.merge(FreeSlots(plan, inner, active));
  for (uint32_t bound : set_by_joins) slots.erase(bound);
  for (uint32_t bound : plan.subplans(static_cast<int>(subplan)).correlation_slots())
    slots.erase(bound);
  active->erase(subplan);
  return slots;
}

// Highest correlation slot of the plan, plus one.
uint32_t CountSlots(const common::v1::Plan& plan) {
  uint32_t count = 0;
  std::set<uint32_t> slots, subplans, set_by_joins;
  CollectSlots(plan, &slots, &subplans, &set_by_joins);
  slots.merge(set_by_joins);
  for (uint32_t slot : slots) count = std::max(count, std::max(slot, slot + 1));
  for (const common::v1::SubPlan& subplan : plan.subplans()) {
    for (uint32_t slot : subplan.correlation_slots()) {
      count = std::max(count, std::max(slot, slot + 1));
    }
  }
  return count;
}

}  // namespace

PlanNode::PlanNode(const PlanOperator& plan) : id_(plan.id()) {
  for (const common::v1::OutputColumn& column : plan.output())
    output_.push_back(types::FromProto(column.type()));
}

absl::StatusOr<const catalog::TableEntry*> CompileScope::Table(uint32_t table_id) const {
  const catalog::TableEntryPtr* entry = catalog->Find(table_id);
  if (entry == nullptr) {
    return status::Error(status::sqlstate::kStalePlan,
                         "the plan names a table that does not exist any more");
  }
  plan->tables.push_back(*entry);
  return entry->get();
}

absl::StatusOr<CompiledExpressionPtr> CompileOptional(bool present,
                                                      const common::v1::Expression& expression) {
  if (!present) return CompiledExpressionPtr();
  return sql::expression::Compile(expression);
}

absl::StatusOr<std::vector<CompiledExpressionPtr>> CompileAll(
    const google::protobuf::RepeatedPtrField<common::v1::Expression>& expressions) {
  std::vector<CompiledExpressionPtr> result;
  for (const common::v1::Expression& expression : expressions) {
    ASSIGN_OR_RETURN(CompiledExpressionPtr compiled, sql::expression::Compile(expression));
    result.push_back(std::move(compiled));
  }
  return result;
}

void CompileScope::Declare(const PlanOperator& operator_plan) const {
  const uint32_t id = operator_plan.id();
  if (id >= plan->operator_count) {
    plan->operator_count = id + 1;
    plan->outputs.resize(plan->operator_count);
    plan->compiled.resize(plan->operator_count);
  }
  plan->compiled[id] = true;
  for (const common::v1::OutputColumn& column : operator_plan.output()) {
    plan->outputs[id].push_back(types::PhysicalOf(types::FromProto(column.type()).id));
  }
}

absl::StatusOr<PlanNodePtr> CompileOperator(const PlanOperator& plan, CompileScope* scope) {
  if (SortsProjected(plan)) return CompileOperator(SortedFirst(plan), scope);
  if (LocksRows(plan) || (plan.has_sort() && LocksRows(plan.sort().input())))
    return CompileLockedRows(plan, scope);
  // Ids count from 0 and size what each execution counts.
  if (plan.id() >= kMostOperators) {
    return absl::InvalidArgumentError("malformed plan: an operator's id");
  }
  const CompiledPlan& compiled = *scope->plan;
  if (plan.id() < compiled.operator_count && compiled.compiled[plan.id()]) {
    return absl::InvalidArgumentError("malformed plan: two operators have one id");
  }
  RETURN_IF_ERROR(CheckShape(plan));
  scope->Declare(plan);
  switch (plan.body_case()) {
    case PlanOperator::kSeqScan:
      return CompileSeqScan(plan, scope);
    case PlanOperator::kIndexScan:
      return CompileIndexScan(plan, scope);
    case PlanOperator::kValues:
      return CompileValues(plan, scope);
    case PlanOperator::kFunctionScan:
      return CompileFunctionScan(plan, scope);
    case PlanOperator::kSystemScan:
      return CompileSystemScan(plan, scope);
    case PlanOperator::kCteScan:
      return CompileCteScan(plan, scope);
    case PlanOperator::kProgramRows:
      return CompileProgramRows(plan, scope);
    case PlanOperator::kMergeRows:
      return CompileMergeRows(plan, scope);
    case PlanOperator::kFilter:
      return CompileFilter(plan, scope);
    case PlanOperator::kProject:
      return CompileProject(plan, scope);
    case PlanOperator::kHashJoin:
      return CompileHashJoin(plan, scope);
    case PlanOperator::kLookupJoin:
      return CompileLookupJoin(plan, scope);
    case PlanOperator::kNestedLoopJoin:
      return CompileNestedLoopJoin(plan, scope);
    case PlanOperator::kAggregate:
      return CompileAggregate(plan, scope);
    case PlanOperator::kSort:
      return CompileSort(plan, scope);
    case PlanOperator::kWindow:
      return CompileWindow(plan, scope);
    case PlanOperator::kLimit:
      return CompileLimit(plan, scope);
    case PlanOperator::kAppend:
      return CompileAppend(plan, scope);
    case PlanOperator::kSetOperation:
      return CompileSetOperation(plan, scope);
    case PlanOperator::kProjectSet:
      return CompileProjectSet(plan, scope);
    case PlanOperator::kLateralJoin:
      return CompileLateralJoin(plan, scope);
    case PlanOperator::kRecursiveUnion:
      return CompileRecursiveUnion(plan, scope);
    case PlanOperator::kWorkingTableScan:
      return CompileWorkingTableScan(plan, scope);
    case PlanOperator::kInsert:
      return CompileInsert(plan, scope);
    case PlanOperator::kUpdate:
      return CompileUpdate(plan, scope);
    case PlanOperator::kDelete:
      return CompileDelete(plan, scope);
    case PlanOperator::BODY_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("malformed plan: an operator without a body");
}

absl::StatusOr<std::shared_ptr<const CompiledPlan>> CompilePlan(
    std::shared_ptr<const common::v1::Plan> plan, const catalog::CatalogState& catalog) {
  auto compiled = std::make_shared<CompiledPlan>();
  compiled->plan = std::move(plan);
  const common::v1::Plan& source = *compiled->plan;
  CompileScope scope{&catalog, compiled.get()};
  bool has_slots = source.subplans_size() > 0;
  ForEachMessage(source, [&](const google::protobuf::Message& message) {
    const auto* const op = dynamic_cast<const PlanOperator*>(&message);
    has_slots |= op != nullptr && op->has_lateral_join();
    if (op != nullptr && op->id() < kMostOperators)
      scope.next_hidden_id = std::max(scope.next_hidden_id, op->id() + 1);
  });
  compiled->correlation_slots = has_slots ? CountSlots(source) : 0;
  if (compiled->correlation_slots > kMostSlots) {
    return absl::InvalidArgumentError("malformed plan: a correlation slot");
  }
  for (uint32_t i = 0; i < static_cast<uint32_t>(source.subplans_size()); ++i) {
    std::set<uint32_t> active;
    const std::set<uint32_t> slots = FreeSlots(source, i, &active);
    compiled->outer_slots.emplace_back(slots.begin(), slots.end());
  }
  RETURN_IF_ERROR(CheckReferences(source));
  RETURN_IF_ERROR(CheckEagerCtes(source));
  ASSIGN_OR_RETURN(compiled->root, CompileOperator(source.root(), &scope));
  for (const common::v1::SubPlan& subplan : source.subplans()) {
    ASSIGN_OR_RETURN(PlanNodePtr node, CompileOperator(subplan.root(), &scope));
    compiled->subplans.push_back(std::move(node));
  }
  for (const PlanOperator& cte : source.ctes()) {
    ASSIGN_OR_RETURN(PlanNodePtr node, CompileOperator(cte, &scope));
    compiled->ctes.push_back(std::move(node));
  }
  compiled->repeatable = !compiled->writes && !compiled->locks_rows && !HasVolatileCalls(source);
  return std::shared_ptr<const CompiledPlan>(std::move(compiled));
}

absl::Status ApplyFilter(const sql::expression::CompiledExpression& filter,
                         ExecutionContext* context, Actuals* actuals, types::Batch* batch) {
  RETURN_IF_ERROR(CheckStrings(*batch));
  std::vector<uint32_t> selection;
  RETURN_IF_ERROR(SelectInParts(filter, context, *batch, &selection));
  actuals->rows_removed += batch->row_count - selection.size();
  if (selection.size() == batch->row_count) return absl::OkStatus();
  if (selection.empty()) {
    *batch = types::Batch();
    return absl::OkStatus();
  }
  *batch = types::Gather(*batch, selection.data(), static_cast<uint32_t>(selection.size()));
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
