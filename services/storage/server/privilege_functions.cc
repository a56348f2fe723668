#include "services/storage/server/privilege_functions.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/sql/system_relations.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/server/catalog_functions.h"
#include "services/storage/server/declared_type_rows.h"
#include "services/storage/server/function_rows.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/program_functions.h"
#include "services/storage/server/virtual_rows.h"

namespace adbms::storage::server {
namespace {

using catalog::TableEntry;
using common::v1::Privilege;
using types::TypeId;
using types::Value;
namespace sqlstate = status::sqlstate;

Value Unknown() { return Value::Null({TypeId::kBool, 0}); }

bool IsOid(const Value& value) {
  return types::PhysicalOf(value.type().id) == types::Physical::kInt64;
}

// A role with all that it is a member of.
struct Subject {
  std::string name;
  bool superuser = false;
  bool create_db = false;
  bool bypasses = false;
  std::set<std::string> roles;
};

void CollectRoles(const std::vector<std::vector<Value>>& members, const std::string& name,
                  std::set<std::string>* seen) {
  if (!seen->insert(name).second) return;
  for (const auto& row : members) {
    if (row[1].bytes() == name) CollectRoles(members, std::string(row[0].bytes()), seen);
  }
}

// Nothing for an oid that no role has.
absl::StatusOr<std::optional<Subject>> SubjectOf(const PrivilegeQuestion& question,
                                                 const Value* role) {
  Subject subject;
  bool found = false;
  for (const Role& known : ReadRoles(question.shared)) {
    const bool same = role == nullptr ? known.name == question.session.current_user
                      : IsOid(*role)  ? static_cast<int64_t>(known.oid) == role->int_value()
                                      : known.name == role->bytes();
    if (!same) continue;
    found = true;
    subject.name = known.name;
    subject.superuser = known.is_superuser;
    subject.create_db = known.create_db;
    subject.bypasses = known.bypasses;
  }
  if (!found) {
    if (role != nullptr && IsOid(*role)) return std::optional<Subject>();
    return status::Error(
        sqlstate::kUndefinedObject,
        "role \"" + (role == nullptr ? question.session.current_user : std::string(role->bytes())) +
            "\" does not exist");
  }
  subject.roles = RolesOf(question.shared, subject.name);
  return std::optional<Subject>(std::move(subject));
}

const Value* RoleArgument(const PrivilegeQuestion& question, size_t without_role) {
  return question.arguments.size() > without_role ? question.arguments.data() : nullptr;
}

// The names of a comma-separated list, upper case, WITH GRANT OPTION cut off.
struct Wanted {
  std::string privilege;
  bool grant_option = false;
};
absl::StatusOr<std::vector<Wanted>> Parse(std::string_view text,
                                          const std::set<std::string_view>& known) {
  std::vector<Wanted> result;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    Wanted wanted{absl::AsciiStrToUpper(absl::StripAsciiWhitespace(part))};
    constexpr std::string_view kOption = " WITH GRANT OPTION";
    if (wanted.privilege.ends_with(kOption)) {
      wanted.grant_option = true;
      wanted.privilege.resize(wanted.privilege.size() - kOption.size());
    }
    if (!known.contains(wanted.privilege)) {
      return status::Error(
          sqlstate::kInvalidParameterValue,
          "unrecognized privilege type: \"" + std::string(absl::StripAsciiWhitespace(part)) + "\"");
    }
    result.push_back(std::move(wanted));
  }
  return result;
}

Privilege PrivilegeOf(const std::string& name) {
  if (name == "SELECT") return common::v1::PRIVILEGE_SELECT;
  if (name == "INSERT") return common::v1::PRIVILEGE_INSERT;
  if (name == "UPDATE") return common::v1::PRIVILEGE_UPDATE;
  if (name == "DELETE") return common::v1::PRIVILEGE_DELETE;
  if (name == "TRUNCATE") return common::v1::PRIVILEGE_TRUNCATE;
  if (name == "USAGE") return common::v1::PRIVILEGE_USAGE;
  if (name == "CREATE") return common::v1::PRIVILEGE_CREATE;
  if (name == "EXECUTE") return common::v1::PRIVILEGE_EXECUTE;
  if (name == "REFERENCES") return common::v1::PRIVILEGE_REFERENCES;
  if (name == "CONNECT") return common::v1::PRIVILEGE_CONNECT;
  if (name == "TEMPORARY" || name == "TEMP") return common::v1::PRIVILEGE_TEMPORARY;
  return common::v1::PRIVILEGE_UNSPECIFIED;  // Nobody can be granted it.
}

// The privileges on an object that the subject was granted, itself or by a role or PUBLIC.
std::set<int64_t> GrantsTo(const PrivilegeQuestion& question, const Subject& subject,
                           uint32_t object) {
  std::set<int64_t> held;
  for (const auto& row :
       ReadSystemTable(question.shared, "grants", {"grantee", "table_id", "privilege"})) {
    if (row[1].int_value() != static_cast<int64_t>(object)) continue;
    const std::string grantee(row[0].bytes());
    if (grantee.empty() || subject.roles.contains(grantee)) held.insert(row[2].int_value());
  }
  return held;
}

// The same on a column of the table, or with no ordinal on any that is still there.
std::set<int64_t> ColumnGrantsTo(const PrivilegeQuestion& question, const Subject& subject,
                                 const TableEntry& table, std::optional<uint32_t> ordinal) {
  std::set<int64_t> held;
  for (const auto& row :
       ReadSystemTable(question.shared, "grants", {"grantee", "table_id", "privilege"})) {
    const auto object = static_cast<uint64_t>(row[1].int_value());
    const uint64_t column = object >> 32;
    if (static_cast<uint32_t>(object) != table.descriptor.table_id() || column == 0 ||
        column > table.layout.live.size() || !table.layout.live[column - 1] ||
        (ordinal.has_value() && column != uint64_t{*ordinal} + 1))
      continue;
    const std::string grantee(row[0].bytes());
    if (grantee.empty() || subject.roles.contains(grantee)) held.insert(row[2].int_value());
  }
  return held;
}

bool MayUse(const PrivilegeQuestion& question, const Subject& subject, const TableEntry& table,
            const std::vector<Wanted>& wanted) {
  const common::v1::TableDescriptor& descriptor = table.descriptor;
  if (subject.superuser || subject.roles.contains(descriptor.owner())) return true;
  std::set<int64_t> held = GrantsTo(question, subject, descriptor.table_id());
  if (descriptor.schema() == sql::kSystemSchema || catalog::IsSystemTable(descriptor)) {
    const sql::Audience audience = sql::AudienceOf(descriptor);
    const bool reads = audience == sql::Audience::kEverybody ||
                       (audience == sql::Audience::kMonitors &&
                        subject.roles.contains(std::string(sql::kMonitorRole)));
    if (reads) held.insert(common::v1::PRIVILEGE_SELECT);
  }
  for (const Wanted& one : wanted) {
    if (!one.grant_option && held.contains(PrivilegeOf(one.privilege))) return true;
  }
  return false;
}

// Whether one of these was granted on the column, or with no ordinal on any of them.
bool MayUseColumns(const PrivilegeQuestion& question, const Subject& subject,
                   const TableEntry& table, std::optional<uint32_t> ordinal,
                   const std::vector<Wanted>& wanted) {
  const std::set<int64_t> held = ColumnGrantsTo(question, subject, table, ordinal);
  return std::any_of(wanted.begin(), wanted.end(), [&held](const Wanted& one) {
    return !one.grant_option && held.contains(PrivilegeOf(one.privilege));
  });
}

// Null for an oid that no table has.
absl::StatusOr<const TableEntry*> TableOf(const PrivilegeQuestion& question, const Value& table) {
  if (IsOid(table)) {
    const catalog::TableEntryPtr* entry =
        question.catalog.Find(static_cast<uint32_t>(table.int_value()));
    return entry == nullptr ? nullptr : entry->get();
  }
  const TableEntry* entry = FindRelation(question.catalog, question.session, table.bytes());
  if (entry == nullptr) {
    return status::Error(sqlstate::kUndefinedTable,
                         "relation \"" + std::string(table.bytes()) + "\" does not exist");
  }
  return entry;
}

absl::StatusOr<Value> TableAnswer(const PrivilegeQuestion& question, const Value* role,
                                  const Value& table_argument, const Value& privileges,
                                  const std::set<std::string_view>& known,
                                  const Value* column = nullptr, bool any_column = false) {
  ASSIGN_OR_RETURN(const std::optional<Subject> subject, SubjectOf(question, role));
  ASSIGN_OR_RETURN(const TableEntry* table, TableOf(question, table_argument));
  ASSIGN_OR_RETURN(const std::vector<Wanted> wanted, Parse(privileges.bytes(), known));
  if (table == nullptr || !subject) return Unknown();
  std::optional<uint32_t> ordinal;
  if (column != nullptr) {
    for (uint32_t i = 0; i < table->layout.names.size(); ++i) {
      if (!table->layout.live[i]) continue;
      const bool same = types::PhysicalOf(column->type().id) == types::Physical::kString
                            ? table->layout.names[i] == column->bytes()
                            : static_cast<int64_t>(i) + 1 == column->int_value();
      if (same) ordinal = i;
    }
    if (!ordinal.has_value()) {
      if (types::PhysicalOf(column->type().id) != types::Physical::kString) return Unknown();
      return status::Error(sqlstate::kUndefinedColumn,
                           "column \"" + std::string(column->bytes()) + "\" of relation \"" +
                               table->descriptor.name() + "\" does not exist");
    }
  }
  if (MayUse(question, *subject, *table, wanted)) return Value::Bool(true);
  return Value::Bool((column != nullptr || any_column) &&
                     MayUseColumns(question, *subject, *table, ordinal, wanted));
}

}  // namespace

