// json and jsonb: subscripts, and the arguments of aggregates.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/json_values.h"
#include "common/sql/functions/rows.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

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

absl::StatusOr<ExprPtr> Binder::JsonMember(const ExprPtr& object, const std::string& key,
                                           const Type& type) {
  const ExprPtr name = plan::MakeLiteral(types::Value::Text(key));
  const bool json = type.id == TypeId::kJson || type.id == TypeId::kJsonb;
  if (!json && !types::HoldsRow(type.id) && !types::IsArray(type.id)) {
    ASSIGN_OR_RETURN(ExprPtr text, Operator("->>", object, name, -1));
    // As the type's input function reads it: too long a string is an error.
    if (text->type == type) return text;
    const Type base = types::Unchecked(type);
    const ExprPtr value = text->type == base ? text : plan::MakeCast(text, base, false);
    return types::IsDomain(type) ? plan::MakeCast(value, type, false) : value;
  }
  ASSIGN_OR_RETURN(ExprPtr value, Operator("->", object, name, -1));
  if (json) {
    // null is NULL.
    ASSIGN_OR_RETURN(const ExprPtr text, Operator("->>", object, name, -1));
    if (value->type != type) value = plan::MakeCast(value, type, false);
    return plan::MakeCase(
        type, {plan::MakeTest(common::v1::TestExpression::KIND_IS_NOT_NULL, {text}), value,
               plan::MakeNull(type)});
  }
  if (value->type.id == TypeId::kJson) value = plan::MakeCast(value, {TypeId::kJsonb, 0}, true);
  Type plain = types::Unchecked(type);
  plain.modifier = 0;
  const auto* read = functions::FunctionCatalog::Builtin().BySignature(
      functions::SignatureOf(functions::kJsonbRead, {TypeId::kJsonb, TypeId::kText}));
  auto call = std::make_shared<plan::Expr>(*plan::MakeCall(read, {value, name}));
  call->type = plain;
  return plain == type ? ExprPtr(call) : plan::MakeCast(call, type, false);
}

absl::StatusOr<ExprPtr> Binder::BindPopulate(const PgQuery__FuncCall& call, const std::string& name,
                                             Scope* scope) {
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({call.args, call.n_args}, scope));
  if (args.size() != 2) return CallFunction(name, std::move(args), call.location);
  const TypeId type = name.starts_with("jsonb") ? TypeId::kJsonb : TypeId::kJson;
  ASSIGN_OR_RETURN(ExprPtr object,
                   TryCoerce(args[1], {type, 0}, functions::CastContext::kImplicit));
  if (object == nullptr) return CallFunction(name, std::move(args), call.location);
  if (name.ends_with("set")) {
    ASSIGN_OR_RETURN(const std::vector<ColumnId> columns,
                     BindSeries(name, {object}, call.location, scope));
    object = plan::MakeColumn(columns[0], query_->columns[columns[0]].type, call.location);
  }
  return PopulateRow(name, args[0], std::move(object), call.location);
}

absl::StatusOr<ExprPtr> Binder::PopulateRow(const std::string& function, const ExprPtr& base,
                                            ExprPtr object, int location) {
  const types::DeclaredType* const row = types::CompositeOf(base->type);
  if (base->type.id != TypeId::kRecord)
    return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                   absl::StrCat("first argument of ", function, " must be a row type"));
  if (row == nullptr)
    return ErrorAt(sqlstate::kInvalidParameterValue, -1,
                   absl::StrCat("could not determine row type for result of ", function),
                   "Provide a non-null record argument, or call the function in the FROM clause "
                   "using a column definition list.");
  if (plan::IsVolatile(object) || plan::IsVolatile(base))
    return Unsupported(location, absl::StrCat("a volatile argument of ", function));
  const auto* check = functions::FunctionCatalog::Builtin().BySignature(
      functions::SignatureOf(functions::kJsonObject, {object->type.id}));
  const ExprPtr given = object;
  object = plan::MakeCall(check, {object}, location);
  const plan::Expr* written = base.get();
  while (written->kind == plan::Expr::Kind::kCast) written = written->args[0].get();
  const bool empty = written->kind == plan::Expr::Kind::kLiteral && written->value.is_null();
  std::vector<ExprPtr> args;
  std::vector<std::string> names;
  for (size_t i = 0; i < row->fields.size(); ++i) {
    const types::CompositeField& field = row->fields[i];
    ASSIGN_OR_RETURN(ExprPtr value, JsonMember(object, field.name, field.type));
    if (!empty) {
      ASSIGN_OR_RETURN(
          const ExprPtr member,
          Operator("->", object, plan::MakeLiteral(types::Value::Text(field.name)), -1));
      value = plan::MakeCase(field.type,
                             {plan::MakeTest(common::v1::TestExpression::KIND_IS_NULL, {member}),
                              FieldAt(base, i), value});
    }
    args.push_back(std::move(value));
    names.push_back(field.name);
  }
  ASSIGN_OR_RETURN(const ExprPtr populated,
                   MakeRow(std::move(args), names, types::BaseOf(base->type), location));
  const ExprPtr nothing = plan::MakeTest(common::v1::TestExpression::KIND_IS_NULL, {given});
  if (types::IsDomain(base->type))
    return plan::MakeCase(base->type, {nothing, empty ? plan::MakeNull(base->type) : base,
                                       plan::MakeCast(populated, base->type, false, location)});
  if (empty) return NullRowWhere(nothing, populated);
  return plan::MakeCase(base->type, {nothing, base, populated});
}

absl::StatusOr<std::string> Binder::PrepareJsonAggregate(const std::string& name,
                                                         const PgQuery__FuncCall& call,
                                                         std::vector<ExprPtr>* arguments) {
  const bool of_objects = name == "json_object_agg" || name == "jsonb_object_agg";
  if (!of_objects && name != "json_agg" && name != "jsonb_agg") return name;
  std::string aggregate = name;
  for (size_t i = 0; i < arguments->size(); ++i) {
    ExprPtr& argument = (*arguments)[i];
    if (!types::IsArray(argument->type.id) && IsShownByName(argument->type))
      argument = plan::MakeCast(argument, {TypeId::kText, 0}, true);
    if (!functions::DependsOnSettings(argument->type)) continue;
    if (call.agg_distinct)
      return Unsupported(call.location, absl::StrCat(name, "(DISTINCT …) of type ",
                                                     types::Format(argument->type)));
    const bool key = of_objects && i == 0;
    const std::string function = key ? std::string(functions::kJsonKeyFunction)
                                 : name.starts_with("jsonb") ? "to_jsonb"
                                                             : "to_json";
    if (name == "json_agg" &&
        (types::IsArray(argument->type.id) || argument->type.id == TypeId::kRecord))
      aggregate = functions::kJsonAggOfContainers;
    ASSIGN_OR_RETURN(argument, CallFunction(function, {argument}, call.location));
  }
  return aggregate;
}

}  // namespace adbms::sql::binder
