// Expressions: dispatch, names, and PostgreSQL's special forms.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/parser/type_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::LogicalExpression;
using common::v1::TestExpression;
using functions::CastContext;
using plan::Expr;
namespace sqlstate = status::sqlstate;

const ScopeColumn* FindIn(const ScopeItem& item, std::string_view name, bool* ambiguous) {
  const ScopeColumn* found = nullptr;
  for (const ScopeColumn& column : item.columns) {
    if (column.name != name) continue;
    if (found != nullptr) *ambiguous = true;
    found = &column;
  }
  if (found != nullptr) return found;
  for (const ScopeColumn& column : item.system_columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

// A row of single fields; those of name.* are compared as records, to which NULLs are equal too.
bool ListsFields(const Node* node) {
  if (node->node_case != PG_QUERY__NODE__NODE_ROW_EXPR) return false;
  const NodeList fields(node->row_expr->args, node->row_expr->n_args);
  return std::none_of(fields.begin(), fields.end(), [](const Node* field) {
    if (field->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return false;
    const PgQuery__ColumnRef& ref = *field->column_ref;
    return ref.fields[ref.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
  });
}

}  // namespace

absl::Status Binder::ErrorAt(std::string_view code, int location, std::string_view message,
                             std::string_view hint) const {
  // Positions inside a view or a default would point into another text.
  const int position = view_depth_ > 0 ? 0 : parser::CharacterPosition(text_, location);
  return status::ErrorAt(code, position, message, hint);
}

absl::Status Binder::Unsupported(int location, std::string_view what) const {
  return ErrorAt(sqlstate::kFeatureNotSupported, location,
                 absl::StrCat(absl::string_view(what.data(), what.size()), " is not supported"));
}

absl::StatusOr<std::vector<ExprPtr>> Binder::BindExprs(NodeList nodes, Scope* scope) {
  std::vector<ExprPtr> result;
  result.reserve(nodes.size());
  for (const Node* node : nodes) {
    ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, scope));
    result.push_back(std::move(e));
  }
  return result;
}

absl::StatusOr<ExprPtr> Binder::BindExpr(const Node* node, Scope* scope) {
  const DepthGuard guard(&depth_);
  if (guard.too_deep()) return DepthGuard::Error();
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
      return BindConst(*node->a_const);
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      return BindColumnRef(*node->column_ref, scope);
    case PG_QUERY__NODE__NODE_PARAM_REF:
      return BindParam(*node->param_ref);
    case PG_QUERY__NODE__NODE_A_EXPR:
      return BindAExpr(*node->a_expr, scope);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      return BindBool(*node->bool_expr, scope);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return BindFuncCall(*node->func_call, scope);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      return BindTypeCast(*node->type_cast, scope);
    case PG_QUERY__NODE__NODE_SUB_LINK:
      return BindSubLink(*node->sub_link, scope);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
      return BindCase(*node->case_expr, scope);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      return BindCoalesce(*node->coalesce_expr, scope);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
      return BindMinMax(*node->min_max_expr, scope);
    case PG_QUERY__NODE__NODE_NULL_TEST:
      return BindNullTest(*node->null_test, scope);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
      return BindBooleanTest(*node->boolean_test, scope);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
      return BindValueFunction(*node->sqlvalue_function);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      return BindArray(*node->a_array_expr, scope, Type{});
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
      return BindSubscript(*node->a_indirection, scope);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      return BindCollate(*node->collate_clause, scope);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
      return ErrorAt(sqlstate::kSyntaxError, node->set_to_default->location,
                     "DEFAULT is not allowed in this context");
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      return BindRow(*node->row_expr, scope);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
      return BindGrouping(*node->grouping_func, scope);
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      return Unsupported(node->named_arg_expr->location, "a named argument");
    case PG_QUERY__NODE__NODE_XML_EXPR:
    case PG_QUERY__NODE__NODE_XML_SERIALIZE:
      return Unsupported(-1, "XML");
    case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR:
      return BindCurrentOf(*node->current_of_expr);
    default:
      return Unsupported(-1, "this kind of expression");
  }
}

