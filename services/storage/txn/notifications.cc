#include "services/storage/txn/notifications.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {
namespace {

namespace sqlstate = status::sqlstate;

constexpr size_t kChannelBytes = 64;    // PostgreSQL's NAMEDATALEN.
constexpr size_t kPayloadBytes = 8000;  // NOTIFY_PAYLOAD_MAX_LENGTH.
// Of what one transaction sends, with what it takes to remember it.
constexpr size_t kPendingBytes = size_t{64} << 20;
constexpr size_t kOverheadBytes = 128;
// LISTEN and UNLISTEN of one transaction, and channels of one session.
constexpr size_t kMostChanges = 10'000;
constexpr size_t kMostChannels = 10'000;

std::string KeyOf(std::string_view channel, std::string_view payload) {
  std::string key(channel);
  key.push_back('\0');
  key.append(payload);
  return key;
}

absl::Status TooManyChanges() {
  return status::Error(sqlstate::kProgramLimitExceeded, "too many LISTENs in one transaction");
}

}  // namespace

absl::Status CheckChannel(std::string_view channel) {
  if (channel.empty())
    return status::Error(sqlstate::kInvalidParameterValue, "channel name cannot be empty");
  if (channel.size() >= kChannelBytes)
    return status::Error(sqlstate::kInvalidParameterValue, "channel name too long");
  return absl::OkStatus();
}

absl::Status CheckPayload(std::string_view payload) {
  if (payload.size() < kPayloadBytes) return absl::OkStatus();
  return status::Error(sqlstate::kInvalidParameterValue, "payload string too long");
}

Listener::~Listener() {
  if (!channels_.empty()) bus_->UnlistenAll(this);
}

absl::Status PendingNotifications::Notify(std::string channel, std::string payload,
                                          int32_t backend_pid) {
  RETURN_IF_ERROR(CheckChannel(channel));
  RETURN_IF_ERROR(CheckPayload(payload));
  const size_t bytes = 2 * (channel.size() + payload.size()) + kOverheadBytes;
  if (bytes_ + bytes > kPendingBytes) {
    return status::Error(sqlstate::kProgramLimitExceeded,
                         "too many notifications in the NOTIFY queue", {},
                         "Send them in several transactions.");
  }
  if (!seen_.insert(KeyOf(channel, payload)).second) return absl::OkStatus();
  bytes_ += bytes;
  notifications_.push_back(std::make_shared<const api::Notification>(
      api::Notification{std::move(channel), std::move(payload), backend_pid}));
  return absl::OkStatus();
}

absl::Status PendingNotifications::Listen(const Listener& listener, std::string channel) {
  RETURN_IF_ERROR(CheckChannel(channel));
  const auto listens =
      std::count_if(changes_.begin(), changes_.end(), [](const auto& c) { return c.listen; });
  if (listener.channels().size() + static_cast<size_t>(listens) >= kMostChannels) {
    return status::Error(sqlstate::kProgramLimitExceeded,
                         "a session cannot listen to more than 10000 channels", {},
                         "Tell messages apart by their payload.");
  }
  if (changes_.size() >= kMostChanges) return TooManyChanges();
  changes_.push_back({true, std::move(channel)});
  return absl::OkStatus();
}

absl::Status PendingNotifications::Unlisten(std::string channel) {
  if (changes_.size() >= kMostChanges) return TooManyChanges();
  changes_.push_back({false, std::move(channel)});
  return absl::OkStatus();
}

void PendingNotifications::RollbackTo(const Mark& mark) {
  while (notifications_.size() > mark.notifications) {
    const api::Notification& last = *notifications_.back();
    bytes_ -= 2 * (last.channel.size() + last.payload.size()) + kOverheadBytes;
    seen_.erase(KeyOf(last.channel, last.payload));
    notifications_.pop_back();
  }
  changes_.resize(mark.changes);
}

absl::Status NotificationBus::Commit(PendingNotifications* pending, Listener* listener,
                                     const std::function<absl::Status()>& commit) {
  absl::MutexLock one_at_a_time(&commits_);
  RETURN_IF_ERROR(commit());
  Apply(*pending, listener);
  return absl::OkStatus();
}

void NotificationBus::Apply(const PendingNotifications& pending, Listener* listener) {
  absl::MutexLock lock(&mutex_);
  for (const PendingNotifications::Change& change : pending.changes_) {
    if (change.listen) {
      if (listener->channels_.insert(change.channel).second)
        listeners_[change.channel].insert(listener);
    } else if (!change.channel.empty()) {
      if (listener->channels_.erase(change.channel) > 0) Remove(change.channel, listener);
    } else {
      for (const std::string& channel : listener->channels_) Remove(channel, listener);
      listener->channels_.clear();
    }
  }
  for (const api::NotificationPtr& notification : pending.notifications_) {
    const auto found = listeners_.find(notification->channel);
    if (found == listeners_.end()) continue;
    for (Listener* const hearing : found->second) hearing->sink_->Receive(notification);
  }
}

void NotificationBus::UnlistenAll(Listener* listener) {
  absl::MutexLock lock(&mutex_);
  for (const std::string& channel : listener->channels_) Remove(channel, listener);
  listener->channels_.clear();
}

void NotificationBus::Remove(const std::string& channel, Listener* listener) {
  const auto found = listeners_.find(channel);
  found->second.erase(listener);
  if (found->second.empty()) listeners_.erase(found);
}

double NotificationBus::Usage() const {
  absl::MutexLock lock(&mutex_);
  double usage = 0;
  for (const auto& [channel, listeners] : listeners_) {
    for (const Listener* listener : listeners) usage = std::max(usage, listener->sink_->Fullness());
  }
  return std::min(usage, 1.0);
}

}  // namespace adbms::storage::txn
