// Running counts: rows of each table, use of each index. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace adbms::storage::txn {

struct IndexUse {
  std::atomic<uint64_t> scans{0};
  std::atomic<uint64_t> entries_read{0};
  std::atomic<uint64_t> entries_written{0};
  std::atomic<int64_t> last_scan_us{0};
};

struct TableUse {
  std::atomic<int64_t> rows{-1};  // -1: not known yet.
  std::atomic<uint64_t> scans{0};
  std::atomic<uint64_t> rows_read{0};
  std::atomic<uint64_t> inserted{0};
  std::atomic<uint64_t> updated{0};
  std::atomic<uint64_t> deleted{0};
};

class RowCounts {
 public:
  // Made at first use; the pointer stays valid.
  TableUse* Table(uint32_t table_id) {
    absl::MutexLock lock(&mutex_);
    std::unique_ptr<TableUse>& use = tables_[table_id];
    if (use == nullptr) use = std::make_unique<TableUse>();
    return use.get();
  }
  IndexUse* Index(uint32_t index_id) {
    absl::MutexLock lock(&mutex_);
    std::unique_ptr<IndexUse>& use = indexes_[index_id];
    if (use == nullptr) use = std::make_unique<IndexUse>();
    return use.get();
  }
  // Next free hidden key of a space; `first` is asked once, for the first key after the stored
  // ones.
  template <typename First>
  auto HiddenKeys(uint32_t space, uint64_t count, First first) -> decltype(first()) {
    absl::MutexLock lock(&mutex_);
    auto it = hidden_.find(space);
    if (it == hidden_.end()) {
      auto start = first();
      if (!start.ok()) return start;
      const auto least = least_hidden_.find(space);
      const int64_t from = least == least_hidden_.end() ? *start : std::max(*start, least->second);
      it = hidden_.emplace(space, from).first;
    }
    const int64_t key = it->second;
    it->second += static_cast<int64_t>(count);
    return key;
  }
  // Those below `key` are taken by what is not written yet. Before the first of them is asked for.
  void HiddenKeysFrom(uint32_t space, int64_t key) {
    absl::MutexLock lock(&mutex_);
    int64_t& least = least_hidden_[space];
    least = std::max(least, key);
  }
  // So many rows of each table were stored (removed), where their number is known.
  void Apply(const absl::flat_hash_map<uint32_t, int64_t>& deltas) {
    for (const auto& [table_id, delta] : deltas) {
      std::atomic<int64_t>& rows = Table(table_id)->rows;
      if (rows.load(std::memory_order_relaxed) >= 0)
        rows.fetch_add(delta, std::memory_order_relaxed);
    }
  }

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<TableUse>> tables_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, std::unique_ptr<IndexUse>> indexes_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, int64_t> hidden_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, int64_t> least_hidden_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::txn
