// Calls: operators, functions, aggregates, the session's values.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/invoking_role.h"
#include "common/sql/functions/ordered_set_aggregates.h"
#include "common/sql/functions/postgres_names.h"
#include "common/sql/parser/database_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "common/types/time_modifier.h"

namespace adbms::sql::binder {
namespace {

using common::v1::SessionValue;
using functions::AggregateFunction;
using functions::CastContext;
using functions::Function;
using functions::FunctionCatalog;
using plan::Expr;
namespace sqlstate = status::sqlstate;

constexpr char kOperatorHint[] =
    "No operator matches the given name and argument types. You might need to add explicit type "
    "casts.";
constexpr char kFunctionHint[] =
    "No function matches the given name and argument types. You might need to add explicit type "
    "casts.";

std::string FormatTypes(const std::vector<Type>& types) {
  return absl::StrJoin(types, ", ", [](std::string* out, const Type& type) {
    absl::StrAppend(out, types::Format({type.id, 0, type.declared}));
  });
}

std::vector<Type> TypesOf(const std::vector<ExprPtr>& args) {
  std::vector<Type> types;
  for (const ExprPtr& arg : args) types.push_back(arg->type);
  return types;
}

std::vector<TypeId> IdsOf(const std::vector<Type>& types) {
  std::vector<TypeId> ids;
  for (const Type& type : types) ids.push_back(type.id);
  return ids;
}

// The signature with a variadic tail spread over `count` arguments; nullopt when the count does not
// fit.
template <typename F>
std::optional<Signature> Spread(const F& function, size_t count, bool variadic) {
  Signature signature = function.arguments;
  if (signature.size() == count) return signature;
  if (!variadic || signature.empty() || count < signature.size()) return std::nullopt;
  signature.resize(count, signature.back());
  return signature;
}

// Whether the aggregate's result shows in which order its rows came.
bool KeepsOrder(const std::string& aggregate) {
  return aggregate == "array_agg" || aggregate == "string_agg" || aggregate == "json_agg" ||
         aggregate == "jsonb_agg" || aggregate == "json_object_agg" ||
         aggregate == "jsonb_object_agg";
}

SessionValue::Kind SessionKind(const std::string& name) {
  if (name == "now" || name == "transaction_timestamp")
    return SessionValue::KIND_TRANSACTION_TIMESTAMP;
  if (name == "statement_timestamp") return SessionValue::KIND_STATEMENT_TIMESTAMP;
  if (name == "current_user" || name == "current_role" || name == "user")
    return SessionValue::KIND_CURRENT_USER;
  if (name == "session_user") return SessionValue::KIND_SESSION_USER;
  if (name == "pg_backend_pid") return SessionValue::KIND_BACKEND_PID;
  if (name == "current_database" || name == "current_catalog")
    return SessionValue::KIND_CURRENT_DATABASE;
  if (name == "current_schema") return SessionValue::KIND_CURRENT_SCHEMA;
  return SessionValue::KIND_UNSPECIFIED;
}

TypeId SessionType(SessionValue::Kind kind) {
  switch (kind) {
    case SessionValue::KIND_TRANSACTION_TIMESTAMP:
    case SessionValue::KIND_STATEMENT_TIMESTAMP:
      return TypeId::kTimestamptz;
    case SessionValue::KIND_BACKEND_PID:
      return TypeId::kInt4;
    case SessionValue::KIND_TIME_ZONE:
      return TypeId::kText;
    default:
      return TypeId::kName;
  }
}

bool IsWindowFunction(std::string_view name) {
  for (const char* window : {"row_number", "rank", "dense_rank", "lag", "lead", "first_value",
                             "last_value", "ntile", "nth_value", "percent_rank", "cume_dist"}) {
    if (name == window) return true;
  }
  return false;
}

absl::Status Undetermined() {
  return status::Error(sqlstate::kDatatypeMismatch,
                       "could not determine polymorphic type because input has type unknown");
}

// What stands inside casts that nobody wrote.
const Expr& WithoutImplicitCasts(const Expr& e) {
  const Expr* inner = &e;
  while (inner->kind == Expr::Kind::kCast && !inner->is_explicit) inner = inner->args[0].get();
  return *inner;
}

// The column of an enclosing query whose level is the innermost of those in `used`; null when none
// is.
Scope* OwnerOf(const plan::ColumnSet& used, Scope* scope) {
  for (Scope* level = scope; level != nullptr; level = level->parent) {
    for (const ScopeItem& item : level->items) {
      for (const ScopeColumn& column : item.columns) {
        if (used.contains(column.id)) return level;
      }
    }
  }
  return nullptr;
}

ExprPtr MakeSession(SessionValue::Kind kind, int location) {
  auto result = std::make_shared<Expr>();
  result->kind = Expr::Kind::kSession;
  result->type = {SessionType(kind), 0};
  result->session = kind;
  result->location = location;
  return result;
}

}  // namespace

absl::StatusOr<std::string> Binder::OperatorName(NodeList names, int location) const {
  if (names.size() > 1 && parser::StringOf(names[0]) != "pg_catalog")
    return ErrorAt(
        sqlstate::kUndefinedFunction, location,
        absl::StrCat("schema \"", std::string(parser::StringOf(names[0])), "\" has no operators"));
  std::string name(parser::StringOf(names.back()));
  return name == "!=" ? std::string("<>") : name;
}

absl::StatusOr<const Function*> Binder::FindOperator(const std::string& symbol,
                                                     const Type& left_type, const Type& right_type,
                                                     int location, std::vector<Type>* operands) {
  const TypeId left = left_type.id;
  const TypeId right = right_type.id;
  const bool prefix = left == TypeId::kUnspecified;
  bool undetermined = false;
  std::vector<const Function*> functions;
  std::vector<Signature> candidates;
  const std::vector<TypeId> actual =
      prefix ? std::vector<TypeId>{right} : std::vector<TypeId>{left, right};
  const std::vector<Type> sides =
      prefix ? std::vector<Type>{right_type} : std::vector<Type>{left_type, right_type};
  for (const Function* function : FunctionCatalog::Builtin().FindOperators(symbol)) {
    if (function->arguments.size() != actual.size() ||
        !IsCandidate(*function, sides, &undetermined))
      continue;
    // Concatenation is about arrays only when an operand is one.
    auto is_array = [](TypeId id) { return types::IsArray(id); };
    if (symbol == "||" && std::none_of(actual.begin(), actual.end(), is_array) &&
        std::any_of(function->arguments.begin(), function->arguments.end(), is_array))
      continue;
    // Anything is concatenated with text but arrays.
    bool any_of_array = false;
    for (size_t i = 0; i < actual.size(); ++i)
      any_of_array |= function->arguments[i] == TypeId::kUnspecified && is_array(actual[i]);
    if (symbol == "||" && any_of_array) continue;
    functions.push_back(function);
    candidates.push_back(function->arguments);
  }
  const Choice choice = ChooseCandidate(candidates, actual, true);
  if (choice.index >= 0) {
    auto types = OperandTypes(functions[choice.index]->arguments, sides);
    if (types.has_value()) {
      if (operands != nullptr) *operands = *std::move(types);
      return functions[choice.index];
    }
  }
  const std::string shown =
      prefix ? absl::StrCat(symbol, " ", FormatTypes({right_type}))
             : absl::StrCat(FormatTypes({left_type}), " ", symbol, " ", FormatTypes({right_type}));
  if (choice.ambiguous)
    return ErrorAt(
        sqlstate::kAmbiguousFunction, location, absl::StrCat("operator is not unique: ", shown),
        "Could not choose a best candidate operator. You might need to add explicit type casts.");
  const bool equality = symbol == "=" || symbol == "<>";
  const bool order = symbol == "<" || symbol == "<=" || symbol == ">" || symbol == ">=";
  if ((equality || order) && left == right && types::IsArray(left) && !types::IsComparable(left))
    return status::Error(sqlstate::kUndefinedFunction,
                         absl::StrCat("could not identify ",
                                      equality ? "an equality operator" : "a comparison function",
                                      " for type ", types::Format({types::ElementOf(left), 0})));
  return ErrorAt(sqlstate::kUndefinedFunction, location,
                 absl::StrCat("operator does not exist: ", shown), kOperatorHint);
}

absl::StatusOr<ExprPtr> Binder::Operator(const std::string& symbol, ExprPtr left, ExprPtr right,
                                         int location) {
  std::vector<Type> operands;
  ASSIGN_OR_RETURN(const Function* function,
                   FindOperator(symbol, left == nullptr ? Type() : left->type, right->type,
                                location, &operands));
  std::vector<ExprPtr> args;
  if (left != nullptr) args.push_back(std::move(left));
  args.push_back(std::move(right));
  RETURN_IF_ERROR(CoerceArguments(operands, &args));
  NameArguments(*function, function->arguments, &args);
  if (args.size() == 2 && function->result == TypeId::kBool &&
      args[0]->type.id == TypeId::kRecord && args[1]->type.id == TypeId::kRecord)
    RETURN_IF_ERROR(CheckRowComparison(symbol, args[0]->type, args[1]->type));
  ASSIGN_OR_RETURN(ExprPtr collated, CollatedOperator(symbol, function, args, location));
  if (collated != nullptr) return collated;
  return plan::MakeCall(function, std::move(args), location);
}

absl::Status Binder::NoFunction(const std::string& name, const std::string& shown, int location) {
  if (functions::IsForSuperusers(name) && applies_policies_ && !input_.exempt) {
    ASSIGN_OR_RETURN(const common::v1::RoleFacts* facts,
                     FactsOf(acting_role_.empty() ? input_.current_user : acting_role_));
    if (!facts->bypasses())
      return status::Error(sqlstate::kInsufficientPrivilege,
                           absl::StrCat("permission denied for function ", name));
  }
  if (functions::IsPostgresFunction(name)) return Unsupported(location, shown);
  return ErrorAt(sqlstate::kUndefinedFunction, location, absl::StrCat(shown, " does not exist"),
                 kFunctionHint);
}

ExprPtr Binder::CurrentUser(int location) const {
  const std::string role = InvokingRole(inlining_);
  return role.empty() ? MakeSession(SessionValue::KIND_CURRENT_USER, location)
                      : plan::MakeLiteral(types::Value::String({TypeId::kName, 0}, role), location);
}

ExprPtr Binder::SessionFunction(const std::string& name, size_t arguments, int location) {
  const SessionValue::Kind kind = SessionKind(name);
  if (arguments > 0 || kind == SessionValue::KIND_UNSPECIFIED) return nullptr;
  return kind == SessionValue::KIND_CURRENT_USER ? CurrentUser(location)
                                                 : MakeSession(kind, location);
}

absl::StatusOr<ExprPtr> Binder::CallFunction(const std::string& name, std::vector<ExprPtr> args,
                                             int location) {
  if (ExprPtr session = SessionFunction(name, args.size(), location)) return session;
  // Of a view's name; the catalog function knows it by its number.
  if (name == "pg_get_viewdef" && !args.empty() && types::IsString(args[0]->type.id)) {
    ASSIGN_OR_RETURN(args[0], ResolveUnknown(args[0]));
    ASSIGN_OR_RETURN(ExprPtr relation,
                     TryCoerce(args[0], {TypeId::kRegclass, 0}, CastContext::kExplicit));
    if (relation != nullptr) args[0] = std::move(relation);
  }
  const std::vector<Type> types = TypesOf(args);
  const std::vector<TypeId> actual = IdsOf(types);
  if (name == functions::kIdentityNextval)
    return NoFunction(name, absl::StrCat("function ", name, "(", FormatTypes(types), ")"),
                      location);
  std::vector<const Function*> functions;
  std::vector<Signature> candidates;
  bool undetermined = false;
  for (const Function* function : FunctionCatalog::Builtin().FindFunctions(name)) {
    auto signature = Spread(*function, args.size(), function->variadic);
    if (signature.has_value() && IsCandidate(*function, types, &undetermined)) {
      functions.push_back(function);
      candidates.push_back(*std::move(signature));
    }
  }
  if (name == "pg_typeof" && actual == std::vector<TypeId>{TypeId::kUnknown} &&
      args[0]->kind == Expr::Kind::kLiteral) {
    return plan::MakeLiteral(types::Value::Int(TypeId::kRegtype, types::OidOf(TypeId::kUnknown)),
                             location);
  }
  if (name == "pg_typeof" && types.size() == 1) names_row_types_ |= types::HoldsRow(types[0].id);
  const Choice choice = ChooseCandidate(candidates, actual, false);
  std::optional<std::vector<Type>> operands;
  if (choice.index >= 0) operands = OperandTypes(candidates[choice.index], types);
  if (!operands.has_value()) {
    // A field's name called with a row is the field.
    if (args.size() == 1 && args[0]->type.id == TypeId::kRecord && !choice.ambiguous) {
      const types::DeclaredType* const row = types::CompositeOf(args[0]->type);
      for (size_t i = 0; row != nullptr && i < row->fields.size(); ++i) {
        if (row->fields[i].name == name) return FieldAt(args[0], i);
      }
    }
    // A type's name called with one argument is a cast.
    std::optional<Type> type;
    if (args.size() == 1) {
      if (const auto built_in = types::FromName(name))
        type = Type{*built_in, 0};
      else
        type = FindDeclaredType("", name);
    }
    if (type.has_value() && !choice.ambiguous) {
      ASSIGN_OR_RETURN(ExprPtr cast, TryCoerce(args[0], *type, CastContext::kExplicit));
      if (cast != nullptr) return cast;
    }
    const std::string shown = absl::StrCat("function ", name, "(", FormatTypes(types), ")");
    if (choice.ambiguous)
      return ErrorAt(
          sqlstate::kAmbiguousFunction, location, absl::StrCat(shown, " is not unique"),
          "Could not choose a best candidate function. You might need to add explicit type casts.");
    if (undetermined) return Undetermined();
    return NoFunction(name, shown, location);
  }
  RETURN_IF_ERROR(CoerceArguments(*operands, &args));
  ASSIGN_OR_RETURN(ExprPtr collated, CollatedCall(name, args, location));
  if (collated != nullptr) return collated;
  NameArguments(*functions[choice.index], candidates[choice.index], &args);
  return plan::MakeCall(functions[choice.index], std::move(args), location);
}

std::string Binder::FunctionName(const std::vector<std::string>& names) {
  if (names.size() < 2 || names[0] != "adbms") return names.back();
  const std::string own = absl::StrCat("adbms.", names.back());
  if (FunctionCatalog::Builtin().FindFunctions(own).empty() &&
      FunctionCatalog::Builtin().FindTableFunctions(own).empty())
    return names.back();
  query_->control_functions = true;
  return own;
}

absl::StatusOr<ExprPtr> Binder::BindFuncCall(const PgQuery__FuncCall& call, Scope* scope) {
  std::vector<std::string> names = parser::StringsOf({call.funcname, call.n_funcname});
  RETURN_IF_ERROR(parser::CheckDatabase(names, 1, input_.database));
  if (MeansUserFunction(call)) {
    if (!NamesAggregate(names)) return BindUserCall(call, scope);
    if (call.over != nullptr) return BindWindowCall(call, names.back(), scope, /*own=*/true);
    return BindAggregate(call, names.back(), scope, /*own=*/true);
  }
  const bool plain = !call.agg_star && !call.agg_distinct && call.agg_filter == nullptr &&
                     call.n_agg_order == 0 && call.over == nullptr;
  if (plain && MakesRange(names)) {
    ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({call.args, call.n_args}, scope));
    return BindRangeConstructor(names, std::move(args), call.func_variadic, call.location);
  }
  if (names.size() > 2) names.erase(names.begin());
  const std::string name = FunctionName(names);
  if (names.size() > 1 && names[0] != "pg_catalog" && names[0] != "adbms" &&
      names[0] != "information_schema") {
    if (!input_.catalog->HasSchema(names[0]))
      return ErrorAt(sqlstate::kInvalidSchemaName, call.location,
                     absl::StrCat("schema \"", names[0], "\" does not exist"));
    return ErrorAt(sqlstate::kUndefinedFunction, call.location,
                   absl::StrCat("function ", names[0], ".", name, "() does not exist"),
                   kFunctionHint);
  }
  if (name == "json_populate_record" || name == "jsonb_populate_record" ||
      name == "json_populate_recordset" || name == "jsonb_populate_recordset")
    return BindPopulate(call, name, scope);
  if (call.agg_within_group && functions::IsHypotheticalSetAggregate(name))
    return BindHypothetical(call, name, scope);
  if (functions::IsOrderedSetAggregate(name) || call.agg_within_group)
    RETURN_IF_ERROR(CheckOrderedSet(call, name, scope));
  if (functions::IsPostgresFunction(name))
    return NoFunction(name, absl::StrCat("function ", name), call.location);
  if (call.over != nullptr) return BindWindowCall(call, name, scope);
  const bool is_aggregate = !FunctionCatalog::Builtin().FindAggregates(name).empty();
  if (is_aggregate) return BindAggregate(call, name, scope);
  // A function that is not there is said first, whatever stands between its parentheses.
  const bool known = !FunctionCatalog::Builtin().FindFunctions(name).empty() ||
                     !FunctionCatalog::Builtin().FindTableFunctions(name).empty() ||
                     SessionKind(name) != SessionValue::KIND_UNSPECIFIED || IsWindowFunction(name);
  if (!known &&
      (call.agg_star || call.agg_distinct || call.agg_filter != nullptr || call.n_agg_order > 0)) {
    ASSIGN_OR_RETURN(const std::vector<ExprPtr> args, BindExprs({call.args, call.n_args}, scope));
    return NoFunction(name, absl::StrCat("function ", name, "(", FormatTypes(TypesOf(args)), ")"),
                      call.location);
  }
  const auto takes_nothing = [](const Function* function) { return function->arguments.empty(); };
  const std::vector<const Function*> functions = FunctionCatalog::Builtin().FindFunctions(name);
  if (call.agg_star && std::none_of(functions.begin(), functions.end(), takes_nothing) &&
      SessionKind(name) == SessionValue::KIND_UNSPECIFIED && !IsWindowFunction(name))
    return NoFunction(name, absl::StrCat("function ", name, "()"), call.location);
  if (call.agg_star)
    return ErrorAt(
        sqlstate::kWrongObjectType, call.location,
        absl::StrCat(name, "(*) specified, but ", name, " is not an aggregate function"));
  if (call.agg_distinct)
    return ErrorAt(sqlstate::kWrongObjectType, call.location,
                   absl::StrCat("DISTINCT specified, but ", name, " is not an aggregate function"));
  if (call.agg_filter != nullptr)
    return ErrorAt(sqlstate::kWrongObjectType, call.location,
                   absl::StrCat("FILTER specified, but ", name, " is not an aggregate function"));
  if (call.n_agg_order > 0)
    return ErrorAt(sqlstate::kWrongObjectType, call.location,
                   absl::StrCat("ORDER BY specified, but ", name, " is not an aggregate function"));
  if (call.func_variadic) return BindVariadicCall(call, name, scope);
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindCallArguments(name, call, scope));
  // Clients give the place of a result a parameter of type void, which is no argument.
  std::erase_if(args, [](const ExprPtr& arg) {
    return arg->kind == Expr::Kind::kParameter && arg->type.id == TypeId::kVoid;
  });
  if (IsWindowFunction(name))
    return ErrorAt(sqlstate::kWrongObjectType, call.location,
                   absl::StrCat("window function ", name, " requires an OVER clause"));
  const FunctionCatalog& catalog = FunctionCatalog::Builtin();
  if (!catalog.FindFunctions(name).empty() || catalog.FindTableFunctions(name).empty())
    return CallFunction(name, std::move(args), call.location);
  ASSIGN_OR_RETURN(const std::vector<ColumnId> columns,
                   BindSeries(name, std::move(args), call.location, scope));
  std::vector<Target> fields;
  for (const ColumnId id : columns)
    fields.push_back(
        {plan::MakeColumn(id, query_->columns[id].type, call.location), query_->columns[id].name});
  if (fields.size() == 1) return fields[0].expression;
  return MakeTargetRow(fields, {}, call.location);
}

