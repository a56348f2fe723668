// The server's end of one session: requests in, responses out, on the real session. Not
// thread-safe; Cancel is.
#pragma once

#include <memory>
#include <utility>

#include "services/storage/api/plan_store.h"
#include "services/storage/api/service_rights.h"
#include "services/storage/api/session_metrics.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class Conversation {
 public:
  // The pointers must outlive this. `cancellation` is what Cancel sets, `sink` where the session
  // hears what it listens to.
  Conversation(Storage* storage, PlanStore* plans, const SessionMetrics* metrics,
               const ServiceRights* rights, std::unique_ptr<Session> session,
               std::shared_ptr<rpc::Cancellation> cancellation,
               std::shared_ptr<NotificationSink> sink)
      : storage_(storage),
        plans_(plans),
        metrics_(metrics),
        rights_(rights),
        cancellation_(std::move(cancellation)),
        sink_(std::move(sink)),
        session_(std::move(session)) {}

  // Errors go into the response.
  void Answer(const v1::SessionRequest& request, v1::SessionResponse* response);
  // As Answer, on a thread that must not wait for anybody's lock: false, with nothing done, when
  // there is one to wait for. For executions that only read.
  bool AnswerAtOnce(const v1::SessionRequest& request, v1::SessionResponse* response);
  // Whether the session can be ended without anybody losing anything.
  bool idle() const { return !in_transaction_ && stream_ == nullptr && bulk_ == nullptr; }
  void Cancel() { cancellation_->Cancel(); }

 private:
  absl::Status Handle(const v1::SessionRequest& request, v1::SessionResponse* response);
  absl::Status HandleSavepoint(const rpc::CallContext& context,
                               const v1::SavepointRequest& request);
  absl::Status HandleListen(const rpc::CallContext& context, const v1::ListenRequest& request);
  void SetAttributes(const v1::SessionAttributes& attributes);
  absl::Status HandleExecute(const rpc::CallContext& context, const v1::ExecuteRequest& request,
                             v1::SessionResponse* response);
  // One batch, and the end when it follows at once.
  absl::Status FillPage(v1::SessionResponse* response);

  Storage* const storage_;
  PlanStore* const plans_;
  const SessionMetrics* const metrics_;
  const ServiceRights* const rights_;
  const std::shared_ptr<rpc::Cancellation> cancellation_;
  const std::shared_ptr<NotificationSink> sink_;
  bool in_transaction_ = false;
  absl::Duration lock_timeout_ = -absl::Milliseconds(1);  // As the client last said.
  int32_t backend_pid_ = 0;
  bool waits_ = true;
  // Streams and writers refer to the session and the options: they go first.
  std::unique_ptr<Session> session_;
  ExecuteOptions options_;  // Of the last execution.
  std::unique_ptr<ResultStream> stream_;
  types::Batch ahead_;
  bool has_ahead_ = false;
  std::unique_ptr<BulkWriter> bulk_;
};

}  // namespace adbms::storage::api
