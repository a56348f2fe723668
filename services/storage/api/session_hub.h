// The server's end of a stream that carries many sessions. The thread that reads the stream answers
// itself what never blocks (PlanStore::Stored::brief); everything else runs on the session's own
// thread, so that a long statement or a lock holds up nobody else. Responses are batched
// (batched_writer.h).
//
// Deletes itself when the stream has ended and every session of it is rolled back. Drain is
// thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "services/storage/api/batched_writer.h"
#include "services/storage/api/conversation.h"
#include "services/storage/api/session_table.h"

namespace adbms::storage::api {

class SessionHub : public grpc::ServerBidiReactor<v1::SessionRequests, v1::SessionResponses> {
 public:
  // All pointers must outlive this. `on_done` is the last thing that is called.
  SessionHub(Storage* storage, PlanStore* plans, SessionTable* sessions,
             const SessionMetrics* metrics, grpc::CallbackServerContext* server,
             std::function<void(SessionHub*)> on_done);

  // Ends the stream once all its sessions are idle.
  void Drain();

 private:
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

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

  void Receive(v1::SessionRequest* request);
  absl::StatusOr<std::shared_ptr<Line>> Open(uint64_t number);
  bool IsBrief(const v1::SessionRequest& request);
  // The session's thread.
  void Work(const std::shared_ptr<Line>& line);
  // Hands a request to the session's thread.
  void Post(const std::shared_ptr<Line>& line, v1::SessionRequest* request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether Finish is to be called now: once, when the client has gone and all threads have ended,
  // or when it is to be drained, nobody is engaged and every response is on its way.
  bool MayFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Storage* const storage_;
  PlanStore* const plans_;
  SessionTable* const sessions_;
  const SessionMetrics* const metrics_;
  grpc::CallbackServerContext* const server_;
  const std::function<void(SessionHub*)> on_done_;
  std::unordered_map<uint64_t, std::shared_ptr<Line>> lines_;  // Of the reading reaction.
  v1::SessionRequests requests_;                               // As well.

  absl::Mutex mutex_;
  int threads_ ABSL_GUARDED_BY(mutex_) = 0;
  int engaged_ ABSL_GUARDED_BY(mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  BatchedWriter<v1::SessionResponses> writer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
