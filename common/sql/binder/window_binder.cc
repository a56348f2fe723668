// Calls of window functions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/window_scope.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::WindowFunction;
using functions::CastContext;
using functions::FunctionCatalog;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// How a function's arguments are typed.
enum class Form { kNone, kInteger, kShift, kValue, kValueAndInteger };

struct FunctionForm {
  const char* name;
  WindowFunction function;
  Form form;
  TypeId result;  // kUnspecified: the first argument's.
};

constexpr FunctionForm kFunctions[] = {
    {"row_number", common::v1::WINDOW_FUNCTION_ROW_NUMBER, Form::kNone, TypeId::kInt8},
    {"rank", common::v1::WINDOW_FUNCTION_RANK, Form::kNone, TypeId::kInt8},
    {"dense_rank", common::v1::WINDOW_FUNCTION_DENSE_RANK, Form::kNone, TypeId::kInt8},
    {"percent_rank", common::v1::WINDOW_FUNCTION_PERCENT_RANK, Form::kNone, TypeId::kFloat8},
    {"cume_dist", common::v1::WINDOW_FUNCTION_CUME_DIST, Form::kNone, TypeId::kFloat8},
    {"ntile", common::v1::WINDOW_FUNCTION_NTILE, Form::kInteger, TypeId::kInt4},
    {"lag", common::v1::WINDOW_FUNCTION_LAG, Form::kShift, TypeId::kUnspecified},
    {"lead", common::v1::WINDOW_FUNCTION_LEAD, Form::kShift, TypeId::kUnspecified},
    {"first_value", common::v1::WINDOW_FUNCTION_FIRST_VALUE, Form::kValue, TypeId::kUnspecified},
    {"last_value", common::v1::WINDOW_FUNCTION_LAST_VALUE, Form::kValue, TypeId::kUnspecified},
    {"nth_value", common::v1::WINDOW_FUNCTION_NTH_VALUE, Form::kValueAndInteger,
     TypeId::kUnspecified},
};

const FunctionForm* FindForm(const std::string& name) {
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const FunctionForm& form) { return name == form.name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

bool TakesCount(Form form, size_t count) {
  switch (form) {
    case Form::kNone:
      return count == 0;
    case Form::kInteger:
    case Form::kValue:
      return count == 1;
    case Form::kShift:
      return count >= 1 && count <= 3;
    case Form::kValueAndInteger:
      return count == 2;
  }
  return false;
}

std::string Shown(const std::string& name, const std::vector<ExprPtr>& args) {
  return absl::StrCat(
      "function ", name, "(",
      absl::StrJoin(args, ", ",
                    [](std::string* out, const ExprPtr& e) {
                      absl::StrAppend(out, e->type.id == TypeId::kUnknown
                                               ? "unknown"
                                               : types::Format({e->type.id, 0, e->type.declared}));
                    }),
      ")");
}

}  // namespace

absl::StatusOr<Type> Binder::BindWindowFunction(const PgQuery__FuncCall& call,
                                                const std::string& name, std::vector<ExprPtr> args,
                                                plan::WindowCall* out) {
  const FunctionForm& form = *FindForm(name);
  const std::string shown = Shown(name, args);
  out->function = form.function;
  if (!TakesCount(form.form, args.size())) return NoFunction(name, shown, call.location);
  const size_t integer = form.form == Form::kInteger ? 0 : 1;
  if (form.form != Form::kValue && args.size() > integer) {
    ASSIGN_OR_RETURN(args[integer],
                     TryCoerce(args[integer], {TypeId::kInt4, 0}, CastContext::kImplicit));
    if (args[integer] == nullptr) return NoFunction(name, shown, call.location);
  }
  Type type{form.result, 0};
  if (form.result == TypeId::kUnspecified) {
    if (args.size() == 3) {
      const absl::StatusOr<Type> common = Unify({&args[0], &args[2]}, name.c_str());
      if (!common.ok()) {
        const bool unlike =
            status::FromStatus(common.status()).sqlstate == sqlstate::kDatatypeMismatch;
        return unlike ? NoFunction(name, shown, call.location) : common.status();
      }
    }
    // A constant's type comes from the default beside it, or is none (PostgreSQL's anyelement).
    if (args.size() < 3 && args[0]->type.id == TypeId::kUnknown)
      return status::Error(sqlstate::kDatatypeMismatch,
                           "could not determine polymorphic type because input has type unknown");
    ASSIGN_OR_RETURN(args[0], ResolveUnknown(args[0]));
    if (args.size() == 3) {
      ASSIGN_OR_RETURN(args[2], ResolveUnknown(args[2]));
    }
    type = plan::ResultOf(args[0]->type.id, args);
  }
  out->arguments = std::move(args);
  return type;
}

