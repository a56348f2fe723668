#include "services/gateway/policy/authorize.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog_numbers.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::policy {
namespace {

using common::v1::Privilege;
using common::v1::TableDescriptor;
namespace sqlstate = status::sqlstate;

bool IsMember(const security::v1::Policy& policy, const std::string& role) {
  return std::find(policy.member_of().begin(), policy.member_of().end(), role) !=
         policy.member_of().end();
}

bool IsGranted(const security::v1::Policy& policy, uint32_t object, Privilege privilege) {
  for (const security::v1::TableGrant& grant : policy.grants()) {
    if (grant.table_id() != object || grant.column() != 0) continue;
    for (const int held : grant.privileges()) {
      if (held == privilege) return true;
    }
  }
  return false;
}

// `number`: from 1; 0 is no column. What was granted on one that was dropped is still kept.
bool IsLiveColumn(const TableDescriptor& table, uint32_t number) {
  return number > 0 && number <= static_cast<uint32_t>(table.columns_size()) &&
         !table.columns(static_cast<int>(number) - 1).dropped();
}

// Whether each of the columns is granted; of none of them: any column that is still there.
bool AreGranted(const security::v1::Policy& policy, const TableDescriptor& table,
                Privilege privilege, const google::protobuf::RepeatedField<uint32_t>& columns) {
  std::set<uint32_t> held;
  for (const security::v1::TableGrant& grant : policy.grants()) {
    const auto& privileges = grant.privileges();
    if (grant.table_id() == table.table_id() && IsLiveColumn(table, grant.column()) &&
        std::find(privileges.begin(), privileges.end(), privilege) != privileges.end())
      held.insert(grant.column() - 1);
  }
  return !held.empty() && std::all_of(columns.begin(), columns.end(),
                                      [&held](uint32_t ordinal) { return held.contains(ordinal); });
}

bool IsSystem(const TableDescriptor& table) {
  return table.schema() == sql::kSystemSchema || (table.is_virtual() && !table.has_sequence());
}

const char* KindOf(const TableDescriptor& table) {
  if (table.has_materialized_view()) return "materialized view ";
  return table.has_sequence() ? "sequence " : !table.view_sql().empty() ? "view " : "table ";
}

absl::Status Denied(const TableDescriptor& table, std::string_view hint = {}) {
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for ", KindOf(table), table.name()), {},
                       hint);
}

// Written by the system alone; read by everybody, but for what tells of others.
absl::Status AuthorizeSystemTable(const security::v1::Policy& policy, const TableDescriptor& table,
                                  Privilege privilege) {
  if (privilege != common::v1::PRIVILEGE_SELECT)
    return Denied(table, "Tables of the system are written by the system alone.");
  switch (sql::AudienceOf(table)) {
    case sql::Audience::kEverybody:
      return absl::OkStatus();
    case sql::Audience::kMonitors:
      return MayMonitor(policy)
                 ? absl::OkStatus()
                 : Denied(table, "It tells of all users: have the role adbms_monitor granted.");
    case sql::Audience::kSuperusers:
      break;
  }
  return policy.superuser() ? absl::OkStatus() : Denied(table);
}

