// What the console's requests do. Thread-safe; on the threads of the HTTP front.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/gateway/console/console.h"
#include "services/gateway/console/history.h"
#include "services/gateway/console/sign_ins.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace adbms::gateway::console {

class Api {
 public:
  // `services` must outlive Stop().
  Api(const session::Services& services, const ConsoleOptions& options);

  // Looks at a request's head: whether it goes on to its route. Has answered otherwise, before its
  // body was read.
  bool Admit(const httplib::Request& request, httplib::Response* response);
  // Who has sent it; null: nobody who is signed in. `use`: a person has done something.
  std::shared_ptr<SignIn> Sender(const httplib::Request& request, bool use);

  void EnterRole(const httplib::Request& request, httplib::Response* response);
  void SignOut(const httplib::Request& request, httplib::Response* response);
  void DescribeSession(const httplib::Request& request, httplib::Response* response);
  void RunSql(const httplib::Request& request, httplib::Response* response);
  void CancelSql(const httplib::Request& request, httplib::Response* response);
  void SetAutonomy(const httplib::Request& request, httplib::Response* response);
  void DescribeHistory(const httplib::Request& request, httplib::Response* response);

  // Ends what has been idle for too long, and takes the history's readings. Now and then.
  void Tick(absl::Time now);
  void Stop();

 private:
  class Turn;

  bool AdmitPost(const httplib::Request& request, httplib::Response* response);
  bool AdmitGet(const httplib::Request& request, httplib::Response* response);
  absl::StatusOr<security::v1::Policy> Authenticate(const std::string& role,
                                                    const std::string& password,
                                                    const std::string& peer);
  // Cancels, rolls back, records.
  void End(const std::vector<std::shared_ptr<SignIn>>& sign_ins);

  const session::Services& services_;
  const ConsoleOptions options_;
  SignIns sign_ins_;
  History history_;
  absl::Time read_at_ = absl::InfinitePast();  // Tick's own.
  std::atomic<int> entering_{0};               // Passwords that are being checked.
  absl::Mutex mutex_;
  int turns_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace adbms::gateway::console
