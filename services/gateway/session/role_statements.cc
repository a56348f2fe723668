// CREATE, ALTER and DROP ROLE, GRANT, REVOKE.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

common::v1::Privilege PrivilegeOf(const std::string& name) {
  if (name == "select") return common::v1::PRIVILEGE_SELECT;
  if (name == "insert") return common::v1::PRIVILEGE_INSERT;
  if (name == "update") return common::v1::PRIVILEGE_UPDATE;
  if (name == "delete") return common::v1::PRIVILEGE_DELETE;
  if (name == "truncate") return common::v1::PRIVILEGE_TRUNCATE;
  return common::v1::PRIVILEGE_UNSPECIFIED;
}

constexpr common::v1::Privilege kAllPrivileges[] = {
    common::v1::PRIVILEGE_SELECT, common::v1::PRIVILEGE_INSERT, common::v1::PRIVILEGE_UPDATE,
    common::v1::PRIVILEGE_DELETE, common::v1::PRIVILEGE_TRUNCATE};

}  // namespace

absl::Status Session::RunRole(const sql::Statement& statement, ResultSink* sink) {
  if (state_ == TransactionState::kExplicit) {
    return status::NotSupported(absl::StrCat(statement.command_tag, " inside a transaction block"));
  }
  if (services_.security == nullptr) return status::NotSupported("changing roles");
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(const auto policy, options_.policy->Get());
  const sql::RoleStatement& role = statement.role;
  security::v1::ChangeRolesRequest request;
  request.set_user(options_.user);
  request.set_kind(
      static_cast<security::v1::ChangeRolesRequest::Kind>(static_cast<int>(role.kind) + 1));
  for (const std::string& name : role.roles) request.add_roles(name);
  for (const std::string& name : role.granted_roles) request.add_granted_roles(name);
  if (role.password.has_value()) request.set_password(*role.password);
  if (role.login.has_value()) request.set_login(*role.login);
  if (role.superuser.has_value()) request.set_superuser(*role.superuser);
  if (role.create_role.has_value()) request.set_create_role(*role.create_role);
  if (role.create_db.has_value()) request.set_create_db(*role.create_db);
  request.set_if_exists(role.if_exists);
  std::vector<const common::v1::TableDescriptor*> tables;
  for (const auto& name : role.tables) {
    const auto* table = catalog->ResolveTable(name.schema(), name.name(), settings_.search_path());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           absl::StrCat("relation \"", name.name(), "\" does not exist"));
    }
    tables.push_back(table);
  }
  for (const std::string& schema : role.schemas) {
    if (!catalog->HasSchema(schema)) {
      return status::Error(status::sqlstate::kInvalidSchemaName,
                           absl::StrCat("schema \"", schema, "\" does not exist"));
    }
    if (!role.all_tables_in_schema) continue;
    for (const auto& table : catalog->snapshot().tables()) {
      if (table.schema() == schema) tables.push_back(&table);
    }
  }
  for (const auto* table : tables) {
    RETURN_IF_ERROR(policy::AuthorizeTable(*policy, *table, common::v1::PRIVILEGE_OWNER));
    security::v1::TableGrant* grant = request.add_grants();
    grant->set_table_id(table->table_id());
    if (role.privileges.empty()) {
      for (const auto privilege : kAllPrivileges) grant->add_privileges(privilege);
    }
    for (const std::string& name : role.privileges) {
      const auto privilege = PrivilegeOf(name);
      if (privilege == common::v1::PRIVILEGE_UNSPECIFIED) {
        return status::NotSupported(
            absl::StrCat("privilege ", absl::AsciiStrToUpper(name), " on a table"));
      }
      grant->add_privileges(privilege);
    }
  }
  auto response = services_.security->ChangeRoles(Context(), request);
  Audit("role", statement.command_tag, 0, response.ok() ? absl::OkStatus() : response.status());
  if (!response.ok()) return response.status();
  services_.policies->Refresh();
  for (const std::string& notice : response->notices()) {
    sink->Notice("NOTICE", status::sqlstate::kSuccess, notice);
  }
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
