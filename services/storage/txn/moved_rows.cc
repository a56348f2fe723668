#include "services/storage/txn/moved_rows.h"

#include "absl/hash/hash.h"

namespace adbms::storage::txn {

uint64_t MovedRows::HashOf(std::string_view row_key) { return absl::HashOf(row_key); }

void MovedRows::Add(const std::vector<uint64_t>& rows, uint64_t sequence) {
  absl::MutexLock lock(&mutex_);
  for (const uint64_t row : rows) {
    moved_at_[row] = sequence;
    in_order_.emplace_back(row, sequence);
  }
  while (in_order_.size() > kMost) {
    const auto& [row, moved_at] = in_order_.front();
    const auto found = moved_at_.find(row);
    if (found != moved_at_.end() && found->second == moved_at) moved_at_.erase(found);
    in_order_.pop_front();
  }
  // Who commits later may come here first.
  if (sequence > newest_.load(std::memory_order_relaxed))
    newest_.store(sequence, std::memory_order_release);
}

bool MovedRows::MovedSince(std::string_view row_key, uint64_t sequence) const {
  if (newest_.load(std::memory_order_acquire) <= sequence) return false;
  absl::MutexLock lock(&mutex_);
  const auto found = moved_at_.find(HashOf(row_key));
  return found != moved_at_.end() && found->second > sequence;
}

}  // namespace adbms::storage::txn
