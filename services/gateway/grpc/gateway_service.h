// The gRPC front: GatewayService on the same sessions as the PostgreSQL protocol. Decodes, runs,
// encodes; who calls, which session, and whether a call is one that was sent before is decided
// here. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "adbms/gateway/v1/gateway.grpc.pb.h"
#include "common/rpc/grpc/access.h"
#include "services/gateway/grpc/call_watcher.h"
#include "services/gateway/grpc/outcomes.h"
#include "services/gateway/grpc/read_only_services.h"
#include "services/gateway/grpc/session_table.h"
#include "services/gateway/session/session.h"
#include "services/security/api/tokens.h"

namespace adbms::gateway::grpc_front {

struct FrontOptions {
  telemetry::ServiceMetrics* metrics = nullptr;  // Not owned; null: calls are not counted.
  size_t max_sessions = 1000;
  absl::Duration idle_timeout = absl::Minutes(10);
  security::api::Tokens* tokens = nullptr;  // Not owned.
  // What GetStatus says besides the sessions of this front.
  std::function<void(gateway::v1::GetStatusResponse*)> status;
};

class GatewayServiceImpl final : public gateway::v1::GatewayService::Service {
 public:
  // `services` must outlive this.
  GatewayServiceImpl(const session::Services& services, FrontOptions options);

  ::grpc::Status OpenSession(::grpc::ServerContext* server, const v1::OpenSessionRequest* request,
                             v1::OpenSessionResponse* response) override;
  ::grpc::Status CloseSession(::grpc::ServerContext* server, const v1::CloseSessionRequest* request,
                              v1::CloseSessionResponse* response) override;
  ::grpc::Status KeepAlive(::grpc::ServerContext* server, const v1::KeepAliveRequest* request,
                           v1::KeepAliveResponse* response) override;
  ::grpc::Status Prepare(::grpc::ServerContext* server, const v1::PrepareRequest* request,
                         v1::PrepareResponse* response) override;
  ::grpc::Status Describe(::grpc::ServerContext* server, const v1::DescribeRequest* request,
                          v1::DescribeResponse* response) override;
  ::grpc::Status ClosePrepared(::grpc::ServerContext* server,
                               const v1::ClosePreparedRequest* request,
                               v1::ClosePreparedResponse* response) override;
  ::grpc::Status Execute(::grpc::ServerContext* server, const v1::ExecuteRequest* request,
                         ::grpc::ServerWriter<v1::ExecuteResponse>* writer) override;
  ::grpc::Status Fetch(::grpc::ServerContext* server, const v1::FetchRequest* request,
                       ::grpc::ServerWriter<v1::ExecuteResponse>* writer) override;
  ::grpc::Status ClosePortal(::grpc::ServerContext* server, const v1::ClosePortalRequest* request,
                             v1::ClosePortalResponse* response) override;
  ::grpc::Status ExecuteBatch(::grpc::ServerContext* server, const v1::ExecuteBatchRequest* request,
                              v1::ExecuteBatchResponse* response) override;
  ::grpc::Status BulkInsert(::grpc::ServerContext* server,
                            ::grpc::ServerReader<v1::BulkInsertRequest>* reader,
                            v1::BulkInsertResponse* response) override;
  ::grpc::Status Begin(::grpc::ServerContext* server, const v1::BeginRequest* request,
                       v1::BeginResponse* response) override;
  ::grpc::Status Commit(::grpc::ServerContext* server, const v1::CommitRequest* request,
                        v1::CommitResponse* response) override;
  ::grpc::Status Rollback(::grpc::ServerContext* server, const v1::RollbackRequest* request,
                          v1::RollbackResponse* response) override;
  ::grpc::Status Cancel(::grpc::ServerContext* server, const v1::CancelRequest* request,
                        v1::CancelResponse* response) override;
  ::grpc::Status IssueToken(::grpc::ServerContext* server, const v1::IssueTokenRequest* request,
                            v1::IssueTokenResponse* response) override;
  ::grpc::Status ListTokens(::grpc::ServerContext* server, const v1::ListTokensRequest* request,
                            v1::ListTokensResponse* response) override;
  ::grpc::Status RevokeToken(::grpc::ServerContext* server, const v1::RevokeTokenRequest* request,
                             v1::RevokeTokenResponse* response) override;
  ::grpc::Status GetStatus(::grpc::ServerContext* server, const v1::GetStatusRequest* request,
                           v1::GetStatusResponse* response) override;

  // Who calls, for the other services of the front. Errors: 28000, 28P01.
  absl::StatusOr<rpc::User> UserOf(const ::grpc::ServerContextBase& server);

 private:
  // A session while a call has it.
  class Turn;
  using Run = std::function<absl::Status(Turn& turn)>;

  // Ends a call: counts it and converts its outcome.
  ::grpc::Status Answer(const char* method, absl::Time start, const absl::Status& status,
                        v1::TransactionStatus transaction, ::grpc::ServerContext* server);
  // Who has logged in, and by what.
  struct Login {
    security::v1::Policy policy;
    std::optional<security::v1::Token> token;  // Nothing: by a password.
  };
  absl::StatusOr<Login> Authenticate(const ::grpc::ServerContextBase& server);
  // Of a caller who is no token's bearer. Errors: 28000.
  absl::StatusOr<Login> AuthenticateByPassword(const ::grpc::ServerContextBase& server);
  // Whether the token that has opened the session still holds, looked at once a second. Errors:
  // 28000; the session has ended then.
  absl::Status CheckToken(const ::grpc::ServerContextBase& server,
                          const std::shared_ptr<HeldSession>& held);
  absl::StatusOr<std::unique_ptr<session::Session>> NewSession(
      Login login, const std::string& database, const std::string& peer,
      const google::protobuf::Map<std::string, std::string>& settings);
  absl::Status OpenHeld(::grpc::ServerContext* server, const v1::OpenSessionRequest& request,
                        v1::OpenSessionResponse* response);
  // Errors: 28000, 28P01; 08003 when the session is not the caller's.
  absl::StatusOr<std::shared_ptr<HeldSession>> SessionOf(const ::grpc::ServerContextBase& server,
                                                         const std::string& id);
  // Runs in the session, or, where `id` is empty and `database` is not null, in one of its own.
  ::grpc::Status InSession(const char* method, ::grpc::ServerContext* server, const std::string& id,
                           const std::string* database, const Run& run);
  absl::Status Enter(const std::string& id, const std::string* database, Turn* turn);
  // The same call for the second time has its first answer. `run` fills the response.
  template <typename Response>
  absl::Status Once(const v1::Idempotency& idempotency, uint64_t fingerprint, Turn& turn,
                    Response* response, const std::function<absl::Status()>& run);
  absl::Status Stream(const v1::ExecuteRequest& request, Turn& turn,
                      ::grpc::ServerWriter<v1::ExecuteResponse>* writer);
  absl::Status Insert(const v1::BulkInsertTarget& target, v1::BulkInsertRequest* first, Turn& turn,
                      ::grpc::ServerReader<v1::BulkInsertRequest>* reader,
                      v1::BulkInsertResponse* response);

  const session::Services& services_;
  const ReadOnlyServices read_only_services_;
  const FrontOptions options_;
  SessionTable sessions_;
  Outcomes outcomes_;
  CallWatcher watcher_;
};

}  // namespace adbms::gateway::grpc_front