absl::Status AuthorizeUse(const security::v1::Policy& policy, const common::v1::TableUse& use,
                          const TableDescriptor& table, const sql::Catalog& catalog) {
  RETURN_IF_ERROR(AuthorizeSchema(policy, catalog, table.schema(), common::v1::PRIVILEGE_USAGE));
  for (const int privilege : use.privileges()) {
    const common::v1::ColumnUse* of_columns = nullptr;
    for (const common::v1::ColumnUse& columns : use.columns()) {
      if (columns.privilege() == privilege) of_columns = &columns;
    }
    RETURN_IF_ERROR(of_columns == nullptr
                        ? AuthorizeTable(policy, table, static_cast<Privilege>(privilege))
                        : AuthorizeColumns(policy, table, *of_columns));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSystemSchema(const std::string& name) {
  return name == sql::kSystemSchema || name == "pg_catalog" || name == "information_schema";
}

absl::Status AuthorizeServerFile(const security::v1::Policy& policy, bool read) {
  if (policy.superuser()) return absl::OkStatus();
  return status::Error(
      status::sqlstate::kInsufficientPrivilege,
      read ? "must be superuser to COPY from a file" : "must be superuser to COPY to a file", {},
      "Anyone can COPY to stdout or from stdin. psql's \\copy command also works "
      "for anyone.");
}

bool Owns(const security::v1::Policy& policy, const std::string& owner) {
  return policy.superuser() || IsMember(policy, owner);
}

bool MayMonitor(const security::v1::Policy& policy) {
  return Owns(policy, std::string(sql::kMonitorRole));
}

absl::Status AuthorizeSchema(const security::v1::Policy& policy,
                             const common::v1::SchemaDescriptor& schema, Privilege privilege) {
  const std::string& name = schema.name();
  // The binder lets nobody into another session's; who owns what in it is asked as everywhere.
  if (sql::IsTemporarySchema(name)) return absl::OkStatus();
  const bool system = IsSystemSchema(name);
  if (system && privilege == common::v1::PRIVILEGE_USAGE) return absl::OkStatus();
  if (!system && Owns(policy, schema.owner())) return absl::OkStatus();
  if (!system && IsGranted(policy, schema.schema_id(), privilege)) return absl::OkStatus();
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for schema ", name));
}

absl::Status AuthorizeSchema(const security::v1::Policy& policy, const sql::Catalog& catalog,
                             const std::string& name, Privilege privilege) {
  for (const common::v1::SchemaDescriptor& schema : catalog.snapshot().schemas()) {
    if (schema.name() != name) continue;
    if (privilege == common::v1::PRIVILEGE_USAGE && IsOpenToAll(catalog, schema) &&
        !IsGranted(policy, schema.schema_id(), common::v1::PRIVILEGE_NO_PUBLIC_USAGE))
      return absl::OkStatus();
    return AuthorizeSchema(policy, schema, privilege);
  }
  return absl::OkStatus();
}

absl::Status AuthorizeSchemaOwner(const security::v1::Policy& policy, const sql::Catalog& catalog,
                                  const std::string& name) {
  if (IsSystemSchema(name)) {
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("permission denied for schema ", name));
  }
  for (const common::v1::SchemaDescriptor& schema : catalog.snapshot().schemas()) {
    if (schema.name() != name || Owns(policy, schema.owner())) continue;
    return status::Error(sqlstate::kInsufficientPrivilege,
                         absl::StrCat("must be owner of schema ", name));
  }
  return absl::OkStatus();
}

absl::Status AuthorizeDatabase(const security::v1::Policy& policy,
                               const common::v1::DatabaseDescriptor& database,
                               Privilege privilege) {
  const uint32_t id = database.database_id();
  const bool open = (privilege == common::v1::PRIVILEGE_CONNECT &&
                     !IsGranted(policy, id, common::v1::PRIVILEGE_NO_PUBLIC_CONNECT)) ||
                    (privilege == common::v1::PRIVILEGE_TEMPORARY &&
                     !IsGranted(policy, id, common::v1::PRIVILEGE_NO_PUBLIC_TEMPORARY));
  if (open || Owns(policy, database.owner()) || IsGranted(policy, id, privilege))
    return absl::OkStatus();
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for database ", database.name()));
}

absl::Status AuthorizeDatabaseOwner(const security::v1::Policy& policy,
                                    const common::v1::DatabaseDescriptor& database) {
  if (Owns(policy, database.owner())) return absl::OkStatus();
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("must be owner of database ", database.name()));
}

