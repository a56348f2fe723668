// One piece of work in several threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace adbms::storage::bulk {

// Runs work(0, …) to work(count - 1, …), each in a thread of its own as far as the system gives
// threads, and returns when all have ended: the first error, if there was one. `stop` becomes true
// with the first error: the others may then return what they like.
absl::Status RunSideBySide(
    size_t count,
    const std::function<absl::Status(size_t part, const std::atomic<bool>& stop)>& work);

}  // namespace adbms::storage::bulk
