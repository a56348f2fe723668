// Threads of the server that help with long statements and builds: as many as the machine has cores
// to spare, whatever the number of statements. Nobody waits for a helper: who finds none free does
// the work alone.
//
// Thread-safe; a Crew belongs to one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace adbms::storage::workers {

class WorkerPool {
 public:
  // Work for worker `worker`, 0 being the caller. `stop` becomes true with the first error: the
  // others may then return what they like.
  using Work = std::function<absl::Status(size_t worker, const std::atomic<bool>& stop)>;

  // The caller and the helpers that are his for as long as this lives.
  class Crew {
   public:
    Crew() = default;
    Crew(Crew&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), helpers_(std::exchange(other.helpers_, 0)) {}
    Crew& operator=(Crew&&) = delete;
    ~Crew();
    // Workers, the caller included.
    size_t size() const { return helpers_ + 1; }
    // Runs `work` once for each worker, worker 0 in the caller's thread, and returns when all have
    // ended: the first error, if there was one.
    absl::Status Run(const Work& work);

   private:
    friend class WorkerPool;
    Crew(WorkerPool* pool, size_t helpers) : pool_(pool), helpers_(helpers) {}
    WorkerPool* pool_ = nullptr;
    size_t helpers_ = 0;
  };

  // Its threads are started when they are first wanted; where the system gives fewer, it has fewer.
  explicit WorkerPool(size_t helpers) : most_(helpers) {}
  // REQUIRES: no crew is left.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Helpers that are free now, `most` at most.
  Crew Hire(size_t most);
  size_t most_helpers() const { return most_; }
  // Helpers at work now.
  size_t busy() const;

 private:
  void Release(size_t helpers);
  void Post(std::function<void()> task);
  void Serve();

  const size_t most_;
  mutable absl::Mutex mutex_;
  size_t hired_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::workers