absl::StatusOr<ExprPtr> Binder::BindColumnRef(const PgQuery__ColumnRef& ref, Scope* scope) {
  const NodeList fields(ref.fields, ref.n_fields);
  if (fields.back()->node_case == PG_QUERY__NODE__NODE_A_STAR) return BindRowOfStar(ref, scope);
  if (fields.size() > 3)
    RETURN_IF_ERROR(parser::CheckDatabase(parser::StringsOf(fields), 2, input_.database));
  const std::string column(parser::StringOf(fields.back()));
  const std::string table =
      fields.size() > 1 ? std::string(parser::StringOf(fields[fields.size() - 2])) : "";
  const std::string schema =
      fields.size() > 2 ? std::string(parser::StringOf(fields[fields.size() - 3])) : "";
  const ScopeItem* named_item = nullptr;
  for (Scope* level = scope; level != nullptr; level = level->parent) {
    const ScopeColumn* found = nullptr;
    bool ambiguous = false;
    for (const ScopeItem& item : level->items) {
      if (fields.size() == 1 ? !item.columns_visible
                             : !item.relation_visible || item.alias != table ||
                                   (!schema.empty() && item.schema != schema))
        continue;
      if (fields.size() > 1) named_item = &item;
      const ScopeColumn* here = FindIn(item, column, &ambiguous);
      if (here != nullptr && found != nullptr) ambiguous = true;
      if (here != nullptr) found = here;
    }
    if (ambiguous)
      return ErrorAt(sqlstate::kAmbiguousColumn, ref.location,
                     absl::StrCat("column reference \"", column, "\" is ambiguous"));
    if (found != nullptr) {
      RETURN_IF_ERROR(CheckNotVariable(parser::StringsOf(fields), ref.location));
      ReadColumn(found->id);
      return plan::MakeColumn(found->id, found->type, ref.location);
    }
    if (named_item != nullptr) {
      // t.f is f(t), too.
      ASSIGN_OR_RETURN(const ExprPtr whole, WholeRow(*named_item, ref.location));
      ASSIGN_OR_RETURN(ExprPtr value, CallWithRow(column, whole, ref.location, scope));
      if (value != nullptr) return value;
      if (column == "ctid" || column == "xmin" || column == "tableoid" || column == "xmax" ||
          column == "cmin")
        return Unsupported(ref.location, absl::StrCat("system column ", column));
      return ErrorAt(sqlstate::kUndefinedColumn, ref.location,
                     absl::StrCat("column ", table, ".", column, " does not exist"));
    }
  }
  if (ExprPtr variable = FindVariable(parser::StringsOf(fields), ref.location); variable != nullptr)
    return variable;
  if (fields.size() > 1) {
    const ExprPtr row = FindVariable({table}, ref.location);
    if (row != nullptr && row->type.id == TypeId::kRecord)
      return FieldOf(row, column, ref.location, scope);
    // The relation may stand in FROM under another name.
    for (Scope* level = scope; level != nullptr; level = level->parent) {
      for (const ScopeItem& item : level->items) {
        if (item.table != nullptr && item.table->name() == table && item.alias != table)
          return ErrorAt(
              sqlstate::kUndefinedTable, ref.location,
              absl::StrCat("invalid reference to FROM-clause entry for table \"", table, "\""),
              absl::StrCat("Perhaps you meant to reference the table alias \"", item.alias, "\"."));
        if (item.alias == table)
          return ErrorAt(
              sqlstate::kUndefinedTable, ref.location,
              absl::StrCat("invalid reference to FROM-clause entry for table \"", table, "\""),
              absl::StrCat("There is an entry for table \"", table,
                           "\", but it cannot be referenced from this part of the query."));
      }
    }
    return ErrorAt(sqlstate::kUndefinedTable, ref.location,
                   absl::StrCat("missing FROM-clause entry for table \"", table, "\""));
  }
  for (Scope* level = scope; level != nullptr; level = level->parent) {
    for (const ScopeItem& item : level->items) {
      if (item.relation_visible && item.alias == column && item.scalar)
        return plan::MakeColumn(item.columns[0].id, item.columns[0].type, ref.location);
      if (item.relation_visible && item.alias == column) return WholeRow(item, ref.location);
    }
  }
  ASSIGN_OR_RETURN(ExprPtr record, RecordVariable(column, ref.location));
  if (record != nullptr) return record;
  if (column == "ctid" || column == "xmin" || column == "tableoid" || column == "xmax")
    return Unsupported(ref.location, absl::StrCat("system column ", column));
  return ErrorAt(sqlstate::kUndefinedColumn, ref.location,
                 absl::StrCat("column \"", column, "\" does not exist"));
}

