// INSERT, UPDATE, DELETE.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/sql/parser/database_name.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {

namespace {

using common::v1::CheckConstraint;
using common::v1::ColumnDescriptor;
using common::v1::TableDescriptor;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr char kGeneratedAlways[] = "428C9";

std::string GeneratedAlwaysDetail(const ColumnDescriptor& column) {
  return absl::StrCat("Column \"", column.name(),
                      "\" is an identity column defined as GENERATED ALWAYS.");
}

// The generated columns that follow from what is assigned are so too; their values are storage's to
// compute.
void AssignGenerated(const TableDescriptor& table, plan::ChangeTarget* change) {
  const std::set<uint32_t> assigned(change->assigned.begin(), change->assigned.end());
  for (int i = 0; i < table.columns_size(); ++i) {
    const auto& read = table.columns(i).generated().columns();
    if (assigned.contains(static_cast<uint32_t>(i)) ||
        std::none_of(read.begin(), read.end(),
                     [&](uint32_t ordinal) { return assigned.contains(ordinal); }))
      continue;
    change->assigned.push_back(static_cast<uint32_t>(i));
    change->values.push_back(plan::MakeNull(types::FromProto(table.columns(i).type())));
  }
}

bool IsDefault(const Node* node) { return node->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT; }

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

// Through a view two names may mean one column.
absl::Status AssignedTwice(const TableDescriptor& table, uint32_t ordinal) {
  return status::Error(sqlstate::kSyntaxError,
                       absl::StrCat("multiple assignments to same column \"",
                                    table.columns(static_cast<int>(ordinal)).name(), "\""));
}

}  // namespace

absl::StatusOr<const TableDescriptor*> Binder::ResolveTarget(const PgQuery__RangeVar& range,
                                                             common::v1::Privilege privilege) {
  RETURN_IF_ERROR(parser::CheckDatabase(range, input_.database));
  const std::string schema(parser::View(range.schemaname));
  const std::string name(parser::View(range.relname));
  const TableDescriptor* table = input_.catalog->ResolveTable(schema, name, search_path_);
  if (table == nullptr)
    return ErrorAt(
        sqlstate::kUndefinedTable, range.location,
        absl::StrCat("relation \"", schema.empty() ? name : absl::StrCat(schema, ".", name),
                     "\" does not exist"));
  if (table->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("cannot change sequence \"", name, "\""));
  RETURN_IF_ERROR(CheckReachable(*table, range.location));
  if (table->has_materialized_view() && input_.refreshes != table->table_id())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("cannot change materialized view \"", name, "\""));
  target_views_ = TargetViews();
  if (!table->view_sql().empty()) {
    ASSIGN_OR_RETURN(query_->target, ResolveTargetViews(*table, privilege));
    return query_->target;
  }
  if (table->is_virtual())
    return ErrorAt(sqlstate::kInsufficientPrivilege, range.location,
                   absl::StrCat("permission denied: \"", name, "\" is a system catalog"));
  UseTable(*table, privilege);
  query_->target = table;
  return table;
}

absl::StatusOr<ExprPtr> Binder::AssignTo(ExprPtr value, const ColumnDescriptor& column,
                                         int location) {
  const Type type = types::FromProto(column.type());
  const Type from = value->type;
  ASSIGN_OR_RETURN(ExprPtr result, TryCoerce(value, type, functions::CastContext::kAssignment));
  if (result == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, value->location >= 0 ? value->location : location,
                   absl::StrCat("column \"", column.name(), "\" is of type ",
                                types::Format({type.id, 0, type.declared}),
                                " but expression is of type ", types::Format(from)),
                   "You will need to rewrite or cast the expression.");
  return result;
}

