// SET, RESET, SHOW.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
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

}  // namespace

absl::StatusOr<std::string> Session::ShowValue(const std::string& name) const {
  if (state_ == TransactionState::kExplicit) {
    if (name == "transaction_isolation") {
      return std::string(begin_options_.isolation == storage::api::Isolation::kRepeatableRead
                             ? "repeatable read"
                             : "read committed");
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
  } else if (set.reset) {
    RETURN_IF_ERROR(settings_.Reset(set.name));
  } else if (set.name == "session_authorization" || set.name == "role") {
    return status::NotSupported(absl::StrCat("SET ", absl::AsciiStrToUpper(set.name)));
  } else if (set.name == "transaction") {
    RETURN_IF_ERROR(SetTransaction(set, sink));
  } else if (set.name == "session characteristics") {
    if (!set.isolation.empty())
      RETURN_IF_ERROR(settings_.Set("default_transaction_isolation", set.isolation, false));
    if (set.read_only.has_value())
      RETURN_IF_ERROR(
          settings_.Set("default_transaction_read_only", *set.read_only ? "on" : "off", false));
  } else {
    // `SET transaction_isolation = …` is SET TRANSACTION.
    if (set.name == "transaction_isolation" || set.name == "transaction_read_only") {
      sql::SetStatement transaction;
      const std::string value = absl::AsciiStrToLower(absl::StrJoin(set.values, ", "));
      if (set.name == "transaction_isolation") {
        transaction.isolation = value;
      } else {
        transaction.read_only = value == "on" || value == "true" || value == "1" || value == "yes";
      }
      RETURN_IF_ERROR(SetTransaction(transaction, sink));
    } else {
      const bool names = Settings::IsNameList(set.name) && !set.returns_value;
      std::vector<std::string> values;
      for (const std::string& value : set.values)
        values.push_back(names ? QuoteName(value) : value);
      RETURN_IF_ERROR(settings_.Set(set.name, absl::StrJoin(values, ", "), set.is_local));
    }
    if (set.is_local && state_ != TransactionState::kExplicit) {
      sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                   "SET LOCAL can only be used in transaction blocks");
    }
  }
  if (set.returns_value) {
    ASSIGN_OR_RETURN(const std::string value, ShowValue(set.name));
    return SendText("set_config", {value}, "SELECT 1", sink);
  }
  return sink->Complete(statement.command_tag);
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
  return SendText(Settings::NameOf(statement.show.name), {value}, "SHOW", sink);
}

}  // namespace adbms::gateway::session