absl::StatusOr<Value> HasTablePrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  return TableAnswer(
      question, RoleArgument(question, 2), question.arguments[n - 2], question.arguments[n - 1],
      {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "RULE"});
}

absl::StatusOr<Value> HasAnyColumnPrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  return TableAnswer(question, RoleArgument(question, 2), question.arguments[n - 2],
                     question.arguments[n - 1], {"SELECT", "INSERT", "UPDATE", "REFERENCES"},
                     nullptr, /*any_column=*/true);
}

absl::StatusOr<Value> RowSecurityActive(const PrivilegeQuestion& question) {
  ASSIGN_OR_RETURN(const TableEntry* table, TableOf(question, question.arguments[0]));
  if (table == nullptr) return Unknown();
  ASSIGN_OR_RETURN(const std::optional<Subject> subject, SubjectOf(question, nullptr));
  const common::v1::TableDescriptor& descriptor = table->descriptor;
  if (!descriptor.row_security() || subject->superuser || subject->bypasses)
    return Value::Bool(false);
  return Value::Bool(descriptor.force_row_security() ||
                     !subject->roles.contains(descriptor.owner()));
}

absl::StatusOr<Value> HasSequencePrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  return TableAnswer(question, RoleArgument(question, 2), question.arguments[n - 2],
                     question.arguments[n - 1], {"USAGE", "SELECT", "UPDATE"});
}

