#include "services/storage/executor/row_sorter.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/item_sort.h"

namespace adbms::storage::executor {
namespace {

// Rows are handed out, and go to a file, with no more bytes at once.
constexpr size_t kOutputBytes = 1 << 20;
constexpr size_t kLeastPart = 4 << 10;
constexpr size_t kMostPart = 256 << 10;
// Runs in one file, whose disk space is free once the last of them has been read.
constexpr size_t kRunsInFile = 16;

}  // namespace

RowSorter::RowSorter(ExecutionContext* context, std::vector<types::Type> types,
                     std::vector<SortColumn> columns)
    : context_(context),
      types_(std::move(types)),
      encoder_(types_, std::move(columns)),
      rows_(types_) {}

absl::Status RowSorter::CheckColumns(const types::Batch& rows) const {
  bool same = rows.columns.size() == types_.size();
  for (size_t c = 0; same && c < types_.size(); ++c)
    same = rows.columns[c]->physical() == types::PhysicalOf(types_[c].id);
  return same ? absl::OkStatus() : absl::InternalError("rows to sort have other columns than told");
}

absl::Status RowSorter::Reserve(int64_t bytes) {
  bool fits = context_->memory.TryReserveSpillable(bytes);
  if (!fits && limit_ < row_count_ / 2) {
    Prune();
    fits = context_->memory.TryReserveSpillable(bytes);
  }
  if (!fits) {
    if (row_count_ > 0) RETURN_IF_ERROR(Spill());
    RETURN_IF_ERROR(context_->memory.Reserve(bytes));
  }
  reserved_ += bytes;
  return absl::OkStatus();
}

absl::Status RowSorter::Add(types::Batch rows) {
  RETURN_IF_ERROR(CheckStrings(rows));
  RETURN_IF_ERROR(CheckColumns(rows));
  if (limit_ == 0 || rows.row_count == 0) return absl::OkStatus();
  // Room first: keys and rows are made to be kept.
  auto key_bytes = static_cast<int64_t>(encoder_.Bytes(rows));
  if (key_bytes > UINT32_MAX && !encoder_.LengthsFit(rows)) {
    return types::TooLong(static_cast<uint64_t>(key_bytes));
  }
  const auto bytes_of = [](const types::Batch& batch) {
    return MemoryOf(batch) + static_cast<int64_t>(batch.row_count * sizeof(SortItem));
  };
  int64_t bytes = bytes_of(rows) + key_bytes;
  RETURN_IF_ERROR(Reserve(bytes));
  if (has_threshold_) {
    const uint32_t before = rows.row_count;
    DropBeyondThreshold(&rows);
    if (rows.row_count < before) {
      // What is not kept must not count: a scan of any length passes here.
      key_bytes = rows.row_count == 0 ? 0 : static_cast<int64_t>(encoder_.Bytes(rows));
      const int64_t kept = rows.row_count == 0 ? 0 : bytes_of(rows) + key_bytes;
      reserved_ -= bytes - kept;
      context_->memory.Release(bytes - kept);
      if (rows.row_count == 0) return absl::OkStatus();
    }
  }
  Keep(std::move(rows), key_bytes);
  if (limit_ < UINT64_MAX / 8 && row_count_ > 4 * limit_ + 4 * types::BatchRows()) Prune();
  return absl::OkStatus();
}

void RowSorter::Keep(types::Batch rows, int64_t key_bytes) {
  key_bytes_.push_back(key_bytes);
  row_count_ += rows.row_count;
  rows_.Add(std::move(rows));
}

void RowSorter::DropBeyondThreshold(types::Batch* rows) {
  const auto keys = std::make_unique_for_overwrite<char[]>(encoder_.Bytes(*rows));
  const auto items = std::make_unique_for_overwrite<SortItem[]>(rows->row_count);
  encoder_.Encode(*rows, 0, keys.get(), items.get());
  std::vector<uint32_t> selection;
  for (uint32_t row = 0; row < rows->row_count; ++row) {
    // Of rows with the same key the earlier ones are wanted.
    if (encoder_.Compare(items[row], threshold_) < 0) selection.push_back(row);
  }
  if (selection.size() < rows->row_count) {
    const auto count = static_cast<uint32_t>(selection.size());
    *rows = types::Gather(*rows, selection.data(), count);
  }
}

void RowSorter::SortInMemory() {
  items_ = std::make_unique_for_overwrite<SortItem[]>(row_count_);
  std::vector<std::unique_ptr<char[]>> keys;
  SortItem* items = items_.get();
  for (uint32_t number = 0; number < rows_.batches().size(); ++number) {
    const types::Batch& batch = rows_.batches()[number];
    keys.push_back(std::make_unique_for_overwrite<char[]>(static_cast<size_t>(key_bytes_[number])));
    encoder_.Encode(batch, number, keys.back().get(), items);
    items += batch.row_count;
  }
  item_count_ = static_cast<size_t>(std::min<uint64_t>(limit_, row_count_));
  SortItems(encoder_, items_.get(), row_count_, item_count_);
  next_ = 0;
  // They have done their work. Which makes room for a file's buffer.
  keys.clear();
  const int64_t bytes =
      std::min(reserved_, std::accumulate(key_bytes_.begin(), key_bytes_.end(), int64_t{0}));
  reserved_ -= bytes;
  context_->memory.Release(bytes);
}

void RowSorter::Prune() {
  SortInMemory();
  std::vector<RowPosition> positions(item_count_);
  for (size_t i = 0; i < item_count_; ++i) positions[i] = items_[i].position;
  if (!positions.empty()) SetThreshold(positions.back());
  const auto count = static_cast<uint32_t>(positions.size());
  // Copies, or the strings of all rows that ever were among the best would stay.
  types::Batch kept = rows_.Gather(positions.data(), count);
  std::vector<uint32_t> all(count);
  for (uint32_t i = 0; i < count; ++i) all[i] = i;
  types::Batch copy = types::GatherCopy(kept, all.data(), count, context_->memory.account());
  if (CheckStrings(copy).ok()) kept = std::move(copy);
  ClearRows();
  // Less than was given back. If others have taken it meanwhile, then the best rows go uncounted.
  const auto key_bytes = static_cast<int64_t>(encoder_.Bytes(kept));
  const int64_t bytes = MemoryOf(kept) + key_bytes + static_cast<int64_t>(count * sizeof(SortItem));
  if (context_->memory.TryReserve(bytes)) reserved_ = bytes;
  Keep(std::move(kept), key_bytes);
}

void RowSorter::SetThreshold(RowPosition position) {
  ClearThreshold();
  const types::Batch row = rows_.Gather(&position, 1);
  const size_t bytes = encoder_.Bytes(row);
  // A key that finds no room is done without.
  if (!context_->memory.TryReserve(static_cast<int64_t>(bytes))) return;
  threshold_reserved_ = static_cast<int64_t>(bytes);
  threshold_key_ = std::make_unique_for_overwrite<char[]>(bytes);
  encoder_.Encode(row, 0, threshold_key_.get(), &threshold_);
  has_threshold_ = true;
}

void RowSorter::ClearThreshold() {
  has_threshold_ = false;
  threshold_key_.reset();
  context_->memory.Release(std::exchange(threshold_reserved_, 0));
}

void RowSorter::ClearRows() {
  rows_.Clear();
  items_.reset();
  row_count_ = item_count_ = next_ = 0;
  key_bytes_.clear();
  context_->memory.Release(std::exchange(reserved_, 0));
}

void RowSorter::Clear() {
  merge_.reset();
  runs_.clear();
  part_bytes_ = 0;
  ClearRows();
  ClearThreshold();
  limit_ = UINT64_MAX;
}

absl::StatusOr<std::shared_ptr<TemporaryFile>> RowSorter::FileForRun() {
  const size_t last = runs_.size() - std::min(runs_.size(), kRunsInFile);
  if (!runs_.empty() && (runs_.size() < kRunsInFile || runs_[last].file != runs_.back().file))
    return runs_.back().file;
  ASSIGN_OR_RETURN(auto file, TemporaryFile::Create(context_->shared->temp_dir));
  return std::shared_ptr<TemporaryFile>(std::move(file));
}

absl::Status RowSorter::Spill() {
  // So many parts of different runs are to fit beside each other as are merged at once.
  if (part_bytes_ == 0) {
    part_bytes_ =
        std::clamp(static_cast<size_t>(reserved_) / RunMerge::kMostRuns, kLeastPart, kMostPart);
  }
  SortInMemory();
  if (limit_ == item_count_) SetThreshold(items_[item_count_ - 1].position);
  RETURN_IF_ERROR(WriteRun());
  ClearRows();
  return absl::OkStatus();
}

absl::Status RowSorter::WriteRun() {
  ASSIGN_OR_RETURN(auto file, FileForRun());
  RunWriter writer(context_, &encoder_, std::move(file));
  std::vector<RowPosition> positions;
  for (size_t i = 0; i < item_count_;) {
    positions.clear();
    for (size_t bytes = 0;
         i < item_count_ && bytes < part_bytes_ && positions.size() < types::BatchRows(); ++i) {
      positions.push_back(items_[i].position);
      bytes += rows_.RowBytes(positions.back());
    }
    RETURN_IF_ERROR(context_->call->Check());
    const auto count = static_cast<uint32_t>(positions.size());
    RETURN_IF_ERROR(writer.Write(rows_.Gather(positions.data(), count)));
  }
  runs_.push_back(writer.Finish());
  return absl::OkStatus();
}

absl::Status RowSorter::Finish() {
  if (runs_.empty()) {
    SortInMemory();
    return absl::OkStatus();
  }
  if (row_count_ > 0) RETURN_IF_ERROR(Spill());
  ClearThreshold();
  return StartMerge();
}

absl::Status RowSorter::StartMerge() {
  while (true) {
    merge_ = std::make_unique<RunMerge>(context_, &encoder_, types_, limit_);
    ASSIGN_OR_RETURN(const size_t count, merge_->Start(runs_));
    if (count == runs_.size()) {
      // The merge has its own hold of the files.
      runs_.clear();
      return absl::OkStatus();
    }
    merge_.reset();
    // Not more than needed for the last merge to be as wide.
    RETURN_IF_ERROR(MergeSome(std::max<size_t>(2, std::min(count, runs_.size() - count + 1))));
  }
}

absl::Status RowSorter::MergeSome(size_t count) {
  // Neighbours, so that equal rows stay in order; those that have least to copy.
  const auto bytes = [&](size_t run) { return runs_[run].end - runs_[run].begin; };
  uint64_t sum = 0;
  for (size_t run = 0; run < count; ++run) sum += bytes(run);
  size_t first = 0;
  uint64_t least = sum;
  for (size_t run = count; run < runs_.size(); ++run) {
    sum += bytes(run) - bytes(run - count);
    if (sum < least) {
      least = sum;
      first = run - count + 1;
    }
  }
  RunMerge merge(context_, &encoder_, types_, limit_);
  ASSIGN_OR_RETURN(const size_t merged, merge.Start(absl::MakeSpan(runs_).subspan(first, count)));
  ASSIGN_OR_RETURN(auto file, TemporaryFile::Create(context_->shared->temp_dir));
  RunWriter writer(context_, &encoder_, std::move(file));
  types::Batch part;
  while (true) {
    RETURN_IF_ERROR(context_->call->Check());
    ASSIGN_OR_RETURN(const bool more, merge.Next(part_bytes_, &part));
    if (!more) break;
    RETURN_IF_ERROR(writer.Write(part));
  }
  const auto begin = runs_.begin() + static_cast<long>(first);
  *begin = writer.Finish();
  runs_.erase(begin + 1, begin + static_cast<long>(merged));
  return absl::OkStatus();
}

absl::StatusOr<bool> RowSorter::Next(types::Batch* out) {
  RETURN_IF_ERROR(context_->call->Check());
  if (merge_ != nullptr) return merge_->Next(kOutputBytes, out);
  const size_t count = std::min<size_t>(item_count_ - next_, types::BatchRows());
  *out = types::Batch();
  if (count == 0) return false;
  RowPosition positions[types::kMostBatchRows];
  for (size_t i = 0; i < count; ++i) positions[i] = items_[next_ + i].position;
  next_ += count;
  *out = rows_.Gather(positions, static_cast<uint32_t>(count));
  return true;
}

}  // namespace adbms::storage::executor
