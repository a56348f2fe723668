// CREATE AGGREGATE.
#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/polymorphic.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/functions/postgres_names.h"
#include "common/sql/parser/options.h"
#include "common/sql/program/built_in_bodies.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "common/types/text_io.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::AggregateDefinition;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;
using common::v1::SupportFunction;

constexpr char kInvalidFunctionDefinition[] = "42P13";

absl::Status InvalidDefinition(std::string_view message, std::string_view detail = {}) {
  return status::Error(kInvalidFunctionDefinition, message, detail);
}

bool SameType(const Type& a, const Type& b) { return a.id == b.id && a.declared == b.declared; }

// Whether a value of the one is one of the other as it is.
bool IsCoercible(const Type& from, const Type& to) {
  if (SameType(from, to) || to.id == TypeId::kAny || to.id == TypeId::kAnyElement) return true;
  const auto is_text = [](TypeId id) { return id == TypeId::kText || id == TypeId::kVarchar; };
  return is_text(from.id) && is_text(to.id);
}

// "f(integer, text)".
std::string Shown(const std::vector<std::string>& names, const std::vector<Type>& types) {
  return absl::StrCat(
      absl::StrJoin(names, "."), "(",
      absl::StrJoin(types, ", ",
                    [](std::string* out, const Type& type) { out->append(types::Format(type)); }),
      ")");
}

std::vector<std::string> NamesOf(const PgQuery__DefElem& option) {
  if (option.arg == nullptr) return {};
  switch (option.arg->node_case) {
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      return parser::StringsOf({option.arg->type_name->names, option.arg->type_name->n_names});
    case PG_QUERY__NODE__NODE_LIST:
      return parser::StringsOf({option.arg->list->items, option.arg->list->n_items});
    case PG_QUERY__NODE__NODE_STRING:
      return {std::string(parser::StringOf(option.arg))};
    default:
      return {parser::ConstantText(option.arg)};
  }
}

bool IsTrue(const PgQuery__DefElem& option) {
  const auto value = parser::ReadBoolean(option);
  return value.ok() && *value;
}

}  // namespace

absl::StatusOr<DdlBinder::Support> DdlBinder::FindSupport(const std::vector<std::string>& names,
                                                          const std::vector<Type>& given) const {
  const std::string& name = names.back();
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  Support found;
  found.function.set_name(name);
  for (const Type& type : given) *found.function.add_arguments() = types::ToProto(type);
  if (schema.empty() || schema == "pg_catalog") {
    found.function.set_schema("pg_catalog");
    if (const FunctionDescriptor* const body = program::BuiltInBody(name, given)) {
      found.function.set_oid(body->function_id());
      found.result = types::FromProto(body->result());
      found.strict = body->strict();
      return found;
    }
    const auto bound = BindSupport(name, given);
    if (bound.ok()) {
      found.result = bound->first;
      found.strict = bound->second;
      return found;
    }
  }
  bool set = false;
  bool converted = false;
  for (const FunctionDescriptor* function :
       input_.catalog->FindFunctions(schema, name, input_.search_path)) {
    if (function->kind() != FunctionDescriptor::KIND_FUNCTION) continue;
    std::vector<Type> declared;
    for (const auto& argument : function->arguments())
      if (IsInput(argument)) declared.push_back(types::FromProto(argument.type()));
    if (declared.size() != given.size()) continue;
    // A pseudo-type stays one.
    const bool stays = std::any_of(given.begin(), given.end(), [](const Type& type) {
      return types::IsPolymorphic(type.id) || type.id == TypeId::kAny;
    });
    Type result = types::FromProto(function->result());
    bool fits = true;
    if (stays) {
      for (size_t i = 0; i < given.size(); ++i) fits = fits && IsCoercible(given[i], declared[i]);
      if (types::IsPolymorphic(result.id)) {
        for (size_t i = 0; i < given.size(); ++i) {
          if (declared[i].id == result.id) result = given[i];
        }
      }
    } else {
      const auto types = binder::Deduce(declared, given);
      fits = types.has_value();
      for (size_t i = 0; fits && i < given.size(); ++i) {
        const Type wanted = binder::Concrete(declared[i], *types);
        fits = IsCoercible(given[i], wanted);
        converted |=
            !fits && binder::CanCoerce(given[i].id, wanted.id, functions::CastContext::kImplicit);
      }
      if (fits) result = binder::Concrete(result, *types);
    }
    if (!fits) continue;
    set |= function->returns_set();
    found.function.set_function_id(function->function_id());
    found.function.set_oid(function->function_id());
    found.function.set_schema(function->schema());
    found.result = result;
    found.strict = function->strict();
    break;
  }
  if (set)
    return status::Error(sqlstate::kDatatypeMismatch,
                         absl::StrCat("function ", Shown(names, given), " returns a set"));
  if (found.function.function_id() != 0) return found;
  if (converted)
    return status::Error(
        sqlstate::kDatatypeMismatch,
        absl::StrCat("function ", Shown(names, given), " requires run-time type coercion"));
  if ((schema.empty() || schema == "pg_catalog") && functions::IsPostgresFunction(name))
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("function ", Shown(names, given), " is not supported"), {},
                         "Write a function in SQL that computes the same.");
  return status::Error(sqlstate::kUndefinedFunction,
                       absl::StrCat("function ", Shown(names, given), " does not exist"));
}

