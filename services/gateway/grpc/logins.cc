// Who calls: passwords and tokens, and what is done with tokens.
#include <utility>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/gateway_service.h"

namespace adbms::gateway::grpc_front {
namespace {

// How long a token is believed in that has been looked at.
constexpr absl::Duration kBelieved = absl::Seconds(1);

rpc::CallContext ContextOf(const std::string& user) {
  rpc::CallContext context;
  context.user = user;
  return context;
}

void FillToken(const security::v1::Token& token, v1::Token* out) {
  out->set_id(token.id());
  out->set_role(token.role());
  out->set_read_only(token.scope().read_only());
  out->set_database(token.scope().database());
  out->set_issued_us(token.issued_us());
  out->set_expires_us(token.expires_us());
  out->set_revoked_us(token.revoked_us());
  out->set_issuer(token.issuer());
}

}  // namespace

absl::StatusOr<GatewayServiceImpl::Login> GatewayServiceImpl::Authenticate(
    const ::grpc::ServerContextBase& server) {
  Login login;
  const std::string token = rpc::BearerToken(server);
  if (!token.empty()) {
    security::v1::AuthenticateTokenRequest request;
    request.set_token(token);
    request.set_peer(server.peer());
    ASSIGN_OR_RETURN(auto response, options_.tokens->AuthenticateToken(ContextOf(""), request));
    login.policy = std::move(*response.mutable_policy());
    login.token = std::move(*response.mutable_token());
    return login;
  }
  security::v1::AuthenticateRequest request;
  if (!rpc::BasicCredentials(server, request.mutable_user(), request.mutable_password())) {
    return status::Error(status::sqlstate::kInvalidAuthorization, "no credentials given", "",
                         "Send metadata authorization: Basic base64(user:password), or Bearer and "
                         "a token.");
  }
  request.set_peer(server.peer());
  ASSIGN_OR_RETURN(auto response,
                   services_.security->Authenticate(ContextOf(request.user()), request));
  login.policy = std::move(*response.mutable_policy());
  return login;
}

absl::StatusOr<GatewayServiceImpl::Login> GatewayServiceImpl::AuthenticateByPassword(
    const ::grpc::ServerContextBase& server) {
  ASSIGN_OR_RETURN(Login login, Authenticate(server));
  if (!login.token.has_value()) return login;
  return status::Error(status::sqlstate::kInvalidAuthorization,
                       "a token does not issue, list or revoke tokens", "",
                       "Use the role's password.");
}

absl::Status GatewayServiceImpl::CheckToken(const ::grpc::ServerContextBase& server,
                                            const std::shared_ptr<HeldSession>& held) {
  const absl::Time now = absl::Now();
  const absl::Time expires = held->identity().expires;
  if (expires == absl::InfiniteFuture() || (now < expires && !held->Doubt(now, kBelieved)))
    return absl::OkStatus();
  security::v1::AuthenticateTokenRequest request;
  request.set_token(rpc::BearerToken(server));
  request.set_peer(server.peer());
  request.set_again(true);
  const absl::Status holds =
      options_.tokens->AuthenticateToken(ContextOf(held->identity().user), request).status();
  // While security is away the role's lease says how long the session goes on.
  if (holds.ok() ||
      (!status::HasSqlState(holds, status::sqlstate::kInvalidAuthorization) && now < expires)) {
    return absl::OkStatus();
  }
  held->Close();
  sessions_.Remove(held->identity().id, held->identity().credentials);
  return holds;
}

::grpc::Status GatewayServiceImpl::IssueToken(::grpc::ServerContext* server,
                                              const v1::IssueTokenRequest* request,
                                              v1::IssueTokenResponse* response) {
  const absl::Time start = absl::Now();
  const auto issue = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Login login, AuthenticateByPassword(*server));
    security::v1::IssueTokenRequest wanted;
    wanted.set_user(login.policy.role());
    wanted.set_role(request->role());
    wanted.mutable_scope()->set_read_only(request->read_only());
    wanted.mutable_scope()->set_database(request->database());
    wanted.set_ttl_ms(request->ttl_ms());
    wanted.set_peer(server->peer());
    ASSIGN_OR_RETURN(auto issued, options_.tokens->IssueToken(ContextOf(wanted.user()), wanted));
    response->set_secret(std::move(*issued.mutable_secret()));
    FillToken(issued.token(), response->mutable_token());
    return absl::OkStatus();
  };
  return Answer("IssueToken", start, issue(), v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

::grpc::Status GatewayServiceImpl::ListTokens(::grpc::ServerContext* server,
                                              const v1::ListTokensRequest*,
                                              v1::ListTokensResponse* response) {
  const absl::Time start = absl::Now();
  const auto list = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Login login, AuthenticateByPassword(*server));
    security::v1::ListTokensRequest wanted;
    wanted.set_user(login.policy.role());
    ASSIGN_OR_RETURN(const auto listed,
                     options_.tokens->ListTokens(ContextOf(wanted.user()), wanted));
    for (const security::v1::Token& token : listed.tokens())
      FillToken(token, response->add_tokens());
    return absl::OkStatus();
  };
  return Answer("ListTokens", start, list(), v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

::grpc::Status GatewayServiceImpl::RevokeToken(::grpc::ServerContext* server,
                                               const v1::RevokeTokenRequest* request,
                                               v1::RevokeTokenResponse*) {
  const absl::Time start = absl::Now();
  const auto revoke = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Login login, AuthenticateByPassword(*server));
    security::v1::RevokeTokenRequest wanted;
    wanted.set_user(login.policy.role());
    wanted.set_id(request->id());
    wanted.set_peer(server->peer());
    return options_.tokens->RevokeToken(ContextOf(wanted.user()), wanted).status();
  };
  return Answer("RevokeToken", start, revoke(), v1::TRANSACTION_STATUS_UNSPECIFIED, server);
}

}  // namespace adbms::gateway::grpc_front
