#include "services/gateway/pgwire/connection_slots.h"

#include <algorithm>

#include "common/status/sql_error.h"

namespace adbms::gateway::pgwire {

uint64_t ConnectionSlots::OldestOfMost(bool vouched) const {
  std::map<std::string, size_t> held;
  for (const auto& [connection, pending] : pending_) {
    if (pending.vouched == vouched) ++held[pending.host];
  }
  const auto most = std::max_element(
      held.begin(), held.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [connection, pending] : pending_) {
    if (pending.vouched == vouched && pending.host == most->first) return connection;
  }
  return 0;
}

uint64_t ConnectionSlots::Enter(const std::string& host, bool vouched,
                                std::optional<uint64_t>* dropped) {
  absl::MutexLock lock(&mutex_);
  dropped->reset();
  if (pending_of_[vouched] >= limits_.unauthenticated) {
    *dropped = OldestOfMost(vouched);
    pending_.erase(**dropped);
    --pending_of_[vouched];
  }
  const uint64_t connection = next_++;
  pending_[connection] = {host, vouched};
  ++pending_of_[vouched];
  return connection;
}

absl::Status ConnectionSlots::Admit(uint64_t connection, bool superuser) {
  absl::MutexLock lock(&mutex_);
  if (!pending_.contains(connection)) return absl::UnavailableError("the connection was dropped");
  if (sessions_.size() >= limits_.sessions) {
    return status::Error(status::sqlstate::kTooManyConnections, "sorry, too many clients already");
  }
  const size_t reserved = std::min(limits_.reserved_for_superusers, limits_.sessions - 1);
  if (!superuser && sessions_.size() >= limits_.sessions - reserved) {
    return status::Error(status::sqlstate::kTooManyConnections,
                         "remaining connection slots are reserved for superusers");
  }
  const auto pending = pending_.find(connection);
  --pending_of_[pending->second.vouched];
  pending_.erase(pending);
  sessions_.insert(connection);
  return absl::OkStatus();
}

void ConnectionSlots::Leave(uint64_t connection) {
  absl::MutexLock lock(&mutex_);
  sessions_.erase(connection);
  const auto pending = pending_.find(connection);
  if (pending == pending_.end()) return;
  --pending_of_[pending->second.vouched];
  pending_.erase(pending);
}

size_t ConnectionSlots::sessions() const {
  absl::MutexLock lock(&mutex_);
  return sessions_.size();
}

}  // namespace adbms::gateway::pgwire
