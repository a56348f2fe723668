// Who holds and who waits for locks on tables, names and rows. A lock is a key (a row's or an index
// entry's own key; tables and names have keys in space 0, where no rows are) with its holders and a
// queue: who conflicts with somebody ahead of him waits behind him, unless he holds the lock in
// some mode already.
//
// Deadlocks are found by whoever closes the circle, before he goes to sleep: he gets 40P01. A
// circle that only the order of a queue makes is undone by letting one pass.
//
// Reading statements outside of transactions take no lock: they note their tables in their
// session's ReadSlots, which only somebody who wants ACCESS EXCLUSIVE looks at (PostgreSQL's fast
// path, storage/lmgr/README there).
//
// Thread-safe. A LockOwner belongs to one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/inlined_vector.h"
#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/call_context.h"
#include "services/storage/txn/lock_mode.h"

namespace adbms::storage::txn {

class LockManager;
class LockOwner;

// Keys of what is no row.
std::string TableLockKey(uint32_t table_id);
// A database's, by its name.
std::string DatabaseLockKey(std::string_view name);
// A schema's of the database, by its name; one of its relations', by `relation`.
std::string SchemaLockKey(uint32_t database, std::string_view schema);
std::string NameLockKey(uint32_t database, std::string_view schema, std::string_view relation);
// An advisory lock's: PostgreSQL's pg_locks shows the three numbers as classid, objid and objsubid.
struct AdvisoryKey {
  uint32_t class_id = 0;
  uint32_t object_id = 0;
  uint8_t kind = 1;  // 1: one number of 64 bits, high half first; 2: two of 32.
  uint32_t database = 0;
};
std::string AdvisoryLockKey(const AdvisoryKey& key);
// False when `lock_key` is no advisory lock's.
bool ReadAdvisoryLockKey(std::string_view lock_key, AdvisoryKey* key);

namespace lock_internal {

struct Holder {
  LockOwner* owner;
  LockModes modes;
};

struct Waiter {
  LockOwner* owner;
  LockMode mode;
  bool granted = false;
  LockModes added = 0;
  absl::CondVar changed;
};

struct Lock {
  absl::InlinedVector<Holder, 1> holders;
  std::vector<Waiter*> waiters;  // The next first.
};

struct HashKey {
  using is_transparent = void;
  size_t operator()(std::string_view key) const {
    return absl::HashOf(absl::string_view(key.data(), key.size()));
  }
};
using Locks = absl::node_hash_map<std::string, Lock, HashKey, std::equal_to<>>;

struct alignas(64) Shard {
  absl::Mutex mutex;
  Locks locks ABSL_GUARDED_BY(mutex);
};

struct Held {
  Shard* shard;
  Locks::value_type* lock;
  LockModes added;
};

}  // namespace lock_internal

// The locks of one transaction. They end with it, or with what follows a mark. A session has
// another owner for what it keeps beyond transactions; as it waits for one thing at a time, whoever
// waits for any of its owners waits for the session.
class LockOwner {
 public:
  LockOwner(LockManager* manager, uint64_t id) : manager_(manager), id_(id) {}
  ~LockOwner() { ReleaseAll(); }
  LockOwner(const LockOwner&) = delete;
  LockOwner& operator=(const LockOwner&) = delete;

  uint64_t id() const { return id_; }
  // The client's process id, for others to read; 0: the system's own.
  int32_t pid() const { return pid_.load(std::memory_order_relaxed); }
  void SetPid(int32_t pid) { pid_.store(pid, std::memory_order_relaxed); }
  // How long it waits for a lock; zero: as long as it takes; negative: the manager's default.
  void SetTimeout(absl::Duration timeout) { timeout_ = timeout; }
  // The same where the client has set one, else infinite: for those who wait as long as it takes.
  absl::Duration ClientTimeout() const {
    return timeout_ > absl::ZeroDuration() ? timeout_ : absl::InfiniteDuration();
  }

  // The owner that stands for the session that this one is of, and outlives it. Before it locks.
  void SetSession(LockOwner* session) { session_ = session; }
  // Has the modes of one key counted apart: one that another covers is held beside it.
  void KeepModesApart() { modes_apart_ = true; }

  // What is locked after Mark() is released by ReleaseSince.
  size_t Mark() const { return held_.size(); }
  void ReleaseSince(size_t mark);
  void ReleaseAll() { ReleaseSince(0); }
  // Gives all of them to `other`, which has none. Nobody waits as this owner meanwhile.
  void GiveTo(LockOwner* other);
  // What is held, in that order: the keys with the modes that were taken.
  std::vector<std::pair<std::string, LockModes>> Keys() const;
  // Locks what Keys() has told, before anybody else is there; false where somebody is.
  bool TakeAgain(std::string_view key, LockModes modes);
  // Takes the latest lock out of that order, to be released by itself. REQUIRES: Mark() > 0.
  lock_internal::Held TakeLatest();
  void Release(const lock_internal::Held& held);

 private:
  friend class LockManager;
  // Who stands for all owners of one session.
  LockOwner* root() { return session_ == nullptr ? this : session_; }

  LockManager* const manager_;
  const uint64_t id_;
  LockOwner* session_ = nullptr;
  bool modes_apart_ = false;
  std::atomic<int32_t> pid_{0};
  absl::Duration timeout_ = -absl::Milliseconds(1);
  absl::InlinedVector<lock_internal::Held, 8> held_;
};

// The tables that a session reads outside of a transaction. Its own thread changes it, any reads
// it.
class ReadSlots {
 public:
  explicit ReadSlots(LockManager* manager);
  ~ReadSlots();
  ReadSlots(const ReadSlots&) = delete;
  ReadSlots& operator=(const ReadSlots&) = delete;

