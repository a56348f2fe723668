#include "common/sql/ddl/function_options.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/settings/setting_table.h"
#include "common/sql/ddl/quoting.h"
#include "common/sql/parser/options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionDescriptor;
using parser::Node;
using parser::NodeList;

std::optional<float> NumberOf(const PgQuery__DefElem& option) {
  float value = 0;
  if (!absl::SimpleAtof(parser::ConstantText(option.arg), &value)) return 0;
  return value;
}

// Lists are stored as they would be written: names in quotes where they need them.
bool IsNameList(std::string_view name) {
  return name == "search_path" || name == "temp_tablespaces" ||
         name == "session_preload_libraries" || name == "local_preload_libraries";
}

std::string QuotedWhereNeeded(const std::string& name) {
  const bool plain = !name.empty() && !absl::ascii_isdigit(name[0]) &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) {
                       return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
                     });
  return plain ? name : QuoteName(name);
}

std::string SettingText(const std::string& name, NodeList arguments) {
  std::string text;
  for (const Node* argument : arguments) {
    const std::string value = parser::ConstantText(argument);
    absl::StrAppend(&text, text.empty() ? "" : ", ",
                    IsNameList(name) ? QuotedWhereNeeded(value) : value);
  }
  return text;
}

absl::Status CheckSetting(const std::string& name, const std::string& value) {
  const settings::SettingDefinition* definition = settings::FindSetting(name);
  if (definition == nullptr) return settings::CheckCustom(name);
  return settings::ReadValue(*definition, value).status();
}

absl::Status ApplySetting(const PgQuery__VariableSetStmt& set, FunctionDescriptor* function) {
  if (set.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
    function->clear_settings();
    return absl::OkStatus();
  }
  const std::string name = absl::AsciiStrToLower(set.name == nullptr ? "" : set.name);
  if (set.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT)
    return status::Error(sqlstate::kFeatureNotSupported, "SET FROM CURRENT is not supported", {},
                         "Name the value.");
  if (set.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI)
    return status::NotSupported(absl::StrCat("SET ", absl::AsciiStrToUpper(name)));
  auto* settings = function->mutable_settings();
  const auto known = std::find_if(settings->begin(), settings->end(),
                                  [&](const auto& setting) { return setting.name() == name; });
  if (set.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
    if (known != settings->end()) settings->erase(known);
    return settings::FindSetting(name) == nullptr && !settings::IsCustom(name)
               ? settings::Unknown(name)
               : absl::OkStatus();
  }
  if (name == "role" || name == "session_authorization")
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("SET ", name, " of a function is not supported"), {},
                         "Make the role its owner, with SECURITY DEFINER.");
  const std::string value = SettingText(name, {set.args, set.n_args});
  RETURN_IF_ERROR(CheckSetting(name, value));
  auto* setting = known == settings->end() ? function->add_settings() : &*known;
  setting->set_name(name);
  setting->set_value(value);
  return absl::OkStatus();
}

FunctionDescriptor::Volatility VolatilityOf(const std::string& word) {
  if (word == "immutable") return FunctionDescriptor::VOLATILITY_IMMUTABLE;
  if (word == "stable") return FunctionDescriptor::VOLATILITY_STABLE;
  return FunctionDescriptor::VOLATILITY_VOLATILE;
}

// Reads one clause; false for one that was given before.
template <typename T>
bool Once(std::optional<T>* slot, std::optional<T> value) {
  if (slot->has_value()) return false;
  *slot = std::move(value);
  return true;
}

}  // namespace

absl::Status ReadFunctionOptions(NodeList options, bool procedure, std::string_view text,
                                 FunctionOptions* out) {
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view name = parser::View(option.defname);
    const int position = parser::CharacterPosition(text, option.location);
    const bool of_functions = name == "volatility" || name == "strict" || name == "leakproof" ||
                              name == "cost" || name == "rows" || name == "support" ||
                              name == "parallel" || name == "window";
    if (procedure && of_functions)
      return status::ErrorAt("42P13", position, "invalid attribute in procedure definition");
    bool first = true;
    if (name == "as") {
      const PgQuery__List& list = *option.arg->list;
      first = Once(&out->as, std::optional(parser::StringsOf({list.items, list.n_items})));
    } else if (name == "language") {
      first = Once(&out->language, std::optional(parser::ConstantText(option.arg)));
    } else if (name == "volatility") {
      first = Once(&out->volatility, std::optional(parser::ConstantText(option.arg)));
    } else if (name == "parallel") {
      first = Once(&out->parallel, std::optional(parser::ConstantText(option.arg)));
    } else if (name == "strict") {
      first = Once(&out->strict, std::optional(parser::IsOn(option)));
    } else if (name == "security") {
      first = Once(&out->security_definer, std::optional(parser::IsOn(option)));
    } else if (name == "leakproof") {
      first = Once(&out->leakproof, std::optional(parser::IsOn(option)));
    } else if (name == "cost") {
      first = Once(&out->cost, NumberOf(option));
    } else if (name == "rows") {
      first = Once(&out->rows, NumberOf(option));
    } else if (name == "set") {
      out->settings.push_back(option.arg->variable_set_stmt);
    } else {
      return status::ErrorAt(
          sqlstate::kFeatureNotSupported, position,
          absl::StrCat(absl::AsciiStrToUpper(absl::string_view(name.data(), name.size())),
                       " of a function is not supported"),
          "Leave the clause out.");
    }
    if (!first)
      return status::ErrorAt(sqlstate::kSyntaxError, position, "conflicting or redundant options");
  }
  return absl::OkStatus();
}

absl::Status ApplyFunctionOptions(const FunctionOptions& options, FunctionDescriptor* function) {
  if (options.volatility.has_value()) function->set_volatility(VolatilityOf(*options.volatility));
  if (options.strict.has_value()) function->set_strict(*options.strict);
  if (options.security_definer.has_value())
    function->set_security_definer(*options.security_definer);
  if (options.leakproof.has_value()) function->set_leakproof(*options.leakproof);
  if (options.parallel.has_value()) {
    const std::string& word = *options.parallel;
    if (word != "safe" && word != "restricted" && word != "unsafe")
      return status::Error(sqlstate::kSyntaxError,
                           "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
    function->set_parallel(word.substr(0, 1));
  }
  if (options.cost.has_value()) {
    if (*options.cost <= 0)
      return status::Error(sqlstate::kInvalidParameterValue, "COST must be positive");
    function->set_cost(*options.cost);
  }
  if (options.rows.has_value()) {
    if (*options.rows <= 0)
      return status::Error(sqlstate::kInvalidParameterValue, "ROWS must be positive");
    if (!function->returns_set())
      return status::Error(sqlstate::kInvalidParameterValue,
                           "ROWS is not applicable when function does not return a set");
    function->set_rows(*options.rows);
  }
  for (const auto* set : options.settings) RETURN_IF_ERROR(ApplySetting(*set, function));
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
