#include "services/gateway/grpc/session_table.h"

#include <openssl/sha.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/grpc/errors.h"

namespace adbms::gateway::grpc_front {
namespace {

// How soon a waiting call sees that its caller has left.
constexpr absl::Duration kLook = absl::Milliseconds(20);

absl::Status TooMany() {
  return status::Error(status::sqlstate::kTooManyConnections, "sorry, too many clients already");
}

}  // namespace

std::string DigestOf(const ::grpc::ServerContextBase& server) {
  const auto found = server.client_metadata().find("authorization");
  if (found == server.client_metadata().end()) return "";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(found->second.data()), found->second.size(),
         digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof(digest));
}

HeldSession::HeldSession(Identity identity, absl::Duration idle_timeout,
                         std::unique_ptr<session::Session> session, session::AuditQueue* audit)
    : identity_(std::move(identity)),
      idle_timeout_(idle_timeout),
      audit_(audit),
      session_(std::move(session)),
      last_use_(absl::Now()),
      doubted_(last_use_) {}

HeldSession::~HeldSession() {
  security::v1::AuditRecord record;
  record.set_event("logout");
  record.set_user(identity_.user);
  record.set_peer(session_->options().peer);
  record.set_sqlstate("00000");
  audit_->Add(std::move(record));
}

absl::Status HeldSession::Enter(RunningCall* call) {
  absl::MutexLock lock(&mutex_);
  const auto free = [this] { return call_ == nullptr || closed_; };
  while (!mutex_.AwaitWithTimeout(absl::Condition(&free), kLook)) {
    if (call->abandoned()) return absl::CancelledError("the caller is gone");
  }
  if (closed_) return NoSuchSession();
  call_ = call;
  return absl::OkStatus();
}

void HeldSession::Leave() {
  absl::MutexLock lock(&mutex_);
  call_ = nullptr;
  last_use_ = absl::Now();
}

bool HeldSession::Cancel() {
  absl::MutexLock lock(&mutex_);
  if (call_ == nullptr) return false;
  call_->Stop();
  session_->Cancel();
  return true;
}

void HeldSession::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  if (call_ == nullptr) return;
  call_->Stop();
  session_->Cancel();
}

bool HeldSession::Doubt(absl::Time now, absl::Duration believed) {
  absl::MutexLock lock(&mutex_);
  if (now < doubted_ + believed) return false;
  doubted_ = now;
  return true;
}

absl::Duration HeldSession::IdleLimit() const {
  const session::Settings& settings = session_->settings();
  const int64_t limit_ms = session_->transaction_status() == 'I'
                               ? settings.idle_session_timeout_ms()
                               : settings.idle_in_transaction_timeout_ms();
  return limit_ms == 0 ? idle_timeout_ : std::min(idle_timeout_, absl::Milliseconds(limit_ms));
}

absl::Duration HeldSession::Touch() {
  absl::MutexLock lock(&mutex_);
  last_use_ = absl::Now();
  return call_ != nullptr ? idle_timeout_ : IdleLimit();
}

std::optional<char> HeldSession::transaction_status() {
  absl::MutexLock lock(&mutex_);
  if (call_ != nullptr) return std::nullopt;
  return session_->transaction_status();
}

bool HeldSession::EndIfIdle(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (call_ != nullptr || now - last_use_ <= IdleLimit()) return false;
  closed_ = true;
  return true;
}

absl::Status SessionTable::CheckRoom() {
  absl::MutexLock lock(&mutex_);
  return sessions_.size() < max_sessions_ ? absl::OkStatus() : TooMany();
}

absl::Status SessionTable::Add(std::shared_ptr<HeldSession> held) {
  absl::MutexLock lock(&mutex_);
  if (sessions_.size() >= max_sessions_) return TooMany();
  const HeldSession::Identity& identity = held->identity();
  ++credentials_[identity.credentials];
  sessions_[identity.id] = std::move(held);
  return absl::OkStatus();
}

std::shared_ptr<HeldSession> SessionTable::Find(const std::string& id,
                                                const std::string& credentials) {
  absl::MutexLock lock(&mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->identity().credentials != credentials)
    return nullptr;
  return found->second;
}

std::shared_ptr<HeldSession> SessionTable::Remove(const std::string& id,
                                                  const std::string& credentials) {
  absl::MutexLock lock(&mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->identity().credentials != credentials)
    return nullptr;
  std::shared_ptr<HeldSession> removed = std::move(found->second);
  sessions_.erase(found);
  Forget(*removed);
  return removed;
}

void SessionTable::EndIdle() {
  std::vector<std::shared_ptr<HeldSession>> ended;  // Rolled back without the lock.
  absl::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  for (auto i = sessions_.begin(); i != sessions_.end();) {
    if (i->second->EndIfIdle(now)) {
      Forget(*i->second);
      ended.push_back(std::move(i->second));
      i = sessions_.erase(i);
    } else {
      ++i;
    }
  }
}

void SessionTable::Forget(const HeldSession& held) {
  const auto known = credentials_.find(held.identity().credentials);
  if (--known->second == 0) credentials_.erase(known);
}

bool SessionTable::Knows(const std::string& credentials) {
  absl::MutexLock lock(&mutex_);
  return credentials_.contains(credentials);
}

size_t SessionTable::size() {
  absl::MutexLock lock(&mutex_);
  return sessions_.size();
}

}  // namespace adbms::gateway::grpc_front