absl::Status Binder::CheckOrderedSet(const PgQuery__FuncCall& call, const std::string& name,
                                     Scope* scope) {
  if (call.over != nullptr && functions::IsOrderedSetAggregate(name))
    return ErrorAt(sqlstate::kFeatureNotSupported, call.location,
                   absl::StrCat("OVER is not supported for ordered-set aggregate ", name));
  if (!FunctionCatalog::Builtin().FindAggregates(name).empty()) return absl::OkStatus();
  // What is sorted counts as arguments.
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({call.args, call.n_args}, scope));
  ASSIGN_OR_RETURN(const std::vector<OrderItem> order,
                   BindOrderBy({call.agg_order, call.n_agg_order}, scope, {}, false));
  for (const OrderItem& item : order) args.push_back(item.expression);
  return NoFunction(name, absl::StrCat("function ", name, "(", FormatTypes(TypesOf(args)), ")"),
                    call.location);
}

absl::StatusOr<const AggregateFunction*> Binder::ChooseAggregate(const std::string& name, bool star,
                                                                 std::vector<ExprPtr>* args,
                                                                 int location) {
  const std::vector<Type> types = TypesOf(*args);
  const std::vector<TypeId> actual = IdsOf(types);
  std::vector<const AggregateFunction*> functions;
  std::vector<Signature> candidates;
  bool undetermined = false;
  for (const AggregateFunction* function : FunctionCatalog::Builtin().FindAggregates(name)) {
    if ((function->signature == "count(*)") != star) continue;
    if (function->arguments.size() != actual.size() ||
        !IsCandidate(*function, types, &undetermined))
      continue;
    functions.push_back(function);
    candidates.push_back(function->arguments);
  }
  const Choice choice = ChooseCandidate(candidates, actual, false);
  std::optional<std::vector<Type>> operands;
  if (choice.index >= 0) operands = OperandTypes(candidates[choice.index], types);
  if (!operands.has_value()) {
    const std::string shown =
        absl::StrCat("function ", name, "(", star ? "*" : FormatTypes(types), ")");
    if (choice.ambiguous)
      return ErrorAt(
          sqlstate::kAmbiguousFunction, location, absl::StrCat(shown, " is not unique"),
          "Could not choose a best candidate function. You might need to add explicit type casts.");
    if (undetermined) return Undetermined();
    return NoFunction(name, shown, location);
  }
  RETURN_IF_ERROR(CoerceArguments(*operands, args));
  return functions[choice.index];
}

