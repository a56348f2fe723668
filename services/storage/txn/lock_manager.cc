#include "services/storage/txn/lock_manager.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::txn {
namespace {

namespace sqlstate = status::sqlstate;

// How often a waiter looks whether its statement was cancelled.
constexpr absl::Duration kCancellationPoll = absl::Milliseconds(20);
// How often the readers of a table are looked at by one that wants it alone.
constexpr absl::Duration kReaderPoll = absl::Milliseconds(1);
constexpr LockModes kAlone = Only(LockMode::kAccessExclusive);
constexpr size_t kPrefixBytes = 5;  // Space 0 and a letter.

std::string ObjectKey(char letter) {
  std::string key = codec::SpaceBegin(0);
  key.push_back(letter);
  return key;
}

bool IsTableKey(std::string_view key) {
  return key.size() == kPrefixBytes + 4 && codec::SpaceOf(key) == 0 && key[4] == 'T';
}

uint32_t TableOf(std::string_view key) { return codec::SpaceOf(key.substr(kPrefixBytes)); }

absl::Status TimedOut() {
  return status::Error(sqlstate::kLockNotAvailable, "canceling statement due to lock timeout", {},
                       "Another transaction holds the lock; end it, or try again.");
}

}  // namespace

std::string TableLockKey(uint32_t table_id) {
  std::string key = ObjectKey('T');
  codec::AppendSpace(table_id, &key);
  return key;
}

std::string DatabaseLockKey(std::string_view name) {
  std::string key = ObjectKey('D');
  key.append(name);
  return key;
}

std::string SchemaLockKey(uint32_t database, std::string_view schema) {
  std::string key = ObjectKey('S');
  codec::AppendSpace(database, &key);
  key.append(schema);
  return key;
}

std::string NameLockKey(uint32_t database, std::string_view schema, std::string_view relation) {
  std::string key = ObjectKey('N');
  codec::AppendSpace(database, &key);
  key.append(schema);
  key.push_back('\0');
  key.append(relation);
  return key;
}

std::string AdvisoryLockKey(const AdvisoryKey& key) {
  std::string lock_key = ObjectKey('A');
  lock_key.push_back(static_cast<char>(key.kind));
  codec::AppendSpace(key.class_id, &lock_key);
  codec::AppendSpace(key.object_id, &lock_key);
  codec::AppendSpace(key.database, &lock_key);
  return lock_key;
}

bool ReadAdvisoryLockKey(std::string_view lock_key, AdvisoryKey* key) {
  if (lock_key.size() != kPrefixBytes + 13 || codec::SpaceOf(lock_key) != 0 || lock_key[4] != 'A')
    return false;
  key->kind = static_cast<uint8_t>(lock_key[kPrefixBytes]);
  key->class_id = codec::SpaceOf(lock_key.substr(kPrefixBytes + 1));
  key->object_id = codec::SpaceOf(lock_key.substr(kPrefixBytes + 5));
  key->database = codec::SpaceOf(lock_key.substr(kPrefixBytes + 9));
  return true;
}

void LockOwner::GiveTo(LockOwner* other) {
  for (const lock_internal::Held& held : held_) {
    absl::MutexLock guard(&held.shard->mutex);
    for (lock_internal::Holder& holder : held.lock->second.holders) {
      if (holder.owner == this) holder.owner = other;
    }
  }
  other->held_ = std::move(held_);
  held_.clear();
}

std::vector<std::pair<std::string, LockModes>> LockOwner::Keys() const {
  std::vector<std::pair<std::string, LockModes>> keys;
  // A key stays in place while it is held.
  for (const lock_internal::Held& held : held_) keys.emplace_back(held.lock->first, held.added);
  return keys;
}

bool LockOwner::TakeAgain(std::string_view key, LockModes modes) {
  for (int i = 0; i < kLockModes; ++i) {
    const auto mode = static_cast<LockMode>(i);
    if ((modes & Only(mode)) == 0) continue;
    const bool taken = IsTableKey(key) ? manager_->TryAcquireTable(this, TableOf(key), mode)
                                       : manager_->TryAcquire(this, key, mode);
    if (!taken) return false;
  }
  return true;
}

lock_internal::Held LockOwner::TakeLatest() {
  const lock_internal::Held held = held_.back();
  held_.pop_back();
  return held;
}

void LockOwner::Release(const lock_internal::Held& held) { manager_->Release(held, this); }

