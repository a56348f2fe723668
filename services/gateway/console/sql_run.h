// A run of statements for a browser: on a thread of its own, its answer taken in lines by the
// thread of the request. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/gateway/v1/console.pb.h"
#include "services/gateway/console/json_lines.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::console {

// Runs what the request asks for in the session; its lines go to `lines`. Errors: the statements'.
absl::Status RunSql(session::Session* session, const v1::RunSqlRequest& request, JsonLines* lines);

class SqlRun {
 public:
  // A session for the run: opened on the run's thread. Errors go to the browser.
  using Open = std::function<absl::StatusOr<session::Session*>()>;

  // `done` is called once, on the run's thread, when the session is not needed any more. Errors:
  // 53000 without a thread; neither function is called then.
  static absl::StatusOr<std::shared_ptr<SqlRun>> Start(v1::RunSqlRequest request, Open open,
                                                       std::function<void()> done);
  // Cancels, and waits until the statement has seen it.
  ~SqlRun();

  // Moves what has come to `*lines`; nothing when nothing has within `wait`. False: that was all.
  bool Take(absl::Duration wait, std::string* lines);
  // Whether there was something to cancel.
  bool Cancel();

 private:
  SqlRun(v1::RunSqlRequest request, Open open, std::function<void()> done);
  void Run();
  absl::Status Put(std::string lines);
  // Again and again: a statement that begins forgets an earlier cancel.
  void CancelIfStopped() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const v1::RunSqlRequest request_;
  const Open open_;
  const std::function<void()> done_;
  absl::Mutex mutex_;
  std::string lines_ ABSL_GUARDED_BY(mutex_);
  session::Session* session_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;  // Nobody takes any more.
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace adbms::gateway::console
