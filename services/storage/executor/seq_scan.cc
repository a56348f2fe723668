// Reads a whole table in key order.
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/engine/skipped_deletions.h"
#include "services/storage/executor/table_scan.h"
#include "services/storage/executor/worker_run.h"

namespace adbms::storage::executor {
namespace {

constexpr size_t kReadaheadBytes = 2 << 20;
constexpr uint32_t kFirstBatchRows = 128;

class SeqScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  const catalog::TableEntry* divisible_by() const override {
    return filter == nullptr || filter->repeatable() ? &columns.table() : nullptr;
  }

  ScanColumns columns;
  CompiledExpressionPtr filter;
};

class SeqScan : public Operator {
 public:
  SeqScan(ExecutionContext* context, const SeqScanNode* node)
      : Operator(context, node->id()),
        node_(*node),
        sink_(&node->columns, context->memory.account()) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    const engine::SkippedDeletions skipped(&actuals_->deletions_skipped);
    if (it_ == nullptr && !Start()) return false;
    while (!it_->Valid()) {
      RETURN_IF_ERROR(it_->status());
      if (!StartMorsel()) return false;
    }
    RETURN_IF_ERROR(context_->call->Check());
    sink_.Start(batch_rows_);
    while (sink_.count() < batch_rows_ && !sink_.heavy() && it_->Valid()) {
      RETURN_IF_ERROR(sink_.Add(engine::ToView(it_->key()), engine::ToView(it_->value())));
      it_->Next();
    }
    context_->rows_scanned += sink_.count();
    batch_rows_ = std::min(batch_rows_ * 4, types::BatchRows());
    *out = sink_.Finish();
    if (node_.filter != nullptr)
      RETURN_IF_ERROR(ApplyFilter(*node_.filter, context_, actuals_, out));
    return true;
  }

  absl::Status DoRewind() override {
    it_.reset();
    return absl::OkStatus();
  }

 private:
  // False: there is nothing to read.
  bool Start() {
    batch_rows_ = std::min(kFirstBatchRows, types::BatchRows());
    if (context_->parts != nullptr) return StartMorsel();
    const codec::TableLayout& layout = node_.columns.table().layout;
    StartRange({layout.Begin(), layout.End()});
    context_->shared->counts->Table(layout.table_id)->scans.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  // The next part that this worker reads; false when there is none.
  bool StartMorsel() {
    if (context_->parts == nullptr) return false;
    std::optional<engine::KeyRange> morsel = context_->parts->morsels->Next();
    if (!morsel.has_value()) return false;
    StartRange(*std::move(morsel));
    return true;
  }
  void StartRange(engine::KeyRange range) {
    engine::IteratorOptions options;
    options.readahead_bytes = kReadaheadBytes;
    it_ = context_->ViewOf(node_.columns.table().layout.storage_id)
              .NewIterator(std::move(range), options);
    it_->SeekToFirst();
  }

  const SeqScanNode& node_;
  RowSink sink_;
  std::unique_ptr<engine::Iterator> it_;
  uint32_t batch_rows_ = kFirstBatchRows;
};

OperatorPtr SeqScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<SeqScan>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileSeqScan(const common::v1::Operator& plan, CompileScope* scope) {
  const common::v1::SeqScan& scan = plan.seq_scan();
  auto node = std::make_unique<SeqScanNode>(plan);
  ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope->Table(scan.table_id()));
  std::vector<uint32_t> ordinals(scan.columns().begin(), scan.columns().end());
  ASSIGN_OR_RETURN(node->columns, ScanColumns::Make(table, std::move(ordinals)));
  ASSIGN_OR_RETURN(node->filter, CompileOptional(scan.has_filter(), scan.filter()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
