// Databases: who may connect to one, make, change and drop one.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DatabaseDescriptor;

absl::Status Denied(const std::string& what) {
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied to ", what));
}

bool MayCreate(const security::v1::Policy& policy) {
  return policy.superuser() || policy.create_db();
}

}  // namespace

absl::Status Session::EnterDatabase() {
  RETURN_IF_ERROR(policy_->Get().status());
  ASSIGN_OR_RETURN(storage_, services_.storage->OpenSessionIn(Context(), options_.database));
  const absl::Status entered = CurrentCatalog().status();
  // One can connect to adbms, which nobody drops, while storage is away; whether one may is asked
  // before anything is read.
  const bool away = absl::IsUnavailable(entered) || absl::IsDeadlineExceeded(entered);
  return away && options_.database == storage::api::kSystemDatabase ? absl::OkStatus() : entered;
}

absl::Status Session::CheckConnect(const sql::Catalog& catalog) {
  const std::string& name = options_.database;
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  ASSIGN_OR_RETURN(const DatabaseDescriptor* database, catalog.DatabaseNamed(name));
  database_id_ = database->database_id();
  const absl::Status allowed =
      policy::AuthorizeDatabase(*policy, *database, common::v1::PRIVILEGE_CONNECT);
  if (!allowed.ok()) {
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for database \"", name, "\""),
                         "User does not have CONNECT privilege.");
  }
  const bool limited = name != storage::api::kSystemDatabase || !database->allows_connections() ||
                       database->connection_limit() >= 0;
  if (limited) RETURN_IF_ERROR(storage_->Connect(Context(), policy->superuser()));
  entered_ = true;
  return absl::OkStatus();
}

absl::Status Session::AuthorizeTemporary(const security::v1::Policy& policy,
                                         const sql::Catalog& catalog) const {
  const auto database = catalog.DatabaseNamed(options_.database);
  if (!database.ok() ||
      policy::AuthorizeDatabase(policy, **database, common::v1::PRIVILEGE_TEMPORARY).ok())
    return absl::OkStatus();
  return Denied(absl::StrCat("create temporary tables in database \"", options_.database, "\""));
}

absl::Status Session::AuthorizeDatabaseDdl(const common::v1::DdlStatement& ddl,
                                           const security::v1::Policy& policy,
                                           const sql::Catalog& catalog) {
  if (ddl.has_create_database()) {
    const DatabaseDescriptor& database = ddl.create_database().database();
    if (!MayCreate(policy)) return Denied("create database");
    if (database.owner() != current_user_)
      RETURN_IF_ERROR(AuthorizeNewOwner(database.owner(), "", policy, catalog));
    const std::string& source = ddl.create_database().template_name();
    const auto found = catalog.DatabaseNamed(source);
    if (found.ok() && !(*found)->is_template() && !policy::Owns(policy, (*found)->owner()))
      return Denied(absl::StrCat("copy database \"", source, "\""));
    return absl::OkStatus();
  }
  const std::string& name = ddl.has_drop_database()    ? ddl.drop_database().name()
                            : ddl.has_alter_database() ? ddl.alter_database().name()
                                                       : ddl.comment().database();
  const auto found = catalog.DatabaseNamed(name);
  if (!found.ok()) return absl::OkStatus();  // Storage says so.
  RETURN_IF_ERROR(policy::AuthorizeDatabaseOwner(policy, **found));
  if (!ddl.has_alter_database()) return absl::OkStatus();
  const common::v1::AlterDatabase& alter = ddl.alter_database();
  if (alter.has_new_name() && !MayCreate(policy)) return Denied("rename database");
  if (alter.has_owner() && alter.owner() != (*found)->owner()) {
    RETURN_IF_ERROR(AuthorizeNewOwner(alter.owner(), "", policy, catalog));
    if (!MayCreate(policy)) return Denied("change owner of database");
  }
  if (name == storage::api::kSystemDatabase && alter.has_allows_connections() &&
      !alter.allows_connections()) {
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("the system's own database \"", name, "\" has to accept connections"));
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
