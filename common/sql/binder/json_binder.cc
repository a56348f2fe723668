// json and jsonb: subscripts, and the arguments of aggregates.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/json_values.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {

using functions::CastContext;
namespace sqlstate = status::sqlstate;

absl::StatusOr<ExprPtr> Binder::JsonbSubscript(const PgQuery__AIndices& indices, Scope* scope) {
  if (indices.is_slice)
    return ErrorAt(sqlstate::kDatatypeMismatch, -1, "jsonb subscript does not support slices");
  ASSIGN_OR_RETURN(ExprPtr index, BindExpr(indices.uidx, scope));
  const Type from = index->type;
  const int location = index->location;
  // A number is an index of an array and, as there, a key of an object: its text serves for both.
  const bool number = CanCoerce(from.id, TypeId::kInt4, CastContext::kImplicit);
  if (number && from.id != TypeId::kUnknown) {
    ASSIGN_OR_RETURN(index, Implicit(index, {TypeId::kInt4, 0}));
    return TryCoerce(index, {TypeId::kText, 0}, CastContext::kAssignment);
  }
  if (CanCoerce(from.id, TypeId::kText, CastContext::kImplicit))
    return Implicit(index, {TypeId::kText, 0});
  return ErrorAt(sqlstate::kDatatypeMismatch, location,
                 absl::StrCat("subscript type ", types::Format(from), " is not supported"),
                 "jsonb subscript must be coercible to either integer or text.");
}

absl::StatusOr<ExprPtr> Binder::SubscriptJsonb(ExprPtr base, const PgQuery__AIndices& indices,
                                               Scope* scope) {
  ASSIGN_OR_RETURN(ExprPtr index, JsonbSubscript(indices, scope));
  return CallFunction("jsonb_extract_path", {base, index}, base->location);
}

absl::StatusOr<ExprPtr> Binder::AssignInJsonb(ExprPtr column, NodeList subscripts, ExprPtr value,
                                              Scope* scope) {
  const int location = value->location;
  const Type from = value->type;
  ASSIGN_OR_RETURN(value, TryCoerce(value, {TypeId::kJsonb, 0}, CastContext::kAssignment));
  if (value == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, location,
                   absl::StrCat("subscripted assignment requires type jsonb but expression is of "
                                "type ",
                                types::Format(from)),
                   "You will need to rewrite or cast the expression.");
  std::vector<ExprPtr> arguments = {std::move(column), std::move(value)};
  for (const Node* node : subscripts) {
    if (node->node_case != PG_QUERY__NODE__NODE_A_INDICES)
      return Unsupported(location, "assigning to a field of a column");
    ASSIGN_OR_RETURN(ExprPtr step, JsonbSubscript(*node->a_indices, scope));
    arguments.push_back(std::move(step));
  }
  return CallFunction(std::string(functions::kJsonbAssignFunction), std::move(arguments), location);
}

absl::Status Binder::PrepareJsonAggregate(const std::string& name, const PgQuery__FuncCall& call,
                                          std::vector<ExprPtr>* arguments) {
  const bool of_objects = name == "json_object_agg" || name == "jsonb_object_agg";
  if (!of_objects && name != "json_agg" && name != "jsonb_agg") return absl::OkStatus();
  for (size_t i = 0; i < arguments->size(); ++i) {
    ExprPtr& argument = (*arguments)[i];
    if (!functions::DependsOnSettings(argument->type.id)) continue;
    if (call.agg_distinct)
      return Unsupported(call.location, absl::StrCat(name, "(DISTINCT …) of type ",
                                                     types::Format(argument->type)));
    const bool key = of_objects && i == 0;
    const std::string function = key ? std::string(functions::kJsonKeyFunction)
                                 : name.starts_with("jsonb") ? "to_jsonb"
                                                             : "to_json";
    ASSIGN_OR_RETURN(argument, CallFunction(function, {argument}, call.location));
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
