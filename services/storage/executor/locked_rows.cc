// SELECT … FOR UPDATE and its kin: locks the rows of a scan, one by one as they are asked for.
// Where the scan is sorted, they are locked in the sort's order: a LIMIT then leaves the other rows
// to others, which is what SKIP LOCKED is for.
#include "services/storage/executor/locked_rows.h"

#include <algorithm>
#include <optional>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/plan_shape.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/table_scan.h"

namespace adbms::storage::executor {
namespace {

using PlanOperator = common::v1::Operator;

struct RowLock {
  txn::LockMode mode = txn::LockMode::kForUpdate;
  common::v1::RowLockWait wait = common::v1::ROW_LOCK_WAIT_UNSPECIFIED;
};

absl::StatusOr<RowLock> MakeRowLock(const common::v1::RowLock& lock) {
  switch (lock.strength()) {
    case common::v1::ROW_LOCK_STRENGTH_KEY_SHARE:
      return RowLock{txn::LockMode::kForKeyShare, lock.wait()};
    case common::v1::ROW_LOCK_STRENGTH_SHARE:
      return RowLock{txn::LockMode::kForShare, lock.wait()};
    case common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE:
      return RowLock{txn::LockMode::kForNoKeyUpdate, lock.wait()};
    case common::v1::ROW_LOCK_STRENGTH_UPDATE:
      return RowLock{txn::LockMode::kForUpdate, lock.wait()};
    default:
      return absl::InvalidArgumentError("malformed plan: a row lock without strength");
  }
}

class LockedRowsNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;

  PlanNodePtr input;  // Emits the columns, the row's key last.
  ScanColumns columns;
  CompiledExpressionPtr filter;
  RowLock lock;
};

class LockedRows : public Operator {
 public:
  LockedRows(ExecutionContext* context, const LockedRowsNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}

  void SetRowGoal(uint64_t rows) override { goal_ = rows; }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (position_ >= pending_.row_count) {
      ASSIGN_OR_RETURN(const bool more, input_->Next(&pending_));
      if (!more) return false;
      position_ = 0;
    }
    const uint64_t wanted = std::max<uint64_t>(1, std::min<uint64_t>(goal_, types::BatchRows()));
    const auto count =
        static_cast<uint32_t>(std::min<uint64_t>(wanted, pending_.row_count - position_));
    *out = Slice(pending_, position_, count);
    position_ += count;
    RETURN_IF_ERROR(Lock(out));
    goal_ -= std::min<uint64_t>(goal_, out->row_count);
    out->columns.resize(node_.output().size());
    return true;
  }

  absl::Status DoRewind() override {
    pending_ = types::Batch();
    position_ = 0;
    return input_->Rewind();
  }

 private:
  // Replaces the rows by their latest versions, without those that are gone, no longer match or are
  // left to others.
  absl::Status Lock(types::Batch* batch) {
    const types::VectorPtr keys = batch->columns.back();
    RowSink sink(&node_.columns);
    sink.Start(batch->row_count);
    for (uint32_t i = 0; i < batch->row_count; ++i) {
      const std::string_view key = keys->data<std::string_view>()[i];
      engine::PinnableSlice value;
      bool found = false;
      bool locked = true;
      RETURN_IF_ERROR(LockRow(key, &value, &found, &locked));
      if (!locked) continue;
      RETURN_IF_ERROR(found ? sink.Add(key, engine::ToView(value))
                            : context_->transaction->CheckNotMoved(key));
    }
    *batch = sink.Finish();
    if (node_.filter == nullptr || batch->row_count == 0) return absl::OkStatus();
    std::vector<uint32_t> selection;
    RETURN_IF_ERROR(node_.filter->Select(context_->state, *batch, &selection));
    if (selection.size() != batch->row_count) {
      *batch = types::Gather(*batch, selection.data(), static_cast<uint32_t>(selection.size()));
    }
    return absl::OkStatus();
  }

  absl::Status LockRow(std::string_view key, engine::PinnableSlice* value, bool* found,
                       bool* locked) {
    txn::Transaction* const transaction = context_->transaction;
    if (node_.lock.wait == common::v1::ROW_LOCK_WAIT_UNSPECIFIED) {
      return transaction->LockRow(*context_->call, key, node_.lock.mode, /*validate=*/true, value,
                                  found);
    }
    RETURN_IF_ERROR(
        transaction->TryLockRow(key, node_.lock.mode, /*validate=*/true, value, found, locked));
    if (*locked || node_.lock.wait == common::v1::ROW_LOCK_WAIT_SKIP_LOCKED)
      return absl::OkStatus();
    return status::Error(status::sqlstate::kLockNotAvailable,
                         "could not obtain lock on row in relation \"" +
                             node_.columns.table().descriptor.name() + "\"");
  }