void LockOwner::ReleaseSince(size_t mark) {
  while (held_.size() > mark) {
    manager_->Release(held_.back(), this);
    held_.pop_back();
  }
}

ReadSlots::ReadSlots(LockManager* manager) : manager_(manager) {
  absl::MutexLock lock(&manager_->slots_mutex_);
  manager_->slots_.insert(this);
}

ReadSlots::~ReadSlots() {
  absl::MutexLock lock(&manager_->slots_mutex_);
  manager_->slots_.erase(this);
}

bool LockManager::Conflicts(const Lock& lock, const LockOwner* owner, LockMode mode) {
  const LockModes conflicts = ConflictsWith(mode);
  return std::any_of(lock.holders.begin(), lock.holders.end(), [&](const Holder& holder) {
    return holder.owner != owner && (holder.modes & conflicts) != 0;
  });
}

LockManager::Holder* LockManager::HolderOf(Lock* lock, const LockOwner* owner) {
  for (Holder& holder : lock->holders) {
    if (holder.owner == owner) return &holder;
  }
  return nullptr;
}

// Returns the mode's bit when it was not held before.
LockModes LockManager::Grant(Lock* lock, LockOwner* owner, LockMode mode) {
  if (Holder* const mine = HolderOf(lock, owner); mine != nullptr) {
    const LockModes added = Only(mode) & static_cast<LockModes>(~mine->modes);
    mine->modes |= Only(mode);
    return added;
  }
  lock->holders.push_back({owner, Only(mode)});
  return Only(mode);
}

bool LockManager::Free(const Lock& lock, const LockOwner* owner, LockMode mode) {
  if (Conflicts(lock, owner, mode)) return false;
  if (lock.waiters.empty()) return true;
  // Whoever holds the lock already would only be waited for by those ahead of him.
  if (HolderOf(const_cast<Lock*>(&lock), owner) != nullptr) return true;
  const LockModes conflicts = ConflictsWith(mode);
  return std::none_of(lock.waiters.begin(), lock.waiters.end(),
                      [&](const Waiter* waiter) { return (Only(waiter->mode) & conflicts) != 0; });
}

void LockManager::WakeUp(Lock* lock) {
  LockModes ahead = 0;
  for (size_t i = 0; i < lock->waiters.size();) {
    Waiter* const waiter = lock->waiters[i];
    if ((ConflictsWith(waiter->mode) & ahead) != 0 ||
        Conflicts(*lock, waiter->owner, waiter->mode)) {
      ahead |= Only(waiter->mode);
      ++i;
      continue;
    }
    lock->waiters.erase(lock->waiters.begin() + static_cast<long>(i));
    waiter->added = Grant(lock, waiter->owner, waiter->mode);
    waiter->granted = true;
    waiter->changed.Signal();
  }
}

bool LockManager::TryIn(Shard* shard, LockOwner* owner, std::string_view key, LockMode mode) {
  auto it = shard->locks.find(key);
  if (it == shard->locks.end()) it = shard->locks.try_emplace(std::string(key)).first;
  Lock& lock = it->second;
  if (const Holder* mine = HolderOf(&lock, owner);
      mine != nullptr && !owner->modes_apart_ && Covers(mine->modes, mode)) {
    return true;
  }
  if (!Free(lock, owner, mode)) return false;
  owner->held_.push_back({shard, &*it, Grant(&lock, owner, mode)});
  return true;
}

bool LockManager::TryAcquire(LockOwner* owner, std::string_view key, LockMode mode) {
  Shard& shard = ShardOf(key);
  absl::MutexLock lock(&shard.mutex);
  return TryIn(&shard, owner, key, mode);
}

absl::Status LockManager::Acquire(const rpc::CallContext& context, LockOwner* owner,
                                  std::string_view key, LockMode mode) {
  return TryAcquire(owner, key, mode) ? absl::OkStatus() : WaitFor(context, owner, key, mode);
}

absl::Time LockManager::DeadlineOf(const LockOwner& owner) const {
  const absl::Duration timeout =
      owner.timeout_ >= absl::ZeroDuration()
          ? owner.timeout_
          : absl::Milliseconds(default_timeout_ms_.load(std::memory_order_relaxed));
  return timeout == absl::ZeroDuration() ? absl::InfiniteFuture() : absl::Now() + timeout;
}

