// Who may change functions and triggers.
#include "absl/strings/str_cat.h"
#include "common/settings/setting_table.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using common::v1::DdlStatement;
using common::v1::FunctionDescriptor;
using common::v1::TableDescriptor;
namespace sqlstate = status::sqlstate;

absl::Status AuthorizeFunctionOwner(const security::v1::Policy& policy,
                                    const FunctionDescriptor& function) {
  if (policy::Owns(policy, function.owner())) return absl::OkStatus();
  const char* kind = function.kind() == FunctionDescriptor::KIND_PROCEDURE   ? "procedure "
                     : function.kind() == FunctionDescriptor::KIND_AGGREGATE ? "aggregate "
                                                                             : "function ";
  return status::Error(sqlstate::kInsufficientPrivilege,
                       absl::StrCat("must be owner of ", kind, function.name()));
}

// What the function promises and sets. `before`: null for a new one.
absl::Status AuthorizeClauses(const security::v1::Policy& policy,
                              const FunctionDescriptor& function,
                              const FunctionDescriptor* before) {
  if (function.leakproof() && !policy.superuser() && (before == nullptr || !before->leakproof()))
    return status::Error(sqlstate::kInsufficientPrivilege,
                         "only superuser can define a leakproof function");
  for (const auto& setting : function.settings()) {
    const settings::SettingDefinition* definition = settings::FindSetting(setting.name());
    if (definition == nullptr) continue;
    RETURN_IF_ERROR(settings::CheckMaySet(*definition, policy.superuser(), /*starting=*/false));
  }
  return absl::OkStatus();
}

absl::Status AuthorizeTrigger(const security::v1::Policy& policy, const sql::Catalog& catalog,
                              uint32_t table_id) {
  const TableDescriptor* table = catalog.FindTable(table_id);
  if (table == nullptr) return absl::OkStatus();  // Storage says so.
  return policy::AuthorizeTable(policy, *table, common::v1::PRIVILEGE_OWNER);
}

// The privilege TRIGGER cannot be granted: its owner has it.
absl::Status AuthorizeNewTrigger(const security::v1::Policy& policy, const sql::Catalog& catalog,
                                 uint32_t table_id) {
  if (AuthorizeTrigger(policy, catalog, table_id).ok()) return absl::OkStatus();
  return status::Error(
      sqlstate::kInsufficientPrivilege,
      absl::StrCat("permission denied for table ", catalog.FindTable(table_id)->name()));
}

}  // namespace

absl::Status Session::AuthorizeFunctionAlteration(const FunctionDescriptor& function,
                                                  const security::v1::Policy& policy,
                                                  const sql::Catalog& catalog) {
  const FunctionDescriptor* before = catalog.FindFunction(function.function_id());
  if (before == nullptr) return absl::OkStatus();  // Storage says so.
  RETURN_IF_ERROR(AuthorizeFunctionOwner(policy, *before));
  if (function.owner() != before->owner())
    RETURN_IF_ERROR(AuthorizeNewOwner(function.owner(), before->schema(), policy, catalog));
  if (function.name() != before->name() || function.schema() != before->schema())
    RETURN_IF_ERROR(
        policy::AuthorizeSchema(policy, catalog, function.schema(), common::v1::PRIVILEGE_CREATE));
  return AuthorizeClauses(policy, function, before);
}

absl::Status Session::AuthorizeFunctionDdl(const DdlStatement& ddl,
                                           const security::v1::Policy& policy,
                                           const sql::Catalog& catalog) {
  using Body = DdlStatement::BodyCase;
  switch (ddl.body_case()) {
    case Body::kCreateFunction: {
      const FunctionDescriptor& function = ddl.create_function().function();
      RETURN_IF_ERROR(policy::AuthorizeSchema(policy, catalog, function.schema(),
                                              common::v1::PRIVILEGE_CREATE));
      for (const auto* known : catalog.FindFunctions(function.schema(), function.name(), {})) {
        if (ddl.create_function().or_replace() && sql::SameInputs(*known, function))
          RETURN_IF_ERROR(AuthorizeFunctionOwner(policy, *known));
      }
      return AuthorizeClauses(policy, function, nullptr);
    }
    case Body::kDropFunction:
      for (const uint32_t id : ddl.drop_function().function_ids()) {
        const FunctionDescriptor* function = catalog.FindFunction(id);
        if (function == nullptr ||
            policy::AuthorizeSchemaOwner(policy, catalog, function->schema()).ok())
          continue;
        RETURN_IF_ERROR(AuthorizeFunctionOwner(policy, *function));
      }
      return absl::OkStatus();
    case Body::kAlterFunction:
      return AuthorizeFunctionAlteration(ddl.alter_function().function(), policy, catalog);
    case Body::kComment: {
      const FunctionDescriptor* function = catalog.FindFunction(ddl.comment().function_id());
      return function == nullptr ? absl::OkStatus() : AuthorizeFunctionOwner(policy, *function);
    }
    case Body::kCreateTrigger:
      return AuthorizeNewTrigger(policy, catalog, ddl.create_trigger().table_id());
    case Body::kDropTrigger:
      return AuthorizeTrigger(policy, catalog, ddl.drop_trigger().table_id());
    case Body::kAlterTrigger:
      return AuthorizeTrigger(policy, catalog, ddl.alter_trigger().table_id());
    default:
      return absl::InternalError("not a change of a function");
  }
}

}  // namespace adbms::gateway::session
