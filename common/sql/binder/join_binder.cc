// JOIN: ON, USING, NATURAL and LATERAL.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/parser/tree_walk.h"
#include "common/sql/plan/nullability.h"
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

// The names that stand alone, as a row's does that is used as a whole, those before a star that
// does not stand for columns, and those before the name of a column or of a function of the row.
void CollectWholeNames(const ProtobufCMessage& message,
                       std::map<std::string, std::set<std::string>>* names) {
  const Node* listed = nullptr;
  if (message.descriptor == &pg_query__res_target__descriptor)
    listed = reinterpret_cast<const PgQuery__ResTarget&>(message).val;
  if (listed != nullptr && listed->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
    const PgQuery__ColumnRef& ref = *listed->column_ref;
    if (ref.fields[ref.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR) return;
  }
  if (message.descriptor == &pg_query__column_ref__descriptor) {
    const auto& ref = reinterpret_cast<const PgQuery__ColumnRef&>(message);
    const bool star = ref.fields[ref.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
    const auto name = [&ref](size_t at) { return std::string(parser::StringOf(ref.fields[at])); };
    if (ref.n_fields > 1)
      (*names)[name(ref.n_fields - 2)].insert(star ? "" : name(ref.n_fields - 1));
    else if (!star)
      (*names)[name(0)].insert("");
  }
  parser::ForEachChild(message,
                       [names](const ProtobufCMessage& child) { CollectWholeNames(child, names); });
}

}  // namespace

bool Binder::IsUsedWhole(const Scope& scope, const ScopeItem& item) {
  if (scope.statement == nullptr) return true;
  if (!scope.whole_names.has_value()) {
    scope.whole_names.emplace();
    CollectWholeNames(*scope.statement, &*scope.whole_names);
  }
  const auto used = scope.whole_names->find(item.alias);
  if (used == scope.whole_names->end()) return false;
  const auto is_column = [&item](const std::string& name) {
    const auto has = [&name](const std::vector<ScopeColumn>& columns) {
      return std::any_of(columns.begin(), columns.end(),
                         [&name](const ScopeColumn& column) { return column.name == name; });
    };
    return has(item.columns) || has(item.system_columns);
  };
  return !std::all_of(used->second.begin(), used->second.end(), is_column);
}

void Binder::MarkPresence(const Scope& scope, RelPtr* rel, std::vector<ScopeItem>* items) {
  for (ScopeItem& item : *items) {
    if (item.present.has_value() || item.joined || item.alias.empty() || !IsUsedWhole(scope, item))
      continue;
    for (const ScopeColumn& column : item.columns) {
      if (plan::NeverNull(*query_, **rel, column.id)) item.present = column.id;
    }
    if (item.present.has_value()) continue;
    RelPtr marked = plan::MakeRel(Rel::Kind::kProject, {*rel});
    for (const ColumnId id : (*rel)->output) {
      marked->output.push_back(id);
      marked->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
    }
    item.present = query_->AddColumn({"present", {TypeId::kBool, 0}, 0, 0, true});
    marked->output.push_back(*item.present);
    marked->expressions.push_back(plan::MakeBool(true));
    *rel = marked;
  }
}

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
    ReadColumn(a->id);
    ReadColumn(b->id);
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

  const bool full = type == common::v1::JOIN_TYPE_FULL;
  if (full || type == common::v1::JOIN_TYPE_LEFT) MarkPresence(*scope, &right, &right_items);
  if (full || type == common::v1::JOIN_TYPE_RIGHT) MarkPresence(*scope, &left, &left_items);
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
    joined.joined = true;
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
