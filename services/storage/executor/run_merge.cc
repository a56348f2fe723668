#include "services/storage/executor/run_merge.h"

#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"

namespace adbms::storage::executor {

RunMerge::RunMerge(ExecutionContext* context, const KeyEncoder* encoder,
                   const std::vector<types::Type>& types, uint64_t limit)
    : context_(context), encoder_(*encoder), left_(limit), gather_(types) {}

RunMerge::~RunMerge() { context_->memory.Release(reserved_ + held_); }

absl::StatusOr<size_t> RunMerge::Start(absl::Span<const SortedRun> runs) {
  for (const SortedRun& run : runs.subspan(0, kMostRuns)) {
    if (!context_->memory.TryReserveSpillable(run.part_memory)) {
      // Two have to be.
      if (heads_.size() >= 2) break;
      RETURN_IF_ERROR(context_->memory.Reserve(run.part_memory));
    }
    reserved_ += run.part_memory;
    heads_.push_back({RunReader(run), {}, nullptr, {}});
  }
  current_.resize(heads_.size());
  for (size_t run = 0; run < heads_.size(); ++run) RETURN_IF_ERROR(Read(run));
  BuildTree();
  return heads_.size();
}

absl::Status RunMerge::Read(size_t run) {
  Head& head = heads_[run];
  current_[run] = nullptr;
  head.part = types::Batch();
  head.keys.reset();
  ASSIGN_OR_RETURN(const bool more, head.reader.Read(&buffer_, &head.part));
  if (!more) return absl::OkStatus();
  head.keys = std::make_unique_for_overwrite<char[]>(encoder_.Bytes(head.part));
  head.items.resize(head.part.row_count);
  encoder_.Encode(head.part, 0, head.keys.get(), head.items.data());
  head.row = 0;
  current_[run] = head.items.data();
  return absl::OkStatus();
}

void RunMerge::BuildTree() {
  const size_t count = heads_.size();
  // Leaf i is node count + i. Winners move up, the loser of each match stays.
  losers_.assign(count, 0);
  std::vector<size_t> winners(2 * count);
  for (size_t i = 0; i < count; ++i) winners[count + i] = i;
  for (size_t node = count; node-- > 1;) {
    const size_t a = winners[2 * node];
    const size_t b = winners[2 * node + 1];
    const bool first = Before(a, b);
    winners[node] = first ? a : b;
    losers_[node] = first ? b : a;
  }
  winner_ = count < 2 ? 0 : winners[1];
}

void RunMerge::Replay(size_t run) {
  size_t winner = run;
  for (size_t node = (heads_.size() + run) / 2; node >= 1; node /= 2) {
    if (Before(losers_[node], winner)) std::swap(losers_[node], winner);
  }
  winner_ = winner;
}

absl::StatusOr<bool> RunMerge::Advance() {
  Head& head = heads_[winner_];
  if (++head.row < head.part.row_count) {
    current_[winner_] = &head.items[head.row];
    Replay(winner_);
    return true;
  }
  const int64_t memory = head.reader.run().part_memory;
  unread_ = !context_->memory.TryReserveSpillable(memory);
  if (unread_) return false;
  held_ += memory;
  RETURN_IF_ERROR(Read(winner_));
  if (current_[winner_] != nullptr) head.number = gather_.Add(head.part);
  Replay(winner_);
  return true;
}

absl::StatusOr<bool> RunMerge::Next(size_t bytes, types::Batch* out) {
  *out = types::Batch();
  context_->memory.Release(std::exchange(held_, 0));
  if (heads_.empty() || left_ == 0) return false;
  if (std::exchange(unread_, false)) {
    RETURN_IF_ERROR(Read(winner_));
    Replay(winner_);
  }
  for (size_t run = 0; run < heads_.size(); ++run) {
    if (current_[run] != nullptr) heads_[run].number = gather_.Add(heads_[run].part);
  }
  const auto most = static_cast<size_t>(std::min<uint64_t>(left_, types::BatchRows()));
  taken_.clear();
  size_t sum = 0;
  for (bool more = true; more && taken_.size() < most && sum < bytes;) {
    if (current_[winner_] == nullptr) break;
    const Head& head = heads_[winner_];
    taken_.push_back(PositionOf(head.number, head.row));
    sum += gather_.RowBytes(taken_.back());
    ASSIGN_OR_RETURN(more, Advance());
  }
  left_ -= taken_.size();
  if (!taken_.empty()) *out = gather_.Gather(taken_.data(), static_cast<uint32_t>(taken_.size()));
  gather_.Clear();
  return !taken_.empty();
}

}  // namespace adbms::storage::executor