absl::StatusOr<std::pair<Type, bool>> DdlBinder::BindSupport(const std::string& name,
                                                             const std::vector<Type>& given) const {
  return Binder(input_, tree_).DescribeCall(name, given);
}

absl::Status DdlBinder::AggregateArguments(const PgQuery__DefineStmt& create,
                                           FunctionDescriptor* function) {
  if (create.n_args == 0) return absl::OkStatus();
  const Node* const direct = create.n_args > 1 ? create.args[1] : nullptr;
  if (direct != nullptr && direct->node_case == PG_QUERY__NODE__NODE_INTEGER &&
      direct->integer->ival >= 0)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "ordered-set aggregates of one's own are not supported", {},
                         "Use ORDER BY inside the call of an aggregate.");
  if (create.args[0]->node_case != PG_QUERY__NODE__NODE_LIST) return absl::OkStatus();
  bool variadic = false;
  for (const Node* node : NodeList(create.args[0]->list->items, create.args[0]->list->n_items)) {
    const PgQuery__FunctionParameter& parameter = *node->function_parameter;
    if (variadic) return InvalidDefinition("VARIADIC parameter must be the last input parameter");
    if (parameter.defexpr != nullptr)
      return InvalidDefinition("aggregates cannot have default arguments");
    FunctionArgument* const argument = function->add_arguments();
    argument->set_name(std::string(parser::View(parameter.name)));
    argument->set_mode(FunctionArgument::MODE_IN);
    switch (parameter.mode) {
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT:
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT:
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE:
        return InvalidDefinition("aggregates cannot have output arguments");
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC:
        variadic = true;
        argument->set_mode(FunctionArgument::MODE_VARIADIC);
        break;
      default:
        break;
    }
    if (parameter.arg_type->setof)
      return InvalidDefinition("aggregates cannot accept set arguments");
    ASSIGN_OR_RETURN(const Type type, AggregateType(*parameter.arg_type));
    if (variadic && type.id == TypeId::kAny)
      return status::Error(sqlstate::kFeatureNotSupported,
                           "aggregates with VARIADIC \"any\" are not supported", {},
                           "Declare it with VARIADIC anyarray.");
    if (variadic && !types::IsArray(type.id) && type.id != TypeId::kAnyArray &&
        type.id != TypeId::kAnyCompatibleArray)
      return InvalidDefinition("VARIADIC parameter must be an array");
    *argument->mutable_type() = types::ToProto(type);
  }
  return absl::OkStatus();
}

absl::StatusOr<Type> DdlBinder::AggregateType(const PgQuery__TypeName& name) const {
  const std::vector<std::string> names = parser::StringsOf({name.names, name.n_names});
  const bool own = names.size() == 1 || names[0] == "pg_catalog";
  if (own && names.back() == "any") return Type(TypeId::kAny);
  if (own && names.back() == "internal")
    return status::Error(sqlstate::kFeatureNotSupported,
                         "aggregates with a state of type internal are not supported", {},
                         "Use a type that values can have, such as an array.");
  return FunctionType(name, "an argument");
}