absl::Status LockManager::WaitFor(const rpc::CallContext& context, LockOwner* owner,
                                  std::string_view key, LockMode mode) {
  waits_.fetch_add(1, std::memory_order_relaxed);
  const absl::Time deadline = DeadlineOf(*owner);
  Shard& shard = ShardOf(key);
  Waiter waiter{owner, mode};
  absl::Status status;
  {
    absl::MutexLock waiting(&wait_mutex_);
    {
      absl::MutexLock lock(&shard.mutex);
      if (TryIn(&shard, owner, key, mode)) return absl::OkStatus();
      Lock& wanted = shard.locks.find(key)->second;
      // One that holds the lock already goes before those who would wait for him.
      wanted.waiters.insert(
          HolderOf(&wanted, owner) != nullptr ? wanted.waiters.begin() : wanted.waiters.end(),
          &waiter);
    }
    waiting_[owner->root()] = Wait{owner, std::string(key), &shard, &waiter, mode, {}};
    status = CheckDeadlock(owner);
  }
  if (status.ok()) {
    absl::MutexLock lock(&shard.mutex);
    while (!waiter.granted && status.ok()) {
      const absl::Time now = absl::Now();
      if (now >= deadline) {
        status = TimedOut();
      } else {
        waiter.changed.WaitWithTimeout(&shard.mutex, std::min(deadline - now, kCancellationPoll));
        if (!waiter.granted) status = context.Check();
      }
    }
  }
  absl::MutexLock waiting(&wait_mutex_);
  waiting_.erase(owner->root());
  absl::MutexLock lock(&shard.mutex);
  const auto it = shard.locks.find(key);
  if (waiter.granted) {  // Perhaps in the very moment in which it gave up.
    owner->held_.push_back({&shard, &*it, waiter.added});
    return absl::OkStatus();
  }
  Lock& wanted = it->second;
  std::erase(wanted.waiters, &waiter);
  WakeUp(&wanted);
  if (wanted.holders.empty() && wanted.waiters.empty()) shard.locks.erase(it);
  return status;
}

void LockManager::Release(const lock_internal::Held& held, LockOwner* owner) {
  if ((held.added & kAlone) != 0 && IsTableKey(held.lock->first)) {
    exclusive_[TableOf(held.lock->first) % exclusive_.size()].fetch_sub(1);
  }
  absl::MutexLock guard(&held.shard->mutex);
  Lock& lock = held.lock->second;
  Holder* const mine = HolderOf(&lock, owner);
  mine->modes &= static_cast<LockModes>(~held.added);
  if (mine->modes == 0) lock.holders.erase(lock.holders.begin() + (mine - lock.holders.data()));
  if (!lock.waiters.empty()) WakeUp(&lock);
  if (lock.holders.empty() && lock.waiters.empty()) {
    held.shard->locks.erase(held.shard->locks.find(held.lock->first));
  }
}

// ---- Tables ------------------------------------------------------------------------------------

bool LockManager::TryAcquireTable(LockOwner* owner, uint32_t table_id, LockMode mode) {
  const std::string key = TableLockKey(table_id);
  if (mode != LockMode::kAccessExclusive) return TryAcquire(owner, key, mode);
  std::atomic<uint32_t>& alone = exclusive_[table_id % exclusive_.size()];
  const size_t mark = owner->Mark();
  alone.fetch_add(1);
  const bool locked = TryAcquire(owner, key, mode);
  if (owner->Mark() == mark) alone.fetch_sub(1);  // Release takes it back otherwise.
  if (!locked) return false;
  if (WaitForReaders(rpc::CallContext(), table_id, absl::InfinitePast()).ok()) return true;
  owner->ReleaseSince(mark);
  return false;
}

absl::Status LockManager::AcquireTable(const rpc::CallContext& context, LockOwner* owner,
                                       uint32_t table_id, LockMode mode) {
  const std::string key = TableLockKey(table_id);
  if (mode != LockMode::kAccessExclusive) return Acquire(context, owner, key, mode);
  std::atomic<uint32_t>& alone = exclusive_[table_id % exclusive_.size()];
  const size_t mark = owner->Mark();
  const absl::Time deadline = DeadlineOf(*owner);
  alone.fetch_add(1);
  absl::Status status = Acquire(context, owner, key, mode);
  if (owner->Mark() == mark) alone.fetch_sub(1);
  RETURN_IF_ERROR(status);
  status = WaitForReaders(context, table_id, deadline);
  if (!status.ok()) owner->ReleaseSince(mark);
  return status;
}

