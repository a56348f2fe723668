#include "services/storage/txn/commit_log.h"

#include <algorithm>

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
  Waiter waiter(sequence);
  bool leads = false;
  {
    absl::MutexLock lock(&mutex_);
    if (synced_.load(std::memory_order_relaxed) >= sequence) return absl::OkStatus();
    RETURN_IF_ERROR(failure_);
    if (leader_) {
      waiters_.push_back(&waiter);
    } else {
      leader_ = leads = true;
    }
  }
  if (leads) return Lead();
  waiter.told.Wait();
  return waiter.leads ? Lead() : waiter.status;
}

absl::Status CommitLog::Lead() {
  // Taken before the sync: everything in it is in the log, that of the leader too.
  engine::SnapshotPtr snapshot = engine_->TakeSnapshot();
  const uint64_t sequence = snapshot->sequence();
  const absl::Status status = engine_->SyncWal();
  Waiter* next = nullptr;
  std::vector<Waiter*> done;
  {
    absl::MutexLock lock(&mutex_);
    if (status.ok()) {
      synced_.store(sequence, std::memory_order_release);
      durable_.store(std::move(snapshot), std::memory_order_release);
    } else {
      failure_ = status;
    }
    const auto waits = [&](const Waiter* waiter) {
      return status.ok() && waiter->sequence > sequence;
    };
    const auto rest = std::stable_partition(waiters_.begin(), waiters_.end(), waits);
    done.assign(rest, waiters_.end());
    waiters_.erase(rest, waiters_.end());
    for (Waiter* waiter : done) waiter->status = status;
    if (!waiters_.empty()) {
      next = waiters_.front();
      waiters_.erase(waiters_.begin());
      next->leads = true;
    }
    leader_ = next != nullptr;
  }
  if (next != nullptr) next->told.Post();  // First: the next sync need not wait for the others.
  for (Waiter* waiter : done) waiter->told.Post();
  return status;
}

engine::SnapshotPtr CommitLog::DurableSnapshot() const {
  return sync_ ? durable_.load(std::memory_order_acquire) : engine_->TakeSnapshot();
}

}  // namespace adbms::storage::txn
