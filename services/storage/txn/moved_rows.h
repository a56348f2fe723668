// The rows that were moved from one partition to another last. Whoever has read such a row where it
// was, and waited to lock it, is told so, as PostgreSQL does, and not that there is no such row.
// They are remembered by a hash of their keys. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace adbms::storage::txn {

class MovedRows {
 public:
  // Of more than these the earlier ones are forgotten: they are only gone then.
  static constexpr size_t kMost = size_t{1} << 16;

  static uint64_t HashOf(std::string_view row_key);

  // A transaction has moved the rows with these hashes and still has their locks; every view at
  // `sequence` or later shows it.
  void Add(const std::vector<uint64_t>& rows, uint64_t sequence);
  // Whether the row that a view at `sequence` had under the key has been moved since.
  bool MovedSince(std::string_view row_key, uint64_t sequence) const;

 private:
  std::atomic<uint64_t> newest_{0};
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<uint64_t, uint64_t> moved_at_ ABSL_GUARDED_BY(mutex_);  // By hash.
  std::deque<std::pair<uint64_t, uint64_t>> in_order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::txn
