// Calls of built-in functions with VARIADIC: an array in place of the last arguments.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/function_catalog.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

namespace sqlstate = status::sqlstate;
using functions::FunctionCatalog;

// The array's elements where it is written as ARRAY[…], also under a cast; null otherwise.
const PgQuery__AArrayExpr* ConstructorOf(const Node* node, const PgQuery__TypeName** cast) {
  if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
    *cast = node->type_cast->type_name;
    node = node->type_cast->arg;
  }
  return node->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR ? node->a_array_expr : nullptr;
}

bool IsVariadic(const std::string& name) {
  for (const functions::Function* function : FunctionCatalog::Builtin().FindFunctions(name)) {
    if (function->variadic) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<ExprPtr> Binder::BindVariadicCall(const PgQuery__FuncCall& call,
                                                 const std::string& name, Scope* scope) {
  const NodeList nodes(call.args, call.n_args);
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs(nodes.first(nodes.size() - 1), scope));
  ASSIGN_OR_RETURN(const ExprPtr array, BindExpr(nodes.back(), scope));
  const bool json_path = name == "jsonb_extract_path" || name == "jsonb_extract_path_text" ||
                         name == "json_extract_path" || name == "json_extract_path_text";
  if (!IsVariadic(name) && name != "concat" && name != "concat_ws") {
    std::vector<Type> types;
    for (const ExprPtr& arg : args) types.push_back(arg->type);
    types.push_back(array->type);
    std::string shown;
    for (const Type& type : types)
      absl::StrAppend(&shown, shown.empty() ? "" : ", ",
                      types::Format({type.id, 0, type.declared}));
    return NoFunction(name, absl::StrCat("function ", name, "(", shown, ")"), call.location);
  }
  const bool may_be_unknown = json_path && array->type.id == TypeId::kUnknown;
  if (!may_be_unknown && !types::IsArray(array->type.id))
    return ErrorAt(sqlstate::kDatatypeMismatch, array->location,
                   "VARIADIC argument must be an array");
  const PgQuery__TypeName* cast = nullptr;
  if (const PgQuery__AArrayExpr* elements = ConstructorOf(nodes.back(), &cast)) {
    for (const Node* node : NodeList(elements->elements, elements->n_elements)) {
      ASSIGN_OR_RETURN(ExprPtr element, BindExpr(node, scope));
      if (types::IsArray(element->type.id))
        return Unsupported(call.location, "VARIADIC of such an array");
      ASSIGN_OR_RETURN(element, TryCoerce(element, types::ElementOf(array->type),
                                          cast != nullptr ? functions::CastContext::kExplicit
                                                          : functions::CastContext::kImplicit));
      args.push_back(std::move(element));
    }
    return CallFunction(name, std::move(args), call.location);
  }
  // What these do with an array's elements others do with the array.
  if (name == "concat" && args.empty()) {
    const ExprPtr nothing = plan::MakeLiteral(types::Value::Text(""));
    return CallFunction("array_to_string", {array, nothing}, call.location);
  }
  if (name == "concat_ws" && args.size() == 1)
    return CallFunction("array_to_string", {array, args[0]}, call.location);
  if (json_path && args.size() == 1) {
    const bool text = name.ends_with("_text");
    std::vector<Type> sides;
    ASSIGN_OR_RETURN(
        const functions::Function* function,
        FindOperator(text ? "#>>" : "#>", args[0]->type, array->type, call.location, &sides));
    ASSIGN_OR_RETURN(args[0], Implicit(args[0], sides[0]));
    ASSIGN_OR_RETURN(const ExprPtr path, Implicit(array, sides[1]));
    return plan::MakeCall(function, {args[0], path}, call.location);
  }
  return ErrorAt(sqlstate::kFeatureNotSupported, call.location,
                 absl::StrCat("VARIADIC of ", name, " is not supported"),
                 "Write the array as ARRAY[…], or give its elements one by one.");
}

}  // namespace adbms::sql::binder
