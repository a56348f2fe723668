// INSERT.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::ColumnDescriptor;
using common::v1::TableDescriptor;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// name.*
bool IsQualifiedStar(const Node* node) {
  if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return false;
  const PgQuery__ColumnRef& ref = *node->column_ref;
  return ref.n_fields > 1 && ref.fields[ref.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
}

// Whether a query is nothing but constant rows.
bool IsPlainValues(const PgQuery__SelectStmt& select) {
  return select.n_values_lists > 0 && select.n_sort_clause == 0 && select.limit_count == nullptr &&
         select.limit_offset == nullptr && select.with_clause == nullptr;
}

}  // namespace

absl::StatusOr<ExprPtr> Binder::InsertValue(ExprPtr value, const ColumnDescriptor& column) {
  if (column.has_generated())
    return status::Error(
        kGeneratedAlways,
        absl::StrCat("cannot insert a non-DEFAULT value into column \"", column.name(), "\""),
        absl::StrCat("Column \"", column.name(), "\" is a generated column."));
  if (column.identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED) {
    if (overriding_ == PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE) return DefaultOf(column);
    if (column.identity() == ColumnDescriptor::IDENTITY_ALWAYS &&
        overriding_ != PG_QUERY__OVERRIDING_KIND__OVERRIDING_SYSTEM_VALUE) {
      return status::Error(
          kGeneratedAlways,
          absl::StrCat("cannot insert a non-DEFAULT value into column \"", column.name(), "\""),
          GeneratedAlwaysDetail(column), "Use OVERRIDING SYSTEM VALUE to override.");
    }
  }
  return AssignTo(std::move(value), column, -1);
}

absl::StatusOr<std::vector<Binder::InsertColumn>> Binder::InsertColumns(
    const PgQuery__InsertStmt& insert) {
  const TableDescriptor& table = *query_->target;
  std::vector<InsertColumn> columns;
  if (insert.n_cols == 0 && !target_views_.empty()) {
    for (const std::optional<uint32_t>& ordinal : target_views_.ordinals) {
      if (!ordinal.has_value()) break;
      columns.push_back({*ordinal});
    }
    return columns;
  }
  if (insert.n_cols == 0) {
    for (int i = 0; i < table.columns_size(); ++i) {
      if (!table.columns(i).dropped()) columns.push_back({static_cast<uint32_t>(i)});
    }
    return columns;
  }
  std::set<std::string> whole;
  std::set<std::string> parts;
  for (const Node* node : NodeList(insert.cols, insert.n_cols)) {
    const PgQuery__ResTarget& target = *node->res_target;
    const std::string name(parser::View(target.name));
    ASSIGN_OR_RETURN(const uint32_t ordinal, TargetColumn(name, target.location));
    const bool is_part = target.n_indirection > 0;
    const bool again =
        is_part ? whole.contains(name) : parts.contains(name) || !whole.insert(name).second;
    if (again)
      return ErrorAt(sqlstate::kDuplicateColumn, target.location,
                     absl::StrCat("column \"", name, "\" specified more than once"));
    if (is_part) RETURN_IF_ERROR(CheckHasParts(target, ordinal));
    if (is_part) parts.insert(name);
    columns.push_back({ordinal, is_part ? &target : nullptr});
  }
  return columns;
}

absl::Status Binder::CheckAssignedOnce(std::span<const InsertColumn> columns) const {
  std::set<uint32_t> assigned;
  for (const InsertColumn& column : columns) {
    if (!assigned.insert(column.ordinal).second && column.part == nullptr)
      return AssignedTwice(*query_->target, column.ordinal);
  }
  return absl::OkStatus();
}

