// CREATE, ALTER and DROP ROLE, GRANT, REVOKE.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog_numbers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

// The privileges that a kind of object has, by PostgreSQL's names.
struct ObjectKind {
  const char* name;
  std::vector<std::pair<std::string_view, common::v1::Privilege>> privileges;
  // Others that PostgreSQL has.
  std::vector<std::string_view> unsupported;
};

const ObjectKind& TableKind() {
  static const auto* const kKind =
      new ObjectKind{"relation",
                     {{"select", common::v1::PRIVILEGE_SELECT},
                      {"insert", common::v1::PRIVILEGE_INSERT},
                      {"update", common::v1::PRIVILEGE_UPDATE},
                      {"delete", common::v1::PRIVILEGE_DELETE},
                      {"truncate", common::v1::PRIVILEGE_TRUNCATE},
                      {"references", common::v1::PRIVILEGE_REFERENCES}},
                     {"trigger"}};
  return *kKind;
}

const ObjectKind& SequenceKind() {
  static const auto* const kKind = new ObjectKind{"sequence",
                                                  {{"usage", common::v1::PRIVILEGE_USAGE},
                                                   {"select", common::v1::PRIVILEGE_SELECT},
                                                   {"update", common::v1::PRIVILEGE_UPDATE}},
                                                  {}};
  return *kKind;
}

const ObjectKind& SchemaKind() {
  static const auto* const kKind = new ObjectKind{
      "schema",
      {{"usage", common::v1::PRIVILEGE_USAGE}, {"create", common::v1::PRIVILEGE_CREATE}},
      {}};
  return *kKind;
}

const ObjectKind& DatabaseKind() {
  static const auto* const kKind = new ObjectKind{"database",
                                                  {{"create", common::v1::PRIVILEGE_CREATE},
                                                   {"temporary", common::v1::PRIVILEGE_TEMPORARY},
                                                   {"connect", common::v1::PRIVILEGE_CONNECT},
                                                   {"temp", common::v1::PRIVILEGE_TEMPORARY}},
                                                  {}};
  return *kKind;
}

