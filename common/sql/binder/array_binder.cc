// Arrays: constructors, subscripts, and comparisons with ANY and ALL.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

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

TypeId ArrayOf(TypeId element) {
  switch (element) {
    case TypeId::kInt2:
      return TypeId::kInt2Array;
    case TypeId::kInt4:
      return TypeId::kInt4Array;
    case TypeId::kInt8:
      return TypeId::kInt8Array;
    case TypeId::kOid:
    case TypeId::kRegclass:
    case TypeId::kRegtype:
      return TypeId::kOidArray;
    case TypeId::kName:
      return TypeId::kNameArray;
    case TypeId::kJsonb:
      return TypeId::kJsonbArray;
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpchar:
    case TypeId::kUnknown:
      return TypeId::kTextArray;
    default:
      return TypeId::kUnspecified;
  }
}

// The cast of a literal done; anything else as it is.
absl::StatusOr<ExprPtr> CastLiteral(const ExprPtr& e) {
  if (e->kind != Expr::Kind::kCast || e->args[0]->kind != Expr::Kind::kLiteral) return e;
  types::Vector input(e->args[0]->type);
  input.Append(e->args[0]->value);
  types::Vector output(e->type);
  output.Resize(1);
  RETURN_IF_ERROR(FunctionCatalog::Builtin().Cast({}, input, true, &output));
  return plan::MakeLiteral(output.Get(0));
}

}  // namespace

absl::StatusOr<ExprPtr> Binder::NestArrays(std::vector<ExprPtr> arrays, TypeId wanted,
                                           int location) {
  types::ShapedArray nested;
  for (const ExprPtr& e : arrays) {
    ASSIGN_OR_RETURN(ExprPtr coerced, TryCoerce(e, {wanted, 0}, CastContext::kExplicit));
    if (coerced != nullptr) {
      ASSIGN_OR_RETURN(coerced, CastLiteral(coerced));
    }
    if (coerced == nullptr || coerced->kind != Expr::Kind::kLiteral || coerced->value.is_null())
      return Unsupported(location, "an ARRAY of other than constants");
    ASSIGN_OR_RETURN(types::ShapedArray inner, types::ParseShapedArray(coerced->value.bytes()));
    inner.lengths.insert(inner.lengths.begin(), static_cast<uint32_t>(arrays.size()));
    if (nested.lengths.empty()) nested.lengths = inner.lengths;
    if (nested.lengths != inner.lengths)
      return ErrorAt(
          "2202E", location,
          "multidimensional arrays must have array expressions with matching dimensions");
    std::move(inner.elements.begin(), inner.elements.end(), std::back_inserter(nested.elements));
  }
  return plan::MakeLiteral(Value::String({wanted, 0}, types::FormatShapedArray(nested)), location);
}