void Binder::NameArguments(const Function& function, const Signature& signature,
                           std::vector<ExprPtr>* args) {
  if (function.result != TypeId::kText && function.result != TypeId::kJson &&
      function.result != TypeId::kJsonb)
    return;
  for (size_t i = 0; i < args->size(); ++i) {
    ExprPtr& arg = (*args)[i];
    if (signature[i] == TypeId::kUnspecified && !types::IsArray(arg->type.id) &&
        IsShownByName(arg->type))
      arg = plan::MakeCast(arg, {TypeId::kText, 0}, true);
  }
}

absl::StatusOr<ExprPtr> Binder::BindAggregate(const PgQuery__FuncCall& call,
                                              const std::string& name, Scope* scope, bool own) {
  if (call.func_variadic && !own) return Unsupported(call.location, "VARIADIC");
  const SeriesRefusal no_sets(
      scope, "aggregate function calls cannot contain set-returning function calls");
  GroupingState* grouping = scope->grouping;
  const bool nested = grouping != nullptr && grouping->inside_aggregate;
  if (grouping != nullptr) grouping->inside_aggregate = true;
  plan::AggregateCall aggregate;
  auto bind = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(aggregate.arguments, BindExprs({call.args, call.n_args}, scope));
    if (call.agg_filter != nullptr) {
      ASSIGN_OR_RETURN(ExprPtr filter, BindExpr(call.agg_filter, scope));
      ASSIGN_OR_RETURN(aggregate.filter, ToBoolean(filter, "FILTER"));
    }
    return absl::OkStatus();
  };
  absl::Status status = bind();
  // ORDER BY inside the call.
  std::vector<OrderItem> order;
  if (status.ok() && call.n_agg_order > 0) {
    auto items = BindOrderBy({call.agg_order, call.n_agg_order}, scope, {}, false);
    if (items.ok())
      order = *std::move(items);
    else
      status = items.status();
  }
  if (grouping != nullptr) grouping->inside_aggregate = nested;
  RETURN_IF_ERROR(status);
  // It belongs to the innermost query whose columns it is about; without any, to this one.
  plan::ColumnSet used;
  for (const ExprPtr& arg : aggregate.arguments) plan::CollectColumns(*arg, &used);
  if (aggregate.filter != nullptr) plan::CollectColumns(*aggregate.filter, &used);
  for (const OrderItem& item : order) plan::CollectColumns(*item.expression, &used);
  ASSIGN_OR_RETURN(grouping, AggregateOwner(used, nested, call.location, scope));
  const size_t direct = aggregate.arguments.size();
  if (call.agg_within_group) {
    for (const OrderItem& item : order) aggregate.arguments.push_back(item.expression);
  }
  if (own) {
    ASSIGN_OR_RETURN(UserAggregate chosen, ChooseUserAggregate(call, &aggregate.arguments));
    aggregate.declared = std::move(chosen.function);
    aggregate.function = aggregate.declared.get();
    aggregate.type = chosen.type;
  } else {
    ASSIGN_OR_RETURN(const std::string prepared,
                     PrepareJsonAggregate(name, call, &aggregate.arguments));
    ASSIGN_OR_RETURN(aggregate.function,
                     ChooseAggregate(prepared, call.agg_star, &aggregate.arguments, call.location));
  }
  const bool ordered_set = !own && functions::IsOrderedSetAggregate(name);
  if (call.agg_within_group != ordered_set)
    return ErrorAt(
        sqlstate::kWrongObjectType, call.location,
        call.agg_within_group
            ? absl::StrCat(name, " is not an ordered-set aggregate, so it cannot have WITHIN GROUP")
            : absl::StrCat("WITHIN GROUP is required for ordered-set aggregate ", name));
  // What stands in front has to be the same in all rows of a group.
  for (size_t i = 0; call.agg_within_group && i < direct; ++i) {
    if (!plan::ColumnsOf(aggregate.arguments[i]).empty())
      return ErrorAt(sqlstate::kFeatureNotSupported, aggregate.arguments[i]->location,
                     "a column in front of WITHIN GROUP is not supported",
                     "Give a constant or a parameter.");
  }
  aggregate.distinct = call.agg_distinct;
  if (aggregate.distinct) {
    for (const ExprPtr& arg : aggregate.arguments) {
      if (!types::IsComparable(arg->type))
        return ErrorAt(sqlstate::kUndefinedFunction, arg->location,
                       absl::StrCat("could not identify an equality operator for type ",
                                    types::Format(arg->type)));
      RETURN_IF_ERROR(CheckGroups(arg));
    }
    if (order.empty() && (own || KeepsOrder(name))) {
      // PostgreSQL finds what is repeated by sorting, and its users count on that order.
      for (const ExprPtr& arg : aggregate.arguments) {
        if (arg->kind != Expr::Kind::kLiteral) aggregate.order_by.push_back({arg, false, false});
      }
    }
  }
  for (size_t i = 0; call.agg_within_group && i < order.size(); ++i) {
    ASSIGN_OR_RETURN(ExprPtr key, Ordered(aggregate.arguments[direct + i]));
    aggregate.order_by.push_back({std::move(key), order[i].descending, order[i].nulls_first});
  }
  if (call.agg_within_group) order.clear();
  for (const OrderItem& item : order) {
    ASSIGN_OR_RETURN(ExprPtr key, ResolveUnknown(item.expression));
    if (aggregate.distinct) {
      const auto same = [&](const ExprPtr& arg) {
        return plan::Equal(WithoutImplicitCasts(*arg), WithoutImplicitCasts(*key));
      };
      const auto found = std::find_if(aggregate.arguments.begin(), aggregate.arguments.end(), same);
      if (found != aggregate.arguments.end()) {
        key = *found;
      } else
        return ErrorAt(
            sqlstate::kInvalidColumnReference, item.location,
            "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list");
    }
    ASSIGN_OR_RETURN(key, Ordered(key));
    aggregate.order_by.push_back({key, item.descending, item.nulls_first});
  }
  RETURN_IF_ERROR(CommonCollation(aggregate.arguments, call.location).status());
  const bool extreme = (name == "min" || name == "max") && aggregate.arguments.size() == 1;
  const Type type = extreme ? aggregate.arguments[0]->type : Type();
  ExprPtr key = extreme ? ExtremeArgument(aggregate.arguments[0]) : nullptr;
  if (key == nullptr) return AddAggregate(std::move(aggregate), name, grouping, call.location);
  aggregate.arguments[0] = std::move(key);
  return TextOfKey(AddAggregate(std::move(aggregate), name, grouping, call.location), type);
}

