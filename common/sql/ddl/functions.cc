// CREATE FUNCTION, CREATE PROCEDURE.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/function_body.h"
#include "common/sql/ddl/function_options.h"
#include "common/sql/parser/lexer.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;

constexpr char kInvalidFunctionDefinition[] = "42P13";

FunctionArgument::Mode ModeOf(PgQuery__FunctionParameterMode mode) {
  switch (mode) {
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT:
      return FunctionArgument::MODE_OUT;
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT:
      return FunctionArgument::MODE_INOUT;
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC:
      return FunctionArgument::MODE_VARIADIC;
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE:
      return FunctionArgument::MODE_TABLE;
    default:
      return FunctionArgument::MODE_IN;
  }
}

bool IsOutput(const FunctionArgument& argument) {
  return argument.mode() != FunctionArgument::MODE_IN &&
         argument.mode() != FunctionArgument::MODE_VARIADIC;
}

bool IsPureInput(const FunctionArgument& argument) {
  return argument.mode() == FunctionArgument::MODE_IN ||
         argument.mode() == FunctionArgument::MODE_VARIADIC;
}

bool IsPureOutput(const FunctionArgument& argument) { return !IsInput(argument); }

bool MayShareName(const FunctionArgument& a, const FunctionArgument& b) {
  return (IsPureInput(a) && IsPureOutput(b)) || (IsPureOutput(a) && IsPureInput(b));
}

// What is known of the arguments before the next one.
struct ArgumentList {
  bool variadic = false;
  bool defaults = false;
  std::vector<FunctionArgument> outputs;
};

// What the binder calls an expression of no particular place.
absl::Status AsOfDefault(const absl::Status& status) {
  status::SqlError error = status::FromStatus(status);
  error.message = absl::StrReplaceAll(
      error.message, {{"not allowed in this expression", "not allowed in DEFAULT expressions"}});
  return status::ToStatus(error);
}

absl::Status InvalidDefinition(std::string_view message) {
  return status::Error(kInvalidFunctionDefinition, message);
}

}  // namespace

absl::Status DdlBinder::CheckPolymorphicResult(const FunctionDescriptor& function) {
  const auto of_element = [](TypeId id) {
    return (id >= TypeId::kAnyElement && id <= TypeId::kAnyEnum) || id == TypeId::kAnyRange ||
           id == TypeId::kAnyMultirange;
  };
  const auto of_ranges = [](TypeId id) {
    return id == TypeId::kAnyRange || id == TypeId::kAnyMultirange ||
           id == TypeId::kAnyCompatibleRange || id == TypeId::kAnyCompatibleMultirange;
  };
  // Of each family: any input, and one that is of ranges.
  struct {
    bool any = false;
    bool range = false;
  } element, compatible;
  for (const FunctionArgument& argument : function.arguments()) {
    const TypeId id = types::FromProto(argument.type()).id;
    if (!IsInput(argument) || !types::IsPolymorphic(id)) continue;
    (of_element(id) ? element : compatible).any = true;
    (of_element(id) ? element : compatible).range |= of_ranges(id);
  }
  const auto check = [&](const common::v1::DataType& made) -> absl::Status {
    const Type type = types::FromProto(made);
    if (!types::IsPolymorphic(type.id)) return absl::OkStatus();
    const auto& family = of_element(type.id) ? element : compatible;
    if (of_ranges(type.id) ? family.range : family.any) return absl::OkStatus();
    const char* const wanted =
        of_ranges(type.id)
            ? (of_element(type.id) ? "anyrange or anymultirange."
                                   : "anycompatiblerange or anycompatiblemultirange.")
        : of_element(type.id)
            ? "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange."
            : "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or "
              "anycompatiblemultirange.";
    return status::Error(kInvalidFunctionDefinition, "cannot determine result data type",
                         absl::StrCat("A result of type ", types::Format(type),
                                      " requires at least one input of type ", wanted));
  };
  for (const FunctionArgument& argument : function.arguments()) {
    if (!IsInput(argument)) RETURN_IF_ERROR(check(argument.type()));
  }
  return function.has_result() ? check(function.result()) : absl::OkStatus();
}

