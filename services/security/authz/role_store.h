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
#include "services/security/authz/roles.h"
#include "services/storage/api/sql_client.h"

namespace adbms::security::authz {

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
