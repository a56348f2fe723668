// The client's end of a stream that carries many sessions. Requests are batched (batched_writer.h).
// Those that storage answers at once (`brief`) wait while others of the kind are under way and then
// leave together: a message costs several times what such a request does.
//
// Thread-safe. A channel that has broken stays broken; open another one.
#pragma once

#include <semaphore.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "services/storage/api/batched_writer.h"

namespace adbms::storage::api {

class SessionChannel : private grpc::ClientBidiReactor<v1::SessionRequests, v1::SessionResponses> {
 public:
  // `stub` must outlive the channel.
  SessionChannel(v1::StorageService::Stub* stub, const std::string& secret);
  // REQUIRES: no line is left.
  ~SessionChannel() override;

  // Where a session waits for its answer. A plain semaphore: standard atomics and absl's mutex spin
  // before they sleep, which costs more than it saves where an answer takes a message each way.
  struct Waiter {
    Waiter() { sem_init(&woken, 0, 0); }
    ~Waiter() { sem_destroy(&woken); }
    void Wake() { sem_post(&woken); }
    void Wait() {
      while (sem_wait(&woken) != 0) continue;  // A signal came between.
    }

    sem_t woken;
    // Guarded by the channel's mutex.
    v1::SessionResponse* response = nullptr;  // Null: no request is under way.
    bool brief = false;
    bool answered = false;  // Before Wake: how it ended.
  };

  // One session's end. Not thread-safe.
  class Line {
   public:
    explicit Line(std::shared_ptr<SessionChannel> channel);
    // Ends the session: storage rolls it back.
    ~Line();
    // Sends `request` (taken away) and waits for its answer; false when the channel has broken.
    // `brief`: as storage said of this plan.
    bool Call(v1::SessionRequest* request, bool brief, v1::SessionResponse* response);
    // SessionRequest.session
    uint64_t number() const { return number_; }

   private:
    const std::shared_ptr<SessionChannel> channel_;
    const std::shared_ptr<Waiter> waiter_;
    const uint64_t number_;
    bool used_ = false;
  };

  bool broken() {
    absl::MutexLock lock(&mutex_);
    return broken_;
  }

 private:
  void OnReadDone(bool ok) override;
  void Break();
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  // As BatchedWriter's.
  const v1::SessionRequests* Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  grpc::ClientContext client_;
  v1::SessionResponses responses_;                 // Of the reading reaction.
  std::vector<std::shared_ptr<Waiter>> answered_;  // As well.

  absl::Mutex mutex_;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<uint64_t, std::shared_ptr<Waiter>> waiters_ ABSL_GUARDED_BY(mutex_);
  int brief_queued_ ABSL_GUARDED_BY(mutex_) = 0;
  int brief_under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  bool urgent_ ABSL_GUARDED_BY(mutex_) = false;  // The queue holds others too.
  BatchedWriter<v1::SessionRequests> writer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
