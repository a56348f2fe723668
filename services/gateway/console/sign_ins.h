// Who is signed in at the console: by a random token, of which only the hash is kept, each with the
// sessions that it holds and the runs that go on. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/gateway/console/sql_run.h"
#include "services/gateway/policy/policy_cache.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::console {

class SignIn {
 public:
  SignIn(std::string role, std::string peer, std::shared_ptr<policy::HeldPolicy> policy,
         absl::Time now);

  const std::string& role() const { return role_; }
  const std::string& peer() const { return peer_; }
  const std::string& csrf() const { return csrf_; }
  absl::Time created() const { return created_; }
  const std::shared_ptr<policy::HeldPolicy>& policy() const { return policy_; }

  // Starts a run; `open` makes its session where none of the name is held. Errors: 53300 when too
  // many run, 55006 when the named session is busy, 53000; 57P01 after End().
  using OpenSession = std::function<absl::StatusOr<std::unique_ptr<session::Session>>()>;
  absl::StatusOr<std::shared_ptr<SqlRun>> Start(std::shared_ptr<SignIn> self,
                                                v1::RunSqlRequest request, OpenSession open);
  // Whether the run of the name was there to be cancelled.
  bool Cancel(const std::string& query);
  // Ends held sessions that nobody has used for so long, or for as long as their settings say.
  void EndIdle(absl::Time now, absl::Duration idle);
  // Cancels its runs; what is held ends with the last of them.
  void End();
  // Waits until nothing runs.
  void AwaitEnd();

 private:
  // A session that stays between runs.
  struct Held {
    std::unique_ptr<session::Session> session;
    bool busy = false;
    absl::Time last_use;
  };
  using Name = std::string;

  absl::StatusOr<Held*> Enter(const Name& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave(const Name& name);

  const std::string role_;
  const std::string peer_;
  const std::string csrf_;
  const absl::Time created_;
  const std::shared_ptr<policy::HeldPolicy> policy_;
  absl::Mutex mutex_;
  std::map<Name, Held> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::weak_ptr<SqlRun>>> runs_ ABSL_GUARDED_BY(mutex_);
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;

  friend class SignIns;
  absl::Time last_use_;  // SignIns' lock guards it.
};

class SignIns {
 public:
  struct Limits {
    size_t total = 1000;
    size_t of_role = 100;  // A further one ends the role's least recently used.
    absl::Duration idle = absl::Minutes(30);
    absl::Duration lifetime = absl::Hours(12);
  };
  explicit SignIns(const Limits& limits) : limits_(limits) {}

  struct Ended {
    std::vector<std::shared_ptr<SignIn>> sign_ins;  // For the caller to end, and to record.
  };
  // The token for the browser. Errors: 53300.
  absl::StatusOr<std::string> Add(std::shared_ptr<SignIn> sign_in, absl::Time now, Ended* ended);
  // Null: there is none of the token, or its time is over. `use`: a person has done something.
  std::shared_ptr<SignIn> Find(const std::string& token, bool use, absl::Time now);
  std::shared_ptr<SignIn> Remove(const std::string& token);
  // Takes out those whose time is over; `all`: all.
  Ended TakeExpired(absl::Time now, bool all);
  std::vector<std::shared_ptr<SignIn>> All() const;
  const Limits& limits() const { return limits_; }

 private:
  bool IsOver(const SignIn& sign_in, absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<SignIn>> sign_ins_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::gateway::console