absl::StatusOr<ExprPtr> Binder::BindAExpr(const PgQuery__AExpr& expr, Scope* scope) {
  switch (expr.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:  // Its pattern arrives in similar_to_escape.
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
      return BindArrayComparison(expr, scope);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      return BindDistinct(expr, scope);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
      return BindNullIf(expr, scope);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
      return BindIn(expr, scope);
    default:
      return BindBetween(expr, scope);
  }
  const std::vector<std::string> names = parser::StringsOf({expr.name, expr.n_name});
  const std::string schema = names.size() > 1 ? names[names.size() - 2] : "";
  const bool own =
      !input_.catalog
           ->FindOperators(schema, names.back() == "!=" ? "<>" : names.back(), search_path_)
           .empty();
  std::string op = names.back();
  if (!own) {
    ASSIGN_OR_RETURN(op, OperatorName({expr.name, expr.n_name}, expr.location));
  }
  const Node* left = expr.lexpr;
  const Node* right = expr.rexpr;
  if (left != nullptr && left->node_case == PG_QUERY__NODE__NODE_ROW_EXPR &&
      right->node_case == PG_QUERY__NODE__NODE_ROW_EXPR) {
    const PgQuery__RowExpr& row = *left->row_expr;
    ASSIGN_OR_RETURN(std::vector<ExprPtr> a, BindRowFields(row, scope));
    ASSIGN_OR_RETURN(std::vector<ExprPtr> b, BindRowFields(*right->row_expr, scope));
    return RowComparison(op, a, b, expr.location);
  }
  if (left != nullptr && left->node_case == PG_QUERY__NODE__NODE_ROW_EXPR &&
      right->node_case == PG_QUERY__NODE__NODE_SUB_LINK)
    return ErrorAt(sqlstate::kFeatureNotSupported, expr.location,
                   "a comparison of a row with a subquery is not supported", "Use IN (SELECT …).");
  // ESCAPE arrives as a call of like_escape; the pattern is then the rewritten one.
  ExprPtr a;
  if (left != nullptr) {
    ASSIGN_OR_RETURN(a, BindExpr(left, scope));
  }
  ASSIGN_OR_RETURN(ExprPtr b, BindExpr(right, scope));
  if (own) {
    ASSIGN_OR_RETURN(ExprPtr value, UserOperator(names, a, b, expr.location));
    if (value != nullptr) return value;
    ASSIGN_OR_RETURN(op, OperatorName({expr.name, expr.n_name}, expr.location));
  }
  return Operator(op, a, b, expr.location);
}

absl::StatusOr<ExprPtr> Binder::RowComparison(const std::string& op,
                                              const std::vector<ExprPtr>& left,
                                              const std::vector<ExprPtr>& right, int location) {
  if (left.size() != right.size())
    return ErrorAt(sqlstate::kSyntaxError, location,
                   "unequal number of entries in row expressions");
  if (left.empty())
    return ErrorAt(sqlstate::kFeatureNotSupported, location, "cannot compare rows of zero length");
  const bool equality = op == "=" || op == "<>";
  if (!equality && op != "<" && op != "<=" && op != ">" && op != ">=")
    return ErrorAt(
        sqlstate::kFeatureNotSupported, location,
        absl::StrCat("could not determine interpretation of row comparison operator ", op));
  if (equality) {
    std::vector<ExprPtr> parts;
    for (size_t i = 0; i < left.size(); ++i) {
      ASSIGN_OR_RETURN(ExprPtr part, Operator(op, left[i], right[i], location));
      parts.push_back(std::move(part));
    }
    if (parts.size() == 1) return parts[0];
    return plan::MakeLogical(op == "=" ? LogicalExpression::KIND_AND : LogicalExpression::KIND_OR,
                             parts);
  }
  // a < b OR (a = b AND (…)), from the last column outwards.
  const std::string strict = op.substr(0, 1);
  ExprPtr result;
  for (size_t i = left.size(); i-- > 0;) {
    if (result == nullptr) {
      ASSIGN_OR_RETURN(result, Operator(op, left[i], right[i], location));
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr less, Operator(strict, left[i], right[i], location));
    ASSIGN_OR_RETURN(ExprPtr equal, Operator("=", left[i], right[i], location));
    result =
        plan::MakeLogical(LogicalExpression::KIND_OR,
                          {less, plan::MakeLogical(LogicalExpression::KIND_AND, {equal, result})});
  }
  return result;
}

