// Locks on whole tables, held to the end of a transaction: writers of rows share, a bulk load
// excludes other writers, a change of the table's shape excludes everybody who writes. Readers take
// none: they read snapshots. Deadlocks between table locks end by the lock timeout. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/call_context.h"

namespace adbms::storage::txn {

enum class LockMode : uint8_t { kShared, kExclusive };

// The table id under which changes of the catalog exclude each other.
inline constexpr uint32_t kCatalogLock = 0;

class TableLocks {
 public:
  // Waits at most `timeout`. An owner that holds the table shared may go on to exclusive.
  // Errors: 55P03 after the timeout (zero: at once), 57014.
  absl::Status Acquire(const rpc::CallContext& context, uint64_t owner, uint32_t table_id,
                       LockMode mode, absl::Duration timeout);
  void Release(uint64_t owner, uint32_t table_id);
  // Until everybody who holds the table now has released it, without holding up newcomers.
  absl::Status WaitForHolders(const rpc::CallContext& context, uint32_t table_id);

 private:
  struct Holder {
    uint64_t owner;
    LockMode mode;
  };
  struct Shard {
    absl::Mutex mutex;
    absl::CondVar changed;
    absl::flat_hash_map<uint32_t, std::vector<Holder>> tables ABSL_GUARDED_BY(mutex);
    uint32_t waiters ABSL_GUARDED_BY(mutex) = 0;
  };
  Shard& ShardOf(uint32_t table_id) { return shards_[table_id % shards_.size()]; }

  std::array<Shard, 16> shards_;
};

}  // namespace adbms::storage::txn
