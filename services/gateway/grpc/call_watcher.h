// Sees that calls end whose caller has left, whose deadline has passed, or who neither read what
// they asked for nor send what they announced. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace adbms::gateway::grpc_front {

// A call that runs. Made and ended by its own thread.
class RunningCall {
 public:
  explicit RunningCall(::grpc::ServerContext* server) : server_(server) {}
  ::grpc::ServerContext* server() const { return server_; }
  // While the caller takes a message, or is to send one.
  void BeginWait();
  void EndWait() { waiting_since_us_.store(0, std::memory_order_release); }
  // Whether nobody waits for the answer any more.
  bool abandoned() const { return server_->IsCancelled(); }
  // Somebody else wants it to end. Thread-safe.
  void Stop() { stopped_.store(true, std::memory_order_release); }
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }

 private:
  friend class CallWatcher;
  ::grpc::ServerContext* const server_;
  std::function<void()> cancel_;  // Set while it is watched.
  std::atomic<int64_t> waiting_since_us_{0};
  std::atomic<bool> stopped_{false};
  std::list<RunningCall*>::iterator place_;
};

class CallWatcher {
 public:
  // `patience`: how long a caller may leave a message untaken or unsent. `tick` is called now and
  // then, for what else has to be looked after.
  CallWatcher(absl::Duration patience, std::function<void()> tick);
  ~CallWatcher();

  // Until it is destroyed the call is watched: `cancel` is called, again and again, while it is
  // abandoned or stopped.
  class Watch {
   public:
    Watch(CallWatcher* watcher, RunningCall* call, std::function<void()> cancel);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    CallWatcher* const watcher_;
    RunningCall* const call_;
  };

 private:
  void Run();
  void Look(absl::Time now);

  const absl::Duration patience_;
  const std::function<void()> tick_;
  absl::Mutex mutex_;
  std::list<RunningCall*> calls_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace adbms::gateway::grpc_front
