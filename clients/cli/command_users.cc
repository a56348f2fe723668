// adbms users token: tokens for gRPC clients.
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/durations.h"
#include "clients/cli/server_access.h"
#include "clients/terminal/text_table.h"
#include "common/status/macros.h"

namespace adbms::clients::cli {
namespace {

using gateway::v1::Token;

constexpr char kUsage[] =
    "usage: adbms users token issue ROLE [--scope full|read-only|database=NAME]… [--ttl TIME]\n"
    "       adbms users token list\n"
    "       adbms users token revoke ID";

// `full`, `read-only`, `database=NAME`; the latter two go together.
absl::Status ReadScope(const std::vector<std::string>& scopes,
                       gateway::v1::IssueTokenRequest* request) {
  const std::string database = "database=";
  for (const std::string& scope : scopes) {
    if (scope == "read-only") {
      request->set_read_only(true);
    } else if (scope.rfind(database, 0) == 0 && scope.size() > database.size()) {
      request->set_database(scope.substr(database.size()));
    } else if (scope != "full") {
      return absl::InvalidArgumentError(
          absl::StrCat("--scope: \"", scope, "\" is not full, read-only or database=NAME"));
    }
  }
  return absl::OkStatus();
}

std::string ScopeText(const Token& token) {
  std::vector<std::string> words;
  if (token.read_only()) words.push_back("read-only");
  if (!token.database().empty()) words.push_back(absl::StrCat("database=", token.database()));
  return words.empty() ? "full" : absl::StrJoin(words, " ");
}

std::string TimeText(int64_t unix_us) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(unix_us), absl::UTCTimeZone());
}

absl::Status Issue(const Arguments& arguments) {
  gateway::v1::IssueTokenRequest request;
  request.set_role(arguments.positional[1]);
  RETURN_IF_ERROR(ReadScope(arguments.All("--scope"), &request));
  ASSIGN_OR_RETURN(const absl::Duration ttl, ReadDuration("--ttl", arguments.Get("--ttl", "30d")));
  request.set_ttl_ms(absl::ToInt64Milliseconds(ttl));
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto issued = server.Gateway()->IssueToken(server.Context(), request);
  RETURN_IF_ERROR(server.Explain(issued.status()));
  const Token& token = issued->token();
  // The token alone on standard output: for a variable, or a file.
  std::cerr << "token " << token.id() << " of " << token.role() << ", " << ScopeText(token)
            << ", until " << TimeText(token.expires_us()) << " UTC; it is shown this once\n";
  std::cout << issued->secret() << std::endl;
  return absl::OkStatus();
}

absl::Status List(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  const auto listed = server.Gateway()->ListTokens(server.Context(), {});
  RETURN_IF_ERROR(server.Explain(listed.status()));
  terminal::TextTable table(
      {{"id"}, {"role"}, {"scope"}, {"issued (UTC)"}, {"expires (UTC)"}, {"issuer"}, {"state"}});
  for (const Token& token : listed->tokens()) {
    const bool expired = token.expires_us() <= absl::ToUnixMicros(absl::Now());
    table.Add({token.id(), token.role(), ScopeText(token), TimeText(token.issued_us()),
               TimeText(token.expires_us()), token.issuer(),
               token.revoked_us() != 0 ? absl::StrCat("revoked ", TimeText(token.revoked_us()))
               : expired               ? "expired"
                                       : "valid"});
  }
  std::cout << table.ToString();
  return absl::OkStatus();
}

absl::Status Revoke(const Arguments& arguments) {
  gateway::v1::RevokeTokenRequest request;
  request.set_id(arguments.positional[1]);
  ASSIGN_OR_RETURN(const ServerAccess server, ServerAccess::From(arguments));
  RETURN_IF_ERROR(
      server.Explain(server.Gateway()->RevokeToken(server.Context(), request).status()));
  std::cout << "token " << request.id() << " is revoked\n";
  return absl::OkStatus();
}

absl::Status Tokens(const Arguments& arguments) {
  const std::string& what = arguments.positional[0];
  const size_t words = arguments.positional.size();
  if (what == "issue" && words == 2) return Issue(arguments);
  if (what == "list" && words == 1) return List(arguments);
  if (what == "revoke" && words == 2) return Revoke(arguments);
  return absl::InvalidArgumentError(kUsage);
}

}  // namespace

void AddUserCommands(std::vector<Command>* commands) {
  Command token;
  token.name = "users token";
  token.positional = "issue ROLE | list | revoke ID";
  token.summary = "tokens by which programs log in over gRPC in place of a password";
  token.details =
      "issue prints the token, which is kept nowhere: one's own, as a superuser anybody's. It\n"
      "goes with calls as `authorization: Bearer`. list shows one's own, to superusers all.\n"
      "revoke ends one at once.";
  token.flags = {{"--scope", "SCOPE", "full (default), read-only, database=NAME", true},
                 {"--ttl", "TIME", "how long it holds: 30s, 15m, 24h, 90d (30d)"}};
  token.minimum_positional = 1;
  token.maximum_positional = 2;
  token.run = Tokens;
  commands->push_back(std::move(token));
}

}  // namespace adbms::clients::cli
