// Threads that come with connections and go again when there are fewer. Thread-safe.
#pragma once

#include <httplib.h>

#include <deque>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace adbms::gateway::http {

class ConnectionThreads : public httplib::TaskQueue {
 public:
  explicit ConnectionThreads(size_t most) : most_(most) {}

  // Runs `connection` on a thread that has nothing to do, or on a new one, or, when there are as
  // many as there may be or the system refuses, when one is free.
  void enqueue(std::function<void()> connection) override;
  // Waits until all have run.
  void shutdown() override;

 private:
  void Work();

  const size_t most_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t threads_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace adbms::gateway::http
