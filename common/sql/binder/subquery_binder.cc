// Subqueries in expressions.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::SubqueryExpression;
using plan::Expr;
namespace sqlstate = status::sqlstate;

std::shared_ptr<Expr> MakeSubquery(SubqueryExpression::Kind kind, RelPtr rel, Type type,
                                   int location) {
  auto result = std::make_shared<Expr>();
  result->kind = Expr::Kind::kSubquery;
  result->subquery = kind;
  result->query = std::move(rel);
  result->type = type;
  result->location = location;
  return result;
}

// Whether the subquery has a LIMIT that lets a row through if there is one.
bool HasHarmlessLimit(const PgQuery__SelectStmt& select) {
  const PgQuery__Node* count = select.limit_count;
  return count != nullptr && select.limit_offset == nullptr &&
         select.limit_option != PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES &&
         count->node_case == PG_QUERY__NODE__NODE_A_CONST &&
         count->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL && count->a_const->ival->ival > 0;
}

}  // namespace

absl::StatusOr<ExprPtr> Binder::BindSubLink(const PgQuery__SubLink& link, Scope* scope) {
  const int location = link.location;
  if (link.subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return Unsupported(location, "this kind of subquery");
  PgQuery__SelectStmt select = *link.subselect->select_stmt;
  // To EXISTS it says nothing, and rules would have to leave it where it is.
  if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK && HasHarmlessLimit(select))
    select.limit_count = nullptr;
  ASSIGN_OR_RETURN(BoundQuery bound, BindSelect(select, scope));
  constexpr Type kBool{TypeId::kBool, 0};
  const char* one_column = "subquery must return only one column";
  switch (link.sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
      return ExprPtr(MakeSubquery(SubqueryExpression::KIND_EXISTS, bound.rel, kBool, location));
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
      if (bound.columns.size() != 1) return ErrorAt(sqlstate::kSyntaxError, location, one_column);
      return ExprPtr(MakeSubquery(SubqueryExpression::KIND_SCALAR, bound.rel, bound.columns[0].type,
                                  location));
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK: {
      if (bound.columns.size() != 1) return ErrorAt(sqlstate::kSyntaxError, location, one_column);
      const Type element = bound.columns[0].type;
      const Type array = types::IsArray(element.id) ? element : types::ArrayOf(element);
      if (array.id == TypeId::kUnspecified)
        return Unsupported(location, absl::StrCat("type ", types::Format(element), "[]"));
      return ExprPtr(MakeSubquery(SubqueryExpression::KIND_ARRAY, bound.rel, array, location));
    }
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
      break;
    default:
      return Unsupported(location, "this kind of subquery");
  }
  const bool any = link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK;
  std::string op = "=";
  if (link.n_oper_name > 0) {
    ASSIGN_OR_RETURN(op, OperatorName({link.oper_name, link.n_oper_name}, location));
  }
  std::vector<ExprPtr> operands;
  if (link.testexpr->node_case == PG_QUERY__NODE__NODE_ROW_EXPR) {
    ASSIGN_OR_RETURN(operands, BindRowFields(*link.testexpr->row_expr, scope));
  } else {
    ASSIGN_OR_RETURN(ExprPtr operand, BindExpr(link.testexpr, scope));
    operands = {operand};
  }
  if (operands.size() < bound.columns.size())
    return ErrorAt(sqlstate::kSyntaxError, location, "subquery has too many columns");
  if (operands.size() > bound.columns.size())
    return ErrorAt(sqlstate::kSyntaxError, location, "subquery has too few columns");
  if (operands.size() > 1 && (op != "=" || !any) && (op != "<>" || any))
    return Unsupported(location, "this comparison of a row with a subquery");
  std::shared_ptr<Expr> result =
      MakeSubquery(any ? SubqueryExpression::KIND_ANY : SubqueryExpression::KIND_ALL, bound.rel,
                   kBool, location);
  // Both sides become what the operator takes; the subquery's in a projection over it.
  RelPtr project = plan::MakeRel(plan::Rel::Kind::kProject, {bound.rel});
  bool converts = false;
  for (size_t i = 0; i < operands.size(); ++i) {
    const ScopeColumn& column = bound.columns[i];
    std::vector<Type> sides;
    ASSIGN_OR_RETURN(const functions::Function* function,
                     FindOperator(op, operands[i]->type, column.type, location, &sides));
    if (function->result != TypeId::kBool)
      return ErrorAt(sqlstate::kDatatypeMismatch, location,
                     absl::StrCat("row comparison operator must yield type boolean, not type ",
                                  types::Format({function->result, 0})));
    ASSIGN_OR_RETURN(operands[i], Implicit(operands[i], sides[0]));
    ASSIGN_OR_RETURN(ExprPtr item, Implicit(plan::MakeColumn(column.id, column.type), sides[1]));
    ASSIGN_OR_RETURN(const ExprPtr collated,
                     CollatedOperator(op, function, {operands[i], item}, location));
    if (collated != nullptr)
      return Unsupported(location, "a comparison with a subquery by a collation of ICU");
    converts |= item->kind != Expr::Kind::kColumn;
    project->expressions.push_back(item);
    result->comparisons.push_back(function);
  }
  if (operands.size() > 1 && op == "<>") {
    // (a,b) <> ALL (…) is NOT ((a,b) = ANY (…)).
    for (size_t i = 0; i < operands.size(); ++i) {
      ASSIGN_OR_RETURN(
          result->comparisons[i],
          FindOperator("=", operands[i]->type, project->expressions[i]->type, location));
    }
    result->subquery = SubqueryExpression::KIND_ANY;
  }
  if (converts) {
    for (size_t i = 0; i < operands.size(); ++i)
      project->output.push_back(
          query_->AddColumn({bound.columns[i].name, project->expressions[i]->type, 0, 0, false}));
    result->query = project;
  }
  result->args = std::move(operands);
  if (result->args.size() > 1 && op == "<>") return plan::MakeNot(ExprPtr(result));
  return ExprPtr(result);
}

absl::StatusOr<ExprPtr> Binder::BindMultiAssignment(const PgQuery__MultiAssignRef& multi,
                                                    Scope* scope) {
  const PgQuery__SubLink& link = *multi.source->sub_link;
  if (link.subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return Unsupported(link.location, "this kind of subquery");
  ASSIGN_OR_RETURN(BoundQuery bound, BindSelect(*link.subselect->select_stmt, scope));
  if (static_cast<int>(bound.columns.size()) != multi.ncolumns)
    return ErrorAt(sqlstate::kSyntaxError, link.location,
                   "number of columns does not match number of values");
  if (multi.ncolumns > 1 && plan::IsVolatile(*bound.rel))
    return ErrorAt(sqlstate::kFeatureNotSupported, link.location,
                   "assigning a subquery with a volatile function to several columns is not "
                   "supported",
                   "Compute its rows in WITH, and assign from there.");
  const ScopeColumn& column = bound.columns[static_cast<size_t>(multi.colno - 1)];
  RelPtr project = plan::MakeRel(plan::Rel::Kind::kProject, {bound.rel});
  project->expressions.push_back(plan::MakeColumn(column.id, column.type));
  project->output.push_back(query_->AddColumn({column.name, column.type, 0, 0, false}));
  return ExprPtr(
      MakeSubquery(SubqueryExpression::KIND_SCALAR, project, column.type, link.location));
}

}  // namespace adbms::sql::binder
