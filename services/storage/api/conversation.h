// The server's end of one session: requests in, responses out, on the real session. Not
// thread-safe; Cancel is.
#pragma once

#include <memory>
#include <utility>

#include "services/storage/api/plan_store.h"
#include "services/storage/api/session_table.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class Conversation {
 public:
  // All pointers must outlive this.
  Conversation(Storage* storage, PlanStore* plans, SessionTable* sessions,
               std::unique_ptr<Session> session)
      : storage_(storage),
        plans_(plans),
        sessions_(sessions),
        cancellation_(std::make_shared<rpc::Cancellation>()),
        id_(sessions->Add(cancellation_)),
        session_(std::move(session)) {}
  ~Conversation() { sessions_->Remove(id_); }

  // Errors go into the response.
  void Answer(const v1::SessionRequest& request, v1::SessionResponse* response);
  // Whether the session can be ended without anybody losing anything.
  bool idle() const { return !in_transaction_ && stream_ == nullptr && bulk_ == nullptr; }
  void Cancel() { cancellation_->Cancel(); }

 private:
  absl::Status Handle(const v1::SessionRequest& request, v1::SessionResponse* response);
  absl::Status HandleSavepoint(const rpc::CallContext& context,
                               const v1::SavepointRequest& request);
  absl::Status HandleExecute(const rpc::CallContext& context, const v1::ExecuteRequest& request,
                             v1::SessionResponse* response);
  // One batch, and the end when it follows at once.
  absl::Status FillPage(v1::SessionResponse* response);

  Storage* const storage_;
  PlanStore* const plans_;
  SessionTable* const sessions_;
  const std::shared_ptr<rpc::Cancellation> cancellation_;
  const uint64_t id_;
  bool in_transaction_ = false;
  // Streams and writers refer to the session and the options: they go first.
  std::unique_ptr<Session> session_;
  ExecuteOptions options_;
  std::unique_ptr<ResultStream> stream_;
  types::Batch ahead_;
  bool has_ahead_ = false;
  std::unique_ptr<BulkWriter> bulk_;
};

}  // namespace adbms::storage::api