namespace {

// The order of the arguments, as far as their modes decide.
absl::Status CheckPlace(const FunctionArgument& argument, bool procedure, bool has_default,
                        ArgumentList* list) {
  if (IsInput(argument) && list->variadic)
    return InvalidDefinition("VARIADIC parameter must be the last input parameter");
  if (IsOutput(argument) && procedure && list->variadic)
    return InvalidDefinition("VARIADIC parameter must be the last parameter");
  if (argument.mode() == FunctionArgument::MODE_VARIADIC) {
    list->variadic = true;
    const TypeId id = types::FromProto(argument.type()).id;
    if (!types::IsArray(id) && id != TypeId::kAnyArray && id != TypeId::kAnyCompatibleArray)
      return InvalidDefinition("VARIADIC parameter must be an array");
  }
  if (has_default && !IsInput(argument))
    return InvalidDefinition("only input parameters can have default values");
  if (!has_default && list->defaults && IsInput(argument))
    return InvalidDefinition(
        "input parameters after one with a default value must also have defaults");
  if (!has_default && list->defaults && procedure)
    return InvalidDefinition(
        "procedure OUT parameters cannot appear after one with a default value");
  list->defaults |= has_default;
  if (IsOutput(argument)) list->outputs.push_back(argument);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DdlBinder::ArgumentDefault(const PgQuery__FunctionParameter& parameter,
                                                       const Type& type) {
  const std::string_view text = tree_.parse->text();
  parser::Lexer lexer(text, std::max(parameter.arg_type->location, 0));
  parser::Token token = lexer.Next();
  while (token.kind != parser::Token::Kind::kEnd && !lexer.Is(token, "default") &&
         lexer.TextOf(token) != "=")
    token = lexer.Next();
  token = lexer.Next();
  const int begin = token.offset;
  int end = begin;
  for (int depth = 0; token.kind != parser::Token::Kind::kEnd; token = lexer.Next()) {
    const std::string_view word = lexer.TextOf(token);
    if (depth == 0 && (word == "," || word == ")")) break;
    if (word == "(" || word == "[") ++depth;
    if (word == ")" || word == "]") --depth;
    end = token.offset + token.length;
  }
  std::string sql(text.substr(begin, end - begin));
  Binder binder(input_, tree_);
  // A constant in quotes has any type that can read it, as NULL has.
  if (parameter.defexpr->node_case == PG_QUERY__NODE__NODE_A_CONST &&
      (parameter.defexpr->a_const->isnull ||
       parameter.defexpr->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL)) {
    RETURN_IF_ERROR(binder.BindConstant(parameter.defexpr, type).status());
    return sql;
  }
  const auto bound = binder.BindConstant(parameter.defexpr, Type{});
  if (!bound.ok()) return AsOfDefault(bound.status());
  const plan::ExprPtr& value = *bound;
  if (plan::HasSubquery(value))
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot use subquery in DEFAULT expression", {},
                         "Compute the value in the function.");
  ASSIGN_OR_RETURN(const plan::ExprPtr assigned, binder.TryAssign(value, type));
  if (assigned == nullptr)
    return status::Error(sqlstate::kDatatypeMismatch,
                         absl::StrCat("argument of DEFAULT must be type ", types::Format(type),
                                      ", not type ", types::Format(value->type)));
  return sql;
}

absl::Status DdlBinder::FunctionArguments(const PgQuery__CreateFunctionStmt& create,
                                          FunctionDescriptor* function) {
  ArgumentList list;
  const bool procedure = create.is_procedure;
  for (const Node* node : NodeList(create.parameters, create.n_parameters)) {
    const PgQuery__FunctionParameter& parameter = *node->function_parameter;
    FunctionArgument argument;
    argument.set_name(std::string(parser::View(parameter.name)));
    argument.set_mode(ModeOf(parameter.mode));
    auto type = FunctionType(*parameter.arg_type, "an argument");
    if (status::HasSqlState(type.status(), sqlstate::kUndefinedObject)) {
      const std::vector<std::string> names =
          parser::StringsOf({parameter.arg_type->names, parameter.arg_type->n_names});
      return status::Error(sqlstate::kUndefinedObject,
                           absl::StrCat("type ", absl::StrJoin(names, "."), " does not exist"));
    }
    RETURN_IF_ERROR(type.status());
    if (parameter.arg_type->setof)
      return InvalidDefinition(
          absl::StrCat(procedure ? "procedures" : "functions", " cannot accept set arguments"));
    *argument.mutable_type() = types::ToProto(*type);
    RETURN_IF_ERROR(CheckPlace(argument, procedure, parameter.defexpr != nullptr, &list));
    for (const FunctionArgument& other : function->arguments()) {
      if (!argument.name().empty() && other.name() == argument.name() &&
          !MayShareName(argument, other))
        return InvalidDefinition(
            absl::StrCat("parameter name \"", argument.name(), "\" used more than once"));
    }
    if (parameter.defexpr != nullptr) {
      ASSIGN_OR_RETURN(*argument.mutable_default_sql(), ArgumentDefault(parameter, *type));
    }
    *function->add_arguments() = std::move(argument);
  }
  // One output is the result, more are a record.
  if (!procedure && list.outputs.size() == 1) *function->mutable_result() = list.outputs[0].type();
  return absl::OkStatus();
}

absl::Status DdlBinder::FunctionResult(const PgQuery__CreateFunctionStmt& create,
                                       FunctionDescriptor* function) {
  if (create.is_procedure) return absl::OkStatus();
  const bool outputs = std::any_of(function->arguments().begin(), function->arguments().end(),
                                   [](const auto& argument) { return IsOutput(argument); });
  if (create.return_type == nullptr) {
    return outputs ? absl::OkStatus() : InvalidDefinition("function result type must be specified");
  }
  const PgQuery__TypeName& name = *create.return_type;
  function->set_returns_set(name.setof);
  const std::vector<std::string> parts = parser::StringsOf({name.names, name.n_names});
  const std::string& last = parts.back();
  const bool own = parts.size() == 1 || parts[0] == "pg_catalog";
  const std::string required = !outputs ? std::string()
                               : function->has_result()
                                   ? types::Format(types::FromProto(function->result()))
                                   : std::string("record");
  const auto because_of = [&]() {
    return InvalidDefinition(
        absl::StrCat("function result type must be ", required, " because of OUT parameters"));
  };
  if (own && last == "event_trigger")
    return status::Error(sqlstate::kFeatureNotSupported, "event triggers are not supported", {},
                         "Use triggers of tables.");
  if (own && (last == "trigger" || last == "record") && name.n_array_bounds == 0 &&
      !name.pct_type) {
    if (outputs && required != last) return because_of();
    function->set_returns_trigger(last == "trigger");
    if (last == "record" && !outputs)
      *function->mutable_result() = types::ToProto({TypeId::kRecord, 0});
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Type type, FunctionType(name, "a result"));
  if (outputs && (!function->has_result() || types::FromProto(function->result()).id != type.id))
    return because_of();
  *function->mutable_result() = types::ToProto(type);
  return absl::OkStatus();
}

absl::Status DdlBinder::CreateFunction(const PgQuery__CreateFunctionStmt& create) {
  FunctionDescriptor function;
  const std::vector<std::string> names = parser::StringsOf({create.funcname, create.n_funcname});
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  ASSIGN_OR_RETURN(*function.mutable_schema(), SchemaToCreateIn(schema, -1));
  function.set_name(names.back());
  function.set_owner(input_.current_user);
  function.set_kind(create.is_procedure ? FunctionDescriptor::KIND_PROCEDURE
                                        : FunctionDescriptor::KIND_FUNCTION);
  function.set_volatility(FunctionDescriptor::VOLATILITY_VOLATILE);
  function.set_parallel("u");
  FunctionOptions options;
  RETURN_IF_ERROR(ReadFunctionOptions({create.options, create.n_options}, create.is_procedure,
                                      tree_.parse->text(), &options));
  if (!options.language.has_value()) {
    if (create.sql_body == nullptr) return InvalidDefinition("no language specified");
    options.language = "sql";
  }
  function.set_language(*options.language);
  RETURN_IF_ERROR(CheckLanguage(function.language()));
  RETURN_IF_ERROR(FunctionArguments(create, &function));
  RETURN_IF_ERROR(FunctionResult(create, &function));
  RETURN_IF_ERROR(CheckPolymorphicResult(function));
  if (create.sql_body != nullptr && options.as.has_value())
    return InvalidDefinition("duplicate function body specified");
  if (create.sql_body != nullptr) {
    if (function.language() != "sql")
      return InvalidDefinition("inline SQL function body only valid for language SQL");
    function.set_standard_body(true);
    function.set_source(StandardBody(input_.sql));
  } else if (!options.as.has_value()) {
    return InvalidDefinition("no function body specified");
  } else if (options.as->size() != 1) {
    return InvalidDefinition(
        absl::StrCat("only one AS item needed for language \"", function.language(), "\""));
  } else {
    function.set_source(options.as->front());
  }
  RETURN_IF_ERROR(ApplyFunctionOptions(options, &function));
  RETURN_IF_ERROR(CheckFunctionBody(function, input_.sql));
  auto* statement = Add()->mutable_create_function();
  *statement->mutable_function() = std::move(function);
  statement->set_or_replace(create.replace);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
