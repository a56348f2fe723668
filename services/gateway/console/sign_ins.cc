#include "services/gateway/console/sign_ins.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/lifecycle/secret_file.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::console {
namespace {

constexpr int kTokenBytes = 32;
constexpr size_t kMostRuns = 8;
constexpr size_t kMostHeld = 4;

std::string DigestOf(const std::string& token) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof(digest));
}

absl::Status TooMany(std::string_view what) {
  return status::Error(status::sqlstate::kTooManyConnections, what);
}

}  // namespace

SignIn::SignIn(std::string role, std::string peer, std::shared_ptr<policy::HeldPolicy> policy,
               absl::Time now)
    : role_(std::move(role)),
      peer_(std::move(peer)),
      csrf_(lifecycle::RandomHex(kTokenBytes)),
      created_(now),
      policy_(std::move(policy)),
      last_use_(now) {}

absl::StatusOr<SignIn::Held*> SignIn::Enter(const Name& name) {
  const auto found = held_.find(name);
  if (found == held_.end() && held_.size() >= kMostHeld)
    return TooMany("too many sessions are held for this sign-in");
  Held& held = held_[name];
  if (held.busy)
    return status::Error(status::sqlstate::kObjectInUse, "the session runs another statement");
  held.busy = true;
  return &held;
}

void SignIn::Leave(const Name& name) {
  std::unique_ptr<session::Session> ended;  // Rolled back without the lock.
  absl::MutexLock lock(&mutex_);
  const auto found = held_.find(name);
  found->second.busy = false;
  found->second.last_use = absl::Now();
  if (!ended_ && found->second.session != nullptr) return;
  ended = std::move(found->second.session);
  held_.erase(found);
}

absl::StatusOr<std::shared_ptr<SqlRun>> SignIn::Start(std::shared_ptr<SignIn> self,
                                                      v1::RunSqlRequest request, OpenSession open) {
  const Name name = request.session();
  const std::string query = request.query();
  absl::MutexLock lock(&mutex_);
  if (ended_) return status::Error(status::sqlstate::kAdminShutdown, "the sign-in has ended");
  if (running_ >= kMostRuns) return TooMany("too many statements run for this sign-in");
  Held* held = nullptr;
  if (!name.empty()) {
    ASSIGN_OR_RETURN(held, Enter(name));
  }
  // Nodes of a map stay where they are, and nobody else touches a busy one's session.
  auto own = std::make_shared<std::unique_ptr<session::Session>>();
  std::unique_ptr<session::Session>* const place = held != nullptr ? &held->session : own.get();
  const auto enter = [place, open = std::move(open)]() -> absl::StatusOr<session::Session*> {
    if (*place == nullptr) {
      ASSIGN_OR_RETURN(*place, open());
    }
    return place->get();
  };
  const auto done = [self = std::move(self), own, name] {
    *own = nullptr;
    if (!name.empty()) self->Leave(name);
    absl::MutexLock lock(&self->mutex_);
    --self->running_;
  };
  ++running_;
  auto run = SqlRun::Start(std::move(request), enter, done);
  if (!run.ok()) {
    --running_;
    if (held != nullptr && held->session == nullptr) held_.erase(name);
    if (held != nullptr && held_.contains(name)) held->busy = false;
    return run.status();
  }
  std::erase_if(runs_, [](const auto& one) { return one.second.expired(); });
  runs_.emplace_back(query, *run);
  return run;
}

bool SignIn::Cancel(const std::string& query) {
  if (query.empty()) return false;
  std::shared_ptr<SqlRun> run;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [name, one] : runs_)
      if (name == query) run = one.lock();
  }
  return run != nullptr && run->Cancel();
}

