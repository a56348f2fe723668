// Logins by token, and what is done with tokens.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/security/server/security_server.h"

namespace adbms::security::server {
namespace {

constexpr absl::Duration kBetweenInvalid = absl::Seconds(1);

std::string SqlStateOf(const absl::Status& status) {
  return status.ok() ? "00000" : status::FromStatus(status).sqlstate;
}

// Of a name that the caller gives, what a name can have.
std::string Shortened(const std::string& name) { return name.substr(0, 64); }

}  // namespace

void SecurityServer::RecordInvalid(const std::string& role, const std::string& peer) {
  uint64_t before = 0;
  if (role.empty()) {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = absl::Now();
    if (now < invalid_recorded_ + kBetweenInvalid) {
      ++invalid_unrecorded_;
      return;
    }
    invalid_recorded_ = now;
    before = std::exchange(invalid_unrecorded_, 0);
  }
  Record("login_failed", role, peer, std::string(status::sqlstate::kInvalidAuthorization),
         before == 0 ? "TOKEN" : absl::StrCat("TOKEN, and ", before, " more since the last one"));
}

absl::StatusOr<security::v1::AuthenticateTokenResponse> SecurityServer::AuthenticateToken(
    const rpc::CallContext& context, const security::v1::AuthenticateTokenRequest& request) {
  std::string role;
  auto token = tokens_.Find(context, request.token(), absl::Now(), &role);
  if (!token.ok()) {
    // A text that nobody can guess needs no throttle: it would slow the role's own logins.
    if (status::HasSqlState(token.status(), status::sqlstate::kInvalidAuthorization))
      RecordInvalid(role, request.peer());
    return token.status();
  }
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  const auto found = roles->roles.find(token->role());
  if (found == roles->roles.end() || !found->second.can_login) {
    RecordInvalid(token->role(), request.peer());
    return status::Error(status::sqlstate::kInvalidAuthorization,
                         absl::StrCat("role \"", token->role(), "\" ",
                                      found == roles->roles.end() ? "does not exist"
                                                                  : "is not permitted to log in"));
  }
  security::v1::AuthenticateTokenResponse response;
  ASSIGN_OR_RETURN(*response.mutable_policy(), PolicyOf(context, token->role()));
  if (!request.again()) {
    Record("login", token->role(), request.peer(), "00000", absl::StrCat("TOKEN ", token->id()));
  }
  *response.mutable_token() = *std::move(token);
  return response;
}

absl::StatusOr<security::v1::IssueTokenResponse> SecurityServer::IssueToken(
    const rpc::CallContext& context, const security::v1::IssueTokenRequest& request) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  auto issued = tokens_.Issue(context, *roles, request, absl::Now());
  const security::v1::TokenScope& scope = request.scope();
  Record(
      "token", request.user(), request.peer(), SqlStateOf(issued.status()),
      absl::StrCat("ISSUE TOKEN ", issued.ok() ? issued->token().id() : "", " FOR ",
                   Shortened(request.role().empty() ? request.user() : request.role()),
                   scope.read_only() ? " READ ONLY" : "",
                   scope.database().empty() ? "" : " IN DATABASE ", Shortened(scope.database())));
  return issued;
}

absl::StatusOr<security::v1::ListTokensResponse> SecurityServer::ListTokens(
    const rpc::CallContext& context, const security::v1::ListTokensRequest& request) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  const auto found = roles->roles.find(request.user());
  const bool all = found != roles->roles.end() && found->second.superuser;
  ASSIGN_OR_RETURN(std::vector<security::v1::Token> tokens,
                   tokens_.List(context, all ? "" : request.user()));
  security::v1::ListTokensResponse response;
  for (security::v1::Token& token : tokens) *response.add_tokens() = std::move(token);
  return response;
}

absl::StatusOr<security::v1::RevokeTokenResponse> SecurityServer::RevokeToken(
    const rpc::CallContext& context, const security::v1::RevokeTokenRequest& request) {
  ASSIGN_OR_RETURN(const authz::RolesPtr roles, roles_.Get(context));
  const absl::Status revoked = tokens_.Revoke(context, *roles, request, absl::Now());
  Record("token", request.user(), request.peer(), SqlStateOf(revoked),
         absl::StrCat("REVOKE TOKEN ", Shortened(request.id())));
  RETURN_IF_ERROR(revoked);
  return security::v1::RevokeTokenResponse();
}

}  // namespace adbms::security::server