absl::StatusOr<GroupingState*> Binder::AggregateOwner(const plan::ColumnSet& used, bool nested,
                                                      int location, Scope* scope) {
  for (const ColumnId id : used) {
    if (window_columns_.contains(id))
      return ErrorAt(sqlstate::kGroupingError, location,
                     "aggregate function calls cannot contain window function calls");
    if (aggregate_columns_.contains(id))
      return ErrorAt(sqlstate::kGroupingError, location,
                     "aggregate function calls cannot be nested");
  }
  Scope* owner = OwnerOf(used, scope);
  if (owner == nullptr) owner = scope;
  GroupingState* const grouping = owner->grouping;
  if (grouping == nullptr)
    return ErrorAt(sqlstate::kGroupingError, location,
                   absl::StrCat("aggregate functions are not allowed in ", owner->clause));
  if (owner == scope ? nested : grouping->inside_aggregate)
    return ErrorAt(sqlstate::kGroupingError, location, "aggregate function calls cannot be nested");
  return grouping;
}

ExprPtr Binder::AddAggregate(plan::AggregateCall aggregate, const std::string& name,
                             GroupingState* grouping, int location) {
  for (size_t i = 0; i < grouping->calls.size(); ++i) {
    const plan::AggregateCall& known = grouping->calls[i];
    bool same = known.function == aggregate.function && known.distinct == aggregate.distinct &&
                known.order_by.empty() && aggregate.order_by.empty() && !known.filter &&
                !aggregate.filter &&
                !std::any_of(known.arguments.begin(), known.arguments.end(), plan::HasSubquery);
    for (size_t arg = 0; same && arg < known.arguments.size(); ++arg)
      same = plan::Equal(*known.arguments[arg], *aggregate.arguments[arg]) &&
             !plan::IsVolatile(known.arguments[arg]);
    if (same)
      return plan::MakeColumn(grouping->outputs[i], query_->columns[grouping->outputs[i]].type,
                              location);
  }
  Type type = plan::ResultOf(aggregate.function->result, aggregate.arguments);
  // min, max and the like keep their argument's type.
  if (type.id == TypeId::kUnspecified && !aggregate.arguments.empty())
    type = aggregate.arguments[0]->type;
  if (aggregate.declared != nullptr) type = aggregate.type;
  const ColumnId id = query_->AddColumn({name, type, 0, 0, false});
  grouping->calls.push_back(std::move(aggregate));
  grouping->outputs.push_back(id);
  aggregate_columns_.insert(id);
  return plan::MakeColumn(id, type, location);
}

