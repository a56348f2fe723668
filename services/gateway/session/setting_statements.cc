// SET, RESET, SHOW.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/settings/setting_table.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/policy/authorize.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

// A name as it stands in a list of names: quoted where it must be.
std::string QuoteName(const std::string& name) {
  const bool plain = !name.empty() && !absl::ascii_isdigit(name[0]) &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
                     });
  if (plain) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

// The value as one text.
std::string ValueOf(const sql::SetStatement& set) {
  if (!Settings::IsNameList(set.name)) return absl::StrJoin(set.values, ", ");
  std::vector<std::string> names;
  for (const std::string& name : set.values) names.push_back(QuoteName(name));
  return absl::StrJoin(names, ", ");
}

}  // namespace

bool Session::IsOfTransaction(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  return lower == "transaction_isolation" || lower == "transaction_read_only";
}

sql::SetStatement Session::ModesOf(std::string_view name, std::string_view value) {
  sql::SetStatement modes;
  const std::string lower = absl::AsciiStrToLower(absl::string_view(value.data(), value.size()));
  if (absl::AsciiStrToLower(absl::string_view(name.data(), name.size())) ==
      "transaction_isolation") {
    modes.isolation = lower;
  } else {
    modes.read_only = lower == "on" || lower == "true" || lower == "1" || lower == "yes";
  }
  return modes;
}

absl::Status Session::AddSetting(const sql::RoleStatement& role, const sql::Catalog& catalog,
                                 security::v1::ChangeRolesRequest* request) const {
  const sql::SetStatement& set = role.set;
  if (!role.database.empty()) {
    ASSIGN_OR_RETURN(const auto policy, policy_->Get());
    ASSIGN_OR_RETURN(const auto* database, catalog.DatabaseNamed(role.database));
    request->set_database_id(database->database_id());
    if (role.roles.empty()) {
      RETURN_IF_ERROR(policy::AuthorizeDatabaseOwner(*policy, *database));
      request->set_owns_database(true);
    }
  }
  if (set.name == "all") return absl::OkStatus();
  if (set.name == "transaction" || set.name == "session characteristics" || set.name == "role" ||
      set.name == "session_authorization") {
    return status::NotSupported(absl::StrCat("keeping ", set.name, " as a setting"));
  }
  request->set_setting(Settings::NameOf(set.name));
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  const settings::SettingDefinition* definition = settings::FindSetting(set.name);
  if (definition == nullptr) {
    // As PostgreSQL 15: what a name of somebody's own means nobody knows.
    RETURN_IF_ERROR(settings::CheckCustom(set.name));
    if (!policy->superuser()) {
      return status::Error(status::sqlstate::kInsufficientPrivilege,
                           absl::StrCat("permission denied to set parameter \"", set.name, "\""));
    }
  } else {
    RETURN_IF_ERROR(settings::CheckMaySet(*definition, policy->superuser(), /*starting=*/false));
  }
  if (set.reset) return absl::OkStatus();
  std::string value = ValueOf(set);
  if (role.from_current) {
    ASSIGN_OR_RETURN(value, ShowValue(set.name));
  }
  RETURN_IF_ERROR(settings_.Check(set.name, value, /*starting=*/false).status());
  request->set_value(value);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Session::ShowValue(const std::string& name) const {
  if (state_ == TransactionState::kExplicit) {
    if (name == "transaction_isolation") {
      return std::string(NameOf(begin_options_.isolation));
    }
    if (name == "transaction_read_only") {
      return std::string(begin_options_.read_only ? "on" : "off");
    }
  } else if (name == "transaction_isolation") {
    return settings_.default_isolation();
  } else if (name == "transaction_read_only") {
    return std::string(settings_.default_read_only() ? "on" : "off");
  }
  return settings_.Show(name);
}

// ---- Settings ----------------------------------------------------------------------------------

absl::Status Session::RunSet(const sql::Statement& statement, ResultSink* sink) {
  const sql::SetStatement& set = statement.set;
  if (set.name == "all") {
    settings_.ResetAll();
  } else if (IsIdentity(set.name)) {
    std::optional<std::string> role;
    if (!set.reset) role = absl::StrJoin(set.values, ", ");
    RETURN_IF_ERROR(ChangeIdentity(set.name, role, set.is_local));
    WarnIfLocal(set, sink);
  } else if (set.reset) {
    RETURN_IF_ERROR(settings_.Reset(set.name, set.is_local));
  } else if (set.name == "transaction") {
    RETURN_IF_ERROR(SetTransaction(set, sink));
  } else if (set.name == "session characteristics") {
    if (!set.isolation.empty())
      RETURN_IF_ERROR(settings_.Set("default_transaction_isolation", set.isolation, false));
    if (set.read_only.has_value())
      RETURN_IF_ERROR(
          settings_.Set("default_transaction_read_only", *set.read_only ? "on" : "off", false));
  } else {
    if (IsOfTransaction(set.name)) {
      RETURN_IF_ERROR(SetTransaction(ModesOf(set.name, absl::StrJoin(set.values, ", ")), sink));
    } else {
      RETURN_IF_ERROR(settings_.Set(set.name, ValueOf(set), set.is_local));
    }
    WarnIfLocal(set, sink);
  }
  return sink->Complete(statement.command_tag);
}

void Session::WarnIfLocal(const sql::SetStatement& set, ResultSink* sink) const {
  const bool in_program = programs_ != nullptr && programs_->depth > 0;
  if (!set.is_local || state_ == TransactionState::kExplicit || in_program) return;
  sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
               "SET LOCAL can only be used in transaction blocks");
}

absl::Status Session::RunShow(const sql::Statement& statement, ResultSink* sink) {
  if (statement.show.name == "all") {
    OutputColumns columns;
    types::Batch batch;
    for (const char* name : {"name", "setting", "description"}) {
      common::v1::OutputColumn* column = columns.Add();
      column->set_name(name);
      column->mutable_type()->set_id(common::v1::TYPE_ID_TEXT);
      batch.columns.push_back(
          std::make_shared<types::Vector>(types::Type{types::TypeId::kText, 0}));
    }
    for (const auto& row : settings_.All()) {
      for (size_t i = 0; i < row.size(); ++i) batch.columns[i]->Append(types::Value::Text(row[i]));
      ++batch.row_count;
    }
    RETURN_IF_ERROR(sink->BeginRows(columns));
    RETURN_IF_ERROR(sink->Rows(batch));
    return sink->Complete("SHOW");
  }
  ASSIGN_OR_RETURN(const std::string value, ShowValue(statement.show.name));
  return SendText(statement, {value}, sink);
}

}  // namespace adbms::gateway::session
