// What travels with every call between services: deadline, cancellation, trace id, principal.
// The same object serves direct calls and gRPC calls. Copies are cheap; a copy shares the
// cancellation flag.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status/sql_error.h"

namespace adbms::rpc {

// Set once by whoever cancels, polled by whoever works. Thread-safe.
class Cancellation {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_release); }
  void Reset() { cancelled_.store(false, std::memory_order_release); }
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> cancelled_{false};
};

struct CallContext {
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<Cancellation> cancellation;  // Null: cannot be cancelled.
  std::string trace_id;
  std::string user;  // The role on whose behalf; a service's own name for its own work.

  // OK, or 57014 when cancelled or past the deadline. Reads the clock only when there is a
  // deadline.
  absl::Status Check() const {
    if (cancellation != nullptr && cancellation->cancelled()) {
      return status::Error(status::sqlstate::kQueryCanceled,
                           "canceling statement due to user request");
    }
    if (deadline != absl::InfiniteFuture() && absl::Now() > deadline) {
      return status::Error(status::sqlstate::kQueryCanceled,
                           "canceling statement due to statement timeout");
    }
    return absl::OkStatus();
  }
};

}  // namespace adbms::rpc