absl::StatusOr<ExprPtr> Binder::BindValueFunction(const PgQuery__SQLValueFunction& function) {
  const int location = function.location;
  const ExprPtr now = MakeSession(SessionValue::KIND_TRANSACTION_TIMESTAMP, location);
  switch (function.op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE:
      return plan::MakeCast(now, {TypeId::kDate, 0}, true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
      return now;
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
      return plan::MakeCast(now, {TypeId::kTimestamp, 0}, true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME:
      return plan::MakeCast(now, {TypeId::kTimetz, 0}, true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N:
      return plan::MakeCast(now,
                            types::TimeType(TypeId::kTimetz, std::clamp(function.typmod, 0,
                                                                        types::kMaxTimePrecision)),
                            true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
      return plan::MakeCast(plan::MakeCast(now, {TypeId::kTimestamp, 0}, true, location),
                            {TypeId::kTime, 0}, true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
      return plan::MakeCast(
          now,
          types::TimeType(function.op == PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N
                              ? TypeId::kTimestamptz
                              : TypeId::kTimestamp,
                          std::clamp(function.typmod, 0, types::kMaxTimePrecision)),
          true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N:
      return plan::MakeCast(
          plan::MakeCast(now, {TypeId::kTimestamp, 0}, true, location),
          types::TimeType(TypeId::kTime, std::clamp(function.typmod, 0, types::kMaxTimePrecision)),
          true, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER:
      return CurrentUser(location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER:
      return MakeSession(SessionValue::KIND_SESSION_USER, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG:
      return MakeSession(SessionValue::KIND_CURRENT_DATABASE, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA:
      return MakeSession(SessionValue::KIND_CURRENT_SCHEMA, location);
    default:
      return Unsupported(location, "time with time zone");
  }
}

}  // namespace adbms::sql::binder
