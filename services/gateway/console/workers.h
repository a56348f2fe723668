// Threads for connections of the HTTP front: as many as there are connections, to a bound beyond
// which they queue; one that has nothing to do ends. Thread-safe.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace adbms::gateway::console {

class Workers : public httplib::TaskQueue {
 public:
  explicit Workers(size_t most) : most_(most) {}
  void enqueue(std::function<void()> task) override;
  // Returns when every task is done.
  void shutdown() override;

 private:
  void Work(uint64_t id);

  const size_t most_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::thread ended_ ABSL_GUARDED_BY(mutex_);  // The last that did, to be joined.
  uint64_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace adbms::gateway::console
