// A process started by this one: its standard output line by line, its standard error in a file,
// and how it ended. Thread-safe. The destructor stops it.
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace adbms::clients::local_cluster {

class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> command;      // Program and arguments.
    std::vector<std::string> environment;  // "NAME=value", added to this process's.
    std::string stderr_file;               // Truncated at the start.
  };

  // Starts it in a process group of its own, with no signal blocked. Errors: UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const Options& options);
  // Terminate with a deadline of a few seconds.
  ~ChildProcess();

  // Waits for a line of standard output that starts with `prefix`. Errors: UNAVAILABLE with the end
  // of standard error when the process ends before, DEADLINE_EXCEEDED.
  absl::StatusOr<std::string> WaitForLine(const std::string& prefix, absl::Time deadline);
  // SIGTERM, then SIGKILL after `grace`; returns when the process is gone.
  void Terminate(absl::Duration grace);
  // Sends a signal and returns at once.
  void Signal(int signal);
  // Whether it ended by `deadline`.
  bool WaitForExit(absl::Time deadline);
  bool running() const;
  // "exit status 1", "signal 9", or empty while it runs.
  std::string HowItEnded() const;
  // The last lines of standard error.
  std::string ErrorOutput() const;
  pid_t pid() const { return pid_; }

 private:
  ChildProcess(pid_t pid, int stdout_fd, std::string stderr_file);
  void ReadUntilExit(int stdout_fd);

  const pid_t pid_;
  const std::string stderr_file_;
  mutable absl::Mutex mutex_;
  std::deque<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::optional<int> wait_status_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;
};

}  // namespace adbms::clients::local_cluster
