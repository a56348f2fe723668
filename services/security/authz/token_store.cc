#include "services/security/authz/token_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::security::authz {
namespace {

using security::v1::Token;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;
constexpr absl::Duration kShortest = absl::Seconds(1);
constexpr absl::Duration kLongest = absl::Hours(24 * 3653);
constexpr size_t kLongestId = 64;
// How long one that has expired is still listed.
constexpr absl::Duration kListed = absl::Hours(24 * 30);
constexpr char kColumns[] =
    "id, role, digest, read_only, database, issued, expires, revoked, issuer";

Value TimeValue(absl::Time time) {
  return Value::Int(types::TypeId::kTimestamptz, absl::ToUnixMicros(time) - kPostgresEpochUs);
}

int64_t UnixMicros(const Value& time) {
  return time.is_null() ? 0 : time.int_value() + kPostgresEpochUs;
}

Token TokenOf(const std::vector<Value>& row) {
  Token token;
  token.set_id(std::string(row[0].bytes()));
  token.set_role(std::string(row[1].bytes()));
  token.mutable_scope()->set_read_only(row[3].bool_value());
  token.mutable_scope()->set_database(std::string(row[4].bytes()));
  token.set_issued_us(UnixMicros(row[5]));
  token.set_expires_us(UnixMicros(row[6]));
  token.set_revoked_us(UnixMicros(row[7]));
  token.set_issuer(std::string(row[8].bytes()));
  return token;
}

absl::Status Invalid(absl::string_view what) {
  return status::Error(status::sqlstate::kInvalidAuthorization, absl::StrCat("the token ", what),
                       "", "Ask for another one: adbms users token issue.");
}

absl::Status NoSuchToken(const std::string& id) {
  return status::Error(status::sqlstate::kUndefinedObject,
                       absl::StrCat("token \"", id, "\" does not exist"));
}

bool IsSuperuser(const Roles& roles, const std::string& name) {
  const auto found = roles.roles.find(name);
  return found != roles.roles.end() && found->second.superuser;
}

}  // namespace

absl::StatusOr<Token> TokenStore::Find(const rpc::CallContext& context, const std::string& text,
                                       absl::Time now, std::string* role) {
  const auto read = authn::ParseToken(text, cluster_secret_);
  if (!read.has_value()) return Invalid("was not issued here");
  ASSIGN_OR_RETURN(
      const auto found,
      sql_->Run(context, absl::StrCat("SELECT ", kColumns, " FROM adbms.tokens WHERE id = $1"),
                {Value::Text(read->id)}));
  if (found.rows.empty()) return Invalid("is not known any more");
  Token token = TokenOf(found.rows[0]);
  *role = token.role();
  if (!authn::SameDigest(read->digest, std::string(found.rows[0][2].bytes())))
    return Invalid("was not issued here");
  if (token.revoked_us() != 0) return Invalid("was revoked");
  if (token.expires_us() <= absl::ToUnixMicros(now)) return Invalid("has expired");
  return token;
}

absl::Status TokenStore::CheckDatabase(const rpc::CallContext& context,
                                       const std::string& database) {
  if (database.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto system, storage_->GetCatalog(context, 0));
  if (system == nullptr) return absl::InternalError("storage gave no catalog");
  for (const common::v1::DatabaseDescriptor& one : system->databases()) {
    if (one.name() == database) return absl::OkStatus();
  }
  return status::Error(status::sqlstate::kInvalidCatalogName,
                       absl::StrCat("database \"", database, "\" does not exist"));
}

absl::Status TokenStore::CheckRoom(const rpc::CallContext& context, const std::string& role,
                                   absl::Time now) {
  RETURN_IF_ERROR(
      sql_->Run(context, "DELETE FROM adbms.tokens WHERE expires < $1", {TimeValue(now - kListed)})
          .status());
  ASSIGN_OR_RETURN(const auto held,
                   sql_->Run(context,
                             "SELECT count(*) FROM adbms.tokens WHERE role = $1 AND expires > $2 "
                             "AND revoked IS NULL",
                             {Value::Text(role), TimeValue(now)}));
  if (held.rows[0][0].int_value() < kMostOfARole) return absl::OkStatus();
  return status::Error(status::sqlstate::kConfigurationLimit,
                       absl::StrCat("role \"", role, "\" has ", kMostOfARole, " tokens already"),
                       "", "Revoke those that are not needed any more.");
}

