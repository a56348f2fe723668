// SQL with sessions, as SDKs and other programs reach it over gRPC. The client is NewGatewayClient
// (gateway_grpc.h); what serves it is gateway/grpc, on the same sessions as the PostgreSQL
// protocol. Thread-safe; statements of one session run one after another. Errors carry their
// SQLSTATE.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/gateway/v1/gateway.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::gateway::api {

class Gateway {
 public:
  // Takes the next part of a result. An error of its own stops the statement.
  using Parts = std::function<absl::Status(const gateway::v1::ExecuteResponse&)>;

  virtual ~Gateway() = default;
  // Errors: UNAUTHENTICATED, RESOURCE_EXHAUSTED (53300), 3D000.
  virtual absl::StatusOr<gateway::v1::OpenSessionResponse> OpenSession(
      const rpc::CallContext& context, const gateway::v1::OpenSessionRequest& request) = 0;
  // Rolls back. Errors: NOT_FOUND.
  virtual absl::StatusOr<gateway::v1::CloseSessionResponse> CloseSession(
      const rpc::CallContext& context, const gateway::v1::CloseSessionRequest& request) = 0;
  // Hands over headers, pages and completions in order, while the statement runs: who takes slowly
  // slows the scan. Without a deadline in the context it may take any time. Errors: the
  // statement's, NOT_FOUND for the session, those of `parts`.
  virtual absl::Status Execute(const rpc::CallContext& context,
                               const gateway::v1::ExecuteRequest& request, const Parts& parts) = 0;
  // Tokens. Errors: UNAUTHENTICATED (28000) for who uses one itself, 42501, 42704, 3D000, 22023.
  virtual absl::StatusOr<gateway::v1::IssueTokenResponse> IssueToken(
      const rpc::CallContext& context, const gateway::v1::IssueTokenRequest& request) = 0;
  virtual absl::StatusOr<gateway::v1::ListTokensResponse> ListTokens(
      const rpc::CallContext& context, const gateway::v1::ListTokensRequest& request) = 0;
  virtual absl::StatusOr<gateway::v1::RevokeTokenResponse> RevokeToken(
      const rpc::CallContext& context, const gateway::v1::RevokeTokenRequest& request) = 0;
  virtual absl::StatusOr<gateway::v1::GetStatusResponse> GetStatus(
      const rpc::CallContext& context, const gateway::v1::GetStatusRequest& request) = 0;
};

}  // namespace adbms::gateway::api