// Adds the privileges of a GRANT or REVOKE (none named: all) on one object.
absl::Status AddGrant(uint32_t object, const ObjectKind& kind,
                      const std::vector<std::string>& privileges,
                      security::v1::ChangeRolesRequest* request) {
  security::v1::TableGrant* grant = request->add_grants();
  grant->set_table_id(object);
  const auto add = [grant](common::v1::Privilege privilege) {
    const auto& added = grant->privileges();
    if (std::find(added.begin(), added.end(), privilege) == added.end())
      grant->add_privileges(privilege);
  };
  if (privileges.empty()) {
    for (const auto& [name, privilege] : kind.privileges) add(privilege);
  }
  for (const std::string& wanted : privileges) {
    const auto found = std::find_if(kind.privileges.begin(), kind.privileges.end(),
                                    [&wanted](const auto& known) { return known.first == wanted; });
    if (found != kind.privileges.end()) {
      add(found->second);
      continue;
    }
    const std::string shown = absl::AsciiStrToUpper(wanted);
    if (std::find(kind.unsupported.begin(), kind.unsupported.end(), wanted) !=
        kind.unsupported.end()) {
      return status::NotSupported(absl::StrCat("privilege ", shown, " on a ", kind.name));
    }
    return status::Error("0LP01",
                         absl::StrCat("invalid privilege type ", shown, " for ", kind.name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Session::AddGrants(const sql::RoleStatement& role, const sql::Catalog& catalog,
                                const security::v1::Policy& policy,
                                security::v1::ChangeRolesRequest* request) const {
  std::vector<const common::v1::TableDescriptor*> tables;
  for (const auto& name : role.tables) {
    const auto* table = catalog.ResolveTable(name.schema(), name.name(), settings_.search_path());
    if (table == nullptr) {
      return status::Error(status::sqlstate::kUndefinedTable,
                           absl::StrCat("relation \"", name.name(), "\" does not exist"));
    }
    if (role.on_sequences && !table->has_sequence()) {
      return status::Error(status::sqlstate::kWrongObjectType,
                           absl::StrCat("\"", name.name(), "\" is not a sequence"));
    }
    tables.push_back(table);
  }
  for (const std::string& name : role.schemas) {
    const auto& schemas = catalog.snapshot().schemas();
    const auto schema = std::find_if(schemas.begin(), schemas.end(),
                                     [&name](const auto& known) { return known.name() == name; });
    if (schema == schemas.end()) {
      return status::Error(status::sqlstate::kInvalidSchemaName,
                           absl::StrCat("schema \"", name, "\" does not exist"));
    }
    if (!role.all_in_schema) {
      const auto& roles = policy.member_of();
      if (!policy.superuser() &&
          std::find(roles.begin(), roles.end(), schema->owner()) == roles.end()) {
        return status::Error(status::sqlstate::kInsufficientPrivilege,
                             absl::StrCat("permission denied for schema ", name));
      }
      RETURN_IF_ERROR(AddGrant(schema->schema_id(), SchemaKind(), role.privileges, request));
      if (policy::IsOpenToAll(catalog, *schema)) {
        request->mutable_grants()->rbegin()->add_privileges_of_public(common::v1::PRIVILEGE_USAGE);
      }
      continue;
    }
    for (const auto& table : catalog.snapshot().tables()) {
      if (table.schema() == name && table.has_sequence() == role.on_sequences)
        tables.push_back(&table);
    }
  }
  for (const std::string& name : role.databases) {
    ASSIGN_OR_RETURN(const auto* database, catalog.DatabaseNamed(name));
    if (!policy::Owns(policy, database->owner())) {
      return status::Error(status::sqlstate::kInsufficientPrivilege,
                           absl::StrCat("permission denied for database ", name));
    }
    RETURN_IF_ERROR(AddGrant(database->database_id(), DatabaseKind(), role.privileges, request));
    for (const int privilege : request->grants().rbegin()->privileges()) {
      if (privilege != common::v1::PRIVILEGE_CREATE)
        request->mutable_grants()->rbegin()->add_privileges_of_public(
            static_cast<common::v1::Privilege>(privilege));
    }
  }
  for (const auto* table : tables) {
    RETURN_IF_ERROR(
        policy::AuthorizeSchema(policy, catalog, table->schema(), common::v1::PRIVILEGE_USAGE));
    RETURN_IF_ERROR(policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_OWNER));
    RETURN_IF_ERROR(AddGrant(table->table_id(),
                             table->has_sequence() ? SequenceKind() : TableKind(), role.privileges,
                             request));
  }
  return absl::OkStatus();
}

absl::Status Session::RunRole(const sql::Statement& statement, ResultSink* sink) {
  if (state_ == TransactionState::kExplicit) {
    return status::NotSupported(absl::StrCat(statement.command_tag, " inside a transaction block"));
  }
  if (services_.security == nullptr) return status::NotSupported("changing roles");
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  const sql::RoleStatement& role = statement.role;
  security::v1::ChangeRolesRequest request;
  request.set_user(current_user_);
  request.set_kind(
      static_cast<security::v1::ChangeRolesRequest::Kind>(static_cast<int>(role.kind) + 1));
  for (const std::string& name : role.roles) {
    request.add_roles(name == "current_user"   ? current_user_
                      : name == "session_user" ? session_user_
                                               : name);
  }
  for (const std::string& name : role.granted_roles) request.add_granted_roles(name);
  if (role.password.has_value()) request.set_password(*role.password);
  if (role.login.has_value()) request.set_login(*role.login);
  if (role.superuser.has_value()) request.set_superuser(*role.superuser);
  if (role.create_role.has_value()) request.set_create_role(*role.create_role);
  if (role.create_db.has_value()) request.set_create_db(*role.create_db);
  if (role.inherit.has_value()) request.set_inherit(*role.inherit);
  request.set_if_exists(role.if_exists);
  if (role.kind == sql::RoleStatement::Kind::kSet) {
    RETURN_IF_ERROR(AddSetting(role, *catalog, &request));
  } else {
    RETURN_IF_ERROR(AddGrants(role, *catalog, *policy, &request));
  }
  auto response = services_.security->ChangeRoles(Context(), request);
  if (!absl::IsPermissionDenied(response.status())) {
    Audit("role", AuditText(role), 0, response.status());
  }
  if (!response.ok()) return response.status();
  services_.policies->Refresh();
  for (const std::string& notice : response->notices()) {
    sink->Notice("NOTICE", status::sqlstate::kSuccess, notice);
  }
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
