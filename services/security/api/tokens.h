// Tokens of roles. Implementations: services/security (direct calls) and the gRPC client
// (tokens_grpc.h). Thread-safe. Errors are those that the proto states.
#pragma once

#include "absl/status/statusor.h"
#include "adbms/security/v1/token.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::security::api {

class Tokens {
 public:
  virtual ~Tokens() = default;
  virtual absl::StatusOr<security::v1::AuthenticateTokenResponse> AuthenticateToken(
      const rpc::CallContext& context, const security::v1::AuthenticateTokenRequest& request) = 0;
  virtual absl::StatusOr<security::v1::IssueTokenResponse> IssueToken(
      const rpc::CallContext& context, const security::v1::IssueTokenRequest& request) = 0;
  virtual absl::StatusOr<security::v1::ListTokensResponse> ListTokens(
      const rpc::CallContext& context, const security::v1::ListTokensRequest& request) = 0;
  virtual absl::StatusOr<security::v1::RevokeTokenResponse> RevokeToken(
      const rpc::CallContext& context, const security::v1::RevokeTokenRequest& request) = 0;
};

}  // namespace adbms::security::api
