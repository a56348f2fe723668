#include "services/storage/server/program_definitions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/settings/setting_table.h"
#include "common/sql/sql.h"
#include "common/types/type.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/object_definitions.h"

namespace adbms::storage::server {
namespace {

using catalog::QuoteIdentifier;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using types::TypeId;

constexpr uint32_t kRecord = 2249;
constexpr uint32_t kTrigger = 2279;

bool IsProcedure(const FunctionDescriptor& function) {
  return function.kind() == FunctionDescriptor::KIND_PROCEDURE;
}

bool HasOutputs(const FunctionDescriptor& function) {
  return std::any_of(function.arguments().begin(), function.arguments().end(),
                     [](const auto& argument) {
                       return argument.mode() != FunctionArgument::MODE_IN &&
                              argument.mode() != FunctionArgument::MODE_VARIADIC;
                     });
}

std::string TypeText(const common::v1::DataType& type) {
  const types::Type shown = types::FromProto(type);
  return types::Format({shown.id, 0, shown.declared});
}

// Whether the text is one constant in quotes.
bool IsQuoted(std::string_view sql) {
  if (sql.size() < 2 || sql.front() != '\'' || sql.back() != '\'') return false;
  for (size_t i = 1; i + 1 < sql.size(); ++i) {
    if (sql[i] == '\'' && (sql[++i] != '\'' || i + 1 == sql.size())) return false;
  }
  return true;
}

bool IsNegativeInteger(std::string_view sql) {
  return sql.size() > 1 && sql[0] == '-' &&
         std::all_of(sql.begin() + 1, sql.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string QuoteLiteral(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) out.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return out + "'";
}

const char* ModeWord(const FunctionArgument& argument, bool procedure) {
  switch (argument.mode()) {
    case FunctionArgument::MODE_OUT:
      return "OUT ";
    case FunctionArgument::MODE_INOUT:
      return "INOUT ";
    case FunctionArgument::MODE_VARIADIC:
      return "VARIADIC ";
    case FunctionArgument::MODE_TABLE:
      return "";
    default:
      // DROP PROCEDURE of the SQL standard counts outputs, too.
      return procedure ? "IN " : "";
  }
}

std::string ArgumentList(const FunctionDescriptor& function, bool columns, bool defaults) {
  std::vector<std::string> list;
  for (const FunctionArgument& argument : function.arguments()) {
    if ((argument.mode() == FunctionArgument::MODE_TABLE) != columns) continue;
    std::string text = ModeWord(argument, IsProcedure(function));
    if (!argument.name().empty()) absl::StrAppend(&text, QuoteIdentifier(argument.name()), " ");
    absl::StrAppend(&text, TypeText(argument.type()));
    if (defaults && !argument.default_sql().empty())
      absl::StrAppend(&text, " DEFAULT ", ArgumentDefault(argument));
    list.push_back(std::move(text));
  }
  return absl::StrJoin(list, ", ");
}

std::string OptionLine(const FunctionDescriptor& function) {
  std::string line;
  if (function.volatility() == FunctionDescriptor::VOLATILITY_IMMUTABLE) line += " IMMUTABLE";
  if (function.volatility() == FunctionDescriptor::VOLATILITY_STABLE) line += " STABLE";
  if (function.parallel() == "s") line += " PARALLEL SAFE";
  if (function.parallel() == "r") line += " PARALLEL RESTRICTED";
  if (function.strict()) line += " STRICT";
  if (function.security_definer()) line += " SECURITY DEFINER";
  if (function.leakproof()) line += " LEAKPROOF";
  if (function.cost() != 0 && function.cost() != 100)
    absl::StrAppend(&line, " COST ", function.cost());
  if (function.rows() != 0 && function.rows() != 1000)
    absl::StrAppend(&line, " ROWS ", function.rows());
  return line.empty() ? line : line + "\n";
}

// A list's items stand in quotes each.
std::string SettingLine(const common::v1::FunctionSetting& setting) {
  std::string value;
  if (setting.name() == "search_path" || setting.name() == "temp_tablespaces") {
    std::vector<std::string> items;
    const std::vector<std::string> names = absl::StrSplit(setting.value(), ", ");
    for (std::string item : names) {
      if (item.size() >= 2 && item.front() == '"') item = item.substr(1, item.size() - 2);
      items.push_back(QuoteLiteral(item));
    }
    value = absl::StrJoin(items, ", ");
  } else {
    value = QuoteLiteral(setting.value());
  }
  const auto* definition = settings::FindSetting(setting.name());
  return absl::StrCat(" SET ",
                      QuoteIdentifier(definition == nullptr ? setting.name() : definition->name),
                      " TO ", value, "\n");
}

std::string BodyText(const FunctionDescriptor& function) {
  if (function.standard_body()) return function.source();
  std::string quote = IsProcedure(function) ? "$procedure" : "$function";
  while (function.source().find(quote) != std::string::npos) quote += "x";
  quote += "$";
  return absl::StrCat("AS ", quote, function.source(), quote);
}

std::string EventWords(const TableDescriptor& table, const TriggerDescriptor& trigger) {
  std::vector<std::string> events;
  if (trigger.on_insert()) events.emplace_back("INSERT");
  if (trigger.on_delete()) events.emplace_back("DELETE");
  if (trigger.on_update()) {
    std::vector<std::string> columns;
    for (const uint32_t ordinal : trigger.columns())
      columns.push_back(QuoteIdentifier(table.columns(static_cast<int>(ordinal)).name()));
    events.push_back(columns.empty() ? "UPDATE"
                                     : absl::StrCat("UPDATE OF ", absl::StrJoin(columns, ", ")));
  }
  if (trigger.on_truncate()) events.emplace_back("TRUNCATE");
  return absl::StrJoin(events, " OR ");
}

std::string ConstraintWords(const TriggerDescriptor& trigger) {
  if (!trigger.is_constraint()) return {};
  return absl::StrCat(
      trigger.deferral() == common::v1::DEFERRAL_UNSPECIFIED ? "NOT " : "", "DEFERRABLE INITIALLY ",
      trigger.deferral() == common::v1::DEFERRAL_DEFERRED ? "DEFERRED " : "IMMEDIATE ");
}

std::string TransitionWords(const TriggerDescriptor& trigger) {
  if (trigger.old_table().empty() && trigger.new_table().empty()) return {};
  std::string words = "REFERENCING ";
  if (!trigger.old_table().empty())
    absl::StrAppend(&words, "OLD TABLE AS ", QuoteIdentifier(trigger.old_table()), " ");
  if (!trigger.new_table().empty())
    absl::StrAppend(&words, "NEW TABLE AS ", QuoteIdentifier(trigger.new_table()), " ");
  return words;
}

}  // namespace

bool IsVisible(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
               const FunctionDescriptor& function) {
  const std::string signature = sql::SignatureOf(function);
  for (const std::string& schema : path) {
    if (schema == function.schema()) return true;
    if (catalog.FindFunctionByName(schema, signature) != nullptr) return false;
  }
  return false;
}

std::string FunctionName(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                         const FunctionDescriptor& function) {
  return (IsVisible(catalog, path, function) ? "" : QuoteIdentifier(function.schema()) + ".") +
         QuoteIdentifier(function.name());
}

std::string ArgumentDefault(const FunctionArgument& argument) {
  const std::string& sql = argument.default_sql();
  const bool quoted = IsQuoted(sql);
  // PostgreSQL reads a number at once, and shows a negative one as text.
  if (quoted && types::IsInteger(types::FromProto(argument.type()).id))
    return sql.substr(1, sql.size() - 2);
  if (IsNegativeInteger(sql)) return absl::StrCat("'", sql, "'::integer");
  if (quoted) return absl::StrCat(sql, "::", TypeText(argument.type()));
  return sql == "NULL" || sql == "null" ? absl::StrCat("NULL::", TypeText(argument.type())) : sql;
}

std::string ArgumentDefaults(const FunctionDescriptor& function) {
  std::vector<std::string> list;
  for (const FunctionArgument& argument : function.arguments()) {
    if (!argument.default_sql().empty()) list.push_back(ArgumentDefault(argument));
  }
  return absl::StrJoin(list, ", ");
}

std::string FunctionArguments(const FunctionDescriptor& function, bool defaults) {
  return ArgumentList(function, /*columns=*/false, defaults);
}

std::string FunctionResult(const FunctionDescriptor& function) {
  if (IsProcedure(function)) return {};
  const std::string columns = ArgumentList(function, /*columns=*/true, /*defaults=*/false);
  if (!columns.empty()) return absl::StrCat("TABLE(", columns, ")");
  const std::string type = function.returns_trigger() ? "trigger"
                           : function.has_result()    ? TypeText(function.result())
                                                      : "record";
  return function.returns_set() ? "SETOF " + type : type;
}

uint32_t ResultOid(const FunctionDescriptor& function) {
  if (function.returns_trigger()) return kTrigger;
  if (function.has_result()) return types::OidOf(types::FromProto(function.result()));
  return IsProcedure(function) && !HasOutputs(function) ? types::OidOf(TypeId::kVoid) : kRecord;
}

std::string FunctionDefinition(const FunctionDescriptor& function) {
  std::string text =
      absl::StrCat("CREATE OR REPLACE ", IsProcedure(function) ? "PROCEDURE " : "FUNCTION ",
                   QuoteIdentifier(function.schema()), ".", QuoteIdentifier(function.name()), "(",
                   FunctionArguments(function, /*defaults=*/true), ")\n");
  if (!IsProcedure(function)) absl::StrAppend(&text, " RETURNS ", FunctionResult(function), "\n");
  absl::StrAppend(&text, " LANGUAGE ", function.language(), "\n", OptionLine(function));
  for (const auto& setting : function.settings()) text += SettingLine(setting);
  return absl::StrCat(text, BodyText(function), "\n");
}

std::string TriggerAction(const catalog::CatalogState& catalog,
                          const std::vector<std::string>& path, const TriggerDescriptor& trigger) {
  const catalog::FunctionPtr function = catalog.FindFunction(trigger.function_id());
  std::vector<std::string> arguments;
  for (const std::string& argument : trigger.arguments())
    arguments.push_back(QuoteLiteral(argument));
  return absl::StrCat("EXECUTE FUNCTION ",
                      function == nullptr ? "" : FunctionName(catalog, path, *function), "(",
                      absl::StrJoin(arguments, ", "), ")");
}

namespace {

// The other table of a constraint trigger.
std::string FromWords(const catalog::CatalogState& catalog, const std::vector<std::string>& path,
                      const TriggerDescriptor& trigger) {
  const catalog::TableEntryPtr* other =
      trigger.constraint_table_id() == 0 ? nullptr : catalog.Find(trigger.constraint_table_id());
  if (other == nullptr) return {};
  const TableDescriptor& table = (*other)->descriptor;
  return absl::StrCat("FROM ", QualifiedName(catalog, path, table.schema(), table.name()), " ");
}

}  // namespace

std::string TriggerDefinition(const catalog::CatalogState& catalog,
                              const std::vector<std::string>& path, const TableDescriptor& table,
                              const TriggerDescriptor& trigger, bool pretty) {
  const std::string on =
      pretty ? QualifiedName(catalog, path, table.schema(), table.name())
             : QuoteIdentifier(table.schema()) + "." + QuoteIdentifier(table.name());
  std::string when;
  if (!trigger.when_sql().empty())
    when = absl::StrCat("WHEN (", pretty ? "" : "(", trigger.when_sql(), pretty ? "" : ")", ") ");
  return absl::StrCat(
      "CREATE ", trigger.is_constraint() ? "CONSTRAINT " : "", "TRIGGER ",
      QuoteIdentifier(trigger.name()),
      trigger.timing() == TriggerDescriptor::TIMING_BEFORE    ? " BEFORE "
      : trigger.timing() == TriggerDescriptor::TIMING_INSTEAD ? " INSTEAD OF "
                                                              : " AFTER ",
      EventWords(table, trigger), " ON ", on, " ", FromWords(catalog, path, trigger),
      ConstraintWords(trigger), TransitionWords(trigger), "FOR EACH ",
      trigger.for_each_row() ? "ROW " : "STATEMENT ", when, TriggerAction(catalog, path, trigger));
}

}  // namespace adbms::storage::server
