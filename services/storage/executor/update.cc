// UPDATE and DELETE.
#include "common/status/macros.h"
#include "services/storage/codec/generated_columns.h"
#include "services/storage/executor/cascade_rules.h"
#include "services/storage/executor/modify.h"
#include "services/storage/executor/partition_targets.h"
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
  std::vector<Check> policies;
  CompiledExpressionPtr recheck;
  CascadeTargets cascades;
  std::unique_ptr<const PartitionTargets> partitions;
  bool read_before = false;  // See common/v1/plan.proto.
  bool may_move = false;     // A row may have to go to another partition.
};

// The rows to change, table by table.
class Change : public ModifyOperator {
 public:
  Change(ExecutionContext* context, const ChangeNode* node, txn::LockMode mode)
      : ModifyOperator(context, node->id(), node->table, node->input.get(), &node->returning,
                       &node->cascades, node->partitions.get(), true),
        node_(*node),
        mode_(mode),
        input_locked_(node->input->locks_point() && !context->transaction->validates() &&
                      !node->may_move) {}

 protected:
  // Writes rows of one table, which are locked. `leaf` is null when it is the statement's own.
  virtual absl::Status ApplyTo(const catalog::TableEntry& table, const PartitionTargets::Leaf* leaf,
                               const types::Batch& input) = 0;

  absl::Status Apply(types::Batch input) override {
    if (!divided()) return LockAndApply(table_, nullptr, std::move(input));
    const types::Vector& keys = *input.columns[table_.layout.types.size()];
    std::vector<const PartitionTargets::Leaf*> leaves(input.row_count);
    for (uint32_t row = 0; row < input.row_count; ++row) {
      if (keys.is_null(row)) continue;
      leaves[row] = partitions()->LeafOf(keys.data<std::string_view>()[row]);
      if (leaves[row] == nullptr) return absl::InternalError("a row that is in no partition");
    }
    for (const LeafRows& part : ByLeaf(leaves, /*in_order=*/false)) {
      if (part.leaf == nullptr) continue;  // The nullable side of an outer join.
      const auto count = static_cast<uint32_t>(part.rows.size());
      RETURN_IF_ERROR(LockAndApply(
          *part.leaf->table, part.leaf,
          count == input.row_count ? input : types::Gather(input, part.rows.data(), count)));
    }
    return absl::OkStatus();
  }

  const ChangeNode& node_;

 private:
  absl::Status LockAndApply(const catalog::TableEntry& table, const PartitionTargets::Leaf* leaf,
                            types::Batch input) {
    if (!input_locked_) {
      auto& target = targets_[table.descriptor.table_id()];
      if (target == nullptr)
        target = std::make_unique<TargetRows>(context_, &table, node_.recheck.get(),
                                              node_.read_before, node_.removes);
      RETURN_IF_ERROR(target->Lock(&WriterOf(table), mode_, &input));
    }
    return input.row_count == 0 ? absl::OkStatus() : ApplyTo(table, leaf, input);
  }

  const txn::LockMode mode_;
  const bool input_locked_;
  std::map<uint32_t, std::unique_ptr<TargetRows>> targets_;  // By table.
};

class Update : public Change {
 public:
  Update(ExecutionContext* context, const ChangeNode* node)
      : Change(context, node,
               node->may_move ? txn::LockMode::kForUpdate : txn::LockMode::kForNoKeyUpdate) {}

