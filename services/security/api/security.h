// Who are you, may you, what happened. Implementations: services/security (direct calls) and
// SecurityClient (gRPC). Thread-safe. Errors are those that the proto states.
#pragma once

#include "absl/status/statusor.h"
#include "adbms/security/v1/security.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::security::api {

class Security {
 public:
  virtual ~Security() = default;
  virtual absl::StatusOr<security::v1::StartScramResponse> StartScram(
      const rpc::CallContext& context, const security::v1::StartScramRequest& request) = 0;
  virtual absl::StatusOr<security::v1::FinishScramResponse> FinishScram(
      const rpc::CallContext& context, const security::v1::FinishScramRequest& request) = 0;
  virtual absl::StatusOr<security::v1::AuthenticateResponse> Authenticate(
      const rpc::CallContext& context, const security::v1::AuthenticateRequest& request) = 0;
  virtual absl::StatusOr<security::v1::GetPolicyResponse> GetPolicy(
      const rpc::CallContext& context, const security::v1::GetPolicyRequest& request) = 0;
  virtual absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      const rpc::CallContext& context, const security::v1::ChangeRolesRequest& request) = 0;
  virtual absl::StatusOr<security::v1::ReportAuditResponse> ReportAudit(
      const rpc::CallContext& context, const security::v1::ReportAuditRequest& request) = 0;
};

}  // namespace adbms::security::api
