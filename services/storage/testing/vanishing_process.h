// Work in a process that then vanishes without any shutdown, as after kill -9.
//
// It is a new process of the same test program, not a fork that goes on: a fork has the engine's
// locks as its threads left them, and none of the threads. What it is to do stands in a test that
// is only run on purpose:
//
//   TEST(VanishingProcess, DISABLED_InsertsARow) {
//     if (VanishingArguments().empty()) GTEST_SKIP();
//     ...
//     Vanish(done);
//   }
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace adbms::storage::testing {

inline constexpr char kVanishingArguments[] = "ADBMS_TEST_VANISHING";

// What RunAndVanish was given; empty where nobody asked for the work.
inline std::string VanishingArguments() {
  const char* const given = std::getenv(kVanishingArguments);
  return given == nullptr ? "" : given;
}

[[noreturn]] inline void Vanish(bool done) { ::_exit(done ? 0 : 1); }

// Runs VanishingProcess.DISABLED_<work> with these arguments in a process of its own; whether it
// ended with Vanish(true).
inline bool RunAndVanish(const std::string& work, const std::string& arguments) {
  const std::string filter = "--gtest_filter=VanishingProcess.DISABLED_" + work;
  ::setenv(kVanishingArguments, arguments.c_str(), 1);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/proc/self/exe", "vanishing", "--gtest_also_run_disabled_tests", filter.c_str(),
            nullptr);
    ::_exit(2);
  }
  ::unsetenv(kVanishingArguments);
  int result = 0;
  return child > 0 && ::waitpid(child, &result, 0) == child && WIFEXITED(result) &&
         WEXITSTATUS(result) == 0;
}

}  // namespace adbms::storage::testing
