#include "services/storage/txn/table_locks.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {
namespace {

// How often a waiter looks whether its statement was cancelled.
constexpr absl::Duration kCancellationPoll = absl::Milliseconds(20);

}  // namespace

absl::Status TableLocks::Acquire(const rpc::CallContext& context, uint64_t owner, uint32_t table_id,
                                 LockMode mode, absl::Duration timeout) {
  Shard& shard = ShardOf(table_id);
  absl::MutexLock lock(&shard.mutex);
  absl::Time deadline = absl::InfinitePast();
  while (true) {
    std::vector<Holder>& holders = shard.tables[table_id];
    Holder* mine = nullptr;
    bool conflict = false;
    for (Holder& holder : holders) {
      if (holder.owner == owner) {
        mine = &holder;
      } else {
        conflict |= mode == LockMode::kExclusive || holder.mode == LockMode::kExclusive;
      }
    }
    if (mine != nullptr && (mine->mode == LockMode::kExclusive || mode == LockMode::kShared)) {
      return absl::OkStatus();
    }
    if (!conflict) {
      if (mine != nullptr) {
        mine->mode = mode;
      } else {
        holders.push_back({owner, mode});
      }
      return absl::OkStatus();
    }
    const absl::Time now = absl::Now();
    if (deadline == absl::InfinitePast()) deadline = now + timeout;
    if (now >= deadline) {
      return status::Error(status::sqlstate::kLockNotAvailable,
                           "canceling statement due to lock timeout", {},
                           "Another transaction holds the table; end it, or try again.");
    }
    RETURN_IF_ERROR(context.Check());
    ++shard.waiters;
    shard.changed.WaitWithTimeout(&shard.mutex, std::min(deadline - now, kCancellationPoll));
    --shard.waiters;
  }
}

void TableLocks::Release(uint64_t owner, uint32_t table_id) {
  Shard& shard = ShardOf(table_id);
  absl::MutexLock lock(&shard.mutex);
  const auto it = shard.tables.find(table_id);
  if (it == shard.tables.end()) return;
  std::erase_if(it->second, [&](const Holder& holder) { return holder.owner == owner; });
  if (shard.waiters > 0) shard.changed.SignalAll();
}

absl::Status TableLocks::WaitForHolders(const rpc::CallContext& context, uint32_t table_id) {
  Shard& shard = ShardOf(table_id);
  absl::MutexLock lock(&shard.mutex);
  std::vector<uint64_t> owners;
  for (const Holder& holder : shard.tables[table_id]) owners.push_back(holder.owner);
  while (true) {
    const std::vector<Holder>& holders = shard.tables[table_id];
    std::erase_if(owners, [&](uint64_t owner) {
      return std::none_of(holders.begin(), holders.end(),
                          [&](const Holder& h) { return h.owner == owner; });
    });
    if (owners.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(context.Check());
    ++shard.waiters;
    shard.changed.WaitWithTimeout(&shard.mutex, kCancellationPoll);
    --shard.waiters;
  }
}

}  // namespace adbms::storage::txn