absl::Status LockManager::WaitForReaders(const rpc::CallContext& context, uint32_t table_id,
                                         absl::Time deadline) {
  const auto reads = [&](const ReadSlots* slots) {
    return std::any_of(slots->tables_.begin(), slots->tables_.end(),
                       [&](const auto& noted) { return noted.load() == table_id; });
  };
  while (true) {
    absl::MutexLock lock(&slots_mutex_);
    if (std::none_of(slots_.begin(), slots_.end(), reads)) return absl::OkStatus();
    if (absl::Now() >= deadline) return TimedOut();
    RETURN_IF_ERROR(context.Check());
    absl::CondVar nobody_signals;
    nobody_signals.WaitWithTimeout(&slots_mutex_, kReaderPoll);
  }
}

absl::Status LockManager::EnterRead(const rpc::CallContext& context, LockOwner* reader,
                                    ReadSlots* slots, const std::vector<uint32_t>& table_ids) {
  bool alone = false;
  for (const uint32_t id : table_ids) slots->Note(id);
  for (const uint32_t id : table_ids) alone |= exclusive_[id % exclusive_.size()].load() != 0;
  if (!alone) return absl::OkStatus();
  slots->Leave();
  for (const uint32_t id : table_ids) {
    const absl::Status status = Acquire(context, reader, TableLockKey(id), LockMode::kAccessShare);
    if (!status.ok()) {
      reader->ReleaseAll();
      return status;
    }
  }
  // Nobody has the tables alone now; whoever wants them so looks at the slots next.
  for (const uint32_t id : table_ids) slots->Note(id);
  reader->ReleaseAll();
  return absl::OkStatus();
}

absl::Status LockManager::WaitForHolders(const rpc::CallContext& context, LockOwner* owner,
                                         uint32_t table_id, LockMode mode) {
  const std::string key = TableLockKey(table_id);
  Shard& shard = ShardOf(key);
  const auto held = [&] {
    std::map<LockOwner*, uint64_t> owners;
    absl::MutexLock lock(&shard.mutex);
    const auto it = shard.locks.find(key);
    if (it == shard.locks.end()) return owners;
    for (const Holder& holder : it->second.holders) {
      if (holder.owner != owner && (holder.modes & ConflictsWith(mode)) != 0)
        owners.emplace(holder.owner, holder.owner->id());
    }
    return owners;
  };
  // By address and number: an address may serve another owner later.
  std::map<LockOwner*, uint64_t> left = held();
  const absl::Time until = absl::Now() + owner->ClientTimeout();
  absl::Status status;
  while (!left.empty() && status.ok()) {
    if (absl::Now() >= until) {
      status = TimedOut();
      break;
    }
    {
      absl::MutexLock waiting(&wait_mutex_);
      const std::map<LockOwner*, uint64_t> now = held();
      std::erase_if(left, [&](const auto& entry) {
        const auto still = now.find(entry.first);
        return still == now.end() || still->second != entry.second;
      });
      Wait wait{owner, key, &shard, nullptr, mode, {}};
      for (const auto& [other, id] : left) wait.owners.insert(other);
      waiting_[owner->root()] = std::move(wait);
      status = CheckDeadlock(owner);
      if (status.ok() && !left.empty()) {
        absl::CondVar nobody_signals;
        nobody_signals.WaitWithTimeout(&wait_mutex_, kCancellationPoll);
      }
    }
    if (status.ok()) status = context.Check();
  }
  absl::MutexLock waiting(&wait_mutex_);
  waiting_.erase(owner->root());
  return status;
}

std::vector<LockManager::Row> LockManager::Rows() const {
  std::vector<Row> rows;
  for (Shard& shard : shards_) {
    absl::MutexLock guard(&shard.mutex);
    for (const auto& [key, lock] : shard.locks) {
      const auto add = [&rows, name = &key](const LockOwner& owner, LockMode mode, bool granted) {
        rows.push_back({*name, owner.id(), owner.pid(), mode, granted});
      };
      for (const Holder& holder : lock.holders) {
        for (int mode = 0; mode < kLockModes; ++mode) {
          if ((holder.modes & Only(static_cast<LockMode>(mode))) != 0)
            add(*holder.owner, static_cast<LockMode>(mode), true);
        }
      }
      for (const Waiter* waiter : lock.waiters) add(*waiter->owner, waiter->mode, false);
    }
  }
  return rows;
}

}  // namespace adbms::storage::txn
