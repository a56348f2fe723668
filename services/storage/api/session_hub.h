// The server's end of a stream that carries many sessions. The loop's thread, which reads the
// stream, answers itself what hardly ever blocks (PlanStore::Stored::brief); everything else runs
// on the session's own thread, so that a long statement or a lock holds up nobody else. Responses
// are batched (batched_writer.h).
#pragma once

#include <memory>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "common/rpc/grpc/completion_loop.h"
#include "services/storage/api/batched_writer.h"
#include "services/storage/api/conversation.h"
#include "services/storage/api/service_rights.h"
#include "services/storage/api/session_table.h"

namespace adbms::storage::api {

using StorageService = v1::StorageService::WithAsyncMethod_Sessions<v1::StorageService::Service>;

class SessionHub {
 public:
  // Called on the loop's thread or a session's.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Decides whether a stream that was opened is taken, and what may be done on it; asks for the
    // next one.
    virtual grpc::Status OnOpened(const grpc::ServerContext& server, ServiceRights* rights) = 0;
    // The stream is over, or never came, and no thread is left: destroys the hub.
    virtual void OnOver(SessionHub* hub) = 0;
  };

  // Waits for a stream of `service`. What the services of restricted rights store is found by none
  // but them: `service_plans`. All pointers must outlive this.
  SessionHub(Storage* storage, PlanStore* plans, PlanStore* service_plans, SessionTable* sessions,
             const SessionMetrics* metrics, Owner* owner, StorageService* service,
             grpc::ServerCompletionQueue* queue);

  // Begins nothing new, and ends the stream once all its sessions are idle.
  void Drain();

 private:
  // Where a session hears what it listens to. The hub outlives it: sessions that listen have
  // threads.
  class Hearing : public NotificationSink {
   public:
    Hearing(SessionHub* hub, uint64_t session) : hub_(hub), session_(session) {}
    void Receive(NotificationPtr notification) override { hub_->Deliver(notification, this); }
    void Lost() override {}  // The stream tells.
    double Fullness() const override { return hub_->Fullness(); }

   private:
    friend class SessionHub;
    SessionHub* const hub_;
    const uint64_t session_;
    bool overrun_ = false;  // Guarded by the hub's mutex.
  };

  // A session.
  struct Line {
    std::unique_ptr<Conversation> conversation;
    // Guarded by the hub's mutex.
    bool has_thread = false;
    bool busy = false;     // A request is under way.
    bool engaged = false;  // That, or a transaction or result is open.
    bool ending = false;
    v1::SessionRequest request;  // For the thread, when `posted`.
    bool posted = false;
    absl::CondVar changed;
  };

  void OnOpened(bool ok);
  void OnTaken(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);

  void Receive(v1::SessionRequest* request);
  void Deliver(const NotificationPtr& notification, Hearing* hearing);
  double Fullness() const;
  absl::StatusOr<std::shared_ptr<Line>> Open(uint64_t number, const std::string& database);
  bool IsBrief(const v1::SessionRequest& request);
  // What is to be written now: null for nothing, as BatchedWriter's.
  const v1::SessionResponses* Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The session's thread.
  void Work(const std::shared_ptr<Line>& line);
  // Hands a request to the session's thread.
  void Post(const std::shared_ptr<Line>& line, v1::SessionRequest* request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What is to be done without the mutex, after something has changed: a batch to write, Finish.
  struct Step {
    const v1::SessionResponses* batch = nullptr;
    bool finish = false;
  };
  Step Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Do(const Step& step) {
    if (step.batch != nullptr) stream_.Write(*step.batch, &written_tag_);
    if (step.finish) Finish(grpc::Status::OK);
  }
  // Whether the client is to be asked to close its side: when it is to be drained, nobody is
  // engaged and every response is on its way.
  bool MayPart() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return draining_ && opened_ && !parting_ && !ended_ && !finished_ && engaged_ == 0 &&
           writer_.idle();
  }
  // Whether Finish is to be called now: once, when the client has closed its side or has gone, and
  // all threads have ended.
  bool MayFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether the owner is to be told now, without the mutex.
  bool Over() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return status_sent_ && ended_ && threads_ == 0 && !taking_;
  }
  void Finish(const grpc::Status& status) { stream_.Finish(status, &finished_tag_); }

  Storage* const storage_;
  PlanStore* plans_;  // Of the stream, once it is open.
  PlanStore* const service_plans_;
  ServiceRights rights_;
  SessionTable* const sessions_;
  const SessionMetrics* const metrics_;
  Owner* const owner_;
  rpc::Completion opened_tag_ = rpc::Completion::To<&SessionHub::OnOpened>(this);
  rpc::Completion taken_tag_ = rpc::Completion::To<&SessionHub::OnTaken>(this);
  rpc::Completion read_tag_ = rpc::Completion::To<&SessionHub::OnRead>(this);
  rpc::Completion written_tag_ = rpc::Completion::To<&SessionHub::OnWritten>(this);
  rpc::Completion finished_tag_ = rpc::Completion::To<&SessionHub::OnFinished>(this);
  grpc::ServerContext server_;
  grpc::ServerAsyncReaderWriter<v1::SessionResponses, v1::SessionRequests> stream_;
  std::unordered_map<uint64_t, std::shared_ptr<Line>> lines_;  // Of the loop's thread.
  v1::SessionRequests requests_;                               // As well.

  mutable absl::Mutex mutex_;
  // What is queued for the client: the latest one, to which further sessions are added, and the
  // bytes of all.
  NotificationPtr delivered_ ABSL_GUARDED_BY(mutex_);
  size_t notification_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int threads_ ABSL_GUARDED_BY(mutex_) = 0;
  int engaged_ ABSL_GUARDED_BY(mutex_) = 0;
  bool opened_ ABSL_GUARDED_BY(mutex_) = false;
  bool taking_ ABSL_GUARDED_BY(mutex_) = false;  // The client is being told that it is taken.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool parting_ ABSL_GUARDED_BY(mutex_) = false;      // The client is asked to close its side.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;        // Nothing more is read.
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;     // Finish has been called, or is about to be.
  bool status_sent_ ABSL_GUARDED_BY(mutex_) = false;  // And is done.
  BatchedWriter<v1::SessionResponses> writer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