absl::StatusOr<ExprPtr> Binder::DefaultOf(const ColumnDescriptor& column) {
  // A generated one is storage's to compute.
  if (!column.default_sql().empty()) return BindDefault(column.default_sql(), column);
  const Type type = types::FromProto(column.type());
  // A domain's default, or that of one which it is over; nothing else is checked here that would
  // not be checked as a value of the domain.
  for (Type level = type; types::IsDomain(level); level = level.declared->base) {
    const auto* domain = input_.catalog->FindType(level.declared->definition.oid());
    if (domain != nullptr && !domain->default_sql().empty())
      return BindDefault(domain->default_sql(), column);
  }
  ExprPtr null = plan::MakeNull(types::BaseOf(type));
  return types::IsDomain(type) ? AssignTo(std::move(null), column, -1) : null;
}

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

absl::Status Binder::CheckHasParts(const PgQuery__ResTarget& target, uint32_t ordinal) const {
  const auto& column = query_->target->columns(static_cast<int>(ordinal));
  const Type type = types::FromProto(column.type());
  const Node* first = target.indirection[0];
  if (first->node_case == PG_QUERY__NODE__NODE_STRING) {
    if (type.id == TypeId::kRecord) return absl::OkStatus();
    return ErrorAt(sqlstate::kDatatypeMismatch, target.location,
                   absl::StrCat("cannot assign to field \"", std::string(parser::StringOf(first)),
                                "\" of column \"", column.name(), "\" because its type ",
                                types::Format(type), " is not a composite type"));
  }
  if (type.id == TypeId::kJsonb || types::IsArray(type.id)) return absl::OkStatus();
  return ErrorAt(sqlstate::kDatatypeMismatch, target.location,
                 absl::StrCat("cannot subscript type ", types::Format(type),
                              " because it does not support subscripting"));
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
  const auto write = [&](size_t count) {
    std::vector<uint32_t> ordinals;
    for (size_t i = 0; i < std::min(count, columns.size()); ++i)
      ordinals.push_back(columns[i].ordinal);
    WriteColumns(ordinals, common::v1::PRIVILEGE_INSERT);
  };
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
    const PgQuery__SelectStmt* rows =
        insert.select_stmt == nullptr ? nullptr : insert.select_stmt->select_stmt;
    write(rows == nullptr ? 0 : rows->values_lists[0]->list->n_items);
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
  write(source.columns.size());
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

absl::Status Binder::BindReturning(NodeList list, Scope* scope, std::vector<ExprPtr>* returning) {
  if (list.empty()) return absl::OkStatus();
  scope->clause = "RETURNING";
  ASSIGN_OR_RETURN(const std::vector<Target> targets, BindTargets(list, scope, false));
  plan::ColumnSet own;
  for (const ScopeColumn& column : scope->items[0].columns) own.insert(column.id);
  for (const ScopeColumn& column : scope->items[0].system_columns) own.insert(column.id);
  if (std::any_of(targets.begin(), targets.end(), [&own](const Target& target) {
        return plan::Intersects(plan::ColumnsOf(target.expression), own);
      }))
    UseTarget(common::v1::PRIVILEGE_SELECT);
  for (const Target& target : targets) {
    const ExprPtr expression = OverTarget(target.expression);
    if (plan::HasSubquery(expression)) return Unsupported(-1, "a subquery in RETURNING");
    returning->push_back(WithKnownTableOid(expression));
    query_->output_names.push_back(target.name);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<plan::CheckCondition>> Binder::ChecksOf(
    const TableDescriptor& table, const std::vector<ColumnId>& columns) {
  // By name, so that of several violated ones PostgreSQL's is reported.
  std::vector<const common::v1::CheckDescriptor*> checks;
  for (const auto& check : table.checks()) checks.push_back(&check);
  std::sort(checks.begin(), checks.end(),
            [](const auto* a, const auto* b) { return a->name() < b->name(); });
  std::vector<plan::CheckCondition> bound;
  for (const auto* check : checks) {
    ASSIGN_OR_RETURN(ExprPtr condition, BindTableCondition(check->sql(), table, columns));
    bound.push_back({check->name(), condition});
  }
  return bound;
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
    StandForTarget(target.columns, *named);
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
  RETURN_IF_ERROR(CheckInsertPolicies(insert.on_conflict_clause));
  if (IsView(*table)) ReturnInstead(target.columns, query_->root->output, &target.returning);
  return SendTriggerRows(TriggerEvent::kInsert, {}, parent == nullptr, &target.returning);
}

absl::Status Binder::CheckInsertPolicies(const PgQuery__OnConflictClause* clause) {
  const plan::InsertTarget& insert = query_->insert;
  // An arbiter tells what is in the table.
  const bool shown = (clause != nullptr && clause->infer != nullptr) ||
                     std::any_of(insert.returning.begin(), insert.returning.end(),
                                 [](const ExprPtr& e) { return !plan::ColumnsOf(e).empty(); });
  RETURN_IF_ERROR(CheckPolicies('a', shown, CheckConstraint::ROW_SECURITY_WRITTEN, insert.columns));
  if (insert.conflict_update.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(
      CheckPolicies('w', shown, CheckConstraint::ROW_SECURITY_EXISTING, insert.columns));
  return CheckPolicies('w', shown, CheckConstraint::ROW_SECURITY_CHANGED, insert.columns);
}

// All columns of the target in order, dropped ones included, then the row's key.
absl::StatusOr<RelPtr> Binder::TargetScan(const PgQuery__RangeVar& range, ScopeItem* item) {
  const TableDescriptor& table = *query_->target;
  if (IsView(table)) return TargetView(range, item);
  RelPtr scan = plan::MakeRel(Rel::Kind::kScan);
  scan->table = &table;
  item->table = &table;
  item->relation = &table;
  for (int i = 0; i < table.columns_size(); ++i) {
    const auto& column = table.columns(i);
    const Type type = types::FromProto(column.type());
    const ColumnId id = query_->AddColumn(
        {column.name(), type, table.table_id(), static_cast<uint32_t>(i + 1), column.not_null()});
    scan->output.push_back(id);
    scan->ordinals.push_back(static_cast<uint32_t>(i));
    query_->change.columns.push_back(id);
    if (!column.dropped()) item->columns.push_back({column.name(), id, type});
  }
  item->schema = table.schema();
  if (!target_views_.empty()) RETURN_IF_ERROR(BindTargetViews(query_->change.columns, item));
  RETURN_IF_ERROR(ApplyAlias(range.alias, item->table->name(), item, range.location));
  scan->alias = item->alias;
  query_->change.row_key = query_->AddColumn({"$rowkey", {TypeId::kBytea, 0}, 0, 0, true});
  scan->output.push_back(query_->change.row_key);
  scan->ordinals.push_back(plan::kRowKeyOrdinal);
  AddSystemColumns(scan.get(), item);
  StandForTarget(query_->change.columns, *item);
  if (HasTriggers(table)) {
    query_->change.table_oid = query_->AddColumn({"$tableoid", {TypeId::kOid, 0}, 0, 0, true});
    scan->output.push_back(query_->change.table_oid);
    scan->ordinals.push_back(plan::kTableOidOrdinal);
  }
  if (table.has_partition_key() && !range.inh) return WithoutPartitions(*scan);
  return SecureTarget(scan);
}

absl::StatusOr<RelPtr> Binder::TargetView(const PgQuery__RangeVar& range, ScopeItem* item) {
  const TableDescriptor& view = *query_->target;
  ASSIGN_OR_RETURN(BoundQuery bound, BindView(view, range.location));
  item->table = &view;
  item->relation = &view;
  // Columns of their own: one that the view has twice may be changed once.
  RelPtr rows = plan::MakeRel(Rel::Kind::kProject, {bound.rel});
  for (const ScopeColumn& column : bound.columns) {
    const ColumnId id = query_->AddColumn({column.name, column.type, 0, 0, false});
    rows->output.push_back(id);
    rows->expressions.push_back(plan::MakeColumn(column.id, column.type));
    query_->change.columns.push_back(id);
    item->columns.push_back({column.name, id, column.type});
  }
  item->schema = view.schema();
  if (!target_views_.empty()) RETURN_IF_ERROR(BindTargetViews(query_->change.columns, item));
  RETURN_IF_ERROR(ApplyAlias(range.alias, item->table->name(), item, range.location));
  StandForTarget(query_->change.columns, *item);
  return SecureTarget(view.view_rules().security_barrier() ? Barrier(rows) : rows);
}

// Whether the rows' partitions have to be known for triggers.
bool Binder::HasTriggers(const TableDescriptor& table) const {
  if (!table.has_partition_key()) return false;
  bool found = table.triggers_size() > 0;
  ForEachPartition(*input_.catalog, table,
                   [&](const TableDescriptor& part) { found |= part.triggers_size() > 0; });
  return found;
}

absl::Status Binder::BindAssignmentIn(const PgQuery__ResTarget& target, uint32_t ordinal,
                                      Scope* scope, std::vector<uint32_t>* columns,
                                      ExprPtr* earlier, std::vector<ExprPtr>* values) {
  const bool plain = target.val->node_case != PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF &&
                     !IsDefault(target.val) && ordinal < query_->change.columns.size();
  if (!plain) return Unsupported(target.location, "assigning to a part of a column here");
  const ColumnId id = query_->change.columns[ordinal];
  ASSIGN_OR_RETURN(ExprPtr value, BindExpr(target.val, scope));
  ExprPtr base = earlier != nullptr ? *earlier : plan::MakeColumn(id, query_->columns[id].type);
  const NodeList subscripts(target.indirection, target.n_indirection);
  ASSIGN_OR_RETURN(value,
                   AssignInside(std::move(base), target, subscripts, std::move(value), scope));
  if (earlier != nullptr) {
    *earlier = OverTarget(value);
    return absl::OkStatus();
  }
  columns->push_back(ordinal);
  values->push_back(OverTarget(value));
  return absl::OkStatus();
}

absl::Status Binder::BindAssignments(NodeList targets, Scope* scope, std::vector<uint32_t>* columns,
                                     std::vector<ExprPtr>* values) {
  const TableDescriptor& table = *query_->target;
  std::vector<ExprPtr> row;  // Of the multiple assignment that is being read.
  for (const Node* node : targets) {
    const PgQuery__ResTarget& target = *node->res_target;
    const std::string name(parser::View(target.name));
    ASSIGN_OR_RETURN(const uint32_t ordinal, TargetColumn(name, target.location));
    if (target.n_indirection > 0) RETURN_IF_ERROR(CheckHasParts(target, ordinal));
    const auto earlier = std::find(columns->begin(), columns->end(), ordinal);
    const bool again = earlier != columns->end();
    if (target.n_indirection > 0) {
      RETURN_IF_ERROR(BindAssignmentIn(
          target, ordinal, scope, columns,
          again ? &(*values)[static_cast<size_t>(earlier - columns->begin())] : nullptr, values));
      continue;
    }
    if (again) return AssignedTwice(table, ordinal);
    const ColumnDescriptor& column = table.columns(static_cast<int>(ordinal));
    const Node* source = target.val;
    ExprPtr value;
    if (source->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF &&
        source->multi_assign_ref->source->node_case == PG_QUERY__NODE__NODE_SUB_LINK) {
      ASSIGN_OR_RETURN(value, BindMultiAssignment(*source->multi_assign_ref, scope));
    } else if (source->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF) {
      const PgQuery__MultiAssignRef& multi = *source->multi_assign_ref;
      if (multi.source->node_case != PG_QUERY__NODE__NODE_ROW_EXPR)
        return ErrorAt(
            sqlstate::kFeatureNotSupported, target.location,
            "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression");
      const PgQuery__RowExpr& values_row = *multi.source->row_expr;
      if (static_cast<int>(values_row.n_args) != multi.ncolumns)
        return ErrorAt(sqlstate::kSyntaxError, target.location,
                       "number of columns does not match number of values");
      source = values_row.args[multi.colno - 1];
    }
    if (value == nullptr && IsDefault(source)) {
      ASSIGN_OR_RETURN(value, DefaultOf(column));
    } else {
      if (column.has_generated())
        return status::Error(
            kGeneratedAlways,
            absl::StrCat("column \"", column.name(), "\" can only be updated to DEFAULT"),
            absl::StrCat("Column \"", column.name(), "\" is a generated column."));
      if (column.identity() == ColumnDescriptor::IDENTITY_ALWAYS)
        return status::Error(
            kGeneratedAlways,
            absl::StrCat("column \"", column.name(), "\" can only be updated to DEFAULT"),
            GeneratedAlwaysDetail(column));
      if (value == nullptr) {
        ASSIGN_OR_RETURN(value, BindExpr(source, scope));
      }
      ASSIGN_OR_RETURN(value, AssignTo(value, column, target.location));
    }
    columns->push_back(ordinal);
    values->push_back(OverTarget(value));
  }
  return absl::OkStatus();
}

absl::Status Binder::BindUpdate(const PgQuery__UpdateStmt& update, Scope* parent) {
  query_->kind = common::v1::STATEMENT_KIND_UPDATE;
  Scope scope(parent);
  RETURN_IF_ERROR(BindWith(update.with_clause, &scope));
  ASSIGN_OR_RETURN(const TableDescriptor* table,
                   ResolveTarget(*update.relation, common::v1::PRIVILEGE_UPDATE));
  ScopeItem item;
  ASSIGN_OR_RETURN(RelPtr rel, TargetScan(*update.relation, &item));
  RETURN_IF_ERROR(BindChangeInput({update.from_clause, update.n_from_clause}, update.where_clause,
                                  item, rel, &scope));
  plan::ChangeTarget& change = query_->change;
  scope.clause = "UPDATE";
  RETURN_IF_ERROR(BindAssignments({update.target_list, update.n_target_list}, &scope,
                                  &change.assigned, &change.values));
  bool shown = reads_target_ || ReadsTarget(change.values);
  if (!shown && target_filter_ != nullptr) {
    ASSIGN_OR_RETURN(shown, ReturnsTarget({update.returning_list, update.n_returning_list}, scope));
  }
  if (shown) RETURN_IF_ERROR(ShowTargetRows());
  RecheckPolicies();
  WriteColumns(change.assigned, common::v1::PRIVILEGE_UPDATE);
  std::vector<uint32_t> assigned = change.assigned;
  for (int i = 0; i < table->columns_size(); ++i) {
    const auto& read = table->columns(i).generated().columns();
    const auto is_assigned = [&](uint32_t ordinal) {
      return std::find(change.assigned.begin(), change.assigned.end(), ordinal) !=
             change.assigned.end();
    };
    if (std::any_of(read.begin(), read.end(), is_assigned))
      assigned.push_back(static_cast<uint32_t>(i));
  }
  if (ReadsTarget(change.values)) UseTarget(common::v1::PRIVILEGE_SELECT);
  RETURN_IF_ERROR(ChangeTriggers(TriggerEvent::kUpdate, assigned));
  AssignGenerated(*table, &change);
  // RETURNING and checks see the new row.
  for (const ColumnId id : change.columns)
    change.new_columns.push_back(query_->AddColumn(query_->columns[id]));
  const std::vector<ColumnId> written =
      IsView(*table) ? query_->ctes.back().triggers->results : change.new_columns;
  ASSIGN_OR_RETURN(query_->checks, ChecksOf(*table, change.new_columns));
  RETURN_IF_ERROR(
      CheckPolicies('w', shown, CheckConstraint::ROW_SECURITY_WRITTEN, change.new_columns));
  RETURN_IF_ERROR(BindPartitionChecks(change.new_columns));
  RETURN_IF_ERROR(AddViewChecks(change.columns, change.new_columns));
  RETURN_IF_ERROR(BindCascades(*table, /*removed=*/false, change.assigned));
  Scope returning(nullptr);
  returning.items = scope.items;
  returning.items[0] = OverColumns(returning.items[0], change.columns, change.new_columns);
  StandForSame(scope.items[0], returning.items[0]);
  ReturnTableOid(&returning.items[0]);
  RETURN_IF_ERROR(BindReturning({update.returning_list, update.n_returning_list}, &returning,
                                &change.returning));
  if (IsView(*table)) ReturnInstead(change.new_columns, written, &change.returning);
  return SendTriggerRows(TriggerEvent::kUpdate, assigned, parent == nullptr, &change.returning);
}

absl::Status Binder::BindDelete(const PgQuery__DeleteStmt& erase, Scope* parent) {
  query_->kind = common::v1::STATEMENT_KIND_DELETE;
  Scope scope(parent);
  RETURN_IF_ERROR(BindWith(erase.with_clause, &scope));
  RETURN_IF_ERROR(ResolveTarget(*erase.relation, common::v1::PRIVILEGE_DELETE).status());
  ScopeItem item;
  ASSIGN_OR_RETURN(RelPtr rel, TargetScan(*erase.relation, &item));
  RETURN_IF_ERROR(BindCascades(*query_->target, /*removed=*/true, {}));
  RETURN_IF_ERROR(BindChangeInput({erase.using_clause, erase.n_using_clause}, erase.where_clause,
                                  item, rel, &scope));
  bool shown = reads_target_;
  if (!shown && target_filter_ != nullptr) {
    ASSIGN_OR_RETURN(shown, ReturnsTarget({erase.returning_list, erase.n_returning_list}, scope));
  }
  if (shown) RETURN_IF_ERROR(ShowTargetRows());
  RecheckPolicies();
  RETURN_IF_ERROR(ChangeTriggers(TriggerEvent::kDelete, {}));
  query_->change.new_columns = query_->change.columns;
  Scope returning(nullptr);
  returning.items = scope.items;
  ReturnTableOid(&returning.items[0]);
  RETURN_IF_ERROR(BindReturning({erase.returning_list, erase.n_returning_list}, &returning,
                                &query_->change.returning));
  if (IsView(*query_->target)) ReturnInstead({}, {}, &query_->change.returning);
  return SendTriggerRows(TriggerEvent::kDelete, {}, parent == nullptr, &query_->change.returning);
}

absl::Status Binder::BindChangeInput(NodeList from, const Node* where, const ScopeItem& item,
                                     RelPtr rel, Scope* scope) {
  plan::ChangeTarget& change = query_->change;
  if (!from.empty()) {
    ASSIGN_OR_RETURN(RelPtr others, BindFrom(from, scope));
    scope->items.insert(scope->items.begin(), item);
    RETURN_IF_ERROR(CheckDuplicateAliases(scope->items));
    ASSIGN_OR_RETURN(rel, JoinLateral(rel, others, common::v1::JOIN_TYPE_INNER, {}));
  } else {
    scope->items = {item};
  }
  // Inner ones first; what lies below a barrier has been asked of the table's rows.
  std::vector<ExprPtr> conditions, all;
  const std::vector<TargetViews::Level>& levels = target_views_.levels;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    if (level->condition != nullptr) plan::SplitConjunction(level->condition, &all);
  }
  for (const TargetViews::Level& level : levels) {
    if (level.view->view_rules().security_barrier()) break;
    if (level.condition != nullptr) plan::SplitConjunction(level.condition, &conditions);
  }
  reads_target_ = false;
  if (where != nullptr) {
    scope->clause = "WHERE";
    ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(where, scope));
    ASSIGN_OR_RETURN(condition, ToBoolean(condition, "WHERE"));
    condition = OverTarget(condition);
    reads_target_ = ReadsTarget({condition});
    if (reads_target_) UseTarget(common::v1::PRIVILEGE_SELECT);
    plan::SplitConjunction(condition, &conditions);
    plan::SplitConjunction(condition, &all);
  }
  const plan::ColumnSet own(change.columns.begin(), change.columns.end());
  for (const ExprPtr& e : all) {
    if (!plan::HasSubquery(e) && plan::IsSubset(plan::ColumnsOf(e), own))
      change.recheck.push_back(e);
  }
  if (!conditions.empty()) rel = plan::MakeFilter(rel, std::move(conditions));
  query_->root = rel;
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