absl::StatusOr<ExprPtr> Binder::BindWindowCall(const PgQuery__FuncCall& call,
                                               const std::string& name, Scope* scope, bool own) {
  const int location = call.location;
  if (call.func_variadic && !own) return Unsupported(location, "VARIADIC");
  const bool aggregate = own || !FunctionCatalog::Builtin().FindAggregates(name).empty();
  plan::WindowCall bound;
  std::vector<ExprPtr> args;
  {
    const WindowRefusal refusal(scope, "window function calls cannot be nested");
    ASSIGN_OR_RETURN(args, BindExprs({call.args, call.n_args}, scope));
    if (call.agg_filter != nullptr) {
      ASSIGN_OR_RETURN(bound.filter, BindExpr(call.agg_filter, scope));
      ASSIGN_OR_RETURN(bound.filter, ToBoolean(bound.filter, "FILTER"));
    }
  }
  Type type;
  std::optional<Type> text;  // What the result's sort key is made of.
  if (own) {
    bound.function = common::v1::WINDOW_FUNCTION_AGGREGATE;
    ASSIGN_OR_RETURN(UserAggregate chosen, ChooseUserAggregate(call, &args));
    bound.declared = std::move(chosen.function);
    bound.aggregate = bound.declared.get();
    type = chosen.type;
    bound.type = type;
    bound.arguments = std::move(args);
  } else if (aggregate) {
    bound.function = common::v1::WINDOW_FUNCTION_AGGREGATE;
    ASSIGN_OR_RETURN(const std::string prepared, PrepareJsonAggregate(name, call, &args));
    ASSIGN_OR_RETURN(bound.aggregate, ChooseAggregate(prepared, call.agg_star, &args, location));
    if ((name == "min" || name == "max") && args.size() == 1) {
      if (ExprPtr key = ExtremeArgument(args[0])) {
        text = args[0]->type;
        args[0] = std::move(key);
      }
    }
    type = plan::ResultOf(bound.aggregate->result, args);
    if (type.id == TypeId::kUnspecified && !args.empty()) type = args[0]->type;
    bound.arguments = std::move(args);
  } else if (FindForm(name) != nullptr) {
    ASSIGN_OR_RETURN(type, BindWindowFunction(call, name, std::move(args), &bound));
  } else {
    ASSIGN_OR_RETURN(const ExprPtr plain, CallFunction(name, std::move(args), location));
    return ErrorAt(sqlstate::kWrongObjectType, location,
                   absl::StrCat("OVER specified, but ", name,
                                " is not a window function nor an aggregate function"));
  }
  if (call.agg_distinct)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   "DISTINCT is not implemented for window functions",
                   "Remove the repeated rows in a subquery.");
  if (call.n_agg_order > 0)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   "aggregate ORDER BY is not implemented for window functions",
                   "Use ORDER BY of the window.");
  if (!aggregate && call.agg_filter != nullptr)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   "FILTER is not implemented for non-aggregate window functions");
  WindowingState* windowing = scope->windowing;
  if (scope->grouping != nullptr && scope->grouping->inside_aggregate)
    return ErrorAt(sqlstate::kGroupingError, location,
                   "aggregate function calls cannot contain window function calls");
  if (windowing == nullptr)
    return ErrorAt(sqlstate::kWindowingError, location,
                   absl::StrCat("window functions are not allowed in ", scope->clause));
  if (windowing->refusal != nullptr)
    return ErrorAt(sqlstate::kWindowingError, location, windowing->refusal);
  ASSIGN_OR_RETURN(const size_t window, BindOver(*call.over, scope));
  const ColumnId id = query_->AddColumn({name, type, 0, 0, false});
  window_columns_.insert(id);
  windowing->calls.push_back({window, std::move(bound), id});
  ExprPtr result = plan::MakeColumn(id, type, location);
  return text.has_value() ? TextOfKey(std::move(result), *text) : result;
}

absl::Status Binder::BindWindowClause(NodeList definitions, Scope* scope) {
  for (const Node* node : definitions) {
    const PgQuery__WindowDef& definition = *node->window_def;
    for (const WindowDefinition& known : scope->windowing->windows) {
      if (known.name == parser::View(definition.name))
        return ErrorAt(sqlstate::kWindowingError, definition.location,
                       absl::StrCat("window \"", known.name, "\" is already defined"));
    }
    ASSIGN_OR_RETURN(WindowDefinition window, BindWindowDefinition(definition, scope));
    window.name = parser::View(definition.name);
    scope->windowing->windows.push_back(std::move(window));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Binder::BindOver(const PgQuery__WindowDef& over, Scope* scope) {
  std::vector<WindowDefinition>& windows = scope->windowing->windows;
  const std::string_view name = parser::View(over.name);
  if (!name.empty()) {
    for (size_t i = 0; i < windows.size(); ++i) {
      if (windows[i].name == name) return i;
    }
    return ErrorAt(sqlstate::kUndefinedObject, over.location,
                   absl::StrCat("window \"", std::string(name), "\" does not exist"));
  }
  ASSIGN_OR_RETURN(WindowDefinition window, BindWindowDefinition(over, scope));
  for (size_t i = 0; i < windows.size(); ++i) {
    if (Same(windows[i], window)) return i;
  }
  windows.push_back(std::move(window));
  return windows.size() - 1;
}

}  // namespace adbms::sql::binder