 protected:
  absl::Status ApplyTo(const catalog::TableEntry& table, const PartitionTargets::Leaf* leaf,
                       const types::Batch& input) override {
    const size_t width = table.layout.types.size();
    types::Batch changed;
    changed.row_count = input.row_count;
    changed.columns.assign(input.columns.begin(), input.columns.begin() + static_cast<long>(width));
    for (size_t i = 0; i < node_.columns.size(); ++i) {
      ASSIGN_OR_RETURN(changed.columns[node_.columns[i]],
                       node_.values[i]->Evaluate(context_->state, input));
    }
    RETURN_IF_ERROR(ComputeGenerated(table_, &changed));
    RETURN_IF_ERROR(VerifyChecks(node_.policies, table_, context_->state, changed));
    CountRows(input.row_count);
    if (leaf == nullptr || !node_.may_move) return Replace(table, leaf, input, std::move(changed));
    std::vector<const PartitionTargets::Leaf*> leaves;
    RETURN_IF_ERROR(partitions()->Route(changed, &leaves));
    for (const LeafRows& part : ByLeaf(leaves, /*in_order=*/true)) {
      const auto count = static_cast<uint32_t>(part.rows.size());
      const types::Batch before = types::Gather(input, part.rows.data(), count);
      types::Batch after = types::Gather(changed, part.rows.data(), count);
      RETURN_IF_ERROR(part.leaf == leaf ? Replace(table, leaf, before, std::move(after))
                                        : Move(table, *part.leaf, before, std::move(after)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Verify(const catalog::TableEntry& table, const PartitionTargets::Leaf* leaf,
                      const types::Batch& rows) {
    RETURN_IF_ERROR(WriterOf(table).CheckNotNull(Pointers(rows), rows.row_count));
    RETURN_IF_ERROR(VerifyChecks(node_.checks, table, context_->state, rows));
    if (leaf != nullptr) RETURN_IF_ERROR(VerifyChecks(leaf->checks, table, context_->state, rows));
    return partitions() == nullptr ? absl::OkStatus() : partitions()->CheckOwn(rows);
  }

  // RETURNING sees the new row, then what stands behind the old one's key.
  absl::Status ReturnChanged(const catalog::TableEntry& table, const types::Batch& input,
                             types::Batch changed) {
    if (!returns()) return absl::OkStatus();
    for (size_t i = table.layout.types.size() + 1; i < input.columns.size(); ++i)
      changed.columns.push_back(input.columns[i]);
    return Return(changed, table);
  }

  absl::Status Replace(const catalog::TableEntry& table, const PartitionTargets::Leaf* leaf,
                       const types::Batch& input, types::Batch changed) {
    RETURN_IF_ERROR(Verify(table, leaf, changed));
    txn::TableWriter& writer = WriterOf(table);
    const size_t width = table.layout.types.size();
    std::vector<const types::Vector*> old_columns = Pointers(input);
    const types::Vector& keys = *old_columns[width];
    old_columns.resize(width);
    const std::vector<const types::Vector*> new_columns = Pointers(changed);
    for (uint32_t row = 0; row < input.row_count; ++row) {
      RETURN_IF_ERROR(writer.Update(keys.data<std::string_view>()[row], old_columns, row,
                                    new_columns, row, node_.assigned));
    }
    return ReturnChanged(table, input, std::move(changed));
  }

  // Out of one partition and into another.
  absl::Status Move(const catalog::TableEntry& from, const PartitionTargets::Leaf& to,
                    const types::Batch& input, types::Batch changed) {
    RETURN_IF_ERROR(Verify(*to.table, &to, changed));
    txn::TableWriter& old_writer = WriterOf(from);
    txn::TableWriter& new_writer = WriterOf(*to.table);
    const size_t width = from.layout.types.size();
    std::vector<const types::Vector*> old_columns = Pointers(input);
    const types::Vector& keys = *old_columns[width];
    old_columns.resize(width);
    const std::vector<const types::Vector*> new_columns = Pointers(changed);
    for (uint32_t row = 0; row < input.row_count; ++row) {
      const std::string_view key = keys.data<std::string_view>()[row];
      RETURN_IF_ERROR(old_writer.Delete(key, old_columns, row));
      context_->transaction->NoteMoved(key);
      RETURN_IF_ERROR(new_writer.Insert(new_columns, row, nullptr));
    }
    return ReturnChanged(*to.table, input, std::move(changed));
  }
};

class Delete : public Change {
 public:
  Delete(ExecutionContext* context, const ChangeNode* node)
      : Change(context, node, txn::LockMode::kForUpdate) {}

 protected:
  absl::Status ApplyTo(const catalog::TableEntry& table, const PartitionTargets::Leaf*,
                       const types::Batch& input) override {
    const size_t width = table.layout.types.size();
    std::vector<const types::Vector*> columns = Pointers(input);
    const types::Vector& keys = *columns[width];
    columns.resize(width);
    txn::TableWriter& writer = WriterOf(table);
    for (uint32_t row = 0; row < input.row_count; ++row)
      RETURN_IF_ERROR(writer.Delete(keys.data<std::string_view>()[row], columns, row));
    CountRows(input.row_count);
    if (!returns()) return absl::OkStatus();
    types::Batch rows = input;
    rows.columns.erase(rows.columns.begin() + static_cast<long>(width));
    return Return(rows, table);
  }
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
  node->policies = TakeChecks(&node->checks, [](const Check& check) {
    return check.row_security != common::v1::CheckConstraint::ROW_SECURITY_UNSPECIFIED;
  });
  ASSIGN_OR_RETURN(node->partitions,
                   PartitionTargets::Make(node->table, update.partition_checks(),
                                          [&](uint32_t id) { return scope->Table(id); }));
  node->read_before = update.read_before();
  node->may_move = node->partitions != nullptr && node->partitions->divided() &&
                   node->partitions->MayMove(node->assigned);
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
  ASSIGN_OR_RETURN(node->partitions, PartitionTargets::Make(node->table, {}, [&](uint32_t id) {
                     return scope->Table(id);
                   }));
  node->read_before = remove.read_before();
  ASSIGN_OR_RETURN(node->cascades, CascadeTargets::Compile(remove.cascades(), *scope));
  ASSIGN_OR_RETURN(node->recheck, CompileOptional(remove.has_recheck(), remove.recheck()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
