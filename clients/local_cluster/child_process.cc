#include "clients/local_cluster/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace adbms::clients::local_cluster {
namespace {

constexpr absl::Duration kGrace = absl::Seconds(20);
constexpr size_t kKeptLines = 100;
constexpr size_t kErrorLines = 8;

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& one : *strings) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  return pointers;
}

// This process's environment, with `added` in place of variables of the same name.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string present = *variable;
    const std::string name = present.substr(0, present.find('=') + 1);
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& one) {
      return one.rfind(name, 0) == 0;
    });
    if (!replaced) all.push_back(present);
  }
  return all;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const Options& options) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("no pipe: ", std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, options.stderr_file.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment = Environment(options.environment);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command[0].c_str(), &actions, &attributes,
                                Pointers(&command).data(), Pointers(&environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(pipe_fds[1]);
  if (error != 0) {
    close(pipe_fds[0]);
    return absl::UnavailableError(
        absl::StrCat("cannot start ", command[0], ": ", std::strerror(error)));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, pipe_fds[0], options.stderr_file));
}

ChildProcess::ChildProcess(pid_t pid, int stdout_fd, std::string stderr_file)
    : pid_(pid), stderr_file_(std::move(stderr_file)) {
  reader_ = std::thread([this, stdout_fd] { ReadUntilExit(stdout_fd); });
}

ChildProcess::~ChildProcess() {
  Terminate(kGrace);
  reader_.join();
}

void ChildProcess::ReadUntilExit(int stdout_fd) {
  FILE* const stream = fdopen(stdout_fd, "r");
  char* buffer = nullptr;
  size_t capacity = 0;
  for (ssize_t length; (length = getline(&buffer, &capacity, stream)) > 0;) {
    if (buffer[length - 1] == '\n') --length;
    absl::MutexLock lock(&mutex_);
    lines_.emplace_back(buffer, static_cast<size_t>(length));
    if (lines_.size() > kKeptLines) lines_.pop_front();
  }
  free(buffer);
  fclose(stream);
  // Reaped only under the lock below, so that Signal never hits another process of the same id.
  siginfo_t ended;
  while (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  absl::MutexLock lock(&mutex_);
  int status = 0;
  waitpid(pid_, &status, 0);
  wait_status_ = status;
}

absl::StatusOr<std::string> ChildProcess::WaitForLine(const std::string& prefix,
                                                      absl::Time deadline) {
  std::string found;
  const auto found_or_ended = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const std::string& line : lines_) {
      if (line.rfind(prefix, 0) == 0) found = line;
    }
    return !found.empty() || wait_status_.has_value();
  };
  bool in_time = false;
  {
    absl::MutexLock lock(&mutex_);
    in_time = mutex_.AwaitWithDeadline(absl::Condition(&found_or_ended), deadline);
  }
  if (!found.empty()) return found;
  const std::string errors = ErrorOutput();
  if (in_time) return absl::UnavailableError(absl::StrCat(HowItEnded(), ": ", errors));
  return absl::DeadlineExceededError(
      absl::StrCat("not ready in time", errors.empty() ? "" : ": ", errors));
}

void ChildProcess::Terminate(absl::Duration grace) {
  Signal(SIGTERM);
  if (WaitForExit(absl::Now() + grace)) return;
  Signal(SIGKILL);
  WaitForExit(absl::InfiniteFuture());
}

void ChildProcess::Signal(int signal) {
  absl::MutexLock lock(&mutex_);
  if (!wait_status_.has_value()) kill(pid_, signal);
}

bool ChildProcess::WaitForExit(absl::Time deadline) {
  const auto ended = [this]()
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return wait_status_.has_value(); };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(&ended), deadline);
}

bool ChildProcess::running() const {
  absl::MutexLock lock(&mutex_);
  return !wait_status_.has_value();
}

std::string ChildProcess::HowItEnded() const {
  absl::MutexLock lock(&mutex_);
  if (!wait_status_.has_value()) return "";
  if (WIFSIGNALED(*wait_status_)) return absl::StrCat("signal ", WTERMSIG(*wait_status_));
  return absl::StrCat("exit status ", WEXITSTATUS(*wait_status_));
}

std::string ChildProcess::ErrorOutput() const {
  std::ifstream file(stderr_file_);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > kErrorLines) lines.pop_front();
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace adbms::clients::local_cluster
