#include "services/storage/txn/commit_log.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {
namespace {

// How long a commit whose sync failed waits for the disk to take it after all.
constexpr absl::Duration kRecoveryPatience = absl::Seconds(30);

}  // namespace

CommitLog::CommitLog(engine::Engine* engine, bool sync)
    : engine_(engine), sync_(sync && !engine->read_only()) {
  engine_->OnRecovered([this] { Recovered(); });
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

void CommitLog::Recovered() {
  absl::MutexLock lock(&mutex_);
  ++recoveries_;
  failure_ = absl::OkStatus();
}

absl::Status CommitLog::AwaitRecovery(uint64_t recoveries_before, const absl::Status& failure) {
  failure_ = failure;
  struct Wanted {
    const uint64_t* recoveries;
    uint64_t before;
  } wanted{&recoveries_, recoveries_before};
  const auto recovered = +[](Wanted* w) { return *w->recoveries != w->before; };
  if (mutex_.AwaitWithTimeout(absl::Condition(recovered, &wanted), kRecoveryPatience))
    return absl::OkStatus();
  return status::Error("40003", "the commit could not be made durable in time",
                       status::FromStatus(failure).message,
                       "Whether its changes stay is not known: look once writing goes on.");
}

absl::Status CommitLog::Lead() {
  uint64_t recoveries = 0;
  {
    absl::MutexLock lock(&mutex_);
    recoveries = recoveries_;
  }
  // Taken before the sync: everything in it is in the log, that of the leader too.
  engine::SnapshotPtr snapshot = engine_->TakeSnapshot();
  const uint64_t sequence = snapshot->sequence();
  absl::Status status = engine_->SyncWal();
  Waiter* next = nullptr;
  std::vector<Waiter*> done;
  {
    absl::MutexLock lock(&mutex_);
    // Neither lost nor refused: it waits until it is known.
    if (!status.ok()) status = AwaitRecovery(recoveries, status);
    if (status.ok()) {
      synced_.store(sequence, std::memory_order_release);
      durable_.store(std::move(snapshot), std::memory_order_release);
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
