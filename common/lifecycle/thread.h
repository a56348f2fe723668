// Threads where the system may refuse one more: std::thread throws then, and we throw nothing.
#pragma once

#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"

namespace adbms::lifecycle {

// A thread that runs `body`. Errors: RESOURCE_EXHAUSTED (53000) when the system gives none, as at
// its limit of processes; `body` has not run then.
template <typename Body>
absl::StatusOr<std::thread> StartThread(Body&& body) {
  try {
    return std::thread(std::forward<Body>(body));
  } catch (const std::system_error& refused) {
    return status::Error("53000",
                         absl::StrCat("cannot start another thread: ", refused.code().message()),
                         "", "Raise the limit of processes and threads (ulimit -u, TasksMax).");
  }
}

}  // namespace adbms::lifecycle
