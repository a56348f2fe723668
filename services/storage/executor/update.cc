// UPDATE and DELETE.
#include "common/status/macros.h"
#include "services/storage/codec/generated_columns.h"
#include "services/storage/executor/cascade_rules.h"
#include "services/storage/executor/modify.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

class ChangeNode : public PlanNode {
 public:
  ChangeNode(const common::v1::Operator& plan, bool removes) : PlanNode(plan), removes(removes) {}
  OperatorPtr Open(ExecutionContext* context) const override;

  const bool removes;
  const catalog::TableEntry* table = nullptr;
  PlanNodePtr input;
  std::vector<uint32_t> columns;
  std::vector<CompiledExpressionPtr> values;
  std::vector<bool> assigned;
  std::vector<CompiledExpressionPtr> returning;
  std::vector<Check> checks;
  CompiledExpressionPtr recheck;
  CascadeTargets cascades;
};

class Update : public ModifyOperator {
 public:
  Update(ExecutionContext* context, const ChangeNode* node)
      : ModifyOperator(context, node->id(), node->table, node->input.get(), &node->returning,
                       &node->cascades, true),
        node_(*node),
        input_locked_(node->input->locks_point() && !context->transaction->validates()),
        target_(context, node->table, node->recheck.get()) {}

 protected:
  absl::Status Apply(types::Batch input) override {
    if (!input_locked_)
      RETURN_IF_ERROR(target_.Lock(&writer(), txn::LockMode::kForNoKeyUpdate, &input));
    if (input.row_count == 0) return absl::OkStatus();
    const size_t width = table_.layout.types.size();
    types::Batch changed;
    changed.row_count = input.row_count;
    changed.columns.assign(input.columns.begin(), input.columns.begin() + static_cast<long>(width));
    for (size_t i = 0; i < node_.columns.size(); ++i) {
      ASSIGN_OR_RETURN(changed.columns[node_.columns[i]],
                       node_.values[i]->Evaluate(context_->state, input));
    }
    RETURN_IF_ERROR(ComputeGenerated(table_, &changed));
    std::vector<const types::Vector*> old_columns = Pointers(input);
    const types::Vector& keys = *old_columns[width];
    old_columns.resize(width);
    const std::vector<const types::Vector*> new_columns = Pointers(changed);
    RETURN_IF_ERROR(writer().CheckNotNull(new_columns, changed.row_count));
    RETURN_IF_ERROR(VerifyChecks(node_.checks, table_, context_->state, changed));
    for (uint32_t row = 0; row < input.row_count; ++row) {
      RETURN_IF_ERROR(writer().Update(keys.data<std::string_view>()[row], old_columns, row,
                                      new_columns, row, node_.assigned));
    }
    CountRows(input.row_count);
    for (size_t i = width + 1; i < input.columns.size(); ++i)
      changed.columns.push_back(input.columns[i]);
    return Return(changed);
  }

 private:
  const ChangeNode& node_;
  const bool input_locked_;
  TargetRows target_;
};

class Delete : public ModifyOperator {
 public:
  Delete(ExecutionContext* context, const ChangeNode* node)
      : ModifyOperator(context, node->id(), node->table, node->input.get(), &node->returning,
                       &node->cascades, true),
        input_locked_(node->input->locks_point() && !context->transaction->validates()),
        target_(context, node->table, node->recheck.get()) {}

 protected:
  absl::Status Apply(types::Batch input) override {
    if (!input_locked_) RETURN_IF_ERROR(target_.Lock(&writer(), txn::LockMode::kForUpdate, &input));
    if (input.row_count == 0) return absl::OkStatus();
    const size_t width = table_.layout.types.size();
    std::vector<const types::Vector*> columns = Pointers(input);
    const types::Vector& keys = *columns[width];
    columns.resize(width);
    for (uint32_t row = 0; row < input.row_count; ++row) {
      RETURN_IF_ERROR(writer().Delete(keys.data<std::string_view>()[row], columns, row));
    }
    CountRows(input.row_count);
    input.columns.erase(input.columns.begin() + static_cast<long>(width));
    return Return(input);
  }

 private:
  const bool input_locked_;
  TargetRows target_;
};

OperatorPtr ChangeNode::Open(ExecutionContext* context) const {
  if (removes) return std::make_unique<Delete>(context, this);
  return std::make_unique<Update>(context, this);
}

absl::Status CheckInput(const ChangeNode& node) {
  if (node.input->output().size() <= node.table->layout.types.size()) {
    return absl::InvalidArgumentError("malformed plan: the input lacks columns or the row's key");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileUpdate(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::Update& update = plan.update();
  auto node = std::make_unique<ChangeNode>(plan, false);
  scope->plan->writes = true;
  ASSIGN_OR_RETURN(node->table, scope->Table(update.table_id()));
  scope->changes = &update.input();
  scope->changes_lock = txn::LockMode::kForNoKeyUpdate;
  ASSIGN_OR_RETURN(node->input, CompileOperator(update.input(), scope));
  RETURN_IF_ERROR(CheckInput(*node));
  node->columns.assign(update.columns().begin(), update.columns().end());
  node->assigned.assign(node->table->layout.types.size(), false);
  for (uint32_t ordinal : node->columns) {
    if (ordinal >= node->assigned.size())
      return absl::InvalidArgumentError("malformed plan: no such column");
    node->assigned[ordinal] = true;
  }
  if (node->table->layout.generated != nullptr)
    node->table->layout.generated->MarkChanged(&node->assigned);
  if (update.values_size() != update.columns_size()) {
    return absl::InvalidArgumentError("malformed plan: UPDATE needs a value for each column");
  }
  ASSIGN_OR_RETURN(node->values, CompileAll(update.values()));
  ASSIGN_OR_RETURN(node->returning, CompileAll(update.returning()));
  ASSIGN_OR_RETURN(node->checks, CompileChecks(update.checks()));
  ASSIGN_OR_RETURN(node->cascades, CascadeTargets::Compile(update.cascades(), *scope));
  ASSIGN_OR_RETURN(node->recheck, CompileOptional(update.has_recheck(), update.recheck()));
  return PlanNodePtr(std::move(node));
}

absl::StatusOr<PlanNodePtr> CompileDelete(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::Delete& remove = plan.delete_();
  auto node = std::make_unique<ChangeNode>(plan, true);
  scope->plan->writes = true;
  ASSIGN_OR_RETURN(node->table, scope->Table(remove.table_id()));
  scope->changes = &remove.input();
  scope->changes_lock = txn::LockMode::kForUpdate;
  ASSIGN_OR_RETURN(node->input, CompileOperator(remove.input(), scope));
  RETURN_IF_ERROR(CheckInput(*node));
  ASSIGN_OR_RETURN(node->returning, CompileAll(remove.returning()));
  ASSIGN_OR_RETURN(node->cascades, CascadeTargets::Compile(remove.cascades(), *scope));
  ASSIGN_OR_RETURN(node->recheck, CompileOptional(remove.has_recheck(), remove.recheck()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