absl::StatusOr<bool> MayUseTable(const PrivilegeQuestion& question, const TableEntry& table,
                                 std::string_view privileges) {
  // Owners, the most of those who write, without a look at roles and grants.
  if (table.descriptor.owner() == question.session.current_user) return true;
  ASSIGN_OR_RETURN(const std::optional<Subject> subject, SubjectOf(question, nullptr));
  ASSIGN_OR_RETURN(const std::vector<Wanted> wanted,
                   Parse(privileges, {"SELECT", "INSERT", "UPDATE", "USAGE"}));
  return MayUse(question, *subject, table, wanted) ||
         MayUseColumns(question, *subject, table, std::nullopt, wanted);
}

std::set<std::string> RolesOf(txn::Shared* shared, const std::string& role) {
  std::set<std::string> roles;
  CollectRoles(ReadSystemTable(shared, "role_members", {"role", "member"}), role, &roles);
  return roles;
}

bool MayMonitor(txn::Shared* shared, const catalog::CatalogState& catalog,
                const std::string& role) {
  sql::functions::EvaluationContext session;
  session.current_user = role;
  const auto subject = SubjectOf({shared, catalog, session, {}}, nullptr);
  return subject.ok() && *subject &&
         ((*subject)->superuser || (*subject)->roles.contains(std::string(sql::kMonitorRole)));
}

