// Arrays: constructors, subscripts, and comparisons with ANY and ALL.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/part_assignment.h"
#include "common/sql/functions/catalog_builder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using common::v1::LogicalExpression;
using common::v1::SubqueryExpression;
using common::v1::TestExpression;
using functions::CastContext;
using functions::FunctionCatalog;
using plan::Expr;
using types::Value;
namespace sqlstate = status::sqlstate;

// Whether a cast means the same in every session: none that reads or writes a text does.
bool IsFixedCast(TypeId from, TypeId to) {
  if (types::IsArray(from)) from = types::ElementOf(from);
  if (types::IsArray(to)) to = types::ElementOf(to);
  return (types::IsNumber(from) && types::IsNumber(to)) ||
         (types::IsString(from) && types::IsString(to)) || from == to;
}

// The cast of a literal done where every session does the same; anything else as it is.
absl::StatusOr<ExprPtr> CastLiteral(const ExprPtr& e) {
  if (types::IsDomain(e->type) || types::HoldsDomain(e->type)) return e;
  if (e->kind != Expr::Kind::kCast || e->args[0]->kind != Expr::Kind::kLiteral) return e;
  if (!IsFixedCast(e->args[0]->type.id, e->type.id)) return e;
  types::Vector input(e->args[0]->type);
  input.Append(e->args[0]->value);
  types::Vector output(e->type);
  output.Resize(1);
  RETURN_IF_ERROR(FunctionCatalog::Builtin().Cast({}, input, true, &output));
  return plan::MakeLiteral(output.Get(0));
}

const functions::Function* Instance(const char* name, const std::vector<TypeId>& arguments) {
  return FunctionCatalog::Builtin().BySignature(functions::SignatureOf(name, arguments));
}

// A call, or what it gives when all arguments are constants.
absl::StatusOr<ExprPtr> CallOrFold(const functions::Function* function, std::vector<ExprPtr> args,
                                   const Type& type, int location) {
  std::vector<std::unique_ptr<types::Vector>> columns;
  std::vector<const types::Vector*> pointers;
  for (const ExprPtr& arg : args) {
    if (arg->kind != Expr::Kind::kLiteral) break;
    columns.push_back(std::make_unique<types::Vector>(arg->type));
    columns.back()->Append(arg->value);
    pointers.push_back(columns.back().get());
  }
  if (pointers.size() < args.size()) {
    auto call = std::make_shared<Expr>(*plan::MakeCall(function, std::move(args), location));
    call->type = type;
    return ExprPtr(call);
  }
  types::Vector result(type);
  result.Resize(1);
  RETURN_IF_ERROR(function->kernel({}, pointers, 1, &result));
  return plan::MakeLiteral(result.Get(0), location);
}

}  // namespace

absl::StatusOr<std::vector<ExprPtr>> Binder::BindArrayElements(const PgQuery__AArrayExpr& array,
                                                               Scope* scope, const Type& wanted) {
  std::vector<ExprPtr> elements;
  for (const Node* node : NodeList(array.elements, array.n_elements)) {
    const bool nested =
        node->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR && wanted.id != TypeId::kUnspecified;
    ASSIGN_OR_RETURN(ExprPtr element, nested ? BindArray(*node->a_array_expr, scope, wanted)
                                             : BindExpr(node, scope));
    elements.push_back(std::move(element));
  }
  return elements;
}

absl::StatusOr<ExprPtr> Binder::BindArray(const PgQuery__AArrayExpr& array, Scope* scope,
                                          Type wanted) {
  ++no_lift_;
  auto bound = BindArrayElements(array, scope, wanted);
  auto result = bound.ok() ? MakeArray(*std::move(bound), wanted, array.location)
                           : absl::StatusOr<ExprPtr>(bound.status());
  --no_lift_;
  return result;
}