bool IsOpenToAll(const sql::Catalog& catalog, const common::v1::SchemaDescriptor& schema) {
  if (schema.schema_id() == sql::kPublicSchemaOid) return false;
  const auto& databases = catalog.snapshot().databases();
  return std::any_of(databases.begin(), databases.end(), [&](const auto& database) {
    return database.public_schema_id() == schema.schema_id();
  });
}

absl::Status AuthorizeRole(const security::v1::Policy& policy, const std::string& role) {
  if (Owns(policy, role)) return absl::OkStatus();
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("must be member of role \"", role, "\""));
}

absl::Status AuthorizeFunction(const security::v1::Policy& policy,
                               const common::v1::FunctionDescriptor& function) {
  const uint32_t id = function.function_id();
  if (!IsGranted(policy, id, common::v1::PRIVILEGE_NO_PUBLIC_EXECUTE) ||
      Owns(policy, function.owner()) || IsGranted(policy, id, common::v1::PRIVILEGE_EXECUTE))
    return absl::OkStatus();
  using Function = common::v1::FunctionDescriptor;
  const char* const kind = function.kind() == Function::KIND_PROCEDURE   ? "procedure "
                           : function.kind() == Function::KIND_AGGREGATE ? "aggregate "
                                                                         : "function ";
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for ", kind, function.name()));
}

absl::Status AuthorizeType(const security::v1::Policy& policy,
                           const common::v1::TypeDescriptor& type) {
  const uint32_t id = type.declared().oid();
  if (!IsGranted(policy, id, common::v1::PRIVILEGE_NO_PUBLIC_USAGE) || Owns(policy, type.owner()) ||
      IsGranted(policy, id, common::v1::PRIVILEGE_USAGE))
    return absl::OkStatus();
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("permission denied for type ", type.declared().name()));
}

absl::Status AuthorizeTable(const security::v1::Policy& policy, const TableDescriptor& table,
                            Privilege privilege) {
  if (IsSystem(table)) return AuthorizeSystemTable(policy, table, privilege);
  if (Owns(policy, table.owner())) return absl::OkStatus();
  if (IsGranted(policy, table.table_id(), privilege)) return absl::OkStatus();
  if (privilege != common::v1::PRIVILEGE_OWNER) return Denied(table);
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("must be owner of ", KindOf(table), table.name()));
}

absl::Status AuthorizeColumns(const security::v1::Policy& policy, const TableDescriptor& table,
                              const common::v1::ColumnUse& use) {
  const absl::Status whole = AuthorizeTable(policy, table, use.privilege());
  if (whole.ok() || IsSystem(table)) return whole;
  return AreGranted(policy, table, use.privilege(), use.columns()) ? absl::OkStatus() : whole;
}

absl::Status Authorize(const security::v1::Policy& policy, const common::v1::Plan& plan,
                       const sql::Catalog& catalog, const PolicyOf& policy_of, uint64_t* version) {
  *version = policy.version();
  for (const common::v1::TableUse& use : plan.tables()) {
    const TableDescriptor* table = catalog.FindTable(use.table_id());
    if (table == nullptr) return status::Error(sqlstate::kStalePlan, "a table of the plan is gone");
    if (use.privileges_size() == 0) continue;
    if (use.as_role().empty() || use.as_role() == policy.role()) {
      RETURN_IF_ERROR(AuthorizeUse(policy, use, *table, catalog));
      continue;
    }
    const auto acting = policy_of(use.as_role());
    // A view whose owner is gone reads nothing any more.
    if (absl::IsNotFound(acting.status())) return Denied(*table);
    RETURN_IF_ERROR(acting.status());
    *version = std::min<uint64_t>(*version, (*acting)->version());
    RETURN_IF_ERROR(AuthorizeUse(**acting, use, *table, catalog));
    // Nobody lends what the system keeps from the users, not even by mistake.
    if (IsSystem(*table) && sql::AudienceOf(*table) == sql::Audience::kSuperusers)
      RETURN_IF_ERROR(AuthorizeSystemTable(policy, *table, common::v1::PRIVILEGE_SELECT));
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::policy
