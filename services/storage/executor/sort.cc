// Sorts, in memory or by merging sorted runs in temporary files; top-n keeps only the rows that can
// be emitted.
#include <algorithm>
#include <queue>
#include <utility>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/sort_keys.h"
#include "services/storage/memory/spill_file.h"

namespace adbms::storage::executor {

using memory::SpillFile;

absl::StatusOr<std::vector<SortKeySpec>> CompileSortKeys(
    const google::protobuf::RepeatedPtrField<common::v1::SortKey>& keys) {
  std::vector<SortKeySpec> result;
  for (const common::v1::SortKey& key : keys) {
    ASSIGN_OR_RETURN(CompiledExpressionPtr expression, sql::expression::Compile(key.expression()));
    result.push_back({std::move(expression), key.descending(), key.nulls_first()});
  }
  return result;
}

namespace {

// Zeros are escaped; a column of nothing else is no common one.
size_t KeyBytes(std::string_view text) {
  if (text.size() < 4096) return text.size();
  return text.size() + static_cast<size_t>(std::count(text.begin(), text.end(), '\0'));
}

}  // namespace

absl::Status EncodeSortKeys(const std::vector<SortKeySpec>& specs, ExecutionContext* context,
                            const types::Batch& rows, std::vector<std::string>* keys,
                            int64_t* reserved) {
  const size_t first = keys->size();
  keys->resize(first + rows.row_count);
  for (const SortKeySpec& spec : specs) {
    ASSIGN_OR_RETURN(const types::VectorPtr column,
                     spec.expression->Evaluate(context->state, rows));
    int64_t bytes = static_cast<int64_t>(rows.row_count * (sizeof(std::string) + 16));
    if (column->physical() == types::Physical::kString) {
      for (uint32_t row = 0; row < rows.row_count; ++row) {
        if (!column->is_null(row))
          bytes += static_cast<int64_t>(KeyBytes(column->data<std::string_view>()[row]));
      }
    }
    if (reserved != nullptr) {
      RETURN_IF_ERROR(context->memory.Reserve(bytes));
      *reserved += bytes;
    }
    const codec::KeyColumn form{column->type(), spec.descending, false};
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      std::string& key = (*keys)[first + row];
      const bool null = column->is_null(row);
      key.push_back(null ? (spec.nulls_first ? 0 : 2) : 1);
      if (!null) codec::AppendKey(*column, row, form, &key);
    }
  }
  return absl::OkStatus();
}

namespace {

// Rows that go to a file and come back together have about so many bytes.
constexpr int64_t kPartBytes = 1 << 20;

int64_t TextBytes(const types::Vector& column, uint32_t row) {
  if (column.physical() != types::Physical::kString || column.is_null(row)) return 0;
  return static_cast<int64_t>(column.data<std::string_view>()[row].size());
}

class SortNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  std::vector<SortKeySpec> keys;
  CompiledExpressionPtr top_n;
};

