// FROM: tables, views, subqueries, functions, common table expressions.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/binder/invoking_role.h"
#include "common/sql/parser/database_name.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using plan::Rel;
namespace sqlstate = status::sqlstate;

}  // namespace

int ColumnsSeenBy(const TableDescriptor* view, const TableDescriptor& table) {
  if (view != nullptr) {
    for (const auto& used : view->view_dependencies()) {
      if (used.table_id() == table.table_id())
        return std::min(table.columns_size(), static_cast<int>(used.column_count()));
    }
  }
  return table.columns_size();
}

void Binder::UseTable(const TableDescriptor& table, common::v1::Privilege privilege) {
  const auto known =
      std::find_if(query_->tables.begin(), query_->tables.end(), [&](const plan::TableUse& use) {
        return use.table == &table && use.as_role == acting_role_;
      });
  plan::TableUse& use = known == query_->tables.end()
                            ? query_->tables.emplace_back(plan::TableUse{&table, {}, {}})
                            : *known;
  use.as_role = acting_role_;
  use.privileges.insert(privilege);
  if (privilege == common::v1::PRIVILEGE_SELECT || privilege == common::v1::PRIVILEGE_INSERT ||
      privilege == common::v1::PRIVILEGE_UPDATE)
    use.columns.try_emplace(privilege);
}

void Binder::MentionTable(const TableDescriptor& table) {
  for (const plan::TableUse& use : query_->tables) {
    if (use.table == &table) return;
  }
  query_->tables.push_back({&table, {}, {}});
}

RelPtr Binder::ScanOf(const TableDescriptor& table, std::string alias, ScopeItem* item) {
  RelPtr scan = plan::MakeRel(Rel::Kind::kScan);
  scan->table = &table;
  scan->alias = std::move(alias);
  item->table = &table;
  item->relation = &table;
  const int seen = ColumnsSeenBy(view_, table);
  for (int i = 0; i < seen; ++i) {
    const auto& column = table.columns(i);
    if (column.dropped()) continue;
    const Type type = types::FromProto(column.type());
    const ColumnId id = query_->AddColumn(
        {column.name(), type, table.table_id(), static_cast<uint32_t>(i + 1), column.not_null()});
    scan->output.push_back(id);
    scan->ordinals.push_back(static_cast<uint32_t>(i));
    item->columns.push_back({column.name(), id, type});
    StandFor(id, table, static_cast<uint32_t>(i));
  }
  AddSystemColumns(scan.get(), item);
  return scan;
}

RelPtr Binder::WithoutPartitions(const Rel& scan) {
  RelPtr nothing = plan::MakeRel(Rel::Kind::kValues);
  nothing->output = scan.output;
  return nothing;
}

absl::Status Binder::ApplyAlias(const PgQuery__Alias* alias, std::string_view default_name,
                                ScopeItem* item, int location) {
  item->alias =
      alias == nullptr ? std::string(default_name) : std::string(parser::View(alias->aliasname));
  if (alias == nullptr) return absl::OkStatus();
  item->schema.clear();
  if (alias->n_colnames > item->columns.size())
    return ErrorAt(
        sqlstate::kInvalidColumnReference, location,
        absl::StrCat("table \"", item->alias, "\" has ", item->columns.size(),
                     " columns available but ", alias->n_colnames, " columns specified"));
  for (size_t i = 0; i < alias->n_colnames; ++i)
    item->columns[i].name = parser::StringOf(alias->colnames[i]);
  return absl::OkStatus();
}

absl::Status Binder::CheckReachable(const TableDescriptor& table, int location) const {
  if (!IsOtherTemporarySchema(table.schema(), input_.search_path)) return absl::OkStatus();
  return ErrorAt(sqlstate::kFeatureNotSupported, location,
                 "cannot access temporary tables of other sessions");
}

