// VALUES, UNION, INTERSECT, EXCEPT.
#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/collation.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// Replaces a projection's unknown constants by typed ones; anything else gets a projection with
// casts above.
bool IsProjectionOfUnknown(const Rel& rel, size_t column) {
  return rel.kind == Rel::Kind::kProject && rel.expressions[column]->type.id == TypeId::kUnknown;
}

RelPtr SortBy(RelPtr rel, const std::vector<plan::SortKey>& keys) {
  if (keys.empty()) return rel;
  RelPtr sort = plan::MakeRel(Rel::Kind::kSort, {rel});
  sort->output = rel->output;
  sort->keys = keys;
  return sort;
}

}  // namespace

absl::StatusOr<BoundQuery> Binder::BindValues(const PgQuery__SelectStmt& select, Scope* scope,
                                              bool keep_unknown) {
  scope->clause = "VALUES";
  RelPtr values = plan::MakeRel(Rel::Kind::kValues);
  for (const Node* node : NodeList(select.values_lists, select.n_values_lists)) {
    ASSIGN_OR_RETURN(std::vector<ExprPtr> row,
                     BindExprs({node->list->items, node->list->n_items}, scope));
    if (!values->rows.empty() && row.size() != values->rows[0].size())
      return ErrorAt(sqlstate::kSyntaxError, row.empty() ? -1 : row[0]->location,
                     "VALUES lists must all be the same length");
    values->rows.push_back(std::move(row));
  }
  BoundQuery bound;
  std::vector<Target> targets;
  for (size_t i = 0; i < values->rows[0].size(); ++i) {
    std::vector<ExprPtr*> column;
    for (auto& row : values->rows) column.push_back(&row[i]);
    ASSIGN_OR_RETURN(const Type type, Unify(column, "VALUES"));
    const std::string name = absl::StrCat("column", i + 1);
    const ColumnId id = query_->AddColumn({name, type, 0, 0, false});
    values->output.push_back(id);
    bound.columns.push_back({name, id, type});
    targets.push_back({plan::MakeColumn(id, type), name, id});
  }
  ScopeItem item;
  item.alias = "*VALUES*";
  item.columns = bound.columns;
  scope->items.push_back(std::move(item));
  ASSIGN_OR_RETURN(const std::vector<OrderItem> order,
                   BindOrderBy({select.sort_clause, select.n_sort_clause}, scope, targets, false));
  std::vector<plan::SortKey> keys;
  for (const OrderItem& key : order) {
    ASSIGN_OR_RETURN(ExprPtr by,
                     Ordered(key.target >= 0 ? targets[key.target].expression : key.expression));
    keys.push_back({std::move(by), key.descending, key.nulls_first});
  }
  ASSIGN_OR_RETURN(bound.rel, BindLimit(select, SortBy(values, keys), keys, scope));
  return bound;
}

absl::StatusOr<Type> Binder::CommonColumnType(const BoundQuery& left, const BoundQuery& right,
                                              size_t column, const char* name,
                                              bool compared) const {
  const Type a = left.columns[column].type;
  const Type b = right.columns[column].type;
  TypeId conflict = TypeId::kUnspecified;
  const std::optional<TypeId> common = SelectCommonType({a.id, b.id}, &conflict);
  if (!common.has_value()) {
    int location = -1;
    if (right.rel->kind == Rel::Kind::kProject) location = right.rel->expressions[column]->location;
    return ErrorAt(sqlstate::kDatatypeMismatch, location,
                   absl::StrCat(name, " types ", types::Format(a), " and ", types::Format(b),
                                " cannot be matched"));
  }
  if (compared && !types::IsComparable(*common))
    return status::Error(sqlstate::kUndefinedFunction,
                         absl::StrCat("could not identify an equality operator for type ",
                                      types::Format({*common, 0})));
  const types::CollationId collation = types::CommonCollation(a.collation, b.collation);
  if (compared && types::Plain(collation) == types::kUnknownCollation)
    return CollationMismatch(a.collation, b.collation, -1);
  if (compared && types::IsNondeterministic(collation))
    return status::NotSupported("a set operation by a nondeterministic collation");
  if (a == b && a.id == *common && !types::HoldsRow(a.id))
    return Type{a.id, a.modifier, a.declared, collation};
  if (!types::HoldsDeclared(*common)) return Type{*common, 0, nullptr, collation};
  const types::DeclaredType* const definition = types::DefinitionOf(a);
  const Type type{*common, 0, definition != nullptr ? definition : types::DefinitionOf(b)};
  if (compared && !types::IsComparable(type))
    return status::Error(
        sqlstate::kUndefinedFunction,
        absl::StrCat("could not identify an equality operator for type ", types::Format(type)));
  return type;
}

