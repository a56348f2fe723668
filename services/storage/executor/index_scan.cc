// Reads points and ranges of an index or of the primary key.
#include <algorithm>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/engine/skipped_deletions.h"
#include "services/storage/executor/index_access.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

constexpr uint32_t kFirstBatchRows = 32;
constexpr char kNotNullMarker = 0x01;
constexpr char kNullMarker = 0x02;

class IndexScanNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  bool locks_point() const override { return locks_the_point; }

  std::unique_ptr<IndexAccess> access;
  std::vector<CompiledExpressionPtr> equal;
  CompiledExpressionPtr lower;
  CompiledExpressionPtr upper;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  bool bounded = false;  // NULLs in the column after `equal` are left out.
  std::vector<CompiledExpressionPtr> any_of;
  bool has_any_of = false;
  bool descending = false;
  CompiledExpressionPtr filter;
  txn::LockMode point_lock = txn::LockMode::kForUpdate;
  bool unique_points =
      false;  // Every range is at most one key: `equal` and any_of cover a unique key.
  bool locks_the_point = false;
};

class IndexScan : public Operator {
 public:
  IndexScan(ExecutionContext* context, const IndexScanNode* node)
      : Operator(context, node->id()),
        node_(*node),
        access_(*node->access),
        sink_(&node->access->columns(), context->memory.account()) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!started_) RETURN_IF_ERROR(Start());
    if (done_) return false;
    if (node_.unique_points) {
      RETURN_IF_ERROR(NextPoints());
    } else {
      RETURN_IF_ERROR(context_->call->Check());
      RETURN_IF_ERROR(NextRange());
    }
    context_->rows_scanned += sink_.count();
    *out = sink_.Finish();
    if (node_.filter != nullptr && out->row_count > 0) {
      RETURN_IF_ERROR(ApplyFilter(*node_.filter, context_, actuals_, out));
    }
    return true;
  }

  absl::Status DoRewind() override {
    started_ = done_ = false;
    it_.reset();
    prefixes_.clear();
    next_prefix_ = 0;
    batch_rows_ = std::min(kFirstBatchRows, types::BatchRows());
    return absl::OkStatus();
  }

 private:
  // Evaluates the bounds: prefixes_ holds one prefix for each point or range.
  absl::Status Start() {
    started_ = true;
    const std::vector<codec::KeyColumn>& key = access_.key();
    std::string prefix;
    codec::AppendSpace(access_.space(), &prefix);
    for (size_t i = 0; i < node_.equal.size(); ++i) {
      ASSIGN_OR_RETURN(const types::Value value, node_.equal[i]->EvaluateScalar(context_->state));
      if (value.is_null()) {
        done_ = true;
        return absl::OkStatus();
      }
      codec::AppendKey(value, key[i], &prefix);
    }
    if (node_.has_any_of) {
      for (const CompiledExpressionPtr& item : node_.any_of) {
        ASSIGN_OR_RETURN(const types::Value value, item->EvaluateScalar(context_->state));
        if (value.is_null()) continue;
        std::string point = prefix;
        codec::AppendKey(value, key[node_.equal.size()], &point);
        prefixes_.push_back(std::move(point));
      }
      std::sort(prefixes_.begin(), prefixes_.end());
      prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end()), prefixes_.end());
      if (node_.descending) std::reverse(prefixes_.begin(), prefixes_.end());
    } else {
      prefixes_.push_back(std::move(prefix));
    }
    if (prefixes_.empty()) done_ = true;
    if (!access_.primary()) {
      txn::IndexUse* use = context_->shared->counts->Index(access_.space());
      use->scans.fetch_add(1, std::memory_order_relaxed);
      use->last_scan_us.store(absl::ToUnixMicros(absl::Now()), std::memory_order_relaxed);
    }
    return absl::OkStatus();
  }

  // The key range of a prefix with the bounds on the column after it; false when empty.
  absl::StatusOr<bool> RangeOf(const std::string& prefix, engine::KeyRange* range) {
    range->lower = prefix;
    range->upper = codec::PrefixEnd(prefix);
    if (!node_.bounded) return true;
    const codec::KeyColumn& column = access_.key()[node_.equal.size()];
    std::string low, high;  // Bounds in key order.
    bool has_low = false, has_high = false;
    bool low_inclusive = node_.lower_inclusive, high_inclusive = node_.upper_inclusive;
    const auto encode = [&](const CompiledExpressionPtr& bound, std::string* out,
                            bool* has) -> absl::StatusOr<bool> {
      if (bound == nullptr) return true;
      ASSIGN_OR_RETURN(const types::Value value, bound->EvaluateScalar(context_->state));
      if (value.is_null()) return false;
      *out = prefix;
      codec::AppendKey(value, column, out);
      *has = true;
      return true;
    };
    ASSIGN_OR_RETURN(const bool low_ok, encode(node_.lower, &low, &has_low));
    ASSIGN_OR_RETURN(const bool high_ok, encode(node_.upper, &high, &has_high));
    if (!low_ok || !high_ok) return false;
    if (column.descending) {
      std::swap(low, high);
      std::swap(has_low, has_high);
      std::swap(low_inclusive, high_inclusive);
    }
    if (has_low) {
      range->lower = low_inclusive ? low : codec::PrefixEnd(low);
    } else if (column.nullable && column.descending) {
      range->lower =
          prefix + static_cast<char>(~kNotNullMarker);  // NULLs come first: leave them out.
    }
    if (has_high) {
      range->upper = high_inclusive ? codec::PrefixEnd(high) : high;
    } else if (column.nullable && !column.descending) {
      range->upper = prefix + kNullMarker;
    }
    return range->lower < range->upper;
  }

  // Nothing else is read and no condition can change its mind: what the statement's snapshot would
  // show is of no interest.
  absl::Status LockPoint() {
    done_ = true;
    sink_.Start(1);
    engine::PinnableSlice value;
    bool found = false;
    const size_t mark = context_->transaction->locks()->Mark();
    RETURN_IF_ERROR(context_->transaction->LockRow(*context_->call, prefixes_[0], node_.point_lock,
                                                   /*validate=*/false, &value, &found));
    if (found) return sink_.Add(prefixes_[0], engine::ToView(value));
    context_->transaction->locks()->ReleaseSince(mark);
    return context_->transaction->CheckNotMoved(prefixes_[0]);
  }

  absl::Status NextPoints() {
    if (node_.locks_the_point && !context_->transaction->validates()) return LockPoint();
    const txn::ReadView view = context_->ViewOf(access_.columns().table().layout.storage_id);
    if (prefixes_.size() == 1 && access_.primary()) {
      sink_.Start(1);
      done_ = true;
      return access_.FetchRows(view, prefixes_, {0}, &sink_, nullptr);
    }
    const size_t count = std::min<size_t>(prefixes_.size() - next_prefix_, types::BatchRows());
    std::vector<std::string> keys(prefixes_.begin() + static_cast<long>(next_prefix_),
                                  prefixes_.begin() + static_cast<long>(next_prefix_ + count));
    next_prefix_ += count;
    done_ = next_prefix_ == prefixes_.size();
    sink_.Start(static_cast<uint32_t>(count));
    std::vector<uint32_t> sources(count);
    if (access_.primary()) return access_.FetchRows(view, keys, sources, &sink_, nullptr);
    std::vector<engine::Slice> slices(keys.begin(), keys.end());
    std::vector<engine::PinnableSlice> values;
    std::vector<bool> found;
    RETURN_IF_ERROR(
        context_->ViewOf(access_.space()).MultiGet(slices, !node_.descending, &values, &found));
    std::vector<std::string> row_keys;
    for (size_t i = 0; i < count; ++i) {
      if (!found[i]) continue;
      CountEntries(1);
      if (access_.index_only()) {
        RETURN_IF_ERROR(access_.AddEntry(keys[i], engine::ToView(values[i]), &sink_));
      } else {
        row_keys.emplace_back();
        RETURN_IF_ERROR(access_.AppendRowKey(keys[i], engine::ToView(values[i]), &row_keys.back()));
      }
    }
    if (row_keys.empty()) return absl::OkStatus();
    sources.resize(row_keys.size());
    return access_.FetchRows(view, row_keys, sources, &sink_, nullptr);
  }

  // Positions `it_` on the next range's first entry; done_ when there is none.
  absl::Status OpenRange() {
    while (true) {
      if (it_ != nullptr) {
        if (it_->Valid()) return absl::OkStatus();
        RETURN_IF_ERROR(it_->status());
        it_.reset();
      }
      if (next_prefix_ == prefixes_.size()) {
        done_ = true;
        return absl::OkStatus();
      }
      engine::KeyRange range;
      ASSIGN_OR_RETURN(const bool some, RangeOf(prefixes_[next_prefix_++], &range));
      if (!some) continue;
      it_ = context_->ViewOf(access_.space()).NewIterator(std::move(range), {});
      if (node_.descending) {
        it_->SeekToLast();
      } else {
        it_->SeekToFirst();
      }
    }
  }

  void Step() {
    if (node_.descending) {
      it_->Prev();
    } else {
      it_->Next();
    }
  }

  absl::Status NextRange() {
    const engine::SkippedDeletions skipped(&actuals_->deletions_skipped);
    const uint32_t limit = batch_rows_;
    batch_rows_ = std::min(batch_rows_ * 4, types::BatchRows());
    sink_.Start(limit);
    std::vector<std::string> row_keys;
    uint32_t entries = 0;
    while (entries < limit) {
      if (it_ == nullptr || !it_->Valid()) {
        RETURN_IF_ERROR(OpenRange());
        if (done_) break;
      }
      const std::string_view key = engine::ToView(it_->key());
      if (access_.primary()) {
        RETURN_IF_ERROR(sink_.Add(key, engine::ToView(it_->value())));
      } else if (access_.index_only()) {
        RETURN_IF_ERROR(access_.AddEntry(key, engine::ToView(it_->value()), &sink_));
      } else {
        row_keys.emplace_back();
        RETURN_IF_ERROR(access_.AppendRowKey(key, engine::ToView(it_->value()), &row_keys.back()));
      }
      ++entries;
      Step();
      if (sink_.heavy()) break;
    }
    CountEntries(entries);
    if (row_keys.empty()) return absl::OkStatus();
    std::vector<uint32_t> sources(row_keys.size());
    return access_.FetchRows(context_->ViewOf(access_.columns().table().layout.storage_id),
                             row_keys, sources, &sink_, nullptr);
  }

  void CountEntries(uint64_t entries) {
    if (access_.primary() || entries == 0) return;
    context_->shared->counts->Index(access_.space())
        ->entries_read.fetch_add(entries, std::memory_order_relaxed);
  }

  const IndexScanNode& node_;
  const IndexAccess& access_;
  RowSink sink_;
  bool started_ = false;
  bool done_ = false;
  std::vector<std::string> prefixes_;
  size_t next_prefix_ = 0;
  std::unique_ptr<engine::Iterator> it_;
  uint32_t batch_rows_ = kFirstBatchRows;
};