absl::StatusOr<BoundQuery> Binder::BindView(const TableDescriptor& view, int location) {
  if (view_depth_ >= kMaxViewDepth) return DepthGuard::Error();
  ASSIGN_OR_RETURN(
      std::shared_ptr<const parser::ParseTree> tree,
      parser::ParseTree::Parse(view.has_materialized_view() ? view.materialized_view().sql()
                                                            : view.view_sql()));
  kept_trees_.push_back(tree);
  if (tree->result().n_stmts != 1 ||
      tree->result().stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return status::Error(sqlstate::kInternalError,
                         absl::StrCat("the view ", view.name(), " has no query"));
  const std::string_view text = text_;
  const bool literals = literals_active_;
  const std::vector<std::string> path = search_path_;
  const std::string acting_role = acting_role_;
  text_ = tree->text();
  literals_active_ = false;
  search_path_.assign(view.view_search_path().begin(), view.view_search_path().end());
  const TableDescriptor* const outer_view = view_;
  view_ = &view;
  acting_role_ = view.view_rules().security_invoker() ? InvokingRole(inlining_) : view.owner();
  ++view_depth_;
  auto bound = BindSelect(*tree->result().stmts[0]->stmt->select_stmt, nullptr);
  --view_depth_;
  view_ = outer_view;
  acting_role_ = acting_role;
  text_ = text;
  literals_active_ = literals;
  search_path_ = path;
  if (!bound.ok()) return bound.status();
  if (static_cast<int>(bound->columns.size()) != view.columns_size())
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, location,
                   absl::StrCat("the tables of view \"", view.name(), "\" have changed"));
  for (int i = 0; i < view.columns_size(); ++i) bound->columns[i].name = view.columns(i).name();
  return bound;
}

void Binder::NoteUnqualified(int location, const std::string& schema, const std::string& relation) {
  // Of the statement's own text alone.
  if (location < 0 || view_depth_ > 0 || !inlining_.empty() || schema == "pg_catalog") return;
  common::v1::UnqualifiedName& name = unqualified_names_[location];
  name.set_schema(schema);
  name.set_relation(relation);
}

absl::StatusOr<RelPtr> Binder::BindRangeVar(const PgQuery__RangeVar& range, Scope* scope,
                                            ScopeItem* item, bool sampled) {
  RETURN_IF_ERROR(parser::CheckDatabase(range, input_.database));
  const std::string schema(parser::View(range.schemaname));
  const std::string name(parser::View(range.relname));
  if (schema.empty()) {
    for (Scope* level = scope; level != nullptr; level = level->parent) {
      for (auto entry = level->ctes.rbegin(); entry != level->ctes.rend(); ++entry) {
        if (entry->name != name) continue;
        const CteEntry found = *entry;
        ASSIGN_OR_RETURN(RelPtr scan, ReadCte(found, range.location, item));
        RETURN_IF_ERROR(ApplyAlias(range.alias, name, item, range.location));
        if (found.copied == nullptr) scan->alias = item->alias;
        return scan;
      }
    }
  }
  if (schema.empty() && view_depth_ == 0) {
    for (const TransitionTable& given : input_.transition_tables) {
      if (given.name != name) continue;
      ASSIGN_OR_RETURN(RelPtr reader, ReadTransitionTable(given, item));
      RETURN_IF_ERROR(ApplyAlias(range.alias, name, item, range.location));
      reader->alias = item->alias;
      return reader;
    }
  }
  const TableDescriptor* table = input_.catalog->ResolveTable(schema, name, search_path_);
  if (table == nullptr) {
    const std::string shown = schema.empty() ? name : absl::StrCat(schema, ".", name);
    return ErrorAt(sqlstate::kUndefinedTable, range.location,
                   absl::StrCat("relation \"", shown, "\" does not exist"));
  }
  RETURN_IF_ERROR(CheckReachable(*table, range.location));
  if (schema.empty()) NoteUnqualified(range.location, table->schema(), table->name());
  item->schema = table->schema();
  UseTable(*table, common::v1::PRIVILEGE_SELECT);
  const bool refreshes = input_.refreshes == table->table_id() && table->has_materialized_view();
  if (table->has_materialized_view() && !table->materialized_view().populated() && !refreshes)
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, -1,
                   absl::StrCat("materialized view \"", table->name(), "\" has not been populated"),
                   "Use the REFRESH MATERIALIZED VIEW command.");
  if (!table->view_sql().empty() || refreshes) {
    // The view is for whoever names it, what it reads for its owner.
    ASSIGN_OR_RETURN(BoundQuery view, BindView(*table, range.location));
    item->relation = table;
    item->columns = view.columns;
    for (size_t i = 0; i < view.columns.size(); ++i)
      StandFor(view.columns[i].id, *table, static_cast<uint32_t>(i));
    item->columns.resize(ColumnsSeenBy(view_, *table));
    RETURN_IF_ERROR(ApplyAlias(range.alias, name, item, range.location));
    return table->view_rules().security_barrier() ? Barrier(view.rel) : view.rel;
  }
  RelPtr scan = ScanOf(*table, "", item);
  RETURN_IF_ERROR(ApplyAlias(range.alias, name, item, range.location));
  scan->alias = item->alias;
  if (table->has_partition_key() && !range.inh) return WithoutPartitions(*scan);
  return sampled ? scan : SecureScan(scan, 'r');
}