absl::StatusOr<ExprPtr> Binder::InList(ExprPtr x, std::vector<ExprPtr> items, bool negated,
                                       int location) {
  if (items.empty()) {
    // x = ANY ('{}') is false and x <> ALL ('{}') is true whatever x is.
    return plan::MakeBool(negated);
  }
  if (items.size() == 1) return Operator(negated ? "<>" : "=", x, items[0], location);
  std::vector<ExprPtr*> all = {&x};
  std::vector<TypeId> types = {x->type.id};
  for (ExprPtr& item : items) {
    all.push_back(&item);
    types.push_back(item->type.id);
  }
  const std::optional<TypeId> common = SelectCommonType(types, nullptr);
  if (!common.has_value()) {
    std::vector<ExprPtr> parts;
    for (const ExprPtr& item : items) {
      ASSIGN_OR_RETURN(ExprPtr part, Operator(negated ? "<>" : "=", x, item, location));
      parts.push_back(std::move(part));
    }
    return plan::MakeLogical(negated ? LogicalExpression::KIND_AND : LogicalExpression::KIND_OR,
                             parts);
  }
  ASSIGN_OR_RETURN(const Type unified, Unify(all, "IN"));
  RETURN_IF_ERROR(FindOperator("=", unified, unified, location).status());
  if (types::IsNondeterministic(unified.collation)) {
    for (ExprPtr* one : all) {
      auto collated = std::make_shared<Expr>(**one);
      collated->type.collation = unified.collation;
      ASSIGN_OR_RETURN(*one, Ordered(ExprPtr(std::move(collated))));
    }
  }
  auto result = std::make_shared<Expr>();
  result->kind = Expr::Kind::kInList;
  result->type = {TypeId::kBool, 0};
  result->negated = negated;
  result->location = location;
  result->args.push_back(x);
  result->args.insert(result->args.end(), items.begin(), items.end());
  return ExprPtr(result);
}

absl::StatusOr<ExprPtr> Binder::BindIn(const PgQuery__AExpr& expr, Scope* scope) {
  const bool negated = parser::StringOf(expr.name[0]) == "<>";
  const NodeList nodes(expr.rexpr->list->items, expr.rexpr->list->n_items);
  const auto is_row = [](const Node* node) {
    return node->node_case == PG_QUERY__NODE__NODE_ROW_EXPR;
  };
  if (is_row(expr.lexpr) && std::all_of(nodes.begin(), nodes.end(), is_row)) {
    const PgQuery__RowExpr& row = *expr.lexpr->row_expr;
    ASSIGN_OR_RETURN(const std::vector<ExprPtr> left, BindRowFields(row, scope));
    std::vector<ExprPtr> parts;
    for (const Node* node : nodes) {
      ASSIGN_OR_RETURN(const std::vector<ExprPtr> right, BindRowFields(*node->row_expr, scope));
      ASSIGN_OR_RETURN(ExprPtr part,
                       RowComparison(negated ? "<>" : "=", left, right, expr.location));
      parts.push_back(std::move(part));
    }
    if (parts.size() == 1) return parts[0];
    return plan::MakeLogical(negated ? LogicalExpression::KIND_AND : LogicalExpression::KIND_OR,
                             parts);
  }
  ASSIGN_OR_RETURN(ExprPtr x, BindExpr(expr.lexpr, scope));
  ASSIGN_OR_RETURN(std::vector<ExprPtr> items, BindExprs(nodes, scope));
  return InList(std::move(x), std::move(items), negated, expr.location);
}

