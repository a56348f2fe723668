// What statements that write have in common; UPDATE and DELETE.
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

std::optional<uint32_t> FindColumn(const common::v1::TableDescriptor& table,
                                   std::string_view name) {
  for (int i = 0; i < table.columns_size(); ++i) {
    if (!table.columns(i).dropped() && table.columns(i).name() == name)
      return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

std::string GeneratedAlwaysDetail(const common::v1::ColumnDescriptor& column) {
  return absl::StrCat("Column \"", column.name(),
                      "\" is an identity column defined as GENERATED ALWAYS.");
}

bool IsDefault(const Node* node) { return node->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT; }

absl::Status AssignedTwice(const common::v1::TableDescriptor& table, uint32_t ordinal) {
  return status::Error(status::sqlstate::kSyntaxError,
                       absl::StrCat("multiple assignments to same column \"",
                                    table.columns(static_cast<int>(ordinal)).name(), "\""));
}

namespace {

using common::v1::ColumnDescriptor;
using common::v1::TableDescriptor;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

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

absl::Status Binder::BindReturning(NodeList list, Scope* scope, std::vector<ExprPtr>* returning) {
  if (list.empty()) return absl::OkStatus();
  scope->clause = "RETURNING";
  ASSIGN_OR_RETURN(const std::vector<Target> targets, BindTargets(list, scope, false));
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
  if (HasTriggers(table)) {
    query_->change.table_oid = query_->AddColumn({"$tableoid", {TypeId::kOid, 0}, 0, 0, true});
    scan->output.push_back(query_->change.table_oid);
    scan->ordinals.push_back(plan::kTableOidOrdinal);
  }
  if (table.has_partition_key() && !range.inh) return WithoutPartitions(*scan);
  return scan;
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
  return rows;
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
  for (const ExprPtr& value : change.values) {
    plan::ColumnSet used;
    plan::CollectColumns(*value, &used);
    if (!used.empty()) UseTarget(common::v1::PRIVILEGE_SELECT);
  }
  std::vector<uint32_t> assigned;
  RETURN_IF_ERROR(BindUpdatedRows(&assigned));
  const std::vector<ColumnId> written =
      IsView(*table) ? query_->ctes.back().triggers->results : change.new_columns;
  Scope returning(nullptr);
  returning.items = scope.items;
  returning.items[0] = OverColumns(returning.items[0], change.columns, change.new_columns);
  ReturnTableOid(&returning.items[0]);
  RETURN_IF_ERROR(BindReturning({update.returning_list, update.n_returning_list}, &returning,
                                &change.returning));
  if (IsView(*table)) ReturnInstead(change.new_columns, written, &change.returning);
  return SendTriggerRows(TriggerEvent::kUpdate, assigned, parent == nullptr, &change.returning);
}

absl::Status Binder::BindUpdatedRows(std::vector<uint32_t>* assigned_to_triggers) {
  const TableDescriptor* const table = query_->target;
  plan::ChangeTarget& change = query_->change;
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
  RETURN_IF_ERROR(ChangeTriggers(TriggerEvent::kUpdate, assigned));
  AssignGenerated(*table, &change);
  // RETURNING and checks see the new row.
  for (const ColumnId id : change.columns)
    change.new_columns.push_back(query_->AddColumn(query_->columns[id]));
  ASSIGN_OR_RETURN(query_->checks, ChecksOf(*table, change.new_columns));
  RETURN_IF_ERROR(BindPartitionChecks(change.new_columns));
  RETURN_IF_ERROR(AddViewChecks(change.columns, change.new_columns));
  RETURN_IF_ERROR(BindCascades(*table, /*removed=*/false, change.assigned));
  *assigned_to_triggers = std::move(assigned);
  return absl::OkStatus();
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
  std::vector<ExprPtr> conditions;
  for (const TargetViews::Level& level : target_views_.levels) {
    if (level.condition != nullptr) plan::SplitConjunction(level.condition, &conditions);
  }
  if (where != nullptr) {
    scope->clause = "WHERE";
    UseTarget(common::v1::PRIVILEGE_SELECT);
    ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(where, scope));
    ASSIGN_OR_RETURN(condition, ToBoolean(condition, "WHERE"));
    plan::SplitConjunction(OverTarget(condition), &conditions);
  }
  if (!conditions.empty()) {
    const plan::ColumnSet own(change.columns.begin(), change.columns.end());
    for (const ExprPtr& e : conditions) {
      if (!plan::HasSubquery(e) && plan::IsSubset(plan::ColumnsOf(e), own))
        change.recheck.push_back(e);
    }
    rel = plan::MakeFilter(rel, std::move(conditions));
  }
  query_->root = rel;
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
