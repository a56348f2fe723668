// LockManager: who waits for whom, and what is done about a circle.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status/sql_error.h"
#include "services/storage/codec/key_codec.h"
#include "services/storage/txn/lock_manager.h"

namespace adbms::storage::txn {

// Nobody in a circle can leave it while wait_mutex_ is held: each waits for a lock that another of
// them holds. So the edges need not be looked at in one moment.
std::vector<LockManager::Edge> LockManager::BlockersOf(LockOwner* session) {
  std::vector<Edge> edges;
  const auto found = waiting_.find(session->root());
  if (found == waiting_.end()) return edges;
  const Wait& wait = found->second;
  LockOwner* const owner = wait.owner;
  if (wait.waiter == nullptr) {
    for (LockOwner* other : wait.owners) edges.push_back({owner, other, false});
    return edges;
  }
  absl::MutexLock guard(&wait.shard->mutex);
  if (wait.waiter->granted) return edges;
  const Lock& lock = wait.shard->locks.find(wait.key)->second;
  const LockModes conflicts = ConflictsWith(wait.mode);
  for (const Holder& holder : lock.holders) {
    if (holder.owner != owner && (holder.modes & conflicts) != 0)
      edges.push_back({owner, holder.owner, false});
  }
  for (const Waiter* waiter : lock.waiters) {
    if (waiter == wait.waiter) break;
    if ((Only(waiter->mode) & conflicts) != 0) edges.push_back({owner, waiter->owner, true});
  }
  return edges;
}

bool LockManager::FindCircle(LockOwner* self, LockOwner* at, bool queues,
                             std::set<LockOwner*>* seen, std::vector<Edge>* path) {
  if (!seen->insert(at->root()).second) return false;
  for (const Edge& edge : BlockersOf(at)) {
    if (edge.queued && !queues) continue;
    path->push_back(edge);
    if (edge.to->root() == self->root() || FindCircle(self, edge.to, queues, seen, path))
      return true;
    path->pop_back();
  }
  return false;
}

// Lets a waiter pass those ahead of it who only wait too.
bool LockManager::LetPass(LockOwner* owner) {
  Wait& wait = waiting_.find(owner->root())->second;
  if (wait.waiter == nullptr) return false;
  absl::MutexLock guard(&wait.shard->mutex);
  Lock& lock = wait.shard->locks.find(wait.key)->second;
  if (wait.waiter->granted) return true;
  if (Conflicts(lock, owner, wait.mode)) return false;
  std::erase(lock.waiters, wait.waiter);
  wait.waiter->added = Grant(&lock, owner, wait.mode);
  wait.waiter->granted = true;
  wait.waiter->changed.Signal();
  return true;
}

std::string LockManager::Describe(const Edge& edge) {
  const Wait& wait = waiting_.find(edge.from->root())->second;
  std::string what;
  AdvisoryKey advisory;
  const char* mode = NameOf(wait.mode);
  if (codec::SpaceOf(wait.key) != 0 || wait.waiter == nullptr) {
    // Rows: as PostgreSQL, which waits for the transaction that has the row.
    mode = NameOf(LockMode::kShare);
    what = absl::StrCat("transaction ", edge.to->id());
  } else if (wait.key[4] == 'T') {
    what = absl::StrCat("relation ", codec::SpaceOf(std::string_view(wait.key).substr(5)),
                        " of database 5");
  } else if (ReadAdvisoryLockKey(wait.key, &advisory)) {
    what = absl::StrCat("advisory lock [5,", advisory.class_id, ",", advisory.object_id, ",",
                        int{advisory.kind}, "]");
  } else {
    what = absl::StrCat(
        "object \"", absl::StrReplaceAll(wait.key.substr(5), {{absl::string_view("\0", 1), "."}}),
        "\"");
  }
  return absl::StrCat("Process ", edge.from->pid(), " waits for ", mode, " on ", what,
                      "; blocked by process ", edge.to->pid(), ".");
}

absl::Status LockManager::CheckDeadlock(LockOwner* self) {
  while (true) {
    std::set<LockOwner*> seen;
    std::vector<Edge> circle;
    if (!FindCircle(self, self, /*queues=*/false, &seen, &circle)) {
      seen.clear();
      circle.clear();
      if (!FindCircle(self, self, /*queues=*/true, &seen, &circle)) return absl::OkStatus();
      const bool undone = std::any_of(circle.begin(), circle.end(), [&](const Edge& edge) {
        return edge.queued && LetPass(edge.from);
      });
      if (undone) continue;
    }
    deadlocks_.fetch_add(1, std::memory_order_relaxed);
    std::string detail;
    for (const Edge& edge : circle)
      absl::StrAppend(&detail, detail.empty() ? "" : "\n", Describe(edge));
    return status::Error(status::sqlstate::kDeadlockDetected, "deadlock detected", detail,
                         "Run the transaction again.");
  }
}

}  // namespace adbms::storage::txn