absl::StatusOr<ExprPtr> Binder::MakeArray(std::vector<ExprPtr> elements, Type wanted,
                                          int location) {
  if (types::IsDomain(wanted)) {
    ASSIGN_OR_RETURN(ExprPtr made, MakeArray(std::move(elements), types::BaseOf(wanted), location));
    return plan::MakeCast(std::move(made), wanted, true, location);
  }
  if (wanted.id == TypeId::kUnspecified) {
    if (elements.empty())
      return ErrorAt(sqlstate::kIndeterminateDatatype, location,
                     "cannot determine type of empty array",
                     "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
    std::vector<ExprPtr*> all;
    for (ExprPtr& e : elements) all.push_back(&e);
    ASSIGN_OR_RETURN(const Type common, Unify(all, "ARRAY"));
    wanted = types::IsArray(common.id) ? common : types::ArrayOf(common);
    if (wanted.id == TypeId::kUnspecified)
      return ErrorAt(
          sqlstate::kUndefinedObject, location,
          absl::StrCat("could not find array type for data type ", types::Format(common)));
  }
  bool nested = false;
  for (const ExprPtr& e : elements) nested |= types::IsArray(e->type.id);
  const Type element = nested ? wanted : types::ElementOf(wanted);
  for (ExprPtr& e : elements) {
    const Type from = e->type;
    const int at = e->location;
    ASSIGN_OR_RETURN(e, TryCoerce(e, element, CastContext::kExplicit));
    if (e == nullptr)
      return ErrorAt(
          sqlstate::kCannotCoerce, at,
          absl::StrCat("cannot cast type ", types::Format(from), " to ", types::Format(element)));
    ASSIGN_OR_RETURN(e, CastLiteral(e));
  }
  if (elements.empty())
    return plan::MakeLiteral(Value::String(wanted, types::ArrayBuilder(wanted.id).Finish()),
                             location);
  const functions::Function* function =
      Instance(nested ? functions::kArrayNesting : functions::kArrayConstructor, {element.id});
  if (function == nullptr)
    return Unsupported(location, absl::StrCat("ARRAY of ", types::Format(element)));
  return CallOrFold(function, std::move(elements), wanted, location);
}

absl::StatusOr<ExprPtr> Binder::BindSubscriptNumber(const Node* node, Scope* scope) {
  ASSIGN_OR_RETURN(ExprPtr index, BindExpr(node, scope));
  const int location = index->location;
  ASSIGN_OR_RETURN(index, TryCoerce(index, {TypeId::kInt4, 0}, CastContext::kAssignment));
  if (index == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, location, "array subscript must have type integer");
  return index;
}

namespace {

bool HasSlice(NodeList indices) {
  for (const Node* node : indices) {
    if (node->a_indices->is_slice) return true;
  }
  return false;
}

}  // namespace

absl::Status Binder::BindSubscripts(NodeList indices, Scope* scope, std::string* which,
                                    std::vector<ExprPtr>* args) {
  const bool slice = HasSlice(indices);
  for (const Node* node : indices) {
    const PgQuery__AIndices& index = *node->a_indices;
    // Beside a slice a[2] is a[1:2].
    const bool from_one = slice && !index.is_slice;
    const auto add = [&](const Node* bound, bool given) -> absl::Status {
      which->push_back(given ? 'n' : '-');
      ExprPtr number = plan::MakeLiteral(Value::Int(TypeId::kInt4, 1));
      if (bound != nullptr) {
        ASSIGN_OR_RETURN(number, BindSubscriptNumber(bound, scope));
      }
      args->push_back(std::move(number));
      return absl::OkStatus();
    };
    if (slice) RETURN_IF_ERROR(add(index.lidx, from_one || index.lidx != nullptr));
    RETURN_IF_ERROR(add(index.uidx, index.uidx != nullptr));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::SubscriptArray(ExprPtr base, NodeList indices, Scope* scope) {
  const int location = base->location;
  if (indices.size() > size_t{types::kMaxDimensions})
    return types::TooManyDimensions(static_cast<int64_t>(indices.size()));
  if (types::IsVector(base->type.id)) {
    ASSIGN_OR_RETURN(base, Implicit(base, types::ArrayOf(types::ElementOf(base->type))));
  }
  const Type array = base->type;
  std::vector<ExprPtr> args = {base};
  std::string which;
  const bool slice = HasSlice(indices);
  if (slice) args.push_back(nullptr);
  RETURN_IF_ERROR(BindSubscripts(indices, scope, &which, &args));
  if (!slice) {
    const auto* function = Instance(functions::kArraySubscript, {array.id, TypeId::kInt4});
    auto call = std::make_shared<Expr>(*plan::MakeCall(function, std::move(args), location));
    call->type = types::ElementOf(array);
    return ExprPtr(call);
  }
  args[1] = plan::MakeLiteral(Value::Text(which));
  const auto* function = Instance(functions::kArraySlice, {array.id, TypeId::kText, TypeId::kInt4});
  auto call = std::make_shared<Expr>(*plan::MakeCall(function, std::move(args), location));
  call->type = array;
  return ExprPtr(call);
}

absl::StatusOr<ExprPtr> Binder::AssignInArray(ExprPtr column, const PgQuery__ResTarget& target,
                                              NodeList subscripts, ExprPtr value, Scope* scope) {
  const Type array = column->type;
  column = UnfinishedAssignment(column);
  const Type element = types::ElementOf(array);
  if (types::IsVector(array.id))
    return Unsupported(target.location,
                       absl::StrCat("assigning to a part of ", types::Format(array)));
  const bool slice = HasSlice(subscripts);
  const Type wanted = slice ? types::BaseOf(array) : element;
  if (subscripts.size() > size_t{types::kMaxDimensions})
    return types::TooManyDimensions(static_cast<int64_t>(subscripts.size()));
  const Type from = value->type;
  const int location = value->location;
  ASSIGN_OR_RETURN(value, TryCoerce(value, wanted, CastContext::kAssignment));
  if (value == nullptr)
    return ErrorAt(
        sqlstate::kDatatypeMismatch, location,
        absl::StrCat("subscripted assignment to \"", target.name, "\" requires type ",
                     types::Format(wanted), " but expression is of type ", types::Format(from)),
        "You will need to rewrite or cast the expression.");
  std::vector<ExprPtr> args = {std::move(column), std::move(value)};
  std::string which;
  if (slice) args.push_back(nullptr);
  RETURN_IF_ERROR(BindSubscripts(subscripts, scope, &which, &args));
  if (slice) args[2] = plan::MakeLiteral(Value::Text(which));
  const auto* function =
      slice ? Instance(functions::kArraySliceAssignment,
                       {array.id, array.id, TypeId::kText, TypeId::kInt4})
            : Instance(functions::kArrayAssignment, {array.id, element.id, TypeId::kInt4});
  auto call = std::make_shared<Expr>(*plan::MakeCall(function, std::move(args), target.location));
  call->type = types::BaseOf(array);
  if (!types::IsDomain(array)) return ExprPtr(call);
  // Of a domain it has to be once more.
  return plan::MakeCast(call, array, false, target.location);
}

absl::StatusOr<ExprPtr> Binder::BindSubscript(const PgQuery__AIndirection& indirection,
                                              Scope* scope) {
  NodeList steps(indirection.indirection, indirection.n_indirection);
  ASSIGN_OR_RETURN(ExprPtr base, BindExpr(indirection.arg, scope));
  while (!steps.empty()) {
    const Node* node = steps[0];
    if (node->node_case == PG_QUERY__NODE__NODE_A_STAR)
      return ErrorAt(sqlstate::kSyntaxError, base->location,
                     "row expansion via \"*\" is not supported here");
    if (node->node_case != PG_QUERY__NODE__NODE_A_INDICES) {
      const std::string name(parser::StringOf(node));
      auto field = FieldOf(base, name, base->location, scope);
      // Of a relation's row it is said whose.
      if (!field.ok() && status::HasSqlState(field.status(), sqlstate::kUndefinedColumn) &&
          indirection.arg->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
          indirection.arg->column_ref->n_fields == 1 && node == indirection.indirection[0] &&
          base->kind != Expr::Kind::kColumn)
        return ErrorAt(
            sqlstate::kUndefinedColumn, base->location,
            absl::StrCat("column ",
                         std::string(parser::StringOf(indirection.arg->column_ref->fields[0])), ".",
                         name, " does not exist"));
      ASSIGN_OR_RETURN(base, std::move(field));
      steps = steps.subspan(1);
      continue;
    }
    if (base->type.id == TypeId::kJsonb) {
      ASSIGN_OR_RETURN(base, SubscriptJsonb(base, *node->a_indices, scope));
      steps = steps.subspan(1);
      continue;
    }
    if (base->type.id == TypeId::kName && !node->a_indices->is_slice) {
      // An array of characters, counted from 0.
      ASSIGN_OR_RETURN(ExprPtr at, BindExpr(node->a_indices->uidx, scope));
      ASSIGN_OR_RETURN(at, TryCoerce(at, {TypeId::kInt4, 0}, CastContext::kAssignment));
      if (at == nullptr)
        return ErrorAt(sqlstate::kDatatypeMismatch, base->location,
                       "array subscript must have type integer");
      ASSIGN_OR_RETURN(
          at, Operator("+", at, plan::MakeLiteral(Value::Int(TypeId::kInt4, 1)), base->location));
      const ExprPtr text = plan::MakeCast(base, {TypeId::kText, 0}, true);
      const ExprPtr one = plan::MakeLiteral(Value::Int(TypeId::kInt4, 1));
      ASSIGN_OR_RETURN(base, CallFunction("substr", {text, at, one}, base->location));
      base = plan::MakeCast(base, {TypeId::kChar, 0}, true);
      steps = steps.subspan(1);
      continue;
    }
    if (!types::IsArray(base->type.id))
      return ErrorAt(sqlstate::kDatatypeMismatch, base->location,
                     absl::StrCat("cannot subscript type ", types::Format(base->type),
                                  " because it does not support subscripting"));
    // All that stand together are the subscripts of one array.
    size_t count = 1;
    while (count < steps.size() && steps[count]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
      ++count;
    ASSIGN_OR_RETURN(base, SubscriptArray(base, steps.subspan(0, count), scope));
    steps = steps.subspan(count);
  }
  return base;
}

absl::StatusOr<ExprPtr> Binder::BindArrayComparison(const PgQuery__AExpr& expr, Scope* scope) {
  const bool any = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY;
  ASSIGN_OR_RETURN(const std::string op, OperatorName({expr.name, expr.n_name}, expr.location));
  ASSIGN_OR_RETURN(ExprPtr x, BindExpr(expr.lexpr, scope));
  const bool in_list = any ? op == "=" : op == "<>";
  auto compare_each = [&](std::vector<ExprPtr> items) -> absl::StatusOr<ExprPtr> {
    if (in_list) return InList(x, std::move(items), !any, expr.location);
    if (items.empty()) return plan::MakeBool(!any);
    std::vector<ExprPtr> parts;
    for (const ExprPtr& item : items) {
      ASSIGN_OR_RETURN(ExprPtr part, Operator(op, x, item, expr.location));
      ASSIGN_OR_RETURN(part, ToBoolean(part, "ANY/ALL"));
      parts.push_back(std::move(part));
    }
    if (parts.size() == 1) return parts[0];
    return plan::MakeLogical(any ? LogicalExpression::KIND_OR : LogicalExpression::KIND_AND, parts);
  };
  if (expr.rexpr->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR) {
    const PgQuery__AArrayExpr& array = *expr.rexpr->a_array_expr;
    ASSIGN_OR_RETURN(std::vector<ExprPtr> items,
                     BindExprs({array.elements, array.n_elements}, scope));
    if (!items.empty()) return compare_each(std::move(items));
  }
  ++no_lift_;
  auto bound = BindExpr(expr.rexpr, scope);
  --no_lift_;
  if (!bound.ok()) return bound.status();
  ExprPtr array = *bound;
  if (array->type.id == TypeId::kUnknown) {
    // The array is of what the operator takes beside x.
    std::vector<Type> sides;
    RETURN_IF_ERROR(
        FindOperator(op, x->type, {TypeId::kUnknown, 0}, expr.location, &sides).status());
    Type element = sides[1];
    if (element.id == TypeId::kVarchar) element.id = TypeId::kText;
    const Type type = types::ArrayOf(element);
    if (type.id == TypeId::kUnspecified)
      return ErrorAt(
          sqlstate::kUndefinedObject, expr.location,
          absl::StrCat("could not find array type for data type ", types::Format(element)));
    ++no_lift_;
    auto coerced = TryCoerce(array, type, CastContext::kImplicit);
    --no_lift_;
    if (!coerced.ok()) return coerced.status();
    array = *coerced;
  }
  if (!types::IsArray(array->type.id))
    return ErrorAt(sqlstate::kWrongObjectType, expr.location,
                   "op ANY/ALL (array) requires array on right side");
  const Type element = types::ElementOf(array->type);
  if (array->kind == Expr::Kind::kLiteral) {
    if (array->value.is_null()) return plan::MakeNull({TypeId::kBool, 0});
    const types::ArrayView view(array->value.bytes(), array->type.id);
    std::vector<ExprPtr> items;
    for (uint32_t i = 0; i < view.size(); ++i) {
      Value item = view.Get(i);
      item.set_type({item.type().id, 0, element.declared, element.collation});
      items.push_back(plan::MakeLiteral(std::move(item), array->location));
    }
    return compare_each(std::move(items));
  }
  // An array known only at run time: op ANY (SELECT unnest(array)), NULL when the array is.
  if (types::IsVector(array->type.id)) {
    ASSIGN_OR_RETURN(array, Implicit(array, types::ArrayOf(element)));
  }
  const functions::TableFunction* unnest = FunctionCatalog::Builtin().TableFunctionBySignature(
      functions::SignatureOf("unnest", {array->type.id}));
  if (unnest == nullptr)
    return Unsupported(expr.location, absl::StrCat("ANY or ALL over ", types::Format(array->type)));
  std::vector<Type> sides;
  ASSIGN_OR_RETURN(const functions::Function* comparison,
                   FindOperator(op, x->type, element, expr.location, &sides));
  ASSIGN_OR_RETURN(x, Implicit(x, sides[0]));
  Type one = element;
  if (one.collation == types::kDefaultCollation) one.collation = array->type.collation;
  ASSIGN_OR_RETURN(const ExprPtr collated,
                   CollatedOperator(op, comparison, {x, plan::MakeColumn(0, one)}, expr.location));
  if (collated != nullptr)
    return Unsupported(expr.location, "ANY or ALL over an array by a collation of ICU");
  RelPtr scan = plan::MakeRel(plan::Rel::Kind::kFunction);
  scan->table_function = unnest;
  scan->expressions = {array};
  scan->alias = "unnest";
  const Type unnested{unnest->result[0], 0, element.declared};
  scan->output = {query_->AddColumn({"unnest", unnested, 0, 0, false})};
  RelPtr project = plan::MakeRel(plan::Rel::Kind::kProject, {scan});
  ASSIGN_OR_RETURN(ExprPtr item, Implicit(plan::MakeColumn(scan->output[0], unnested), sides[1]));
  project->expressions = {item};
  project->output = {query_->AddColumn({"unnest", item->type, 0, 0, false})};
  auto subquery = std::make_shared<Expr>();
  subquery->kind = Expr::Kind::kSubquery;
  subquery->type = {TypeId::kBool, 0};
  subquery->subquery = any ? SubqueryExpression::KIND_ANY : SubqueryExpression::KIND_ALL;
  subquery->query = project;
  subquery->args = {x};
  subquery->comparisons = {comparison};
  subquery->location = expr.location;
  if (plan::IsVolatile(array)) return Unsupported(expr.location, "a volatile array in ANY or ALL");
  return plan::MakeCase({TypeId::kBool, 0},
                        {plan::MakeTest(TestExpression::KIND_IS_NOT_NULL, {array}),
                         ExprPtr(subquery), plan::MakeNull({TypeId::kBool, 0})});
}

}  // namespace adbms::sql::binder