  void Leave() {
    for (size_t i = 0; i < used_; ++i) tables_[i].store(0, std::memory_order_release);
    used_ = 0;
  }

 private:
  friend class LockManager;
  void Note(uint32_t table_id) {
    // More tables than places: the others' statements go on beside this one, which reads its
    // snapshot in any case.
    if (used_ < tables_.size()) tables_[used_++].store(table_id);
  }

  LockManager* const manager_;
  size_t used_ = 0;
  std::array<std::atomic<uint32_t>, 8> tables_{};
};

class LockManager {
 public:
  // How long an owner that says nothing waits; zero: as long as it takes.
  void SetDefaultTimeout(absl::Duration timeout) {
    default_timeout_ms_.store(absl::ToInt64Milliseconds(timeout), std::memory_order_relaxed);
  }

  // Errors: 55P03 after the timeout, 40P01, 57014.
  absl::Status Acquire(const rpc::CallContext& context, LockOwner* owner, std::string_view key,
                       LockMode mode);
  // False, with nothing changed, where Acquire would wait.
  bool TryAcquire(LockOwner* owner, std::string_view key, LockMode mode);

  // Tables: as above; ACCESS EXCLUSIVE also waits for reading statements that are noted in
  // ReadSlots.
  absl::Status AcquireTable(const rpc::CallContext& context, LockOwner* owner, uint32_t table_id,
                            LockMode mode);
  bool TryAcquireTable(LockOwner* owner, uint32_t table_id, LockMode mode);
  // A reading statement starts: waits, as `reader`, while somebody holds or wants a table ACCESS
  // EXCLUSIVE. It is in until `slots->Leave()`.
  absl::Status EnterRead(const rpc::CallContext& context, LockOwner* reader, ReadSlots* slots,
                         const std::vector<uint32_t>& table_ids);
  // Until everybody who holds the table now in a mode that conflicts with `mode` has released it,
  // without holding up newcomers. Errors: 40P01, 55P03 after the client's timeout, 57014.
  absl::Status WaitForHolders(const rpc::CallContext& context, LockOwner* owner, uint32_t table_id,
                              LockMode mode);

  // For pg_locks.
  struct Row {
    std::string key;
    uint64_t owner = 0;
    int32_t pid = 0;
    LockMode mode = LockMode::kAccessShare;
    bool granted = false;
  };
  std::vector<Row> Rows() const;
  // How often somebody waited, and how often that was a deadlock.
  uint64_t waits() const { return waits_.load(std::memory_order_relaxed); }
  uint64_t deadlocks() const { return deadlocks_.load(std::memory_order_relaxed); }

 private:
  friend class LockOwner;
  friend class ReadSlots;
  using Holder = lock_internal::Holder;
  using Waiter = lock_internal::Waiter;
  using Lock = lock_internal::Lock;
  using Shard = lock_internal::Shard;

  // What somebody waits for: a lock in a queue, or the end of these owners.
  struct Wait {
    LockOwner* owner = nullptr;
    std::string key;
    Shard* shard = nullptr;
    Waiter* waiter = nullptr;
    LockMode mode = LockMode::kAccessShare;
    std::set<LockOwner*> owners;
  };
  struct Edge {
    LockOwner* from;
    LockOwner* to;
    bool queued;  // `to` only waits too, ahead of `from`.
  };

  Shard& ShardOf(std::string_view key) {
    return shards_[(lock_internal::HashKey()(key) >> 7) % shards_.size()];
  }
  static bool Conflicts(const Lock& lock, const LockOwner* owner, LockMode mode);
  static Holder* HolderOf(Lock* lock, const LockOwner* owner);
  static LockModes Grant(Lock* lock, LockOwner* owner, LockMode mode);
  static bool Free(const Lock& lock, const LockOwner* owner, LockMode mode);
  static void WakeUp(Lock* lock);
  bool TryIn(Shard* shard, LockOwner* owner, std::string_view key, LockMode mode)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard->mutex);
  absl::Status WaitFor(const rpc::CallContext& context, LockOwner* owner, std::string_view key,
                       LockMode mode);
  absl::Status WaitForReaders(const rpc::CallContext& context, uint32_t table_id,
                              absl::Time deadline);
  absl::Time DeadlineOf(const LockOwner& owner) const;
  void Release(const lock_internal::Held& held, LockOwner* owner);

  // Errors: 40P01 when `self` waits for itself.
  absl::Status CheckDeadlock(LockOwner* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wait_mutex_);
  std::vector<Edge> BlockersOf(LockOwner* session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wait_mutex_);
  bool FindCircle(LockOwner* self, LockOwner* at, bool queues, std::set<LockOwner*>* seen,
                  std::vector<Edge>* path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wait_mutex_);
  bool LetPass(LockOwner* owner) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wait_mutex_);
  std::string Describe(const Edge& edge) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wait_mutex_);

  std::atomic<int64_t> default_timeout_ms_{10000};
  std::atomic<uint64_t> waits_{0};
  std::atomic<uint64_t> deadlocks_{0};
  mutable std::array<Shard, 64> shards_;

  // Who waits, by the owner that stands for the session. Taken before a shard's mutex; to start and
  // to give up waiting, and to look for a deadlock: then nobody in a circle can leave it unseen.
  absl::Mutex wait_mutex_;
  std::map<LockOwner*, Wait> waiting_ ABSL_GUARDED_BY(wait_mutex_);

  // By table id: how many hold or want ACCESS EXCLUSIVE.
  std::array<std::atomic<uint32_t>, 1024> exclusive_{};
  absl::Mutex slots_mutex_;
  std::set<ReadSlots*> slots_ ABSL_GUARDED_BY(slots_mutex_);
};

}  // namespace adbms::storage::txn
