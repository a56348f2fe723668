#include "services/storage/server/program_functions.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/sql/sql.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/identifier_text.h"
#include "services/storage/server/declared_type_rows.h"
#include "services/storage/server/function_rows.h"
#include "services/storage/server/object_definitions.h"
#include "services/storage/server/object_names.h"
#include "services/storage/server/program_definitions.h"

namespace adbms::storage::server {
namespace {

using catalog::QuoteIdentifier;
using common::v1::FunctionDescriptor;
using types::TypeId;
using types::Value;

Value NullText() { return Value::Null({TypeId::kText, 0}); }

uint32_t OidOf(const ProgramQuestion& question) {
  return static_cast<uint32_t>(question.arguments[0].int_value());
}

absl::StatusOr<Value> ResultText(const ProgramQuestion& question) {
  if (const auto function = question.catalog.FindFunction(OidOf(question)); function != nullptr) {
    const std::string text = FunctionResult(*function);
    return text.empty() ? NullText() : Value::Text(text);
  }
  const FunctionRow* function = BuiltinFunction(OidOf(question));
  return function == nullptr ? NullText() : Value::Text(FunctionResult(*function));
}

template <bool kDefaults>
absl::StatusOr<Value> ArgumentsText(const ProgramQuestion& question) {
  if (const auto function = question.catalog.FindFunction(OidOf(question)); function != nullptr)
    return Value::Text(FunctionArguments(*function, kDefaults));
  const FunctionRow* function = BuiltinFunction(OidOf(question));
  return function == nullptr ? NullText() : Value::Text(FunctionArguments(*function, kDefaults));
}

absl::StatusOr<Value> Definition(const ProgramQuestion& question) {
  const auto function = question.catalog.FindFunction(OidOf(question));
  if (function != nullptr && function->kind() == common::v1::FunctionDescriptor::KIND_AGGREGATE)
    return status::Error(status::sqlstate::kWrongObjectType,
                         absl::StrCat("\"", function->name(), "\" is an aggregate function"));
  if (function != nullptr) return Value::Text(FunctionDefinition(*function));
  const FunctionRow* builtin = BuiltinFunction(OidOf(question));
  if (builtin != nullptr && builtin->kind == 'a')
    return status::Error(status::sqlstate::kWrongObjectType,
                         absl::StrCat("\"", builtin->name, "\" is an aggregate function"));
  return NullText();
}

// Of a standard body only.
absl::StatusOr<Value> StandardBodyText(const ProgramQuestion& question) {
  const auto function = question.catalog.FindFunction(OidOf(question));
  return function == nullptr || !function->standard_body() ? NullText()
                                                           : Value::Text(function->source());
}

absl::StatusOr<Value> DefaultText(const ProgramQuestion& question) {
  const auto function = question.catalog.FindFunction(OidOf(question));
  const int64_t number = question.arguments[1].int_value();
  if (function == nullptr || number < 1 || number > function->arguments_size()) return NullText();
  const auto& argument = function->arguments(static_cast<int>(number) - 1);
  return argument.default_sql().empty() || !sql::IsInput(argument)
             ? NullText()
             : Value::Text(ArgumentDefault(argument));
}

absl::StatusOr<Value> TriggerText(const ProgramQuestion& question) {
  const bool pretty = question.arguments.size() > 1 && question.arguments[1].bool_value();
  for (const auto& [id, entry] : question.catalog.tables()) {
    for (const auto& trigger : entry->descriptor.triggers()) {
      if (trigger.trigger_id() == OidOf(question))
        return Value::Text(TriggerDefinition(question.catalog, PathOf(question.session),
                                             entry->descriptor, trigger, pretty));
    }
  }
  return NullText();
}

absl::StatusOr<Value> Visible(const ProgramQuestion& question) {
  if (const auto function = question.catalog.FindFunction(OidOf(question)); function != nullptr)
    return Value::Bool(IsVisible(question.catalog, PathOf(question.session), *function));
  return BuiltinFunction(OidOf(question)) == nullptr ? Value::Null({TypeId::kBool, 0})
                                                     : Value::Bool(true);
}

// The functions that a possibly qualified name means, without regard to their arguments: the first
// one's number and how many there are. A name found in one schema hides those of later ones only
// where the arguments are the same, so that all count.
struct Named {
  int count = 0;
  int64_t oid = 0;
};
Named FunctionsNamed(const ProgramQuestion& question, std::string_view text) {
  Named named;
  std::vector<std::string> parts;
  if (!SplitName(text, &parts)) return named;
  const std::vector<std::string> path = parts.size() > 1
                                            ? std::vector<std::string>{parts[parts.size() - 2]}
                                            : PathOf(question.session);
  const auto add = [&](int64_t oid) {
    if (named.count++ == 0) named.oid = oid;
  };
  for (const std::string& schema : path) {
    for (const FunctionRow& function : AllFunctions()) {
      if (schema == "pg_catalog" && function.name == parts.back()) add(function.oid);
    }
    for (const auto& [id, function] : question.catalog.functions()) {
      if (function->schema() == schema && function->name() == parts.back()) add(id);
    }
  }
  return named;
}

absl::StatusOr<Value> ToRegproc(const ProgramQuestion& question) {
  const Named named = FunctionsNamed(question, question.arguments[0].bytes());
  return named.count == 1 ? Value::Int(TypeId::kRegproc, named.oid)
                          : Value::Null({TypeId::kRegproc, 0});
}

absl::StatusOr<Value> RegprocIn(const ProgramQuestion& question) {
  const std::string text(question.arguments[0].bytes());
  if (text == "-") return Value::Int(TypeId::kRegproc, 0);
  const Named named = FunctionsNamed(question, text);
  if (named.count == 1) return Value::Int(TypeId::kRegproc, named.oid);
  return named.count == 0 ? status::Error(status::sqlstate::kUndefinedFunction,
                                          "function \"" + text + "\" does not exist")
                          : status::Error(status::sqlstate::kAmbiguousFunction,
                                          "more than one function named \"" + text + "\"");
}

absl::StatusOr<Value> RegprocOut(const ProgramQuestion& question) {
  const uint32_t oid = OidOf(question);
  if (oid == 0) return Value::Text("-");
  if (const auto function = question.catalog.FindFunction(oid); function != nullptr) {
    // Without the arguments, the name alone must mean it.
    const std::string name = QuoteIdentifier(function->name());
    const Named named = FunctionsNamed(question, name);
    return Value::Text(named.count == 1 && named.oid == oid
                           ? name
                           : QuoteIdentifier(function->schema()) + "." + name);
  }
  const FunctionRow* function = BuiltinFunction(oid);
  return Value::Text(function == nullptr ? std::to_string(oid) : QuoteIdentifier(function->name));
}

using Handler = absl::StatusOr<Value> (*)(const ProgramQuestion& question);
const std::map<std::string_view, Handler>& Handlers() {
  static const auto* const kHandlers = new std::map<std::string_view, Handler>{
      {"pg_function_is_visible", Visible},
      {"pg_get_function_arg_default", DefaultText},
      {"pg_get_function_arguments", ArgumentsText<true>},
      {"pg_get_function_identity_arguments", ArgumentsText<false>},
      {"pg_get_function_result", ResultText},
      {"pg_get_function_sqlbody", StandardBodyText},
      {"pg_get_functiondef", Definition},
      {"pg_get_triggerdef", TriggerText},
      {"regprocin", RegprocIn},
      {"regprocout", RegprocOut},
      {"to_regproc", ToRegproc},
  };
  return *kHandlers;
}

}  // namespace

absl::StatusOr<uint32_t> FunctionWithArguments(const catalog::CatalogState& catalog,
                                               const sql::functions::EvaluationContext& session,
                                               std::string_view text) {
  const size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')'))
    return status::Error(status::sqlstate::kInvalidTextRepresentation,
                         open == std::string_view::npos ? "expected a left parenthesis"
                                                        : "expected a right parenthesis");
  std::vector<std::string> parts;
  std::vector<int64_t> wanted;
  bool known = SplitName(text.substr(0, open), &parts);
  const std::string_view list = text.substr(open + 1, text.size() - open - 2);
  for (const absl::string_view piece :
       absl::StrSplit(absl::string_view(list.data(), list.size()), ',', absl::SkipWhitespace())) {
    const absl::string_view name = absl::StripAsciiWhitespace(piece);
    const int64_t oid =
        TypeNamed(catalog, PathOf(session), std::string_view(name.data(), name.size()));
    known &= oid != 0;
    wanted.push_back(oid);
  }
  const std::vector<std::string> path =
      parts.size() > 1 ? std::vector<std::string>{parts[parts.size() - 2]} : PathOf(session);
  for (const std::string& schema : path) {
    if (!known) break;
    for (const FunctionRow& function : AllFunctions()) {
      if (schema == "pg_catalog" && function.name == parts.back() && function.arguments == wanted)
        return static_cast<uint32_t>(function.oid);
    }
    for (const auto& [id, function] : catalog.functions()) {
      if (function->schema() != schema || function->name() != parts.back()) continue;
      std::vector<int64_t> inputs;
      for (const auto& argument : function->arguments()) {
        if (sql::IsInput(argument))
          inputs.push_back(types::OidOf(types::FromProto(argument.type())));
      }
      if (inputs == wanted) return id;
    }
  }
  return status::Error(status::sqlstate::kUndefinedFunction,
                       "function \"" + std::string(text) + "\" does not exist");
}

bool IsProgramFunction(std::string_view name) { return Handlers().contains(name); }

absl::StatusOr<Value> CallProgramFunction(std::string_view name, const ProgramQuestion& question) {
  return Handlers().at(name)(question);
}

}  // namespace adbms::storage::server
