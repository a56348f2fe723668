// CREATE, ALTER and DROP ROLE, GRANT, REVOKE.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog_numbers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"
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

const ObjectKind& FunctionKind() {
  static const auto* const kKind =
      new ObjectKind{"function", {{"execute", common::v1::PRIVILEGE_EXECUTE}}, {}};
  return *kKind;
}

const ObjectKind& TypeKind() {
  static const auto* const kKind =
      new ObjectKind{"type", {{"usage", common::v1::PRIVILEGE_USAGE}}, {}};
  return *kKind;
}

// The privileges that a table's columns can have.
const ObjectKind& ColumnKind() {
  static const auto* const kKind =
      new ObjectKind{"column",
                     {{"select", common::v1::PRIVILEGE_SELECT},
                      {"insert", common::v1::PRIVILEGE_INSERT},
                      {"update", common::v1::PRIVILEGE_UPDATE},
                      {"references", common::v1::PRIVILEGE_REFERENCES}},
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

namespace {

constexpr char kInvalidGrant[] = "0LP01";

bool NamesColumns(const sql::RoleStatement& role) {
  return std::any_of(role.privilege_columns.begin(), role.privilege_columns.end(),
                     [](const auto& of) { return !of.empty(); });
}

// The same of a table, some of them for columns.
absl::Status AddTableGrants(const sql::RoleStatement& role,
                            const common::v1::TableDescriptor& table,
                            security::v1::ChangeRolesRequest* request) {
  const ObjectKind& kind = table.has_sequence() ? SequenceKind() : TableKind();
  const auto& columns = role.privilege_columns;
  if (!NamesColumns(role)) return AddGrant(table.table_id(), kind, role.privileges, request);
  if (table.has_sequence())
    return status::Error(kInvalidGrant, "column privileges are only valid for relations");
  for (size_t i = 0; i < columns.size(); ++i) {
    std::vector<std::string> privilege;
    if (i < role.privileges.size()) privilege = {role.privileges[i]};
    if (columns[i].empty()) RETURN_IF_ERROR(AddGrant(table.table_id(), kind, privilege, request));
    for (const std::string& name : columns[i]) {
      const std::optional<uint32_t> ordinal = sql::ColumnNamed(table, name);
      if (!ordinal.has_value())
        return status::Error(status::sqlstate::kUndefinedColumn,
                             absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                          "\" does not exist"));
      RETURN_IF_ERROR(AddGrant(table.table_id(), ColumnKind(), privilege, request));
      request->mutable_grants()->rbegin()->set_column(*ordinal + 1);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Session::AddDefaults(const sql::RoleStatement& role, const sql::Catalog& catalog,
                                  const security::v1::Policy& policy,
                                  security::v1::ChangeRolesRequest* request) const {
  if (NamesColumns(role))
    return status::Error(kInvalidGrant, "default privileges cannot be set for columns");
  std::vector<std::string> makers = role.makers;
  if (makers.empty()) makers = {current_user_};
  for (std::string& maker : makers) {
    if (maker == "current_user") maker = current_user_;
    if (maker == "session_user") maker = session_user_;
    RETURN_IF_ERROR(policy::AuthorizeRole(policy, maker));
    request->mutable_defaults()->add_makers(maker);
  }
  request->mutable_defaults()->set_kind(std::string(1, role.default_kind));
  const ObjectKind& kind = role.default_kind == 'S'   ? SequenceKind()
                           : role.default_kind == 'n' ? SchemaKind()
                           : role.default_kind == 'f' ? FunctionKind()
                           : role.default_kind == 'T' ? TypeKind()
                                                      : TableKind();
  const auto add = [&](uint32_t schema_id) -> absl::Status {
    RETURN_IF_ERROR(AddGrant(schema_id, kind, role.privileges, request));
    if (role.default_kind == 'f' || role.default_kind == 'T') {
      auto* const given = &*request->mutable_grants()->rbegin();
      *given->mutable_privileges_of_public() = given->privileges();
    }
    return absl::OkStatus();
  };
  if (role.schemas.empty()) return add(0);
  if (role.default_kind == 'n')
    return status::Error("0LP01", "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
  for (const std::string& name : role.schemas) {
    const auto& schemas = catalog.snapshot().schemas();
    const auto schema = std::find_if(schemas.begin(), schemas.end(),
                                     [&name](const auto& known) { return known.name() == name; });
    if (schema == schemas.end())
      return status::Error(status::sqlstate::kInvalidSchemaName,
                           absl::StrCat("schema \"", name, "\" does not exist"));
    RETURN_IF_ERROR(add(schema->schema_id()));
  }
  return absl::OkStatus();
}

absl::Status Session::GiveDefaults(const common::v1::DdlStatement& ddl, uint32_t object_id) {
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  if (policy->default_grants().empty()) return absl::OkStatus();
  std::string schema;
  std::string kind = "r";
  if (ddl.has_create_table()) {
    schema = ddl.create_table().table().schema();
  } else if (ddl.has_create_view()) {
    schema = ddl.create_view().view().schema();
  } else if (ddl.has_create_sequence()) {
    schema = ddl.create_sequence().sequence().schema();
    kind = "S";
  } else if (ddl.has_create_schema()) {
    kind = "n";
  } else if (ddl.has_create_function()) {
    schema = ddl.create_function().function().schema();
    kind = "f";
  } else if (ddl.has_create_type()) {
    schema = ddl.create_type().type().declared().schema();
    kind = "T";
  } else {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  uint32_t schema_id = 0;
  for (const auto& known : catalog->snapshot().schemas()) {
    if (known.name() == schema) schema_id = known.schema_id();
  }
  std::vector<std::pair<uint32_t, std::string>> made = {{object_id, kind}};
  // The sequences of its columns.
  for (const auto& table : catalog->snapshot().tables()) {
    if (table.sequence().owner_table_id() == object_id) made.emplace_back(table.table_id(), "S");
  }
  for (const auto& given : policy->default_grants()) {
    if (given.schema_id() != 0 && given.schema_id() != schema_id) continue;
    security::v1::ChangeRolesRequest request;
    request.set_user(current_user_);
    request.set_kind(security::v1::ChangeRolesRequest::KIND_GRANT);
    request.add_roles(given.grantee());
    for (const auto& [id, of] : made) {
      if (of != given.kind()) continue;
      security::v1::TableGrant* grant = request.add_grants();
      grant->set_table_id(id);
      grant->add_privileges(given.privilege());
    }
    if (!request.grants().empty()) RETURN_IF_ERROR(ChangeRoles(&request).status());
  }
  if (!in_transaction()) services_.policies->Refresh();
  return absl::OkStatus();
}

absl::Status Session::AddObjectGrants(const sql::Statement& statement,
                                      const sql::CatalogPtr& catalog,
                                      const security::v1::Policy& policy,
                                      security::v1::ChangeRolesRequest* request) {
  const sql::RoleStatement& role = statement.role;
  const bool functions = role.object_kind == 'f';
  std::vector<uint32_t> ids;
  if (role.all_in_schema) {
    for (const std::string& schema : role.schemas) {
      if (!catalog->HasSchema(schema))
        return status::Error(status::sqlstate::kInvalidSchemaName,
                             absl::StrCat("schema \"", schema, "\" does not exist"));
      for (const auto& function : catalog->snapshot().functions()) {
        if (function.schema() == schema) ids.push_back(function.function_id());
      }
    }
  } else {
    ASSIGN_OR_RETURN(ids,
                     sql::ResolveGranted(PlanningInputFor(statement.text, &statement, catalog)));
  }
  for (const uint32_t id : ids) {
    const auto* function = functions ? catalog->FindFunction(id) : nullptr;
    const auto* type = functions ? nullptr : catalog->FindType(id);
    const std::string& owner = functions ? function->owner() : type->owner();
    if (!policy::Owns(policy, owner))
      return status::Error(status::sqlstate::kInsufficientPrivilege,
                           absl::StrCat("permission denied for ", functions ? "function " : "type ",
                                        functions ? function->name() : type->declared().name()));
    RETURN_IF_ERROR(
        AddGrant(id, functions ? FunctionKind() : TypeKind(), role.privileges, request));
    request->mutable_grants()->rbegin()->add_privileges_of_public(
        functions ? common::v1::PRIVILEGE_EXECUTE : common::v1::PRIVILEGE_USAGE);
  }
  return absl::OkStatus();
}

absl::Status Session::AddGrants(const sql::RoleStatement& role, const sql::Catalog& catalog,
                                const security::v1::Policy& policy,
                                security::v1::ChangeRolesRequest* request) const {
  const bool of_tables = role.databases.empty() && (role.schemas.empty() || role.all_in_schema);
  if (NamesColumns(role) && !of_tables)
    return status::Error(kInvalidGrant, "column privileges are only valid for relations");
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
    RETURN_IF_ERROR(AddTableGrants(role, *table, request));
  }
  return absl::OkStatus();
}

absl::Status Session::RunRole(const sql::Statement& statement, ResultSink* sink) {
  if (services_.security == nullptr) return status::NotSupported("changing roles");
  if (in_transaction() ? begin_options_.read_only : settings_.default_read_only())
    return status::Error(
        status::sqlstate::kReadOnlyTransaction,
        absl::StrCat("cannot execute ", statement.command_tag, " in a read-only transaction"));
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
  if (role.bypass_row_security.has_value())
    request.set_bypass_row_security(*role.bypass_row_security);
  if (role.valid_until.has_value()) {
    ASSIGN_OR_RETURN(
        const types::Value until,
        types::ParseText(*role.valid_until, {types::TypeId::kTimestamptz, 0}, InputOptions()));
    request.set_valid_until_us(until.int_value());
  }
  for (const std::string& name : role.member_of) request.add_member_of(name);
  for (const std::string& name : role.members) request.add_members(name);
  request.set_if_exists(role.if_exists);
  if (role.kind == sql::RoleStatement::Kind::kSet) {
    RETURN_IF_ERROR(AddSetting(role, *catalog, &request));
  } else if (role.default_kind != 0) {
    RETURN_IF_ERROR(AddDefaults(role, *catalog, *policy, &request));
  } else if (role.object_kind != 0) {
    RETURN_IF_ERROR(AddObjectGrants(statement, catalog, *policy, &request));
  } else {
    RETURN_IF_ERROR(AddGrants(role, *catalog, *policy, &request));
  }
  auto response = ChangeRoles(&request);
  if (!absl::IsPermissionDenied(response.status())) {
    Audit("role", AuditText(role), 0, response.status());
  }
  if (!response.ok()) return response.status();
  if (!in_transaction()) services_.policies->Refresh();
  for (const std::string& notice : response->notices()) {
    sink->Notice("NOTICE", status::sqlstate::kSuccess, notice);
  }
  return sink->Complete(statement.command_tag);
}

absl::StatusOr<security::v1::ChangeRolesResponse> Session::ChangeRoles(
    security::v1::ChangeRolesRequest* request) {
  if (!in_transaction()) return services_.security->ChangeRoles(Context(), *request);
  if (role_changes_ == nullptr) {
    std::vector<std::string> savepoints;
    for (const auto& [name, serial] : savepoints_) savepoints.push_back(name);
    ASSIGN_OR_RETURN(role_changes_, RoleTransaction::Begin(Context(), services_.storage,
                                                           current_user_, savepoints));
  }
  for (const auto& before : role_changes_->changes()) *request->add_before() = before;
  request->set_plan(true);
  ASSIGN_OR_RETURN(auto response, services_.security->ChangeRoles(Context(), *request));
  RETURN_IF_ERROR(role_changes_->Make(Context(), *request, response));
  return response;
}

}  // namespace adbms::gateway::session