absl::StatusOr<RelPtr> Binder::BindRangeSubselect(const PgQuery__RangeSubselect& range,
                                                  RelPtr lateral, Scope* scope, ScopeItem* item) {
  const PgQuery__SelectStmt& select = *range.subquery->select_stmt;
  if (range.alias == nullptr && !range.lateral)
    return ErrorAt(sqlstate::kSyntaxError, -1, "subquery in FROM must have an alias",
                   "For example, FROM (SELECT ...) [AS] foo.");
  // Without LATERAL the items of this FROM are out of sight.
  std::vector<ScopeItem> hidden;
  if (!range.lateral) std::swap(hidden, scope->items);
  auto bound = BindSelect(select, scope);
  if (!range.lateral) std::swap(hidden, scope->items);
  if (!bound.ok()) return bound.status();
  item->columns = bound->columns;
  RETURN_IF_ERROR(ApplyAlias(range.alias, "", item, -1));
  return bound->rel;
}

absl::StatusOr<RelPtr> Binder::BindFromItem(const Node* node, RelPtr lateral, Scope* scope,
                                            std::vector<ScopeItem>* items) {
  const DepthGuard guard(&depth_);
  if (guard.too_deep()) return DepthGuard::Error();
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      return BindRangeVar(*node->range_var, scope, &items->emplace_back());
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
      return BindRangeSubselect(*node->range_subselect, lateral, scope, &items->emplace_back());
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
      return BindRangeFunction(*node->range_function, scope, &items->emplace_back());
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
      return BindJoin(*node->join_expr, lateral, scope, items);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
      return BindTableSample(*node->range_table_sample, scope, &items->emplace_back());
    default:
      return Unsupported(-1, "this kind of FROM item");
  }
}

absl::Status Binder::CheckDuplicateAliases(const std::vector<ScopeItem>& items) const {
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (items[i].alias.empty() || items[i].alias != items[j].alias ||
          !items[i].relation_visible || !items[j].relation_visible)
        continue;
      if (!items[i].schema.empty() && !items[j].schema.empty() &&
          items[i].schema != items[j].schema)
        continue;
      return ErrorAt(sqlstate::kDuplicateAlias, -1,
                     absl::StrCat("table name \"", items[i].alias, "\" specified more than once"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RelPtr> Binder::BindFrom(NodeList list, Scope* scope) {
  RelPtr result;
  const char* clause = scope->clause;
  scope->clause = "functions in FROM";
  for (const Node* node : list) {
    std::vector<ScopeItem> items;
    ASSIGN_OR_RETURN(RelPtr rel, BindFromItem(node, result, scope, &items));
    if (result == nullptr) {
      result = rel;
    } else {
      ASSIGN_OR_RETURN(result, JoinLateral(result, rel, common::v1::JOIN_TYPE_INNER, {}));
    }
    for (ScopeItem& item : items) scope->items.push_back(std::move(item));
    RETURN_IF_ERROR(CheckDuplicateAliases(scope->items));
  }
  scope->clause = clause;
  return result == nullptr ? plan::MakeOneRow() : result;
}

}  // namespace adbms::sql::binder