  const LockedRowsNode& node_;
  OperatorPtr input_;
  types::Batch pending_;
  uint32_t position_ = 0;
  uint64_t goal_ = UINT64_MAX;
};

OperatorPtr LockedRowsNode::Open(ExecutionContext* context) const {
  return std::make_unique<LockedRows>(context, this);
}

void AddKeyColumn(PlanOperator* op) {
  common::v1::OutputColumn* const key = op->add_output();
  key->set_name("$rowkey");
  *key->mutable_type() = types::ToProto({types::TypeId::kBytea, 0});
}

// Takes the lock off the scan, which emits the row's key last instead.
template <typename Scan>
common::v1::RowLock Unlock(Scan* scan) {
  common::v1::RowLock lock = scan->lock();
  scan->clear_lock();
  scan->add_columns(codec::kRowKeyOrdinal);
  return lock;
}

}  // namespace

bool LocksRows(const PlanOperator& plan) {
  return plan.seq_scan().has_lock() || plan.index_scan().has_lock();
}

bool SortsProjected(const PlanOperator& plan) {
  if (!plan.has_sort() || !plan.sort().input().has_project()) return false;
  const common::v1::Project& project = plan.sort().input().project();
  const auto& keys = plan.sort().keys();
  return LocksRows(project.input()) &&
         std::all_of(keys.begin(), keys.end(), [&](const common::v1::SortKey& key) {
           const uint32_t column = key.expression().column();
           return key.expression().has_column() &&
                  column < static_cast<uint32_t>(project.expressions_size()) &&
                  !HasVolatileCalls(project.expressions(static_cast<int>(column)));
         });
}

PlanOperator SortedFirst(const PlanOperator& plan) {
  const common::v1::Project& project = plan.sort().input().project();
  PlanOperator above = plan.sort().input();
  PlanOperator* const sorted = above.mutable_project()->mutable_input();
  *sorted = plan;
  *sorted->mutable_output() = project.input().output();
  *sorted->mutable_sort()->mutable_input() = project.input();
  for (common::v1::SortKey& key : *sorted->mutable_sort()->mutable_keys())
    *key.mutable_expression() =
        common::v1::Expression(project.expressions(static_cast<int>(key.expression().column())));
  return above;
}

absl::StatusOr<PlanNodePtr> CompileLockedRows(const PlanOperator& plan, CompileScope* scope) {
  PlanOperator input = plan;
  PlanOperator* const scan = plan.has_sort() ? input.mutable_sort()->mutable_input() : &input;
  AddKeyColumn(scan);
  const bool whole = scan->has_seq_scan();
  const common::v1::RowLock lock =
      whole ? Unlock(scan->mutable_seq_scan()) : Unlock(scan->mutable_index_scan());
  if (plan.has_sort()) {
    AddKeyColumn(&input);
    input.mutable_sort()->clear_top_n();  // A row may be skipped, and the next one wanted.
  }
  // The operator itself is none of the plan's.
  PlanOperator self;
  self.set_id(scope->next_hidden_id++);
  *self.mutable_output() = plan.output();
  auto node = std::make_unique<LockedRowsNode>(self);
  scope->Declare(self);
  scope->plan->locks_rows = true;
  ASSIGN_OR_RETURN(node->lock, MakeRowLock(lock));
  ASSIGN_OR_RETURN(
      const catalog::TableEntry* table,
      scope->Table(whole ? scan->seq_scan().table_id() : scan->index_scan().table_id()));
  const auto& columns = whole ? scan->seq_scan().columns() : scan->index_scan().columns();
  ASSIGN_OR_RETURN(node->columns, ScanColumns::Make(table, {columns.begin(), columns.end()}));
  ASSIGN_OR_RETURN(
      node->filter,
      whole ? CompileOptional(scan->seq_scan().has_filter(), scan->seq_scan().filter())
            : CompileOptional(scan->index_scan().has_filter(), scan->index_scan().filter()));
  ASSIGN_OR_RETURN(node->input, CompileOperator(input, scope));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
