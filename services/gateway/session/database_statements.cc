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
  const std::string& name = options_.database;
  const bool system = name == storage::api::kSystemDatabase;
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  ASSIGN_OR_RETURN(storage_, services_.storage->OpenSessionIn(Context(), name));
  // One can connect to adbms, which nobody drops, without storage as long as nothing is restricted.
  const auto catalog = services_.catalog->Get(Context(), name);
  if (!catalog.ok()) {
    if (!system || status::HasSqlState(catalog.status(), sqlstate::kInvalidCatalogName))
      return catalog.status();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const DatabaseDescriptor* database, policy::DatabaseNamed(**catalog, name));
  database_id_ = database->database_id();
  const absl::Status allowed =
      policy::AuthorizeDatabase(*policy, *database, common::v1::PRIVILEGE_CONNECT);
  if (!allowed.ok()) {
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for database \"", name, "\""),
                         "User does not have CONNECT privilege.");
  }
  if (system && database->allows_connections() && database->connection_limit() < 0)
    return absl::OkStatus();
  return storage_->Connect(Context(), policy->superuser());
}

absl::Status Session::AuthorizeTemporary(const security::v1::Policy& policy,
                                         const sql::Catalog& catalog) const {
  const auto database = policy::DatabaseNamed(catalog, options_.database);
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
    const auto found = policy::DatabaseNamed(catalog, source);
    if (found.ok() && !(*found)->is_template() && !policy::Owns(policy, (*found)->owner()))
      return Denied(absl::StrCat("copy database \"", source, "\""));
    return absl::OkStatus();
  }
  const std::string& name = ddl.has_drop_database()    ? ddl.drop_database().name()
                            : ddl.has_alter_database() ? ddl.alter_database().name()
                                                       : ddl.comment().database();
  const auto found = policy::DatabaseNamed(catalog, name);
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
