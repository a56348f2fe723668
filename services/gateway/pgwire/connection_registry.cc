#include "services/gateway/pgwire/connection_registry.h"

#include <climits>

#include "absl/random/random.h"

namespace adbms::gateway::pgwire {

ConnectionRegistry::Key ConnectionRegistry::Add() {
  static thread_local absl::BitGen generator;
  absl::MutexLock lock(&mutex_);
  Key key{next_pid_++, static_cast<int32_t>(absl::Uniform<uint32_t>(generator))};
  entries_[key.pid] = Entry{key.secret, nullptr};
  return key;
}

void ConnectionRegistry::Attach(int32_t pid, session::Session* session) {
  absl::MutexLock lock(&mutex_);
  entries_[pid].session = session;
}

void ConnectionRegistry::Remove(int32_t pid) {
  absl::MutexLock lock(&mutex_);
  entries_.erase(pid);
}

void ConnectionRegistry::Cancel(int32_t pid, int32_t secret) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(pid);
  if (found == entries_.end() || found->second.secret != secret) return;
  if (found->second.session != nullptr) found->second.session->Cancel();
}

void ConnectionRegistry::CancelAll() {
  absl::MutexLock lock(&mutex_);
  for (auto& [pid, entry] : entries_) {
    if (entry.session != nullptr) entry.session->Cancel();
  }
}

}  // namespace adbms::gateway::pgwire
