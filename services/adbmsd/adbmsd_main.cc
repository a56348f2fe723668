// The daemon: reads the configuration, runs the services of --target, reads it again on SIGHUP,
// stops on SIGTERM.
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <iostream>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/config/config.h"
#include "common/lifecycle/signals.h"
#include "common/settings/setting_table.h"
#include "common/status/sql_error.h"
#include "services/adbmsd/options.h"
#include "services/adbmsd/process.h"

// How jemalloc, which the daemon is linked with, treats memory that was freed: it goes back to the
// system within half a second, by a thread of its own. By default every thread would hold on to
// some for ten, while the next statement takes as much from elsewhere: the budget would be kept,
// but not the memory of the process.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0";
}

namespace {

// After SIGTERM everything must have ended within this time.
constexpr int kStopSeconds = 30;

// What signals ask for.
struct Requests {
  absl::Mutex mutex;
  std::atomic<bool> stop{false};  // Changes under the mutex; read without.
  bool reload ABSL_GUARDED_BY(mutex) = false;

  // Waits for one; false: to stop.
  bool Wait() {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](Requests* self) ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->stop || self->reload; },
        this));
    reload = false;
    return !stop;
  }
};

// Connections and tables take files: as many as the administrator allows, not the lower default.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

int Fail(const absl::Status& status) {
  const adbms::status::SqlError error = adbms::status::FromStatus(status);
  std::cerr << "adbmsd: " << error.message << "\n";
  if (!error.detail.empty()) std::cerr << "detail: " << error.detail << "\n";
  if (!error.hint.empty()) std::cerr << "hint: " << error.hint << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const auto options = adbms::adbmsd::ParseCommandLine(argc, argv, environ);
  if (!options.ok()) {
    std::cerr << "adbmsd: " << options.status().message() << "\ntry adbmsd --help\n";
    return 2;
  }
  if (options->help) {
    std::cout << adbms::adbmsd::HelpText();
    return 0;
  }
  if (options->version) {
    std::cout << "adbmsd 0.1.0\n";
    return 0;
  }
  if (options->print_settings_reference) {
    std::cout << adbms::settings::Reference();
    return 0;
  }
  if (options->print_config_reference) {
    std::cout << adbms::config::ReferencePage();
    return 0;
  }
  const auto config = adbms::config::Load(options->sources);
  if (!config.ok()) return Fail(config.status());
  if (options->print_config) {
    std::cout << adbms::config::ToYaml(*config);
    return 0;
  }
  ::umask(0077);  // Whatever is written is the daemon's user's alone.
  RaiseFileLimit();
  adbms::lifecycle::BlockSignals();
  adbms::lifecycle::BlockReload();
  Requests requests;
  std::thread([&] {
    while (adbms::lifecycle::WaitForRequest() == adbms::lifecycle::Request::kReload) {
      absl::MutexLock lock(&requests.mutex);
      requests.reload = true;
    }
    adbms::lifecycle::EnforceDeadline(kStopSeconds);
    absl::MutexLock lock(&requests.mutex);
    requests.stop.store(true);
  }).detach();
  auto process = adbms::adbmsd::Process::Start(*config, options->targets,
                                               [&] { return requests.stop.load(); });
  if (!process.ok()) return requests.stop.load() ? 0 : Fail(process.status());
  std::cout << (*process)->ReadyLine() << std::endl;
  while (requests.Wait()) (*process)->Reload(adbms::config::Load(options->sources));
  (*process)->Stop();
#ifdef __SANITIZE_ADDRESS__
  __lsan_do_leak_check();  // What follows leaves out the check at the exit.
#endif
  // The stop threads still refer to locals of main.
  std::fflush(nullptr);
  std::_Exit(0);
}