void SignIn::EndIdle(absl::Time now, absl::Duration idle) {
  std::vector<std::unique_ptr<session::Session>> ended;  // Rolled back without the lock.
  absl::MutexLock lock(&mutex_);
  for (auto i = held_.begin(); i != held_.end();) {
    Held& held = i->second;
    absl::Duration limit = idle;
    if (!held.busy && held.session != nullptr) {
      const session::Settings& settings = held.session->settings();
      const int64_t limit_ms = held.session->transaction_status() == 'I'
                                   ? settings.idle_session_timeout_ms()
                                   : settings.idle_in_transaction_timeout_ms();
      if (limit_ms > 0) limit = std::min(limit, absl::Milliseconds(limit_ms));
    }
    if (held.busy || now - held.last_use <= limit) {
      ++i;
      continue;
    }
    ended.push_back(std::move(held.session));
    i = held_.erase(i);
  }
}

void SignIn::End() {
  std::vector<std::unique_ptr<session::Session>> ended;
  std::vector<std::shared_ptr<SqlRun>> running;
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  for (const auto& [name, one] : runs_)
    if (auto run = one.lock()) running.push_back(std::move(run));
  for (auto& run : running) run->Cancel();
  for (auto i = held_.begin(); i != held_.end();) {
    if (!i->second.busy) ended.push_back(std::move(i->second.session));
    i = i->second.busy ? std::next(i) : held_.erase(i);
  }
}

void SignIn::AwaitEnd() {
  absl::MutexLock lock(&mutex_);
  const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return running_ == 0; };
  mutex_.Await(absl::Condition(&none));
}

absl::StatusOr<std::string> SignIns::Add(std::shared_ptr<SignIn> sign_in, absl::Time now,
                                         Ended* ended) {
  const std::string token = lifecycle::RandomHex(kTokenBytes);
  absl::MutexLock lock(&mutex_);
  size_t of_role = 0;
  auto oldest = sign_ins_.end();
  for (auto i = sign_ins_.begin(); i != sign_ins_.end(); ++i) {
    if (i->second->role() != sign_in->role()) continue;
    ++of_role;
    if (oldest == sign_ins_.end() || i->second->last_use_ < oldest->second->last_use_) oldest = i;
  }
  if (of_role >= limits_.of_role) {
    ended->sign_ins.push_back(std::move(oldest->second));
    sign_ins_.erase(oldest);
  }
  if (sign_ins_.size() >= limits_.total) return TooMany("sorry, too many clients already");
  sign_in->last_use_ = now;
  sign_ins_[DigestOf(token)] = std::move(sign_in);
  return token;
}

bool SignIns::IsOver(const SignIn& sign_in, absl::Time now) const {
  return now - sign_in.last_use_ > limits_.idle || now - sign_in.created() > limits_.lifetime;
}

std::shared_ptr<SignIn> SignIns::Find(const std::string& token, bool use, absl::Time now) {
  if (token.size() != 2 * kTokenBytes) return nullptr;
  const std::string digest = DigestOf(token);
  absl::MutexLock lock(&mutex_);
  const auto found = sign_ins_.find(digest);
  if (found == sign_ins_.end() || IsOver(*found->second, now)) return nullptr;
  if (use) found->second->last_use_ = now;
  return found->second;
}

std::shared_ptr<SignIn> SignIns::Remove(const std::string& token) {
  absl::MutexLock lock(&mutex_);
  const auto found = sign_ins_.find(DigestOf(token));
  if (found == sign_ins_.end()) return nullptr;
  std::shared_ptr<SignIn> removed = std::move(found->second);
  sign_ins_.erase(found);
  return removed;
}

SignIns::Ended SignIns::TakeExpired(absl::Time now, bool all) {
  Ended ended;
  absl::MutexLock lock(&mutex_);
  for (auto i = sign_ins_.begin(); i != sign_ins_.end();) {
    if (!all && !IsOver(*i->second, now)) {
      ++i;
      continue;
    }
    ended.sign_ins.push_back(std::move(i->second));
    i = sign_ins_.erase(i);
  }
  return ended;
}

std::vector<std::shared_ptr<SignIn>> SignIns::All() const {
  std::vector<std::shared_ptr<SignIn>> all;
  absl::MutexLock lock(&mutex_);
  for (const auto& [digest, sign_in] : sign_ins_) all.push_back(sign_in);
  return all;
}

}  // namespace adbms::gateway::console