absl::StatusOr<ExprPtr> Binder::BindBetween(const PgQuery__AExpr& expr, Scope* scope) {
  const PgQuery__List& bounds = *expr.rexpr->list;
  const bool negated = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                       expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
  const bool symmetric = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
                         expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
  ASSIGN_OR_RETURN(const ExprPtr x, BindExpr(expr.lexpr, scope));
  ASSIGN_OR_RETURN(const ExprPtr low, BindExpr(bounds.items[0], scope));
  ASSIGN_OR_RETURN(const ExprPtr high, BindExpr(bounds.items[1], scope));
  auto between = [&](const ExprPtr& a, const ExprPtr& b) -> absl::StatusOr<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr left, Operator(negated ? "<" : ">=", x, a, expr.location));
    ASSIGN_OR_RETURN(ExprPtr right, Operator(negated ? ">" : "<=", x, b, expr.location));
    return plan::MakeLogical(negated ? LogicalExpression::KIND_OR : LogicalExpression::KIND_AND,
                             {left, right});
  };
  ASSIGN_OR_RETURN(ExprPtr result, between(low, high));
  if (!symmetric) return result;
  ASSIGN_OR_RETURN(ExprPtr swapped, between(high, low));
  return plan::MakeLogical(negated ? LogicalExpression::KIND_AND : LogicalExpression::KIND_OR,
                           {result, swapped});
}

absl::StatusOr<ExprPtr> Binder::BindBool(const PgQuery__BoolExpr& expr, Scope* scope) {
  std::optional<DepthGuard> junction;
  if (expr.boolop != PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) junction.emplace(&junction_depth_);
  const char* name = expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? "AND"
                     : expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? "OR"
                                                                        : "NOT";
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({expr.args, expr.n_args}, scope));
  for (ExprPtr& arg : args) {
    ASSIGN_OR_RETURN(arg, ToBoolean(arg, name));
  }
  switch (expr.boolop) {
    case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR:
      return plan::MakeLogical(LogicalExpression::KIND_AND, std::move(args));
    case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR:
      return plan::MakeLogical(LogicalExpression::KIND_OR, std::move(args));
    default:
      return plan::MakeNot(args[0]);
  }
}

absl::StatusOr<ExprPtr> Binder::BindCase(const PgQuery__CaseExpr& expr, Scope* scope) {
  const DepthGuard conditional(&conditional_depth_);
  const SeriesRefusal no_sets(scope, "set-returning functions are not allowed in CASE");
  ExprPtr subject;
  if (expr.arg != nullptr) {
    ASSIGN_OR_RETURN(subject, BindExpr(expr.arg, scope));
    ASSIGN_OR_RETURN(subject, ResolveUnknown(subject));
    if (plan::IsVolatile(subject)) return Unsupported(expr.location, "a volatile CASE operand");
  }
  std::vector<ExprPtr> args;
  std::vector<ExprPtr*> results;
  for (const Node* node : NodeList(expr.args, expr.n_args)) {
    const PgQuery__CaseWhen& when = *node->case_when;
    ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(when.expr, scope));
    if (subject != nullptr) {
      ASSIGN_OR_RETURN(condition, Operator("=", subject, condition, when.location));
    }
    ASSIGN_OR_RETURN(condition, ToBoolean(condition, "CASE/WHEN"));
    ASSIGN_OR_RETURN(ExprPtr result, BindExpr(when.result, scope));
    args.push_back(std::move(condition));
    args.push_back(std::move(result));
  }
  if (expr.defresult != nullptr) {
    ASSIGN_OR_RETURN(ExprPtr otherwise, BindExpr(expr.defresult, scope));
    args.push_back(std::move(otherwise));
  }
  if (args.size() % 2 == 1) results.push_back(&args.back());
  for (size_t i = 1; i < args.size(); i += 2) results.push_back(&args[i]);
  ASSIGN_OR_RETURN(const Type type, Unify(results, "CASE"));
  auto result = std::make_shared<Expr>(*plan::MakeCase(type, std::move(args)));
  result->location = expr.location;
  return ExprPtr(result);
}

