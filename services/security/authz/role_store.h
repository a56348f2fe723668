// Roles, memberships, grants and the settings that sessions begin with: rows in adbms.roles,
// adbms.role_members, adbms.grants and adbms.role_settings. Cached with a version; every change
// goes through storage first. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/security/v1/security.pb.h"
#include "services/storage/api/sql_client.h"

namespace adbms::security::authz {

struct Role {
  bool superuser = false;
  bool can_login = false;
  bool create_role = false;
  bool create_db = false;
  bool bypasses = false;  // BYPASSRLS
  bool inherits = true;   // Has the rights of the roles that it is a member of.
  std::string verifier;   // Empty: no password.
  // Until when the password holds; microseconds since 2000-01-01 UTC, INT64_MAX: for ever.
  int64_t valid_until_us = INT64_MAX;
};

// The value of a setting that is kept.
struct KeptValue {
  std::string value;
  int64_t position = 0;  // Among those of the same role and database: in the order of their coming.
};

// One version of everything. Immutable.
struct Roles {
  uint64_t version = 0;
  std::map<std::string, Role> roles;
  std::map<std::string, std::set<std::string>> member_of;
  // (grantee, object); "" is PUBLIC. A column's number is above the 32 bits of its table's.
  std::map<std::pair<std::string, uint64_t>, std::set<int>> grants;
  // What sessions begin with: (role, database), "" for all; by name.
  std::map<std::pair<std::string, std::string>, std::map<std::string, KeptValue>> settings;

  // What others get on what a role makes.
  struct DefaultGrant {
    std::string maker;
    uint32_t schema_id = 0;
    std::string kind;
    std::string grantee;
    int privilege = 0;
    auto operator<=>(const DefaultGrant&) const = default;
  };
  std::set<DefaultGrant> default_grants;

  // What a role may do. REQUIRES: the role exists.
  security::v1::Policy PolicyOf(const std::string& role) const;
};
using RolesPtr = std::shared_ptr<const Roles>;

class RoleStore {
 public:
  // Both must outlive this.
  RoleStore(storage::api::SqlClient* sql, storage::api::Storage* storage)
      : sql_(sql), storage_(storage) {}

  // Makes the tables, the role adbms_monitor and, in an empty database, the superuser. Errors:
  // storage's.
  absl::Status Bootstrap(const rpc::CallContext& context, const std::string& superuser,
                         const std::string& verifier);
  // The current version; read from storage at first use, after changes, and when another copy of
  // the service changed it.
  absl::StatusOr<RolesPtr> Get(const rpc::CallContext& context);
  // Errors: PostgreSQL's, with SQLSTATE.
  absl::StatusOr<security::v1::ChangeRolesResponse> Change(
      const rpc::CallContext& context, const security::v1::ChangeRolesRequest& request);

 private:
  absl::StatusOr<RolesPtr> Load(const rpc::CallContext& context);
  absl::Status AddSuperuser(const rpc::CallContext& context, const std::string& superuser,
                            const std::string& verifier);
  absl::Status AddMonitorRole(const rpc::CallContext& context);
  // Objects know their owners by name: neither may a role go that has some, nor one come that would
  // find some. Errors: 2BP01.
  absl::Status CheckHasNothing(const rpc::CallContext& context, const Roles& roles,
                               const std::string& name, bool creates) const;
  absl::StatusOr<uint64_t> StoredVersion(const rpc::CallContext& context);
  // Makes the changes, and a new version of everything.
  absl::StatusOr<security::v1::ChangeRolesResponse> Make(
      const rpc::CallContext& context, const Roles& roles,
      std::vector<storage::api::SqlClient::Step> steps, security::v1::ChangeRolesResponse response);
  // ALTER ROLE … SET, ALTER DATABASE … SET. Errors: 42501, 42704.
  static absl::StatusOr<std::vector<storage::api::SqlClient::Step>> SettingSteps(
      const Roles& roles, const security::v1::ChangeRolesRequest& request);
  absl::Status CheckMayChange(const Roles& roles,
                              const security::v1::ChangeRolesRequest& request) const;
  // What makes the change of `*roles`, which become what they are with it.
  absl::Status Plan(const rpc::CallContext& context,
                    const security::v1::ChangeRolesRequest& request, Roles* roles,
                    std::vector<storage::api::SqlClient::Step>* steps,
                    security::v1::ChangeRolesResponse* response) const;
  // ALTER DEFAULT PRIVILEGES, for one grantee. Errors: 42704.
  static absl::Status ChangeDefaults(const security::v1::ChangeRolesRequest& request,
                                     const std::string& grantee, Roles* roles,
                                     std::vector<storage::api::SqlClient::Step>* steps);
  // A role that is created becomes a member of others, and others its.
  static absl::Status JoinRoles(const security::v1::ChangeRolesRequest& request,
                                const std::string& name, Roles* roles,
                                std::vector<storage::api::SqlClient::Step>* steps);

  storage::api::SqlClient* const sql_;
  storage::api::Storage* const storage_;
  absl::Mutex mutex_;
  RolesPtr roles_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::security::authz