absl::Status MaySignal(txn::Shared* shared, const catalog::CatalogState& catalog,
                       const std::string& role, const std::string& other, bool terminates) {
  const auto subject_of = [&](const std::string& name) {
    sql::functions::EvaluationContext session;
    session.current_user = name;
    return SubjectOf({shared, catalog, session, {}}, nullptr);
  };
  const auto own = subject_of(role);
  if (own.ok() && *own && (*own)->superuser) return absl::OkStatus();
  const auto target = subject_of(other);
  const auto refuse = [](const char* message) {
    return status::Error(status::sqlstate::kInsufficientPrivilege, message);
  };
  if (target.ok() && *target && (*target)->superuser)
    return refuse(terminates ? "must be a superuser to terminate superuser process"
                             : "must be a superuser to cancel superuser query");
  if (own.ok() && *own && (role == other || (*own)->roles.contains(other))) return absl::OkStatus();
  return refuse(terminates
                    ? "must be a member of the role whose process is being terminated or member "
                      "of pg_signal_backend"
                    : "must be a member of the role whose query is being canceled or member of "
                      "pg_signal_backend");
}

absl::StatusOr<Value> HasColumnPrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  return TableAnswer(question, RoleArgument(question, 3), question.arguments[n - 3],
                     question.arguments[n - 1], {"SELECT", "INSERT", "UPDATE", "REFERENCES"},
                     &question.arguments[n - 2]);
}

absl::StatusOr<Value> HasSchemaPrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  const Value& object = question.arguments[n - 2];
  ASSIGN_OR_RETURN(const std::optional<Subject> subject,
                   SubjectOf(question, RoleArgument(question, 2)));
  const common::v1::SchemaDescriptor* schema = nullptr;
  for (const auto& [id, known] : question.catalog.schemas()) {
    if (IsOid(object) ? static_cast<int64_t>(known.schema_id()) == object.int_value()
                      : known.name() == object.bytes())
      schema = &known;
  }
  if (schema == nullptr && !IsOid(object)) {
    return status::Error(sqlstate::kInvalidSchemaName,
                         "schema \"" + std::string(object.bytes()) + "\" does not exist");
  }
  ASSIGN_OR_RETURN(const std::vector<Wanted> wanted,
                   Parse(question.arguments[n - 1].bytes(), {"CREATE", "USAGE"}));
  if (schema == nullptr || !subject) return Unknown();
  if (subject->superuser || subject->roles.contains(question.catalog.OwnerOf(*schema)))
    return Value::Bool(true);
  const bool system = schema->name() == "adbms" || schema->name() == "pg_catalog" ||
                      schema->name() == "information_schema";
  std::set<int64_t> held = GrantsTo(question, *subject, schema->schema_id());
  const common::v1::DatabaseDescriptor* const database = question.catalog.database();
  const bool open = database != nullptr && schema->schema_id() != sql::kPublicSchemaOid &&
                    schema->schema_id() == database->public_schema_id() &&
                    !held.contains(common::v1::PRIVILEGE_NO_PUBLIC_USAGE);
  if (system || open) held.insert(common::v1::PRIVILEGE_USAGE);
  for (const Wanted& one : wanted) {
    if (!one.grant_option && held.contains(PrivilegeOf(one.privilege))) return Value::Bool(true);
  }
  return Value::Bool(false);
}

namespace {

// What PUBLIC may do with the object unless that was revoked.
Value MayUseOpen(const PrivilegeQuestion& question, const Subject& subject, uint32_t object,
                 const std::string& owner, Privilege privilege, Privilege revoked,
                 const std::vector<Wanted>& wanted) {
  if (subject.superuser || subject.roles.contains(owner)) return Value::Bool(true);
  const std::set<int64_t> held = GrantsTo(question, subject, object);
  const bool may = held.contains(privilege) || !held.contains(revoked);
  return Value::Bool(std::any_of(wanted.begin(), wanted.end(),
                                 [may](const Wanted& one) { return may && !one.grant_option; }));
}

}  // namespace

