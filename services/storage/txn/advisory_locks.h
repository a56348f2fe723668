// The advisory locks of one session (PostgreSQL 15, chapters 13.3.5 and 9.27.10): some last until
// they are unlocked or the session ends, others until their transaction ends. Each is counted; the
// lock is free when both counts are zero. They lie in the lock manager like any other, so that
// waits, deadlocks and pg_locks see them. Not thread-safe: its session's thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/storage/txn/lock_manager.h"

namespace adbms::storage::txn {

class AdvisoryLocks {
 public:
  enum class Scope { kSession, kTransaction };
  // kExclusive or kShare.
  using Mode = LockMode;

  // `locks` must outlive this; `id` as others see it in pg_locks. Keys are those of the database.
  AdvisoryLocks(LockManager* locks, uint64_t id, uint32_t database = 0)
      : locks_(locks), database_(database), owner_(locks, id) {
    owner_.KeepModesApart();
  }
  ~AdvisoryLocks();
  AdvisoryLocks(const AdvisoryLocks&) = delete;
  AdvisoryLocks& operator=(const AdvisoryLocks&) = delete;

  // Stands for the session in the lock manager.
  LockOwner* owner() { return &owner_; }

  // Errors: as LockManager::Acquire; 53200 for more locks than a session may have.
  absl::Status Lock(const rpc::CallContext& context, const AdvisoryKey& key, Mode mode,
                    Scope scope);
  // False where Lock would wait. Errors: 53200.
  absl::StatusOr<bool> TryLock(const AdvisoryKey& key, Mode mode, Scope scope);
  // Takes back one Lock of scope kSession; false when there is none.
  bool Unlock(const AdvisoryKey& key, Mode mode);
  // All of scope kSession.
  void UnlockAll();
  bool holds_for_session() const { return session_locks_ > 0; }

  // Those of scope kTransaction after Mark() are released by ReleaseSince.
  size_t Mark() const { return taken_.size(); }
  void ReleaseSince(size_t mark) {
    if (taken_.size() > mark) ReleaseTaken(mark);
  }

 private:
  // One mode of one key.
  using Name = std::pair<std::string, Mode>;
  struct Hold {
    lock_internal::Held held;
    std::array<uint64_t, 2> counts{};  // By scope.
  };
  using Holds = std::map<Name, Hold>;

  // Counts a lock that is held already; false: it is not.
  bool CountAgain(const Name& name, Scope scope);
  absl::Status CheckRoom() const;
  // The lock has just been acquired.
  void Keep(Name name, Scope scope);
  void Count(Holds::iterator hold, Scope scope);
  void FreeIfUnused(Holds::iterator hold);
  void ReleaseTaken(size_t mark);

  std::string LockKeyOf(AdvisoryKey key) const {
    key.database = database_;
    return AdvisoryLockKey(key);
  }

  LockManager* const locks_;
  const uint32_t database_;
  LockOwner owner_;
  Holds holds_;
  std::vector<Holds::iterator> taken_;  // Of scope kTransaction, in order.
  size_t session_locks_ = 0;            // Those with a count of scope kSession.
};

}  // namespace adbms::storage::txn