absl::Status Binder::InsertInto(const InsertColumn& column, ExprPtr value, Scope* scope,
                                std::vector<ExprPtr>* row) {
  const ColumnDescriptor& target = query_->target->columns(static_cast<int>(column.ordinal));
  ExprPtr& place = (*row)[column.ordinal];
  if (column.part != nullptr) {
    ExprPtr before = place != nullptr ? place : plan::MakeNull(types::FromProto(target.type()));
    const NodeList steps(column.part->indirection, column.part->n_indirection);
    ASSIGN_OR_RETURN(value,
                     AssignInside(std::move(before), *column.part, steps, std::move(value), scope));
  }
  ASSIGN_OR_RETURN(place, InsertValue(std::move(value), target));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::vector<ExprPtr>>> Binder::BindInsertRows(
    const PgQuery__InsertStmt& insert, const std::vector<InsertColumn>& columns, Scope* scope) {
  const TableDescriptor& table = *query_->target;
  std::vector<std::vector<ExprPtr>> rows;
  if (insert.select_stmt == nullptr) {
    std::vector<ExprPtr>& row = rows.emplace_back();
    for (const auto& column : table.columns()) {
      ASSIGN_OR_RETURN(ExprPtr value, DefaultOf(column));
      row.push_back(std::move(value));
    }
    return rows;
  }
  scope->clause = "VALUES";
  const PgQuery__SelectStmt& select = *insert.select_stmt->select_stmt;
  size_t width = 0;
  for (const Node* list : NodeList(select.values_lists, select.n_values_lists)) {
    // A record's star stands for its fields.
    std::vector<std::pair<const Node*, ExprPtr>> items;
    for (const Node* node : NodeList(list->list->items, list->list->n_items)) {
      if (!IsQualifiedStar(node)) {
        items.emplace_back(node, nullptr);
        continue;
      }
      std::vector<Target> fields;
      RETURN_IF_ERROR(ExpandStar(node, scope, &fields));
      for (Target& field : fields) items.emplace_back(node, std::move(field.expression));
    }
    if (!rows.empty() && items.size() != width)
      return status::Error(sqlstate::kSyntaxError, "VALUES lists must all be the same length");
    width = items.size();
    if (items.size() > columns.size()) {
      if (columns.size() < target_views_.ordinals.size() && insert.n_cols == 0)
        return ComputedColumn(columns.size());
      ExprPtr extra = items[columns.size()].second;
      if (extra == nullptr) {
        ASSIGN_OR_RETURN(extra, BindExpr(items[columns.size()].first, scope));
      }
      return ErrorAt(sqlstate::kSyntaxError, extra->location,
                     "INSERT has more expressions than target columns");
    }
    if (items.size() < columns.size() && insert.n_cols > 0)
      return status::Error(sqlstate::kSyntaxError,
                           "INSERT has more target columns than expressions");
    if (rows.empty()) RETURN_IF_ERROR(CheckAssignedOnce({columns.data(), items.size()}));
    std::vector<ExprPtr>& row = rows.emplace_back(static_cast<size_t>(table.columns_size()));
    for (size_t i = 0; i < items.size(); ++i) {
      const uint32_t ordinal = columns[i].ordinal;
      auto& [node, value] = items[i];
      if (value == nullptr && IsDefault(node)) {
        if (columns[i].part != nullptr)
          return ErrorAt(sqlstate::kFeatureNotSupported, columns[i].part->location,
                         "cannot set a part of a column to DEFAULT");
        ASSIGN_OR_RETURN(row[ordinal], DefaultOf(table.columns(static_cast<int>(ordinal))));
        continue;
      }
      if (value == nullptr) {
        ASSIGN_OR_RETURN(value, BindExpr(node, scope));
      }
      RETURN_IF_ERROR(InsertInto(columns[i], std::move(value), scope, &row));
    }
    for (int i = 0; i < table.columns_size(); ++i) {
      if (row[i] != nullptr) continue;
      ASSIGN_OR_RETURN(row[i], DefaultOf(table.columns(i)));
    }
  }
  return rows;
}

absl::Status Binder::TypeUnknown(Rel* rel, ColumnId id,
                                 const std::function<absl::StatusOr<ExprPtr>(ExprPtr)>& assign) {
  if (rel->kind == Rel::Kind::kSort || rel->kind == Rel::Kind::kLimit)
    return TypeUnknown(rel->inputs[0].get(), id, assign);
  if (rel->kind != Rel::Kind::kProject) return absl::OkStatus();
  for (size_t i = 0; i < rel->output.size(); ++i) {
    if (rel->output[i] != id) continue;
    ExprPtr& e = rel->expressions[i];
    if (e->kind == plan::Expr::Kind::kColumn) {
      RETURN_IF_ERROR(TypeUnknown(rel->inputs[0].get(), e->column, assign));
      e = plan::MakeColumn(e->column, query_->columns[e->column].type);
    } else {
      ASSIGN_OR_RETURN(e, assign(e));
    }
    query_->columns[id].type = e->type;
  }
  return absl::OkStatus();
}

absl::StatusOr<RelPtr> Binder::InsertInput(const PgQuery__InsertStmt& insert, Scope* scope) {
  const TableDescriptor& table = *query_->target;
  ASSIGN_OR_RETURN(const std::vector<InsertColumn> columns, InsertColumns(insert));
  auto new_columns = [&]() {
    std::vector<ColumnId> ids;
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto& column = table.columns(i);
      ids.push_back(query_->AddColumn({column.name(), types::FromProto(column.type()),
                                       table.table_id(), static_cast<uint32_t>(i + 1), false}));
    }
    return ids;
  };
  if (insert.select_stmt == nullptr || IsPlainValues(*insert.select_stmt->select_stmt)) {
    RelPtr values = plan::MakeRel(Rel::Kind::kValues);
    ASSIGN_OR_RETURN(values->rows, BindInsertRows(insert, columns, scope));
    values->output = new_columns();
    return values;
  }
  if (scope->parent == nullptr) insert_scope_ = scope;
  ASSIGN_OR_RETURN(BoundQuery source, BindSelect(*insert.select_stmt->select_stmt, scope, true));
  insert_scope_ = nullptr;
  if (source.columns.size() > columns.size() && insert.n_cols == 0 &&
      columns.size() < target_views_.ordinals.size())
    return ComputedColumn(columns.size());
  if (source.columns.size() > columns.size())
    return status::Error(sqlstate::kSyntaxError, "INSERT has more expressions than target columns");
  if (source.columns.size() < columns.size() && insert.n_cols > 0)
    return status::Error(sqlstate::kSyntaxError, "INSERT has more target columns than expressions");
  RETURN_IF_ERROR(CheckAssignedOnce({columns.data(), source.columns.size()}));
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {source.rel});
  project->expressions.resize(table.columns_size());
  for (size_t i = 0; i < source.columns.size(); ++i) {
    const ScopeColumn& column = source.columns[i];
    const ColumnDescriptor& target = table.columns(static_cast<int>(columns[i].ordinal));
    ExprPtr value = plan::MakeColumn(column.id, column.type);
    if (column.type.id == TypeId::kUnknown && columns[i].part != nullptr) {
      return Unsupported(columns[i].part->location,
                         "assigning a query's constant without a type to a part of a column");
    }
    if (column.type.id == TypeId::kUnknown) {
      // The constant or parameter itself takes the column's type.
      const auto assign = [&](ExprPtr constant) {
        return AssignTo(std::move(constant), target, -1);
      };
      RETURN_IF_ERROR(TypeUnknown(source.rel.get(), column.id, assign));
      value = plan::MakeColumn(column.id, query_->columns[column.id].type);
    }
    RETURN_IF_ERROR(InsertInto(columns[i], std::move(value), scope, &project->expressions));
  }
  const DepthGuard for_each_row(&row_depth_);
  for (int i = 0; i < table.columns_size(); ++i) {
    if (project->expressions[i] != nullptr) continue;
    ASSIGN_OR_RETURN(project->expressions[i], DefaultOf(table.columns(i)));
  }
  project->output = new_columns();
  return project;
}

