// The client's end of a stream that carries many sessions. Requests are batched (batched_writer.h).
// Those that storage answers at once (`brief`) wait while several of the kind are under way and
// then leave together: a message costs several times what such a request does. The process's
// completion loop reads, and writes what has waited; a session that finds the stream idle writes
// itself.
//
// Thread-safe. A channel that has broken stays broken; open another one.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "common/lifecycle/semaphore.h"
#include "common/rpc/grpc/access.h"
#include "common/rpc/grpc/completion_loop.h"
#include "services/storage/api/batched_writer.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class SessionChannel {
 public:
  // `stub` and `loop` must outlive the channel.
  SessionChannel(v1::StorageService::Stub* stub, const rpc::Credentials& credentials,
                 rpc::CompletionLoop* loop);
  // REQUIRES: no line is left; not on the loop's thread, for which it waits.
  ~SessionChannel();

  // How a request ended.
  enum class Outcome {
    kAnswered,
    kNotStarted,  // The channel has broken, or was drained, before storage began it.
    kLost,        // The channel has broken; whether it was carried out is not known.
  };

  // Where a session waits for its answer.
  struct Waiter {
    lifecycle::Semaphore woken;
    // Guarded by the channel's mutex.
    v1::SessionResponse* response = nullptr;  // Null: no request is under way.
    bool brief = false;
    Outcome outcome = Outcome::kLost;        // Before it is woken: how it ended.
    std::shared_ptr<NotificationSink> sink;  // Null: it listens to nothing.
    bool keeps_state = false;                // SessionResponse.keeps_state
  };

  // One session's end. Not thread-safe.
  class Line {
   public:
    explicit Line(std::shared_ptr<SessionChannel> channel);
    // Ends the session: storage rolls it back.
    ~Line();
    // Sends `request` (taken away) and waits for its answer. `brief`: as storage said of this plan.
    Outcome Call(v1::SessionRequest* request, bool brief, v1::SessionResponse* response);
    // Where the session hears what it listens to, and that the channel has broken.
    void SetSink(std::shared_ptr<NotificationSink> sink);
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
  using Stream = grpc::ClientAsyncReaderWriter<v1::SessionRequests, v1::SessionResponses>;

  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnClosed(bool ok);
  void OnFinished(bool ok);
  void Break();
  // Whether to close this side of the stream now: storage has asked for it, nothing is on its way.
  bool MayClose() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Hands over what has come in responses_.
  void Hear();
  // Writes what waits, if it may leave now. A batch is made under the mutex and written without it,
  // so that a system call holds up nobody who only queues.
  void Write(const v1::SessionRequests* batch) {
    if (batch != nullptr) stream_->Write(*batch, &written_);
  }
  // As BatchedWriter's.
  const v1::SessionRequests* Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  rpc::Completion started_ = rpc::Completion::To<&SessionChannel::OnStarted>(this);
  rpc::Completion read_ = rpc::Completion::To<&SessionChannel::OnRead>(this);
  rpc::Completion written_ = rpc::Completion::To<&SessionChannel::OnWritten>(this);
  rpc::Completion closed_ = rpc::Completion::To<&SessionChannel::OnClosed>(this);
  rpc::Completion finished_ = rpc::Completion::To<&SessionChannel::OnFinished>(this);
  grpc::ClientContext client_;
  std::unique_ptr<Stream> stream_;
  grpc::Status status_;                            // Of the finished stream.
  v1::SessionResponses responses_;                 // Of the loop's thread.
  std::vector<std::shared_ptr<Waiter>> answered_;  // As well; after the break, those without one.

  absl::Mutex mutex_;
  bool started_yet_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;   // Nothing is sent any more.
  bool parting_ ABSL_GUARDED_BY(mutex_) = false;  // Storage has asked for the end.
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;  // This side is being closed.
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<uint64_t, std::shared_ptr<Waiter>> waiters_ ABSL_GUARDED_BY(mutex_);
  int brief_queued_ ABSL_GUARDED_BY(mutex_) = 0;
  int brief_under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  bool urgent_ ABSL_GUARDED_BY(mutex_) = false;  // The queue holds others too.
  BatchedWriter<v1::SessionRequests> writer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