absl::StatusOr<security::v1::IssueTokenResponse> TokenStore::Issue(
    const rpc::CallContext& context, const Roles& roles,
    const security::v1::IssueTokenRequest& request, absl::Time now) {
  const std::string& role = request.role().empty() ? request.user() : request.role();
  if (role != request.user() && !IsSuperuser(roles, request.user())) {
    return status::Error(status::sqlstate::kInsufficientPrivilege,
                         "must be superuser to issue tokens for other roles");
  }
  const auto found = roles.roles.find(role);
  if (found == roles.roles.end()) {
    return status::Error(status::sqlstate::kUndefinedObject,
                         absl::StrCat("role \"", role, "\" does not exist"));
  }
  if (!found->second.can_login) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         absl::StrCat("role \"", role, "\" is not permitted to log in"));
  }
  const absl::Duration ttl = absl::Milliseconds(request.ttl_ms());
  if (ttl < kShortest || ttl > kLongest) {
    return status::Error(status::sqlstate::kInvalidParameterValue,
                         "a token holds for 1 second to 10 years");
  }
  RETURN_IF_ERROR(CheckDatabase(context, request.scope().database()));
  RETURN_IF_ERROR(CheckRoom(context, role, now));
  ASSIGN_OR_RETURN(const authn::NewToken made, authn::MakeToken(cluster_secret_));
  security::v1::IssueTokenResponse response;
  response.set_secret(made.text);
  Token* const token = response.mutable_token();
  token->set_id(made.read.id);
  token->set_role(role);
  *token->mutable_scope() = request.scope();
  token->set_issued_us(absl::ToUnixMicros(now));
  token->set_expires_us(absl::ToUnixMicros(now + ttl));
  token->set_issuer(request.user());
  RETURN_IF_ERROR(
      sql_->Run(context,
                absl::StrCat("INSERT INTO adbms.tokens (", kColumns,
                             ") VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)"),
                {Value::Text(made.read.id), Value::Text(role), Value::Text(made.read.digest),
                 Value::Bool(request.scope().read_only()), Value::Text(request.scope().database()),
                 TimeValue(now), TimeValue(now + ttl), Value::Text(request.user())})
          .status());
  return response;
}

absl::StatusOr<std::vector<Token>> TokenStore::List(const rpc::CallContext& context,
                                                    const std::string& role) {
  ASSIGN_OR_RETURN(
      const auto found,
      sql_->Run(context,
                absl::StrCat("SELECT ", kColumns, " FROM adbms.tokens WHERE $1 = '' OR role = $1"),
                {Value::Text(role)}));
  std::vector<Token> tokens;
  tokens.reserve(found.rows.size());
  for (const auto& row : found.rows) tokens.push_back(TokenOf(row));
  std::sort(tokens.begin(), tokens.end(), [](const Token& a, const Token& b) {
    return std::pair(a.issued_us(), a.id()) < std::pair(b.issued_us(), b.id());
  });
  return tokens;
}

absl::Status TokenStore::Revoke(const rpc::CallContext& context, const Roles& roles,
                                const security::v1::RevokeTokenRequest& request, absl::Time now) {
  if (request.id().size() > kLongestId) return NoSuchToken(request.id().substr(0, kLongestId));
  ASSIGN_OR_RETURN(const auto found,
                   sql_->Run(context, "SELECT role, revoked FROM adbms.tokens WHERE id = $1",
                             {Value::Text(request.id())}));
  const bool all = IsSuperuser(roles, request.user());
  // Whose tokens there are is nobody else's business.
  if (found.rows.empty() || (!all && std::string(found.rows[0][0].bytes()) != request.user())) {
    return NoSuchToken(request.id());
  }
  if (!found.rows[0][1].is_null()) return absl::OkStatus();
  return sql_
      ->Run(context, "UPDATE adbms.tokens SET revoked = $2 WHERE id = $1",
            {Value::Text(request.id()), TimeValue(now)})
      .status();
}

}  // namespace adbms::security::authz