absl::StatusOr<ExprPtr> Binder::BindCoalesce(const PgQuery__CoalesceExpr& expr, Scope* scope) {
  const DepthGuard conditional(&conditional_depth_);
  const SeriesRefusal no_sets(scope, "set-returning functions are not allowed in COALESCE");
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({expr.args, expr.n_args}, scope));
  std::vector<ExprPtr*> all;
  for (ExprPtr& arg : args) all.push_back(&arg);
  ASSIGN_OR_RETURN(const Type type, Unify(all, "COALESCE"));
  auto result = std::make_shared<Expr>();
  result->kind = Expr::Kind::kCoalesce;
  result->type = type;
  result->args = std::move(args);
  result->location = expr.location;
  return ExprPtr(result);
}

absl::StatusOr<ExprPtr> Binder::BindMinMax(const PgQuery__MinMaxExpr& expr, Scope* scope) {
  const bool greatest = expr.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
  ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindExprs({expr.args, expr.n_args}, scope));
  std::vector<ExprPtr*> all;
  for (ExprPtr& arg : args) all.push_back(&arg);
  ASSIGN_OR_RETURN(const Type type, Unify(all, greatest ? "GREATEST" : "LEAST"));
  if (args.size() == 1) return args[0];
  if (types::IsIcu(type.collation)) {
    for (ExprPtr& arg : args) {
      auto collated = std::make_shared<Expr>(*arg);
      collated->type.collation = type.collation;
      arg = ExtremeArgument(ExprPtr(std::move(collated)));
      if (arg == nullptr) return Unsupported(expr.location, "the greatest array by a collation");
    }
    ASSIGN_OR_RETURN(ExprPtr key,
                     CallFunction(greatest ? "greatest" : "least", std::move(args), expr.location));
    return TextOfKey(std::move(key), type);
  }
  ASSIGN_OR_RETURN(ExprPtr call,
                   CallFunction(greatest ? "greatest" : "least", std::move(args), expr.location));
  return call->type.id == type.id
             ? call
             : plan::MakeCast(call, {type.id, 0, type.declared}, true, expr.location);
}

absl::StatusOr<ExprPtr> Binder::BindNullIf(const PgQuery__AExpr& expr, Scope* scope) {
  ASSIGN_OR_RETURN(ExprPtr left, BindExpr(expr.lexpr, scope));
  ASSIGN_OR_RETURN(ExprPtr right, BindExpr(expr.rexpr, scope));
  ASSIGN_OR_RETURN(ExprPtr equal, Operator("=", left, right, expr.location));
  if (plan::IsVolatile(left)) return Unsupported(expr.location, "a volatile argument of NULLIF");
  if (left->type.id == TypeId::kUnknown || types::IsNumber(left->type.id)) left = equal->args[0];
  return plan::MakeCase(left->type, {equal, plan::MakeNull(left->type), left});
}

absl::StatusOr<ExprPtr> Binder::BindDistinct(const PgQuery__AExpr& expr, Scope* scope) {
  const bool distinct = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT;
  if (ListsFields(expr.lexpr) && ListsFields(expr.rexpr))
    return RowsDistinct(*expr.lexpr->row_expr, *expr.rexpr->row_expr, distinct, expr.location,
                        scope);
  ASSIGN_OR_RETURN(ExprPtr left, BindExpr(expr.lexpr, scope));
  ASSIGN_OR_RETURN(ExprPtr right, BindExpr(expr.rexpr, scope));
  auto is_null = [](const ExprPtr& e) {
    return e->kind == Expr::Kind::kLiteral && e->type.id == TypeId::kUnknown && e->value.is_null();
  };
  if (is_null(left) || is_null(right)) {
    ASSIGN_OR_RETURN(ExprPtr other, ResolveUnknown(is_null(left) ? right : left));
    return plan::MakeTest(
        distinct ? TestExpression::KIND_IS_NOT_NULL : TestExpression::KIND_IS_NULL, {other});
  }
  // The operator's own coercions make both sides comparable.
  ASSIGN_OR_RETURN(ExprPtr equal, Operator("=", left, right, expr.location));
  left = equal->args[0];
  right = equal->args[1];
  if (left->type.id != right->type.id)
    RETURN_IF_ERROR(Unify({&left, &right}, "IS DISTINCT FROM").status());
  return plan::MakeTest(
      distinct ? TestExpression::KIND_DISTINCT : TestExpression::KIND_NOT_DISTINCT, {left, right});
}