absl::Status Binder::BindInsert(const PgQuery__InsertStmt& insert, Scope* parent) {
  query_->kind = common::v1::STATEMENT_KIND_INSERT;
  Scope scope(parent);
  RETURN_IF_ERROR(BindWith(insert.with_clause, &scope));
  ASSIGN_OR_RETURN(const TableDescriptor* table,
                   ResolveTarget(*insert.relation, common::v1::PRIVILEGE_INSERT));
  overriding_ = insert.override;
  plan::InsertTarget& target = query_->insert;
  ScopeItem item;
  item.table = table;
  item.relation = table;
  item.schema = table->schema();
  const auto add_columns = [&](ScopeItem* named) {
    for (int i = 0; i < table->columns_size(); ++i) {
      const auto& column = table->columns(i);
      const Type type = types::FromProto(column.type());
      target.columns.push_back(query_->AddColumn(
          {column.name(), type, table->table_id(), static_cast<uint32_t>(i + 1), false}));
      if (!column.dropped()) named->columns.push_back({column.name(), target.columns.back(), type});
    }
  };
  // A view's names are needed to read what is inserted.
  if (!target_views_.empty()) {
    add_columns(&item);
    RETURN_IF_ERROR(BindTargetViews(target.columns, &item));
  }
  ASSIGN_OR_RETURN(query_->root, InsertInput(insert, &scope));
  const auto bind_rest = [&](ScopeItem* named) -> absl::Status {
    RETURN_IF_ERROR(InsertTriggers());
    if (target_views_.empty()) add_columns(named);
    ASSIGN_OR_RETURN(query_->checks, ChecksOf(*table, target.columns));
    RETURN_IF_ERROR(BindPartitionChecks(target.columns));
    RETURN_IF_ERROR(AddViewChecks(target.columns, target.columns));
    named->alias = named->table->name();
    if (insert.relation->alias != nullptr) {
      named->alias = insert.relation->alias->aliasname;
      named->schema.clear();
    }
    if (insert.on_conflict_clause == nullptr) return absl::OkStatus();
    if (IsView(*table))
      return Unsupported(insert.on_conflict_clause->location,
                         "ON CONFLICT for a view with INSTEAD OF triggers");
    return BindOnConflict(*insert.on_conflict_clause, *named, &scope);
  };
  upsert_fires_ = false;
  const bool may_fire = insert.on_conflict_clause != nullptr && table->triggers_size() > 0;
  const std::optional<plan::Query> before =
      may_fire || HasTriggers(*table) ? std::optional<plan::Query>(*query_) : std::nullopt;
  ScopeItem named = item;
  RETURN_IF_ERROR(bind_rest(&named));
  if (upsert_fires_) {
    // Triggers for updated rows are no part of the plan: nor are those for inserted ones.
    if (parent != nullptr || !query_->with_trigger_rows.empty())
      return NoConflictTrigger(
          "a trigger that fires BEFORE UPDATE runs statements, queries or loops, "
          "and WITH writes");
    *query_ = *before;
    named = item;
    RETURN_IF_ERROR(bind_rest(&named));
  }
  item = std::move(named);
  Scope returning(nullptr);
  returning.items.push_back(std::move(item));
  ReturnTableOid(&returning.items[0]);
  RETURN_IF_ERROR(BindReturning({insert.returning_list, insert.n_returning_list}, &returning,
                                &target.returning));
  if (IsView(*table)) ReturnInstead(target.columns, query_->root->output, &target.returning);
  return SendTriggerRows(TriggerEvent::kInsert, {}, parent == nullptr, &target.returning);
}

}  // namespace adbms::sql::binder
