// The seam that every commit passes. A commit writes WAL and memtable, which ends its locks, and is
// acknowledged when a group sync has made it durable: one leader syncs for all who wait.
//
// Readers outside of transactions read the durable snapshot: the newest view that lies wholly
// before a finished sync. It contains every acknowledged commit and nothing that a crash could take
// back. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/lifecycle/semaphore.h"
#include "services/storage/engine/engine.h"

namespace adbms::storage::txn {

class CommitLog {
 public:
  // `sync` false: commits are acknowledged unsynced, a crash may lose the latest ones.
  CommitLog(engine::Engine* engine, bool sync);
  ~CommitLog() { engine_->OnRecovered(nullptr); }

  // Writes the transaction; not durable yet. Nothing stays after an error.
  absl::Status Write(engine::Transaction* transaction);
  absl::Status Write(engine::WriteBatch* batch);
  // Until everything written before the call is durable and in the durable snapshot.
  absl::Status WaitDurable();
  // Until a view at `sequence` is durable.
  absl::Status WaitDurable(uint64_t sequence);
  engine::SnapshotPtr DurableSnapshot() const;
  // The engine writes again after a failure of the disk; all that was written before is durable.
  void Recovered();

 private:
  // One that waits while another syncs. It is told once, by that one: it is woken without having to
  // take the mutex, which would wake all of them one after the other.
  struct Waiter {
    explicit Waiter(uint64_t wanted) : sequence(wanted) {}
    const uint64_t sequence;
    bool leads = false;  // Not durable yet, and the next to sync.
    absl::Status status;
    lifecycle::Semaphore told;
  };

  // Syncs once, as the leader, and hands on.
  absl::Status Lead();
  // After a failed sync: waits until the engine has written everything to other files. Errors:
  // 40003 when that takes too long.
  absl::Status AwaitRecovery(uint64_t recoveries_before, const absl::Status& failure)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  engine::Engine* const engine_;
  const bool sync_;
  std::atomic<uint64_t> synced_{0};
  std::atomic<engine::SnapshotPtr> durable_;
  absl::Mutex mutex_;
  bool leader_ ABSL_GUARDED_BY(mutex_) = false;  // Somebody syncs.
  std::vector<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);
  // Set by a failed sync: what is durable is unknown from then on, so nothing commits until the
  // engine has recovered.
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  uint64_t recoveries_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::storage::txn
