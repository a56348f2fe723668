// Cancels executions that take longer than they should. One thread, which sleeps while nothing is
// watched. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/call_context.h"

namespace adbms::gateway::session {

class ExecutionWatch {
 public:
  ExecutionWatch();
  ~ExecutionWatch();
  ExecutionWatch(const ExecutionWatch&) = delete;
  ExecutionWatch& operator=(const ExecutionWatch&) = delete;

  // Cancels at `deadline`, unless Release comes first. A number for Release, never 0.
  uint64_t Watch(std::shared_ptr<rpc::Cancellation> cancellation, absl::Time deadline);
  // Whether it was cancelled; afterwards it will not be.
  bool Release(uint64_t number);

 private:
  struct Watched {
    std::shared_ptr<rpc::Cancellation> cancellation;
    absl::Time deadline;
    bool cancelled = false;
  };

  void Run();

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::map<uint64_t, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace adbms::gateway::session
