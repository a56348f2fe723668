#include "services/storage/bulk/entry_merge.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::bulk {
namespace {

constexpr size_t kLeastRead = 4 << 10;
constexpr size_t kMostRead = 1 << 20;
constexpr size_t kHeaderBytes = sizeof(uint16_t) + sizeof(uint32_t);
constexpr size_t kAhead = 8;  // Entries whose bytes are fetched before they are needed.

}  // namespace

absl::Status RunCursor::Start(std::string_view lower, std::string_view upper) {
  upper_ = upper;
  if (buffer_ != nullptr) {
    size_t end = buffer_->count();
    while (index_ < end) {
      const size_t middle = index_ + (end - index_) / 2;
      if (buffer_->at(middle).key < lower) {
        index_ = middle + 1;
      } else {
        end = middle;
      }
    }
    return Read();
  }
  // The block before the first that starts behind it.
  auto block = std::partition_point(run_->blocks.begin(), run_->blocks.end(),
                                    [&](const auto& b) { return b.first_key < lower; });
  if (block != run_->blocks.begin()) --block;
  offset_ = block == run_->blocks.end() ? run_->end : block->offset;
  RETURN_IF_ERROR(Read());
  while (valid_ && entry_.key < lower) RETURN_IF_ERROR(Next());
  return absl::OkStatus();
}

absl::Status RunCursor::Next() {
  ++index_;
  return Read();
}

absl::Status RunCursor::Read() {
  if (buffer_ != nullptr) {
    valid_ = index_ < buffer_->count();
    if (!valid_) return absl::OkStatus();
    if (index_ + kAhead < buffer_->count()) buffer_->Prefetch(index_ + kAhead);
    entry_ = buffer_->at(index_);
    prefix_ = buffer_->prefix(index_);
  } else {
    valid_ = at_ < filled_ || offset_ < run_->end;
    if (!valid_) return absl::OkStatus();
    RETURN_IF_ERROR(Fill(kHeaderBytes));
    uint16_t key_size = 0;
    uint32_t value_size = 0;
    std::memcpy(&key_size, bytes_.get() + at_, sizeof(key_size));
    std::memcpy(&value_size, bytes_.get() + at_ + sizeof(key_size), sizeof(value_size));
    RETURN_IF_ERROR(Fill(kHeaderBytes + key_size + value_size));
    const char* key = bytes_.get() + at_ + kHeaderBytes;
    entry_ = {{key, key_size}, {key + key_size, value_size}};
    prefix_ = KeyPrefix(entry_.key);
    at_ += kHeaderBytes + key_size + value_size;
  }
  valid_ = upper_.empty() || entry_.key < upper_;
  return absl::OkStatus();
}

absl::Status RunCursor::Fill(size_t needed) {
  if (filled_ - at_ >= needed) return absl::OkStatus();
  const size_t rest = filled_ - at_;
  if (needed > capacity_) {
    const size_t capacity = std::max(needed, read_bytes_);
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (rest > 0) std::memcpy(larger.get(), bytes_.get() + at_, rest);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  } else {
    std::memmove(bytes_.get(), bytes_.get() + at_, rest);
  }
  at_ = 0;
  filled_ = rest;
  const auto want =
      static_cast<size_t>(std::min<uint64_t>(capacity_ - filled_, run_->end - offset_));
  ASSIGN_OR_RETURN(const size_t count, file_->ReadAt(offset_, want, bytes_.get() + filled_));
  filled_ += count;
  offset_ += count;
  if (filled_ >= needed) return absl::OkStatus();
  return status::Error(status::sqlstate::kIoError, "a temporary file is shorter than it was");
}

EntryMerge::EntryMerge(const std::vector<const EntrySorter*>& sorters, std::string lower,
                       std::string upper, size_t bytes)
    : lower_(std::move(lower)), upper_(std::move(upper)) {
  size_t spilled = 0;
  for (const EntrySorter* sorter : sorters) spilled += sorter->runs().size();
  const size_t read = std::clamp(bytes / std::max<size_t>(spilled, 1), kLeastRead, kMostRead);
  for (const EntrySorter* sorter : sorters) {
    if (sorter->buffer() != nullptr) cursors_.emplace_back(sorter->buffer());
    for (const SpilledRun& run : sorter->runs()) cursors_.emplace_back(sorter->file(), &run, read);
  }
}

absl::Status EntryMerge::Start() {
  for (RunCursor& cursor : cursors_) RETURN_IF_ERROR(cursor.Start(lower_, upper_));
  const size_t count = cursors_.size();
  if (count == 0) return absl::OkStatus();
  // Leaf i is node count + i. Winners move up, the loser of each match stays.
  losers_.assign(count, 0);
  std::vector<size_t> winners(2 * count);
  for (size_t i = 0; i < count; ++i) winners[count + i] = i;
  for (size_t node = count - 1; node >= 1; --node) {
    const size_t a = winners[2 * node];
    const size_t b = winners[2 * node + 1];
    const bool first = !cursors_[b].Before(cursors_[a]);
    winners[node] = first ? a : b;
    losers_[node] = first ? b : a;
  }
  winner_ = count == 1 ? 0 : winners[1];
  return absl::OkStatus();
}

absl::Status EntryMerge::Next() {
  RETURN_IF_ERROR(cursors_[winner_].Next());
  Replay(winner_);
  return absl::OkStatus();
}

void EntryMerge::Replay(size_t leaf) {
  size_t winner = leaf;
  for (size_t node = (cursors_.size() + leaf) / 2; node >= 1; node /= 2) {
    if (cursors_[losers_[node]].Before(cursors_[winner])) std::swap(losers_[node], winner);
  }
  winner_ = winner;
}

}  // namespace adbms::storage::bulk
