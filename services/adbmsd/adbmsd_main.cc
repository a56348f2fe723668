// The daemon: reads the configuration, runs the services of --target, stops on SIGTERM.
#include <atomic>
#include <cstdio>
#include <iostream>

#include "absl/synchronization/mutex.h"
#include "common/config/config.h"
#include "common/lifecycle/signals.h"
#include "common/status/sql_error.h"
#include "services/adbmsd/options.h"
#include "services/adbmsd/process.h"

namespace {

// After SIGTERM everything must have ended within this time.
constexpr int kStopSeconds = 30;

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
  adbms::lifecycle::BlockSignals();
  std::atomic<bool> stop{false};
  absl::Mutex mutex;
  std::thread([&] {
    adbms::lifecycle::WaitForStop();
    adbms::lifecycle::EnforceDeadline(kStopSeconds);
    absl::MutexLock lock(&mutex);
    stop.store(true);
  }).detach();
  auto process =
      adbms::adbmsd::Process::Start(*config, options->targets, [&] { return stop.load(); });
  if (!process.ok()) return stop.load() ? 0 : Fail(process.status());
  std::cout << (*process)->ReadyLine() << std::endl;
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](std::atomic<bool>* flag) { return flag->load(); }, &stop));
  }
  (*process)->Stop();
  // The stop threads still refer to locals of main.
  std::fflush(nullptr);
  std::_Exit(0);
}
