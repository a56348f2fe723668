// JOIN: ON, USING, NATURAL and LATERAL.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::JoinType;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

absl::StatusOr<JoinType> TypeOf(PgQuery__JoinType type) {
  switch (type) {
    case PG_QUERY__JOIN_TYPE__JOIN_INNER:
      return common::v1::JOIN_TYPE_INNER;
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
      return common::v1::JOIN_TYPE_LEFT;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
      return common::v1::JOIN_TYPE_RIGHT;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
      return common::v1::JOIN_TYPE_FULL;
    default:
      return status::NotSupported("this kind of join");
  }
}

// The columns that a bare name or `*` sees in these items.
std::vector<ScopeColumn> VisibleColumns(const std::vector<ScopeItem>& items) {
  std::vector<ScopeColumn> columns;
  for (const ScopeItem& item : items) {
    if (!item.columns_visible) continue;
    columns.insert(columns.end(), item.columns.begin(), item.columns.end());
  }
  return columns;
}

}  // namespace

absl::StatusOr<RelPtr> Binder::BindJoin(const PgQuery__JoinExpr& expr, RelPtr lateral, Scope* scope,
                                        std::vector<ScopeItem>* items) {
  ASSIGN_OR_RETURN(const JoinType type, TypeOf(expr.jointype));
  std::vector<ScopeItem> left_items;
  ASSIGN_OR_RETURN(RelPtr left, BindFromItem(expr.larg, lateral, scope, &left_items));
  // A LATERAL right side sees the left.
  const size_t before = scope->items.size();
  scope->items.insert(scope->items.end(), left_items.begin(), left_items.end());
  std::vector<ScopeItem> right_items;
  auto bound_right = BindFromItem(expr.rarg, lateral, scope, &right_items);
  scope->items.resize(before);
  if (!bound_right.ok()) return bound_right.status();
  RelPtr right = *bound_right;

  std::vector<std::string> names = parser::StringsOf({expr.using_clause, expr.n_using_clause});
  const std::vector<ScopeColumn> left_columns = VisibleColumns(left_items);
  const std::vector<ScopeColumn> right_columns = VisibleColumns(right_items);
  auto find = [this](const std::vector<ScopeColumn>& columns, const std::string& name,
                     const char* side) -> absl::StatusOr<const ScopeColumn*> {
    const ScopeColumn* found = nullptr;
    for (const ScopeColumn& column : columns) {
      if (column.name != name) continue;
      if (found != nullptr)
        return ErrorAt(sqlstate::kAmbiguousColumn, -1,
                       absl::StrCat("common column name \"", name, "\" appears more than once in ",
                                    side, " table"));
      found = &column;
    }
    if (found == nullptr)
      return ErrorAt(
          sqlstate::kUndefinedColumn, -1,
          absl::StrCat("column \"", name, "\" specified in USING clause does not exist in ", side,
                       " table"));
    return found;
  };
  if (expr.is_natural) {
    for (const ScopeColumn& column : left_columns) {
      const bool common = std::any_of(right_columns.begin(), right_columns.end(),
                                      [&](const ScopeColumn& c) { return c.name == column.name; });
      if (common) names.push_back(column.name);
    }
  }

  std::vector<ExprPtr> conditions;
  std::vector<ScopeColumn> merged;
  std::vector<ExprPtr> merged_expressions;  // Null where an input's column serves.
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const ScopeColumn* a, find(left_columns, name, "left"));
    ASSIGN_OR_RETURN(const ScopeColumn* b, find(right_columns, name, "right"));
    ExprPtr left_value = plan::MakeColumn(a->id, a->type);
    ExprPtr right_value = plan::MakeColumn(b->id, b->type);
    ASSIGN_OR_RETURN(ExprPtr equal, Operator("=", left_value, right_value, -1));
    conditions.push_back(equal);
    std::vector<ExprPtr*> both = {&left_value, &right_value};
    ASSIGN_OR_RETURN(const Type common, Unify(both, "JOIN/USING"));
    if (type == common::v1::JOIN_TYPE_FULL) {
      auto coalesce = std::make_shared<Expr>();
      coalesce->kind = Expr::Kind::kCoalesce;
      coalesce->type = common;
      coalesce->args = {left_value, right_value};
      merged_expressions.push_back(coalesce);
      merged.push_back({name, query_->AddColumn({name, common, 0, 0, false}), common});
      continue;
    }
    const ExprPtr& value = type == common::v1::JOIN_TYPE_RIGHT ? right_value : left_value;
    if (value->kind == Expr::Kind::kColumn) {
      merged_expressions.push_back(nullptr);
      merged.push_back({name, value->column, value->type});
    } else {
      merged_expressions.push_back(value);
      merged.push_back({name, query_->AddColumn({name, value->type, 0, 0, false}), value->type});
    }
  }

  std::vector<ScopeItem> all = std::move(left_items);
  for (ScopeItem& item : right_items) all.push_back(std::move(item));
  RETURN_IF_ERROR(CheckDuplicateAliases(all));
  if (expr.quals != nullptr) {
    Scope inner(scope->parent);
    inner.ctes = scope->ctes;
    inner.items = all;
    inner.clause = "JOIN conditions";
    ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(expr.quals, &inner));
    ASSIGN_OR_RETURN(condition, ToBoolean(condition, "JOIN/ON"));
    plan::SplitConjunction(condition, &conditions);
  }
  ASSIGN_OR_RETURN(RelPtr result, JoinLateral(left, right, type, std::move(conditions)));
  if (std::any_of(merged_expressions.begin(), merged_expressions.end(),
                  [](const ExprPtr& e) { return e != nullptr; })) {
    RelPtr project = plan::MakeRel(Rel::Kind::kProject, {result});
    for (const ColumnId id : result->output) {
      project->output.push_back(id);
      project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
    }
    for (size_t i = 0; i < merged.size(); ++i) {
      if (merged_expressions[i] == nullptr) continue;
      project->output.push_back(merged[i].id);
      project->expressions.push_back(merged_expressions[i]);
    }
    result = project;
  }
  if (!names.empty() || expr.alias != nullptr) {
    // The join itself names its columns: merged ones first, then the rest of both sides.
    ScopeItem joined;
    joined.columns = merged;
    auto add_rest = [&](const std::vector<ScopeColumn>& columns) {
      for (const ScopeColumn& column : columns) {
        if (std::find(names.begin(), names.end(), column.name) == names.end())
          joined.columns.push_back(column);
      }
    };
    add_rest(left_columns);
    add_rest(right_columns);
    for (ScopeItem& item : all) {
      item.columns_visible = false;
      if (expr.alias != nullptr) item.relation_visible = false;
    }
    if (expr.alias != nullptr) {
      RETURN_IF_ERROR(ApplyAlias(expr.alias, "", &joined, -1));
    } else {
      joined.relation_visible = false;
    }
    all.push_back(std::move(joined));
  }
  if (expr.join_using_alias != nullptr) return Unsupported(-1, "JOIN USING … AS");
  for (ScopeItem& item : all) items->push_back(std::move(item));
  return result;
}

}  // namespace adbms::sql::binder
