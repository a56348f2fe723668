#include "services/storage/txn/commit_log.h"

#include "common/status/macros.h"

namespace adbms::storage::txn {

CommitLog::CommitLog(engine::Engine* engine, bool sync) : engine_(engine), sync_(sync) {
  engine::SnapshotPtr snapshot = engine_->TakeSnapshot();
  synced_ = snapshot->sequence();
  durable_ = std::move(snapshot);
}

absl::Status CommitLog::Write(engine::Transaction* transaction) {
  if (sync_) {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(failure_);
  }
  return transaction->Commit();
}

absl::Status CommitLog::Write(engine::WriteBatch* batch) {
  if (sync_) {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(failure_);
  }
  return engine_->Write(batch);
}

absl::Status CommitLog::WaitDurable() { return WaitDurable(engine_->LatestSequence()); }

absl::Status CommitLog::WaitDurable(uint64_t sequence) {
  if (!sync_ || synced_.load(std::memory_order_acquire) >= sequence) return absl::OkStatus();
  absl::MutexLock lock(&mutex_);
  while (synced_.load(std::memory_order_relaxed) < sequence) {
    RETURN_IF_ERROR(failure_);
    if (leader_) {
      synced_changed_.Wait(&mutex_);
      continue;
    }
    leader_ = true;
    mutex_.Unlock();
    engine::SnapshotPtr snapshot = engine_->TakeSnapshot();
    const absl::Status status = engine_->SyncWal();
    mutex_.Lock();
    leader_ = false;
    if (status.ok()) {
      synced_.store(snapshot->sequence(), std::memory_order_release);
      durable_.store(std::move(snapshot), std::memory_order_release);
    } else {
      failure_ = status;
    }
    synced_changed_.SignalAll();
  }
  return absl::OkStatus();
}

engine::SnapshotPtr CommitLog::DurableSnapshot() const {
  return sync_ ? durable_.load(std::memory_order_acquire) : engine_->TakeSnapshot();
}

}  // namespace adbms::storage::txn