absl::StatusOr<ExprPtr> Binder::BindArray(const PgQuery__AArrayExpr& array, Scope* scope,
                                          TypeId wanted) {
  ++no_lift_;
  auto bound = BindExprs({array.elements, array.n_elements}, scope);
  absl::StatusOr<ExprPtr> result = ExprPtr();
  if (!bound.ok()) {
    result = bound.status();
  } else {
    std::vector<ExprPtr>& elements = *bound;
    auto build = [&]() -> absl::StatusOr<ExprPtr> {
      if (wanted == TypeId::kUnspecified) {
        if (elements.empty())
          return ErrorAt(sqlstate::kIndeterminateDatatype, array.location,
                         "cannot determine type of empty array",
                         "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
        std::vector<ExprPtr*> all;
        for (ExprPtr& e : elements) all.push_back(&e);
        ASSIGN_OR_RETURN(const Type common, Unify(all, "ARRAY"));
        wanted = types::IsArray(common.id) ? common.id : ArrayOf(common.id);
        if (wanted == TypeId::kUnspecified)
          return Unsupported(array.location, absl::StrCat("type ", types::Format(common), "[]"));
      }
      if (!elements.empty() && types::IsArray(elements[0]->type.id))
        return NestArrays(std::move(elements), wanted, array.location);
      std::vector<types::ArrayElement> values;
      const TypeId element = types::ElementOf(wanted);
      for (ExprPtr& e : elements) {
        const Type from = e->type;
        ASSIGN_OR_RETURN(ExprPtr coerced, TryCoerce(e, {element, 0}, CastContext::kExplicit));
        if (coerced == nullptr)
          return ErrorAt(sqlstate::kCannotCoerce, e->location,
                         absl::StrCat("cannot cast type ", types::Format(from), " to ",
                                      types::Format({element, 0})));
        ASSIGN_OR_RETURN(coerced, CastLiteral(coerced));
        if (coerced->kind != Expr::Kind::kLiteral)
          return Unsupported(array.location, "an ARRAY of other than constants");
        types::ArrayElement& value = values.emplace_back();
        value.null = coerced->value.is_null();
        if (!value.null) types::FormatText(coerced->value, {}, &value.text);
      }
      return plan::MakeLiteral(Value::String({wanted, 0}, types::FormatArray(values)),
                               array.location);
    };
    result = build();
  }
  --no_lift_;
  return result;
}

absl::StatusOr<ExprPtr> Binder::BindSubscript(const PgQuery__AIndirection& indirection,
                                              Scope* scope) {
  NodeList steps(indirection.indirection, indirection.n_indirection);
  ExprPtr base;
  if (steps[0]->node_case == PG_QUERY__NODE__NODE_STRING) {
    ASSIGN_OR_RETURN(const auto fields, BindComposite(indirection.arg, scope));
    if (fields.has_value()) {
      ASSIGN_OR_RETURN(base, FieldOf(*fields, std::string(parser::StringOf(steps[0])), -1));
      steps = steps.subspan(1);
    }
  }
  if (base == nullptr) {
    ASSIGN_OR_RETURN(base, BindExpr(indirection.arg, scope));
  }
  for (const Node* node : steps) {
    if (node->node_case != PG_QUERY__NODE__NODE_A_INDICES)
      return ErrorAt(sqlstate::kWrongObjectType, base->location,
                     absl::StrCat("column notation .", std::string(parser::StringOf(node)),
                                  " applied to type ", types::Format(base->type),
                                  ", which is not a composite type"));
    if (base->type.id == TypeId::kJsonb) {
      ASSIGN_OR_RETURN(base, SubscriptJsonb(base, *node->a_indices, scope));
      continue;
    }
    if (node->a_indices->is_slice) return Unsupported(base->location, "an array slice");
    if (!types::IsArray(base->type.id))
      return ErrorAt(sqlstate::kDatatypeMismatch, base->location,
                     absl::StrCat("cannot subscript type ", types::Format(base->type),
                                  " because it does not support subscripting"));
    ASSIGN_OR_RETURN(ExprPtr index, BindExpr(node->a_indices->uidx, scope));
    ASSIGN_OR_RETURN(index, Implicit(index, TypeId::kInt4));
    const TypeId element = types::ElementOf(base->type.id);
    const int location = base->location;
    ASSIGN_OR_RETURN(ExprPtr call, CallFunction("array_get", {base, index}, location));
    base = call;
    if (base->type.id != element) base = plan::MakeCast(base, {element, 0}, true, location);
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
    ASSIGN_OR_RETURN(ExprPtr known, ResolveUnknown(x));
    const TypeId type = ArrayOf(known->type.id);
    if (type == TypeId::kUnspecified)
      return Unsupported(expr.location, absl::StrCat("type ", types::Format(known->type), "[]"));
    ++no_lift_;
    auto coerced = TryCoerce(array, {type, 0}, CastContext::kImplicit);
    --no_lift_;
    if (!coerced.ok()) return coerced.status();
    array = *coerced;
  }
  if (!types::IsArray(array->type.id))
    return ErrorAt(sqlstate::kWrongObjectType, expr.location,
                   "op ANY/ALL (array) requires array on right side");
  const TypeId element = types::ElementOf(array->type.id);
  if (array->kind == Expr::Kind::kLiteral) {
    if (array->value.is_null()) return plan::MakeNull({TypeId::kBool, 0});
    ASSIGN_OR_RETURN(const std::vector<types::ArrayElement> elements,
                     types::ParseArray(array->value.bytes()));
    std::vector<ExprPtr> items;
    for (const types::ArrayElement& e : elements) {
      if (e.null) {
        items.push_back(plan::MakeNull({element, 0}));
        continue;
      }
      ASSIGN_OR_RETURN(Value value, types::ParseText(e.text, {element, 0}, {}));
      items.push_back(plan::MakeLiteral(std::move(value), array->location));
    }
    return compare_each(std::move(items));
  }
  // An array known only at run time: op ANY (SELECT unnest(array)), NULL when the array is.
  const functions::TableFunction* unnest = nullptr;
  for (const functions::TableFunction* candidate :
       FunctionCatalog::Builtin().FindTableFunctions("unnest")) {
    if (candidate->arguments.size() == 1 && candidate->arguments[0] == array->type.id)
      unnest = candidate;
  }
  if (unnest == nullptr)
    return Unsupported(expr.location, absl::StrCat("ANY or ALL over ", types::Format(array->type)));
  ASSIGN_OR_RETURN(const functions::Function* comparison,
                   FindOperator(op, x->type.id, element, expr.location));
  ASSIGN_OR_RETURN(x, Implicit(x, comparison->arguments[0]));
  RelPtr scan = plan::MakeRel(plan::Rel::Kind::kFunction);
  scan->table_function = unnest;
  scan->expressions = {array};
  scan->alias = "unnest";
  scan->output = {query_->AddColumn({"unnest", {unnest->result[0], 0}, 0, 0, false})};
  RelPtr project = plan::MakeRel(plan::Rel::Kind::kProject, {scan});
  ASSIGN_OR_RETURN(ExprPtr item, Implicit(plan::MakeColumn(scan->output[0], {unnest->result[0], 0}),
                                          comparison->arguments[1]));
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