class Sort : public Operator {
 public:
  Sort(ExecutionContext* context, const SortNode* node)
      : Operator(context, node->id()), node_(*node), input_(node->input->Open(context)) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!sorted_) RETURN_IF_ERROR(Compute());
    RETURN_IF_ERROR(context_->call->Check());
    if (!runs_.empty()) return NextMerged(out);
    const auto count =
        static_cast<uint32_t>(std::min<size_t>(order_.size() - next_, types::BatchRows()));
    if (count == 0) return false;
    *out = types::Gather(rows_, order_.data() + next_, count);
    out->row_count = count;
    next_ += count;
    return true;
  }

  absl::Status DoRewind() override {
    Forget();
    runs_.clear();
    for (const Head& head : heads_) context_->memory.Release(head.reserved);
    heads_.clear();
    context_->memory.Release(std::exchange(emitted_reserved_, 0));
    SetThreshold({});
    sorted_ = false;
    return input_->Rewind();
  }

 private:
  struct Head {
    types::Batch batch;
    std::vector<std::string> keys;
    uint32_t row = 0;
    int64_t reserved = 0;
    bool shared = false;  // Whether the batch being filled keeps this one's strings alive.
  };

  void Forget() {
    batches_.clear();
    ForgetKeys();
    order_.clear();
    rows_ = types::Batch();
    next_ = 0;
    context_->memory.Release(std::exchange(reserved_, 0));
  }
  void ForgetKeys() {
    keys_ = {};
    context_->memory.Release(std::exchange(key_reserved_, 0));
  }

  absl::Status Compute() {
    sorted_ = true;
    limit_ = UINT64_MAX;
    if (node_.top_n != nullptr) {
      ASSIGN_OR_RETURN(const types::Value value, node_.top_n->EvaluateScalar(context_->state));
      if (!value.is_null())
        limit_ = value.int_value() < 0 ? 0 : static_cast<uint64_t>(value.int_value());
    }
    while (true) {
      types::Batch batch;
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) break;
      RETURN_IF_ERROR(Add(std::move(batch)));
    }
    if (!runs_.empty()) {
      if (!keys_.empty()) RETURN_IF_ERROR(Spill());
      return StartMerge();
    }
    SortRows();
    return absl::OkStatus();
  }

  absl::Status Add(types::Batch batch) {
    // Room first: keys and rows are made to be kept.
    const int64_t bytes = MemoryOf(batch) + 4 * batch.row_count;
    if (!context_->memory.TryReserveSpillable(bytes)) {
      if (!keys_.empty()) RETURN_IF_ERROR(Spill());
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
    }
    reserved_ += bytes;
    std::vector<std::string> keys;
    int64_t keys_before = key_reserved_;
    absl::Status encoded = EncodeSortKeys(node_.keys, context_, batch, &keys, &key_reserved_);
    if (IsMemoryRefusal(encoded) && !keys_.empty()) {
      keys.clear();
      RETURN_IF_ERROR(Spill());
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
      reserved_ += bytes;
      keys_before = 0;
      encoded = EncodeSortKeys(node_.keys, context_, batch, &keys, &key_reserved_);
    }
    RETURN_IF_ERROR(encoded);
    if (!threshold_.empty()) {
      std::vector<uint32_t> selection;
      for (uint32_t i = 0; i < batch.row_count; ++i) {
        if (keys[i] < threshold_) selection.push_back(i);
      }
      if (selection.size() < batch.row_count) {
        batch = types::Gather(batch, selection.data(), static_cast<uint32_t>(selection.size()));
        // Moved onto itself a string may be empty afterwards.
        for (size_t i = 0; i < selection.size(); ++i) {
          if (selection[i] != i) keys[i] = std::move(keys[selection[i]]);
        }
        keys.resize(selection.size());
        // What is not kept must not count: a scan of any length passes here.
        GiveBack(bytes - MemoryOf(batch) - 4 * static_cast<int64_t>(keys.size()), &reserved_);
        GiveBack(key_reserved_ - keys_before - KeptBytes(keys), &key_reserved_);
      }
      if (selection.empty()) return absl::OkStatus();
    }
    batches_.push_back(std::move(batch));
    keys_.insert(keys_.end(), std::make_move_iterator(keys.begin()),
                 std::make_move_iterator(keys.end()));
    if (limit_ < UINT64_MAX / 4 && keys_.size() > 4 * limit_ + 4 * types::BatchRows()) Prune();
    return absl::OkStatus();
  }

  void GiveBack(int64_t bytes, int64_t* reserved) {
    if (bytes <= 0) return;
    context_->memory.Release(bytes);
    *reserved -= bytes;
  }
  static int64_t KeptBytes(const std::vector<std::string>& keys) {
    int64_t bytes = 0;
    for (const std::string& key : keys) bytes += static_cast<int64_t>(sizeof(key) + key.capacity());
    return bytes;
  }

  void SortRows() {
    rows_ = Concatenate(batches_, node_.output());
    batches_.clear();
    order_.resize(keys_.size());
    for (uint32_t i = 0; i < order_.size(); ++i) order_[i] = i;
    const auto less = [&](uint32_t a, uint32_t b) {
      const int c = keys_[a].compare(keys_[b]);
      return c != 0 ? c < 0 : a < b;
    };
    if (limit_ < order_.size()) {
      std::partial_sort(order_.begin(), order_.begin() + static_cast<long>(limit_), order_.end(),
                        less);
      order_.resize(limit_);
    } else {
      std::sort(order_.begin(), order_.end(), less);
    }
    next_ = 0;
  }

  // Top-n: keeps the best `limit_` rows so far.
  void Prune() {
    SortRows();
    // Copies, or the strings of all rows that ever were among the best would stay.
    const auto count = static_cast<uint32_t>(order_.size());
    types::Batch kept = types::GatherCopy(rows_, order_.data(), count, context_->memory.account());
    if (!CheckStrings(kept).ok()) kept = types::Gather(rows_, order_.data(), count);
    kept.row_count = count;
    std::vector<std::string> keys;
    for (uint32_t row : order_) keys.push_back(std::move(keys_[row]));
    Forget();
    const int64_t bytes = MemoryOf(kept) + 4 * kept.row_count;
    if (context_->memory.TryReserve(bytes)) reserved_ = bytes;
    const int64_t key_bytes = KeptBytes(keys);
    if (context_->memory.TryReserve(key_bytes)) key_reserved_ = key_bytes;
    batches_.push_back(std::move(kept));
    keys_ = std::move(keys);
    if (limit_ > 0) SetThreshold(keys_.back());
  }

  // A key that finds no room is done without.
  void SetThreshold(const std::string& key) {
    context_->memory.Release(std::exchange(threshold_reserved_, 0));
    std::string().swap(threshold_);
    const auto bytes = static_cast<int64_t>(key.size());
    if (!context_->memory.TryReserve(bytes)) return;
    threshold_reserved_ = bytes;
    threshold_ = key;
  }

  static int64_t StringBytes(const types::Batch& batch) {
    int64_t bytes = 0;
    for (const types::VectorPtr& column : batch.columns) {
      if (column->physical() != types::Physical::kString) continue;
      for (uint32_t row = 0; row < batch.row_count; ++row) {
        if (!column->is_null(row))
          bytes += static_cast<int64_t>(column->data<std::string_view>()[row].size());
      }
    }
    return bytes;
  }

  absl::Status Spill() {
    SortRows();
    ForgetKeys();  // Which makes room for the file's buffer.
    ASSIGN_OR_RETURN(std::unique_ptr<SpillFile> file,
                     SpillFile::Create(context_->shared->temp_dir));
    uint32_t count = 0;
    for (size_t start = 0; start < order_.size(); start += count) {
      // Where a run of little memory is all there was, many parts still fit beside each other.
      const size_t end = std::min(order_.size(), start + order_.size() / 32 + 1);
      count = RowsWithin(rows_, order_.data(), start, end, kPartBytes);
      types::Batch part = types::Gather(rows_, order_.data() + start, count);
      part.row_count = count;
      // The file's buffer is as long as the part. One of common length need not be counted.
      const int64_t bytes = std::max<int64_t>(StringBytes(part) - kPartBytes, 0);
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
      const absl::Status written = file->Write(part);
      context_->memory.Release(bytes);
      RETURN_IF_ERROR(written);
    }
    RETURN_IF_ERROR(file->StartReading());
    context_->spilled_bytes += file->bytes();
    runs_.push_back(std::move(file));
    Forget();
    return absl::OkStatus();
  }

  absl::Status FillHead(size_t run) {
    Head& head = heads_[run];
    // The batch being filled, and whoever gets it, still has the strings.
    if (head.shared) emitted_reserved_ += std::exchange(head.reserved, 0);
    head.row = 0;
    head.shared = false;
    head.keys = {};
    head.batch = types::Batch();
    context_->memory.Release(std::exchange(head.reserved, 0));
    ASSIGN_OR_RETURN(const size_t size, runs_[run]->NextBytes());
    if (size == 0) return absl::OkStatus();
    // A long value is in the file's buffer as well while it is read.
    const auto reading = static_cast<int64_t>(size > kPartBytes ? 2 * size : size);
    RETURN_IF_ERROR(context_->memory.Reserve(reading));
    head.reserved = reading;
    ASSIGN_OR_RETURN(const bool more, runs_[run]->Read(&head.batch));
    if (!more) return absl::InternalError("a temporary file ends early");
    const int64_t held = MemoryOf(head.batch);
    if (held > reading) RETURN_IF_ERROR(context_->memory.Reserve(held - reading));
    context_->memory.Release(std::max<int64_t>(reading - held, 0));
    head.reserved = held;
    return EncodeSortKeys(node_.keys, context_, head.batch, &head.keys, &head.reserved);
  }

  absl::Status StartMerge() {
    heads_.resize(runs_.size());
    emitted_ = 0;
    for (size_t run = 0; run < runs_.size(); ++run) RETURN_IF_ERROR(FillHead(run));
    return absl::OkStatus();
  }

  absl::StatusOr<bool> NextMerged(types::Batch* out) {
    *out = NewBatch(node_.output(), 0);
    for (Head& head : heads_) head.shared = false;
    context_->memory.Release(std::exchange(emitted_reserved_, 0));
    int64_t bytes = 0;
    while (out->row_count < types::BatchRows() && emitted_ < limit_ && bytes < kPartBytes) {
      Head* best = nullptr;
      size_t best_run = 0;
      for (size_t run = 0; run < heads_.size(); ++run) {
        Head& head = heads_[run];
        if (head.batch.row_count == 0) continue;
        if (best == nullptr || head.keys[head.row] < best->keys[best->row]) {
          best = &head;
          best_run = run;
        }
      }
      if (best == nullptr) break;
      if (!best->shared) {
        for (size_t c = 0; c < out->columns.size(); ++c)
          out->columns[c]->ShareStrings(*best->batch.columns[c]);
        best->shared = true;
      }
      for (size_t c = 0; c < out->columns.size(); ++c) {
        out->columns[c]->AppendFrom(*best->batch.columns[c], best->row);
        bytes += TextBytes(*best->batch.columns[c], best->row);
      }
      ++out->row_count;
      ++emitted_;
      if (++best->row == best->batch.row_count) RETURN_IF_ERROR(FillHead(best_run));
    }
    return out->row_count > 0;
  }

  const SortNode& node_;
  OperatorPtr input_;
  bool sorted_ = false;
  uint64_t limit_ = UINT64_MAX;
  std::string threshold_;
  std::vector<types::Batch> batches_;
  std::vector<std::string> keys_;
  types::Batch rows_;
  std::vector<uint32_t> order_;
  size_t next_ = 0;
  int64_t reserved_ = 0;
  int64_t key_reserved_ = 0;
  int64_t threshold_reserved_ = 0;
  int64_t emitted_reserved_ = 0;  // Of heads that are gone, in the batch that was given last.
  std::vector<std::unique_ptr<SpillFile>> runs_;
  std::vector<Head> heads_;
  uint64_t emitted_ = 0;
};

OperatorPtr SortNode::Open(ExecutionContext* context) const {
  return std::make_unique<Sort>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileSort(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<SortNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(plan.sort().input(), scope));
  ASSIGN_OR_RETURN(node->keys, CompileSortKeys(plan.sort().keys()));
  ASSIGN_OR_RETURN(node->top_n, CompileOptional(plan.sort().has_top_n(), plan.sort().top_n()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