OperatorPtr IndexScanNode::Open(ExecutionContext* context) const {
  return std::make_unique<IndexScan>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileIndexScan(const common::v1::Operator& plan,
                                             CompileScope* scope) {
  const common::v1::IndexScan& scan = plan.index_scan();
  if (scan.items_size() > 0) return CompileItemScan(plan, scope);
  auto node = std::make_unique<IndexScanNode>(plan);
  ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope->Table(scan.table_id()));
  std::vector<uint32_t> ordinals(scan.columns().begin(), scan.columns().end());
  ASSIGN_OR_RETURN(node->access, IndexAccess::Make(table, scan.index_id(), std::move(ordinals),
                                                   scan.index_only()));
  RETURN_IF_ERROR(node->access->CheckOrdered());
  ASSIGN_OR_RETURN(node->equal, CompileAll(scan.equal()));
  ASSIGN_OR_RETURN(node->any_of, CompileAll(scan.any_of()));
  ASSIGN_OR_RETURN(node->lower, CompileOptional(scan.has_lower(), scan.lower()));
  ASSIGN_OR_RETURN(node->upper, CompileOptional(scan.has_upper(), scan.upper()));
  ASSIGN_OR_RETURN(node->filter, CompileOptional(scan.has_filter(), scan.filter()));
  node->lower_inclusive = scan.lower_inclusive();
  node->upper_inclusive = scan.upper_inclusive();
  node->has_any_of = scan.any_of_size() > 0;
  node->descending = scan.descending();
  const size_t fixed = node->equal.size() + (node->has_any_of ? 1 : 0);
  node->bounded = scan.has_lower() || scan.has_upper() ||
                  (!node->has_any_of && (scan.lower_inclusive() || scan.upper_inclusive()));
  if (fixed + (node->bounded ? 1 : 0) > node->access->key().size()) {
    return absl::InvalidArgumentError("malformed plan: more conditions than index columns");
  }
  node->unique_points = node->access->unique() && fixed == node->access->key().size();
  node->locks_the_point = scope->changes == &plan && node->unique_points &&
                          node->access->primary() && !node->has_any_of && node->filter == nullptr &&
                          scope->plan->plan->subplans_size() == 0 &&
                          scope->plan->plan->ctes_size() == 0;
  node->point_lock = scope->changes_lock;
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
