// The sessions of gRPC clients, between their calls. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/gateway/grpc/call_watcher.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

// Tells credentials from others without keeping them.
std::string DigestOf(const ::grpc::ServerContextBase& server);

class HeldSession {
 public:
  struct Identity {
    std::string id;
    std::string user;
    std::string database;
    std::string credentials;                      // DigestOf() of the call that opened it.
    absl::Time expires = absl::InfiniteFuture();  // Of the token that opened it.
  };
  HeldSession(Identity identity, absl::Duration idle_timeout,
              std::unique_ptr<session::Session> session, session::AuditQueue* audit);
  // Rolls back.
  ~HeldSession();

  const Identity& identity() const { return identity_; }
  absl::Duration idle_timeout() const { return idle_timeout_; }

  // Takes the session for a call, waiting for the call before. Errors: 08003 when it has ended;
  // CANCELLED when the caller left meanwhile.
  absl::Status Enter(RunningCall* call);
  void Leave();
  // REQUIRES: entered.
  session::Session* session() const { return session_.get(); }
  // The names that clients have given to what they keep here. REQUIRES: entered.
  std::set<std::string>& statements() { return statements_; }
  std::set<std::string>& portals() { return portals_; }

  // Stops the call that runs; false when there is none.
  bool Cancel();
  // It ends when nobody is in it any more.
  void Close();
  // Whether the token that opened it is to be looked at again, which is not so within `believed` of
  // the last time that this was said.
  bool Doubt(absl::Time now, absl::Duration believed);
  // Something was heard of it. Returns how long it may be idle from now.
  absl::Duration Touch();
  // 'I', 'T', 'E' as the session has it; nothing while a call runs.
  std::optional<char> transaction_status();
  // Whether it has been idle for too long by `now`; it is closed then.
  bool EndIfIdle(absl::Time now);

 private:
  // How long it may be idle now.
  absl::Duration IdleLimit() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Identity identity_;
  const absl::Duration idle_timeout_;
  session::AuditQueue* const audit_;
  const std::unique_ptr<session::Session> session_;
  std::set<std::string> statements_;
  std::set<std::string> portals_;
  absl::Mutex mutex_;
  RunningCall* call_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_use_ ABSL_GUARDED_BY(mutex_);
  absl::Time doubted_ ABSL_GUARDED_BY(mutex_);
};

class SessionTable {
 public:
  explicit SessionTable(size_t max_sessions) : max_sessions_(max_sessions) {}

  // Errors: 53300 when there is no room for one more.
  absl::Status CheckRoom();
  absl::Status Add(std::shared_ptr<HeldSession> held);
  // Null: there is none of these credentials.
  std::shared_ptr<HeldSession> Find(const std::string& id, const std::string& credentials);
  // The session, which is not here any more; null as in Find.
  std::shared_ptr<HeldSession> Remove(const std::string& id, const std::string& credentials);
  // Whether a session is of these credentials.
  bool Knows(const std::string& credentials);
  // Ends those that have been idle for too long.
  void EndIdle();
  size_t size();

 private:
  void Forget(const HeldSession& held) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_sessions_;
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<HeldSession>> sessions_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, size_t> credentials_ ABSL_GUARDED_BY(mutex_);  // Of how many sessions.
};

}  // namespace adbms::gateway::grpc_front
