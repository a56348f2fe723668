#include "services/storage/txn/advisory_locks.h"

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {
namespace {

// PostgreSQL's shared memory has room for about ten thousand in all sessions together. A count,
// too, takes memory where a transaction holds it.
constexpr size_t kMostLocks = 100'000;

constexpr size_t IndexOf(AdvisoryLocks::Scope scope) { return static_cast<size_t>(scope); }

}  // namespace

AdvisoryLocks::~AdvisoryLocks() {
  for (const auto& [name, hold] : holds_) owner_.Release(hold.held);
}

absl::Status AdvisoryLocks::CheckRoom() const {
  if (holds_.size() < kMostLocks && taken_.size() < kMostLocks) return absl::OkStatus();
  return status::Error(status::sqlstate::kOutOfMemory, "out of shared memory",
                       "A session can hold 100000 advisory locks.", "Unlock some of them.");
}

void AdvisoryLocks::Count(Holds::iterator hold, Scope scope) {
  const uint64_t before = hold->second.counts[IndexOf(scope)]++;
  if (scope == Scope::kTransaction) {
    taken_.push_back(hold);
  } else if (before == 0) {
    ++session_locks_;
  }
}

bool AdvisoryLocks::CountAgain(const Name& name, Scope scope) {
  const auto hold = holds_.find(name);
  if (hold == holds_.end()) return false;
  Count(hold, scope);
  return true;
}

void AdvisoryLocks::Keep(Name name, Scope scope) {
  Count(holds_.emplace(std::move(name), Hold{owner_.TakeLatest(), {}}).first, scope);
}

absl::Status AdvisoryLocks::Lock(const rpc::CallContext& context, const AdvisoryKey& key, Mode mode,
                                 Scope scope) {
  RETURN_IF_ERROR(CheckRoom());
  Name name(LockKeyOf(key), mode);
  if (CountAgain(name, scope)) return absl::OkStatus();
  RETURN_IF_ERROR(locks_->Acquire(context, &owner_, name.first, mode));
  Keep(std::move(name), scope);
  return absl::OkStatus();
}

absl::StatusOr<bool> AdvisoryLocks::TryLock(const AdvisoryKey& key, Mode mode, Scope scope) {
  RETURN_IF_ERROR(CheckRoom());
  Name name(LockKeyOf(key), mode);
  if (CountAgain(name, scope)) return true;
  if (!locks_->TryAcquire(&owner_, name.first, mode)) return false;
  Keep(std::move(name), scope);
  return true;
}

void AdvisoryLocks::FreeIfUnused(Holds::iterator hold) {
  const auto& counts = hold->second.counts;
  if (counts[0] > 0 || counts[1] > 0) return;
  owner_.Release(hold->second.held);
  holds_.erase(hold);
}

bool AdvisoryLocks::Unlock(const AdvisoryKey& key, Mode mode) {
  const auto hold = holds_.find(Name(LockKeyOf(key), mode));
  if (hold == holds_.end()) return false;
  uint64_t& count = hold->second.counts[IndexOf(Scope::kSession)];
  if (count == 0) return false;
  if (--count == 0) --session_locks_;
  FreeIfUnused(hold);
  return true;
}

void AdvisoryLocks::UnlockAll() {
  for (auto next = holds_.begin(); next != holds_.end();) {
    const auto hold = next++;
    hold->second.counts[IndexOf(Scope::kSession)] = 0;
    FreeIfUnused(hold);
  }
  session_locks_ = 0;
}

void AdvisoryLocks::ReleaseTaken(size_t mark) {
  while (taken_.size() > mark) {
    const auto hold = taken_.back();
    taken_.pop_back();
    --hold->second.counts[IndexOf(Scope::kTransaction)];
    FreeIfUnused(hold);
  }
}

}  // namespace adbms::storage::txn