absl::StatusOr<RelPtr> Binder::CoerceColumns(BoundQuery* query, const std::vector<Type>& types,
                                             const char* name) {
  bool converts = false;
  for (size_t i = 0; i < types.size(); ++i) {
    converts |= query->columns[i].type != types[i];
    // An unknown constant is read as the common type at once.
    if (IsProjectionOfUnknown(*query->rel, i)) {
      ASSIGN_OR_RETURN(query->rel->expressions[i], TryCoerce(query->rel->expressions[i], types[i],
                                                             functions::CastContext::kImplicit));
      query->columns[i].type = types[i];
      query_->columns[query->rel->output[i]].type = types[i];
    }
  }
  if (!converts) return query->rel;
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {query->rel});
  for (size_t i = 0; i < types.size(); ++i) {
    const ScopeColumn& column = query->columns[i];
    ExprPtr e = plan::MakeColumn(column.id, column.type);
    if (column.type.id != types[i].id ||
        types::DefinitionOf(types[i]) != types::DefinitionOf(column.type)) {
      const Type from = column.type;
      ASSIGN_OR_RETURN(e, TryCoerce(e, types[i], functions::CastContext::kImplicit));
      if (e == nullptr)
        return status::Error(sqlstate::kCannotCoerce,
                             absl::StrCat(name, " could not convert type ", types::Format(from),
                                          " to ", types::Format(types[i])));
    }
    project->expressions.push_back(e);
    project->output.push_back(query_->AddColumn({column.name, types[i], 0, 0, false}));
  }
  return project;
}

absl::StatusOr<BoundQuery> Binder::BindSetOperation(const PgQuery__SelectStmt& select,
                                                    Scope* scope) {
  const char* name = select.op == PG_QUERY__SET_OPERATION__SETOP_UNION       ? "UNION"
                     : select.op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT ? "INTERSECT"
                                                                             : "EXCEPT";
  ASSIGN_OR_RETURN(BoundQuery left, BindSelect(*select.larg, scope, true));
  ASSIGN_OR_RETURN(BoundQuery right, BindSelect(*select.rarg, scope, true));
  if (left.columns.size() != right.columns.size())
    return status::Error(
        sqlstate::kSyntaxError,
        absl::StrCat("each ", name, " query must have the same number of columns"));
  BoundQuery bound;
  std::vector<Target> targets;
  RelPtr rel = plan::MakeRel(Rel::Kind::kAppend);
  const bool distinct = !select.all || select.op != PG_QUERY__SET_OPERATION__SETOP_UNION;
  std::vector<Type> types;
  for (size_t i = 0; i < left.columns.size(); ++i) {
    ASSIGN_OR_RETURN(const Type type, CommonColumnType(left, right, i, name, distinct));
    types.push_back(type);
  }
  ASSIGN_OR_RETURN(RelPtr left_rel, CoerceColumns(&left, types, name));
  ASSIGN_OR_RETURN(RelPtr right_rel, CoerceColumns(&right, types, name));
  rel->inputs = {left_rel, right_rel};
  for (size_t i = 0; i < types.size(); ++i)
    rel->output.push_back(query_->AddColumn({left.columns[i].name, types[i], 0, 0, false}));
  if (select.op == PG_QUERY__SET_OPERATION__SETOP_UNION) {
    if (!select.all) {
      RelPtr unique = plan::MakeRel(Rel::Kind::kAggregate, {rel});
      for (size_t i = 0; i < types.size(); ++i) {
        unique->expressions.push_back(plan::MakeColumn(rel->output[i], types[i]));
        unique->output.push_back(query_->AddColumn({left.columns[i].name, types[i], 0, 0, false}));
      }
      rel = unique;
    }
  } else {
    rel->kind = Rel::Kind::kSetOperation;
    rel->all = select.all;
    rel->set_operation = select.op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT
                             ? common::v1::SetOperation::KIND_INTERSECT
                             : common::v1::SetOperation::KIND_EXCEPT;
  }
  for (size_t i = 0; i < types.size(); ++i) {
    bound.columns.push_back({left.columns[i].name, rel->output[i], types[i]});
    targets.push_back(
        {plan::MakeColumn(rel->output[i], types[i]), left.columns[i].name, rel->output[i]});
  }
  if (select.n_locking_clause > 0)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT");
  ASSIGN_OR_RETURN(const std::vector<OrderItem> order,
                   BindOrderBy({select.sort_clause, select.n_sort_clause}, scope, targets, true));
  std::vector<plan::SortKey> keys;
  for (const OrderItem& key : order) {
    ASSIGN_OR_RETURN(ExprPtr by, Ordered(targets[key.target].expression));
    keys.push_back({std::move(by), key.descending, key.nulls_first});
  }
  ASSIGN_OR_RETURN(bound.rel, BindLimit(select, SortBy(rel, keys), keys, scope));
  return bound;
}

}  // namespace adbms::sql::binder