absl::Status DdlBinder::CreateAggregate(const PgQuery__DefineStmt& create) {
  FunctionDescriptor function;
  const std::vector<std::string> names = parser::StringsOf({create.defnames, create.n_defnames});
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  ASSIGN_OR_RETURN(*function.mutable_schema(), SchemaToCreateIn(schema, -1));
  function.set_name(names.back());
  function.set_owner(input_.current_user);
  function.set_kind(FunctionDescriptor::KIND_AGGREGATE);
  function.set_language("internal");
  function.set_volatility(FunctionDescriptor::VOLATILITY_IMMUTABLE);
  function.set_parallel("u");
  std::map<std::string, const PgQuery__DefElem*, std::less<>> options;
  constexpr std::string_view kKnown[] = {"sfunc",
                                         "sfunc1",
                                         "finalfunc",
                                         "combinefunc",
                                         "serialfunc",
                                         "deserialfunc",
                                         "msfunc",
                                         "minvfunc",
                                         "mfinalfunc",
                                         "finalfunc_extra",
                                         "mfinalfunc_extra",
                                         "finalfunc_modify",
                                         "mfinalfunc_modify",
                                         "sortop",
                                         "basetype",
                                         "hypothetical",
                                         "stype",
                                         "stype1",
                                         "sspace",
                                         "mstype",
                                         "msspace",
                                         "initcond",
                                         "initcond1",
                                         "minitcond",
                                         "parallel"};
  for (const Node* node : NodeList(create.definition, create.n_definition)) {
    const PgQuery__DefElem& option = *node->def_elem;
    std::string name(parser::View(option.defname));
    // As in PostgreSQL, which only warns of it, what is not known has no effect.
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) continue;
    if (name == "sfunc1" || name == "stype1" || name == "initcond1") name.pop_back();
    options[name] = &option;
  }
  const auto given = [&](std::string_view name) -> const PgQuery__DefElem* {
    const auto found = options.find(name);
    return found == options.end() ? nullptr : found->second;
  };
  if (given("stype") == nullptr) return InvalidDefinition("aggregate stype must be specified");
  if (given("sfunc") == nullptr) return InvalidDefinition("aggregate sfunc must be specified");
  for (const char* name : {"msfunc", "minvfunc", "mfinalfunc", "mstype", "msspace", "minitcond",
                           "mfinalfunc_extra", "mfinalfunc_modify"}) {
    if (given(name) != nullptr)
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("aggregate attribute ", name, " is not supported"), {},
                           "Leave the moving-aggregate attributes away: the results are the same.");
  }
  if (given("hypothetical") != nullptr && IsTrue(*given("hypothetical")))
    return status::Error(sqlstate::kFeatureNotSupported,
                         "hypothetical-set aggregates of one's own are not supported", {},
                         "Use ORDER BY inside the call of an aggregate.");
  if (create.oldstyle) {
    if (given("basetype") == nullptr)
      return InvalidDefinition("aggregate input type must be specified");
    const std::vector<std::string> base = NamesOf(*given("basetype"));
    if (base.size() != 1 || !absl::EqualsIgnoreCase(base[0], "any")) {
      FunctionArgument* const argument = function.add_arguments();
      argument->set_mode(FunctionArgument::MODE_IN);
      ASSIGN_OR_RETURN(const Type type, AggregateOption(*given("basetype")));
      *argument->mutable_type() = types::ToProto(type);
    }
  } else {
    if (given("basetype") != nullptr)
      return InvalidDefinition("basetype is redundant with aggregate input type specification");
    RETURN_IF_ERROR(AggregateArguments(create, &function));
  }
  RETURN_IF_ERROR(DefineAggregate(options, &function));
  auto* const statement = Add()->mutable_create_function();
  *statement->mutable_function() = std::move(function);
  statement->set_or_replace(create.replace);
  return absl::OkStatus();
}

