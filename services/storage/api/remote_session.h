// A session of a storage in another process. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/storage/api/cancel_watcher.h"
#include "services/storage/api/remote_plan.h"
#include "services/storage/api/session_channel.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class RemoteSession : public Session {
 public:
  // `open` gives a channel that works, if there is one. `watcher` must outlive the session.
  RemoteSession(std::function<std::shared_ptr<SessionChannel>()> open, CancelWatcher* watcher,
                std::string database)
      : open_(std::move(open)), watcher_(watcher), database_(std::move(database)) {}

  absl::Status Connect(const rpc::CallContext& context, bool superuser) override;
  absl::Status Begin(const rpc::CallContext& context, const BeginOptions& options) override;
  absl::Status Commit(const rpc::CallContext& context) override;
  absl::Status Rollback(const rpc::CallContext& context) override;
  absl::Status Savepoint(const rpc::CallContext& context, const std::string& name) override {
    return SavepointCall(context, name, v1::SavepointRequest::ACTION_SAVEPOINT);
  }
  absl::Status RollbackTo(const rpc::CallContext& context, const std::string& name) override {
    return SavepointCall(context, name, v1::SavepointRequest::ACTION_ROLLBACK_TO);
  }
  absl::Status Release(const rpc::CallContext& context, const std::string& name) override {
    return SavepointCall(context, name, v1::SavepointRequest::ACTION_RELEASE);
  }
  absl::StatusOr<std::unique_ptr<ResultStream>> Execute(const rpc::CallContext& context,
                                                        const PreparedPlanPtr& plan,
                                                        const ExecuteOptions& options) override;
  absl::StatusOr<v1::DdlResult> ExecuteDdl(const rpc::CallContext& context,
                                           const common::v1::DdlStatement& statement) override;
  absl::StatusOr<std::unique_ptr<BulkWriter>> OpenBulkWriter(
      const rpc::CallContext& context, TableVersion table,
      const std::vector<common::v1::CheckConstraint>& checks,
      const ExecuteOptions& options) override;
  absl::Status LockTables(const rpc::CallContext& context,
                          const v1::LockTablesRequest& request) override;
  absl::Status SetConstraints(const rpc::CallContext& context,
                              const v1::SetConstraintsRequest& request) override;
  absl::Status Notify(const rpc::CallContext& context, const std::string& channel,
                      const std::string& payload) override;
  absl::Status Listen(const rpc::CallContext& context, const std::string& channel,
                      std::shared_ptr<NotificationSink> sink) override;
  absl::Status Unlisten(const rpc::CallContext& context, const std::string& channel) override;
  absl::Status CheckSignals(const rpc::CallContext& context, absl::Duration running) override;
  absl::Status PrepareTransaction(const rpc::CallContext& context,
                                  const storage::v1::PreparedTransactionRequest& request) override;
  absl::Status Discard(const rpc::CallContext& context, const v1::DiscardRequest& request) override;
  bool keeps_state() const override { return keeps_state_; }
  void SetLocking(absl::Duration lock_timeout, int32_t backend_pid) override {
    lock_timeout_ = lock_timeout;
    backend_pid_ = backend_pid;
  }
  absl::Status Analyze(const rpc::CallContext& context,
                       const std::vector<TableVersion>& tables) override;
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context) override;

  // One request (taken away), one response (in response()), in what the session has begun. Errors:
  // the response's, or 08006 when the channel broke.
  absl::Status Call(const rpc::CallContext& context, v1::SessionRequest* request,
                    bool brief = false);
  v1::SessionResponse& response() { return response_; }
  bool connected() const { return line_ != nullptr; }

 private:
  // As Call for a request that may begin something: while storage has not begun it, because it is
  // being replaced or is not there yet, it is filled in and sent again, for a bounded time.
  template <typename Fill>
  absl::Status Start(const rpc::CallContext& context, v1::SessionRequest* request, bool brief,
                     const Fill& fill);
  // Waits a little for storage's successor. Errors: 08006 when that took too long, 57014.
  static absl::Status AwaitSuccessor(const rpc::CallContext& context, absl::Time give_up);
  SessionChannel::Outcome Send(const rpc::CallContext& context, v1::SessionRequest* request,
                               bool brief);
  absl::Status SavepointCall(const rpc::CallContext& context, const std::string& name,
                             v1::SavepointRequest::Action action);

  const std::function<std::shared_ptr<SessionChannel>()> open_;
  CancelWatcher* const watcher_;
  const std::string database_;
  std::unique_ptr<SessionChannel::Line> line_;
  bool in_transaction_ = false;
  std::optional<BeginOptions> begin_;  // Of a transaction that storage does not know yet.
  std::optional<absl::Duration> lock_timeout_;
  int32_t backend_pid_ = 0;
  bool keeps_state_ = false;  // As storage last said.
  bool gone_ = false;         // A line was lost with what it kept: the session is over.
  std::shared_ptr<NotificationSink> sink_;
  std::optional<v1::SessionAttributes> attributes_;  // As storage knows them by line_.
  v1::SessionRequest request_;                       // Reused.
  v1::SessionResponse response_;
};

}  // namespace adbms::storage::api