absl::StatusOr<Value> HasFunctionPrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  const Value& object = question.arguments[n - 2];
  ASSIGN_OR_RETURN(const std::optional<Subject> subject,
                   SubjectOf(question, RoleArgument(question, 2)));
  auto oid = static_cast<uint32_t>(IsOid(object) ? object.int_value() : 0);
  if (!IsOid(object)) {
    ASSIGN_OR_RETURN(oid,
                     FunctionWithArguments(question.catalog, question.session, object.bytes()));
  }
  ASSIGN_OR_RETURN(const std::vector<Wanted> wanted,
                   Parse(question.arguments[n - 1].bytes(), {"EXECUTE"}));
  if (!subject) return Unknown();
  const auto function = question.catalog.FindFunction(oid);
  if (function == nullptr && BuiltinFunction(oid) == nullptr) return Unknown();
  return MayUseOpen(question, *subject, oid, function == nullptr ? "" : function->owner(),
                    common::v1::PRIVILEGE_EXECUTE, common::v1::PRIVILEGE_NO_PUBLIC_EXECUTE, wanted);
}

absl::StatusOr<Value> HasTypePrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  const Value& object = question.arguments[n - 2];
  ASSIGN_OR_RETURN(const std::optional<Subject> subject,
                   SubjectOf(question, RoleArgument(question, 2)));
  auto oid = static_cast<uint32_t>(IsOid(object) ? object.int_value() : 0);
  if (!IsOid(object)) {
    oid = TypeNamed(question.catalog, PathOf(question.session), object.bytes());
    if (oid == 0)
      return status::Error(sqlstate::kUndefinedObject,
                           "type \"" + std::string(object.bytes()) + "\" does not exist");
  }
  ASSIGN_OR_RETURN(const std::vector<Wanted> wanted,
                   Parse(question.arguments[n - 1].bytes(), {"USAGE"}));
  const common::v1::TypeDescriptor* const type = question.catalog.FindType(oid);
  if (!subject || (type == nullptr && !types::FromOid(oid).has_value())) return Unknown();
  return MayUseOpen(question, *subject, oid, type == nullptr ? "" : type->owner(),
                    common::v1::PRIVILEGE_USAGE, common::v1::PRIVILEGE_NO_PUBLIC_USAGE, wanted);
}

absl::StatusOr<Value> HasDatabasePrivilege(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  const Value& object = question.arguments[n - 2];
  ASSIGN_OR_RETURN(const std::optional<Subject> subject,
                   SubjectOf(question, RoleArgument(question, 2)));
  const common::v1::DatabaseDescriptor* database = nullptr;
  if (!IsOid(object)) {
    const std::string name(object.bytes());
    database = question.catalog.FindDatabase(name);
    if (database == nullptr)
      return status::Error("3D000", "database \"" + name + "\" does not exist");
  } else {
    const auto found = question.catalog.databases().find(static_cast<uint32_t>(object.int_value()));
    if (found != question.catalog.databases().end()) database = &found->second;
  }
  ASSIGN_OR_RETURN(
      const std::vector<Wanted> wanted,
      Parse(question.arguments[n - 1].bytes(), {"CREATE", "CONNECT", "TEMPORARY", "TEMP"}));
  if (!subject || database == nullptr) return Unknown();
  if (subject->superuser || subject->roles.contains(database->owner())) return Value::Bool(true);
  std::set<int64_t> held = GrantsTo(question, *subject, database->database_id());
  if (!held.contains(common::v1::PRIVILEGE_NO_PUBLIC_CONNECT))
    held.insert(common::v1::PRIVILEGE_CONNECT);
  if (!held.contains(common::v1::PRIVILEGE_NO_PUBLIC_TEMPORARY))
    held.insert(common::v1::PRIVILEGE_TEMPORARY);
  for (const Wanted& one : wanted) {
    if (!one.grant_option && held.contains(PrivilegeOf(one.privilege))) return Value::Bool(true);
  }
  return Value::Bool(false);
}

absl::StatusOr<Value> HasRole(const PrivilegeQuestion& question) {
  const size_t n = question.arguments.size();
  ASSIGN_OR_RETURN(const std::optional<Subject> subject,
                   SubjectOf(question, RoleArgument(question, 2)));
  ASSIGN_OR_RETURN(const std::optional<Subject> role,
                   SubjectOf(question, &question.arguments[n - 2]));
  ASSIGN_OR_RETURN(const std::vector<Wanted> wanted,
                   Parse(question.arguments[n - 1].bytes(), {"USAGE", "MEMBER"}));
  if (!subject || !role) return Unknown();
  return Value::Bool(subject->superuser || subject->roles.contains(role->name));
}

}  // namespace adbms::storage::server