absl::StatusOr<ExprPtr> Binder::BindNullTest(const PgQuery__NullTest& expr, Scope* scope) {
  const bool is_null = expr.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
  if (expr.arg->node_case == PG_QUERY__NODE__NODE_ROW_EXPR) {
    const PgQuery__RowExpr& row = *expr.arg->row_expr;
    ASSIGN_OR_RETURN(std::vector<ExprPtr> args, BindRowFields(row, scope));
    std::vector<ExprPtr> parts;
    for (ExprPtr& arg : args) {
      ASSIGN_OR_RETURN(arg, ResolveUnknown(arg));
      parts.push_back(plan::MakeTest(
          is_null ? TestExpression::KIND_IS_NULL : TestExpression::KIND_IS_NOT_NULL, {arg}));
    }
    if (parts.empty()) return plan::MakeBool(true);
    return plan::MakeAnd(std::move(parts));
  }
  ASSIGN_OR_RETURN(ExprPtr arg, BindExpr(expr.arg, scope));
  // A parameter takes its type from another use.
  if (arg->kind != Expr::Kind::kParameter) {
    ASSIGN_OR_RETURN(arg, ResolveUnknown(arg));
  }
  if (arg->type.id == TypeId::kRecord) return RowNullTest(arg, is_null);
  return plan::MakeTest(is_null ? TestExpression::KIND_IS_NULL : TestExpression::KIND_IS_NOT_NULL,
                        {arg});
}

absl::StatusOr<ExprPtr> Binder::BindBooleanTest(const PgQuery__BooleanTest& expr, Scope* scope) {
  struct Test {
    TestExpression::Kind kind;
    const char* name;
  };
  const Test tests[] = {{TestExpression::KIND_IS_TRUE, "IS TRUE"},
                        {TestExpression::KIND_IS_NOT_TRUE, "IS NOT TRUE"},
                        {TestExpression::KIND_IS_FALSE, "IS FALSE"},
                        {TestExpression::KIND_IS_NOT_FALSE, "IS NOT FALSE"},
                        {TestExpression::KIND_IS_NULL, "IS UNKNOWN"},
                        {TestExpression::KIND_IS_NOT_NULL, "IS NOT UNKNOWN"}};
  const Test& test = tests[expr.booltesttype - PG_QUERY__BOOL_TEST_TYPE__IS_TRUE];
  ASSIGN_OR_RETURN(ExprPtr arg, BindExpr(expr.arg, scope));
  ASSIGN_OR_RETURN(arg, ToBoolean(arg, test.name));
  return plan::MakeTest(test.kind, {arg});
}

absl::StatusOr<ExprPtr> Binder::BindTypeCast(const PgQuery__TypeCast& cast, Scope* scope) {
  const PgQuery__TypeName& name = *cast.type_name;
  const std::string type_name(parser::StringOf(name.names[name.n_names - 1]));
  ExprPtr arg;
  if (type_name == "regrole" || type_name == "regoper" || type_name == "regprocedure") {
    return Unsupported(cast.location, absl::StrCat("type ", type_name));
  }
  ASSIGN_OR_RETURN(const Type type, ResolveType(name));
  if (cast.arg->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR && types::IsArray(type.id))
    return BindArray(*cast.arg->a_array_expr, scope, type);
  ASSIGN_OR_RETURN(arg, BindExpr(cast.arg, scope));
  const Type from = arg->type;
  ASSIGN_OR_RETURN(ExprPtr result, TryCoerce(arg, type, CastContext::kExplicit));
  if (result == nullptr)
    return ErrorAt(
        sqlstate::kCannotCoerce, cast.location,
        absl::StrCat("cannot cast type ", types::Format(from), " to ", types::Format(type)));
  // A domain of the information schema is plain text here; nothing else hides behind a name.
  if (result == arg) return result;
  return result;
}

}  // namespace adbms::sql::binder