absl::StatusOr<Type> DdlBinder::AggregateOption(const PgQuery__DefElem& option) const {
  if (option.arg != nullptr && option.arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
    return AggregateType(*option.arg->type_name);
  const std::vector<std::string> names = NamesOf(option);
  return sql::ResolveType(names.empty() ? std::string() : absl::StrJoin(names, "."), input_);
}

absl::Status DdlBinder::DefineAggregate(
    const std::map<std::string, const PgQuery__DefElem*, std::less<>>& options,
    FunctionDescriptor* function) {
  const auto given = [&](std::string_view name) -> const PgQuery__DefElem* {
    const auto found = options.find(name);
    return found == options.end() ? nullptr : found->second;
  };
  AggregateDefinition* const definition = function->mutable_aggregate();
  ASSIGN_OR_RETURN(const Type state, AggregateOption(*given("stype")));
  if (state.id == TypeId::kAny || state.id == TypeId::kVoid)
    return InvalidDefinition(
        absl::StrCat("aggregate transition data type cannot be ", types::Format(state)));
  *definition->mutable_state_type() = types::ToProto(state);
  std::vector<Type> inputs;
  for (const auto& argument : function->arguments())
    inputs.push_back(types::FromProto(argument.type()));
  // A pseudo-type has to be known from an argument.
  *function->mutable_result() = types::ToProto(state);
  if (const absl::Status known = CheckPolymorphicResult(*function); !known.ok())
    return InvalidDefinition("cannot determine transition data type",
                             status::FromStatus(known).detail);
  std::vector<Type> taken = {state};
  taken.insert(taken.end(), inputs.begin(), inputs.end());
  const std::vector<std::string> transition_names = NamesOf(*given("sfunc"));
  ASSIGN_OR_RETURN(const Support transition, FindSupport(transition_names, taken));
  if (!SameType({transition.result.id, 0, transition.result.declared},
                {state.id, 0, state.declared}))
    return status::Error(
        sqlstate::kDatatypeMismatch,
        absl::StrCat("return type of transition function ", absl::StrJoin(transition_names, "."),
                     " is not ", types::Format(state)));
  *definition->mutable_transition() = transition.function;
  if (const PgQuery__DefElem* const initial = given("initcond")) {
    definition->set_initial(parser::ConstantText(initial->arg));
    if (!types::IsPolymorphic(state.id))
      RETURN_IF_ERROR(
          types::ParseText(definition->initial(), state, types::TextOptions()).status());
  } else if (transition.strict && (inputs.empty() || !IsCoercible(inputs[0], state))) {
    return InvalidDefinition(
        "must not omit initial value when transition function is strict and transition type is "
        "not compatible with input type");
  }
  Type result = state;
  definition->set_final_extra(given("finalfunc_extra") != nullptr &&
                              IsTrue(*given("finalfunc_extra")));
  if (const PgQuery__DefElem* const final_option = given("finalfunc")) {
    std::vector<Type> last = {state};
    if (definition->final_extra()) last.insert(last.end(), inputs.begin(), inputs.end());
    ASSIGN_OR_RETURN(const Support final_function, FindSupport(NamesOf(*final_option), last));
    if (definition->final_extra() && final_function.strict)
      return InvalidDefinition("final function with extra arguments must not be declared STRICT");
    *definition->mutable_final() = final_function.function;
    result = final_function.result;
  }
  *function->mutable_result() = types::ToProto({result.id, 0, result.declared});
  RETURN_IF_ERROR(CheckPolymorphicResult(*function));
  if (const PgQuery__DefElem* const combine = given("combinefunc")) {
    const std::vector<std::string> names = NamesOf(*combine);
    ASSIGN_OR_RETURN(const Support found, FindSupport(names, {state, state}));
    if (!SameType({found.result.id, 0, found.result.declared}, {state.id, 0, state.declared}))
      return status::Error(
          sqlstate::kDatatypeMismatch,
          absl::StrCat("return type of combine function ", absl::StrJoin(names, "."), " is not ",
                       types::Format(state)));
    *definition->mutable_combine() = found.function;
  }
  if ((given("serialfunc") != nullptr) != (given("deserialfunc") != nullptr))
    return InvalidDefinition(
        "must specify both or neither of serialization and deserialization functions");
  if (given("serialfunc") != nullptr)
    return InvalidDefinition(
        "serialization functions may be specified only when the aggregate transition data type "
        "is internal");
  if (const PgQuery__DefElem* const modify = given("finalfunc_modify")) {
    const std::string text = NamesOf(*modify).empty() ? "" : NamesOf(*modify).back();
    if (text != "read_only" && text != "shareable" && text != "read_write")
      return status::Error(sqlstate::kSyntaxError,
                           "parameter \"finalfunc_modify\" must be READ_ONLY, SHAREABLE, or "
                           "READ_WRITE");
    definition->set_final_modify(text == "read_only" ? "r" : text == "shareable" ? "s" : "w");
  }
  if (const PgQuery__DefElem* const parallel = given("parallel")) {
    const std::string text = NamesOf(*parallel).empty() ? "" : NamesOf(*parallel).back();
    if (text != "safe" && text != "restricted" && text != "unsafe")
      return status::Error(sqlstate::kSyntaxError,
                           "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
    function->set_parallel(text.substr(0, 1));
  }
  if (given("sortop") != nullptr && inputs.size() != 1)
    return InvalidDefinition("sort operator can only be specified for single-argument aggregates");
  int space = 0;
  if (given("sspace") != nullptr &&
      absl::SimpleAtoi(parser::ConstantText(given("sspace")->arg), &space))
    definition->set_state_space(space);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
