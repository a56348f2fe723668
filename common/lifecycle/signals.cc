#include "common/lifecycle/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>

#include "common/lifecycle/thread.h"

namespace adbms::lifecycle {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void BlockSignals() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void BlockReload() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void WaitForStop() {
  const sigset_t set = StopSignals();
  int signal = 0;
  sigwait(&set, &signal);
}

Request WaitForRequest() {
  sigset_t set = StopSignals();
  sigaddset(&set, SIGHUP);
  int signal = 0;
  sigwait(&set, &signal);
  return signal == SIGHUP ? Request::kReload : Request::kStop;
}

void EnforceDeadline(int seconds) {
  auto watch = StartThread([seconds] {
    const sigset_t set = StopSignals();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    // Whoever looks at the process from outside (a debugger, the leak check) interrupts the wait.
    int signal = 0;
    do {
      const auto left = std::max(until - std::chrono::steady_clock::now(), {});
      const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec limit{whole.count(), std::chrono::nanoseconds(left - whole).count()};
      signal = sigtimedwait(&set, nullptr, &limit);
    } while (signal < 0 && errno == EINTR);
    static constexpr char kMessage[] = "adbmsd: stopped without waiting any longer\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
    ::_exit(1);
  });
  if (watch.ok()) {
    watch->detach();
  } else {
    ::alarm(seconds);  // Ends the process too, only without saying why.
  }
}

}  // namespace adbms::lifecycle
