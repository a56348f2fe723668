// Places for connections. Those that are not logged in yet have places of their own, and so have
// the peers that the operating system vouches for: silent sockets keep nobody out who can log in.
// Logged-in ones share max_connections, of which superusers have some to themselves. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace adbms::gateway::pgwire {

class ConnectionSlots {
 public:
  struct Limits {
    size_t sessions = 1000;
    size_t reserved_for_superusers = 3;  // Of `sessions`; one at least is left for others.
    size_t unauthenticated = 1000;       // And as many again of vouched-for peers.
  };
  explicit ConnectionSlots(const Limits& limits) : limits_(limits) {}

  // A place for a connection from `host` that is not logged in yet; `vouched`: the peer is known by
  // the operating system. When all are taken another one loses its: `*dropped` is the oldest of the
  // host that holds most of them, for the caller to close.
  uint64_t Enter(const std::string& host, bool vouched, std::optional<uint64_t>* dropped);
  // The connection is logged in. Errors: 53300 without a place, UNAVAILABLE when it was dropped.
  absl::Status Admit(uint64_t connection, bool superuser);
  void Leave(uint64_t connection);
  // Logged-in connections.
  size_t sessions() const;

 private:
  struct Pending {
    std::string host;
    bool vouched = false;
  };
  uint64_t OldestOfMost(bool vouched) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  mutable absl::Mutex mutex_;
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, Pending> pending_ ABSL_GUARDED_BY(mutex_);  // In the order of their coming.
  size_t pending_of_[2] ABSL_GUARDED_BY(mutex_) = {0, 0};        // By `vouched`.
  std::set<uint64_t> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::gateway::pgwire
