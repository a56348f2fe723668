// Tokens of roles: rows in adbms.tokens, read anew each time, so that what one copy of the service
// has revoked holds nowhere. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adbms/security/v1/token.pb.h"
#include "services/security/authn/token.h"
#include "services/security/authz/roles.h"
#include "services/storage/api/sql_client.h"

namespace adbms::security::authz {

class TokenStore {
 public:
  // Of one role, that hold.
  static constexpr int64_t kMostOfARole = 1000;

  // All must outlive this. `cluster_secret` marks what is issued.
  TokenStore(storage::api::SqlClient* sql, storage::api::Storage* storage,
             std::string cluster_secret)
      : sql_(sql), storage_(storage), cluster_secret_(std::move(cluster_secret)) {}

  // The token of this text that holds at `now`. Errors: UNAUTHENTICATED (28000) and storage's;
  // `*role` is whose it is, where that is known.
  absl::StatusOr<security::v1::Token> Find(const rpc::CallContext& context, const std::string& text,
                                           absl::Time now, std::string* role);
  // Errors: as the contract of IssueToken.
  absl::StatusOr<security::v1::IssueTokenResponse> Issue(
      const rpc::CallContext& context, const Roles& roles,
      const security::v1::IssueTokenRequest& request, absl::Time now);
  // Those of `role`; empty: all.
  absl::StatusOr<std::vector<security::v1::Token>> List(const rpc::CallContext& context,
                                                        const std::string& role);
  // Errors: 42704, 42501.
  absl::Status Revoke(const rpc::CallContext& context, const Roles& roles,
                      const security::v1::RevokeTokenRequest& request, absl::Time now);

 private:
  absl::Status CheckDatabase(const rpc::CallContext& context, const std::string& database);
  absl::Status CheckRoom(const rpc::CallContext& context, const std::string& role, absl::Time now);

  storage::api::SqlClient* const sql_;
  storage::api::Storage* const storage_;
  const std::string cluster_secret_;
};

}  // namespace adbms::security::authz
