#include "common/sql/binder/updatable_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/binder/invoking_role.h"
#include "common/sql/binder/triggers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using common::v1::ViewRules;
using plan::Expr;
namespace sqlstate = status::sqlstate;

// Why expressions of a view cannot be bound where there are no groups.
std::string ReasonOf(const absl::Status& status) {
  if (status::HasSqlState(status, sqlstate::kGroupingError))
    return "Views that return aggregate functions are not automatically updatable.";
  if (status::HasSqlState(status, sqlstate::kWindowingError))
    return "Views that return window functions are not automatically updatable.";
  if (status::HasSqlState(status, sqlstate::kFeatureNotSupported))
    return "Views that return set-returning functions are not automatically updatable.";
  return "";
}

}  // namespace

std::string WhyNotUpdatable(const PgQuery__SelectStmt& select) {
  const auto views = [](absl::string_view what) {
    return absl::StrCat("Views ", what, " are not automatically updatable.");
  };
  if (select.n_distinct_clause > 0) return views("containing DISTINCT");
  if (select.n_group_clause > 0) return views("containing GROUP BY");
  if (select.having_clause != nullptr) return views("containing HAVING");
  if (select.larg != nullptr) return views("containing UNION, INTERSECT, or EXCEPT");
  if (select.with_clause != nullptr) return views("containing WITH");
  if (select.limit_count != nullptr || select.limit_offset != nullptr)
    return views("containing LIMIT or OFFSET");
  if (select.n_from_clause == 1 &&
      select.from_clause[0]->node_case == PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE)
    return views("containing TABLESAMPLE");
  if (select.n_from_clause != 1 ||
      select.from_clause[0]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR)
    return views("that do not select from a single table or view");
  return "";
}

absl::Status Binder::NotUpdatable(const TableDescriptor& view, const std::string& reason) const {
  const char* action = query_->kind == common::v1::STATEMENT_KIND_INSERT   ? "insert into"
                       : query_->kind == common::v1::STATEMENT_KIND_UPDATE ? "update"
                                                                           : "delete from";
  return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                       absl::StrCat("cannot ", action, " view \"", view.name(), "\""), reason,
                       query_->kind == common::v1::STATEMENT_KIND_INSERT
                           ? "To enable inserting into the view, provide an INSTEAD OF INSERT "
                             "trigger or an unconditional ON INSERT DO INSTEAD rule."
                       : query_->kind == common::v1::STATEMENT_KIND_UPDATE
                           ? "To enable updating the view, provide an INSTEAD OF UPDATE trigger or "
                             "an unconditional ON UPDATE DO INSTEAD rule."
                           : "To enable deleting from the view, provide an INSTEAD OF DELETE "
                             "trigger or an unconditional ON DELETE DO INSTEAD rule.");
}

absl::StatusOr<const TableDescriptor*> Binder::ResolveTargetViews(const TableDescriptor& named,
                                                                  common::v1::Privilege privilege) {
  const TableDescriptor* at = &named;
  std::string role = acting_role_;
  const TriggerEvent event =
      query_->kind == common::v1::STATEMENT_KIND_INSERT   ? TriggerEvent::kInsert
      : query_->kind == common::v1::STATEMENT_KIND_UPDATE ? TriggerEvent::kUpdate
                                                          : TriggerEvent::kDelete;
  const auto has_triggers = [&](const TableDescriptor& view) {
    return std::any_of(view.triggers().begin(), view.triggers().end(), [&](const auto& trigger) {
      return trigger.timing() == common::v1::TriggerDescriptor::TIMING_INSTEAD &&
             Fires(trigger, event, {}, is_replica());
    });
  };
  while (IsView(*at)) {
    if (has_triggers(*at)) {
      if (target_views_.empty()) UseTable(*at, privilege);
      return at;
    }
    if (static_cast<int>(target_views_.levels.size()) >= kMaxViewDepth) return DepthGuard::Error();
    const std::string outer = std::exchange(acting_role_, role);
    UseTable(*at, privilege);
    acting_role_ = outer;
    TargetViews::Level level;
    level.view = at;
    ASSIGN_OR_RETURN(level.tree, parser::ParseTree::Parse(at->view_sql()));
    level.select = level.tree->result().stmts[0]->stmt->select_stmt;
    kept_trees_.push_back(level.tree);
    const std::string reason = WhyNotUpdatable(*level.select);
    if (!reason.empty()) return NotUpdatable(*at, reason);
    role = at->view_rules().security_invoker() ? InvokingRole(inlining_) : at->owner();
    level.reads_as = role;
    const PgQuery__RangeVar& from = *level.select->from_clause[0]->range_var;
    const std::vector<std::string> path(at->view_search_path().begin(),
                                        at->view_search_path().end());
    const TableDescriptor* const below = input_.catalog->ResolveTable(
        std::string(parser::View(from.schemaname)), std::string(parser::View(from.relname)), path);
    const bool reads = level.select->where_clause != nullptr;
    if (below == nullptr || below->is_virtual() || below->has_materialized_view() ||
        below->has_sequence())
      return NotUpdatable(*at,
                          "Views that do not select from a single table or view are not "
                          "automatically updatable.");
    target_views_.levels.push_back(std::move(level));
    const std::string caller = std::exchange(acting_role_, role);
    UseTable(*below, privilege);
    if (reads) UseTable(*below, common::v1::PRIVILEGE_SELECT);
    acting_role_ = caller;
    at = below;
  }
  return at;
}

absl::Status Binder::DescribeUpdatable(TableDescriptor* view) {
  query_->kind = common::v1::STATEMENT_KIND_DELETE;
  ViewRules* rules = view->mutable_view_rules();
  rules->set_updatable(false);
  rules->clear_updatable_columns();
  ASSIGN_OR_RETURN(query_->target, ResolveTargetViews(*view, common::v1::PRIVILEGE_SELECT));
  ScopeItem item;
  std::vector<ColumnId> columns;
  for (const auto& column : query_->target->columns()) {
    const Type type = types::FromProto(column.type());
    columns.push_back(query_->AddColumn({column.name(), type, 0, 0, false}));
    if (!column.dropped()) item.columns.push_back({column.name(), columns.back(), type});
  }
  RETURN_IF_ERROR(BindTargetViews(columns, &item));
  for (size_t i = 0; i < target_views_.ordinals.size(); ++i) {
    if (target_views_.ordinals[i].has_value())
      rules->add_updatable_columns(static_cast<uint32_t>(i));
  }
  rules->set_updatable(true);
  return absl::OkStatus();
}

void Binder::UseTarget(common::v1::Privilege privilege) {
  if (target_views_.empty()) return UseTable(*query_->target, privilege);
  UseTable(target_views_.named(), privilege);
  const std::string caller = acting_role_;
  for (size_t i = 0; i < target_views_.levels.size(); ++i) {
    acting_role_ = target_views_.levels[i].reads_as;
    const bool last = i + 1 == target_views_.levels.size();
    UseTable(last ? *query_->target : *target_views_.levels[i + 1].view, privilege);
  }
  acting_role_ = caller;
}

ExprPtr Binder::OverTarget(const ExprPtr& expression) const {
  if (expression == nullptr || target_views_.computed.empty()) return expression;
  return plan::Transform(expression, [&](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kColumn) return nullptr;
    const auto found = target_views_.computed.find(e->column);
    return found == target_views_.computed.end() ? nullptr : found->second;
  });
}

absl::Status Binder::BindTargetView(TargetViews::Level* level, const TableDescriptor& below,
                                    const std::vector<ColumnId>& columns, ScopeItem* item) {
  const TableDescriptor& view = *level->view;
  const std::string_view text = text_;
  const bool literals = literals_active_;
  const std::vector<std::string> path = search_path_;
  const TableDescriptor* const outer_view = view_;
  const std::string acting_role = acting_role_;
  text_ = level->tree->text();
  literals_active_ = false;
  search_path_.assign(view.view_search_path().begin(), view.view_search_path().end());
  view_ = &view;
  acting_role_ = level->reads_as;
  ++view_depth_;
  Scope scope(nullptr);
  std::vector<Target> targets;
  const auto bind = [&]() -> absl::Status {
    const PgQuery__RangeVar& from = *level->select->from_clause[0]->range_var;
    item->schema = below.schema();
    RETURN_IF_ERROR(ApplyAlias(from.alias, below.name(), item, -1));
    scope.items.push_back(*item);
    scope.clause = "view";
    ASSIGN_OR_RETURN(
        targets,
        BindTargets({level->select->target_list, level->select->n_target_list}, &scope, false));
    if (level->select->where_clause == nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(ExprPtr where, BindExpr(level->select->where_clause, &scope));
    ASSIGN_OR_RETURN(where, ToBoolean(where, "WHERE"));
    level->condition = OverTarget(where);
    return absl::OkStatus();
  };
  const absl::Status status = bind();
  --view_depth_;
  view_ = outer_view;
  acting_role_ = acting_role;
  text_ = text;
  literals_active_ = literals;
  search_path_ = path;
  if (!status.ok()) {
    const std::string reason = ReasonOf(status);
    return reason.empty() ? status : NotUpdatable(view, reason);
  }
  if (static_cast<int>(targets.size()) != view.columns_size())
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, -1,
                   absl::StrCat("the tables of view \"", view.name(), "\" have changed"));
  item->columns.clear();
  target_views_.ordinals.clear();
  target_views_.names.clear();
  for (int i = 0; i < view.columns_size(); ++i) {
    const std::string& name = view.columns(i).name();
    const ExprPtr e = OverTarget(targets[static_cast<size_t>(i)].expression);
    const auto found = e->kind == Expr::Kind::kColumn
                           ? std::find(columns.begin(), columns.end(), e->column)
                           : columns.end();
    target_views_.names.push_back(name);
    if (found != columns.end()) {
      target_views_.ordinals.emplace_back(static_cast<uint32_t>(found - columns.begin()));
      item->columns.push_back({name, e->column, e->type});
      continue;
    }
    target_views_.ordinals.emplace_back(std::nullopt);
    const ColumnId id = query_->AddColumn({name, e->type, 0, 0, false});
    target_views_.computed[id] = e;
    item->columns.push_back({name, id, e->type});
  }
  return absl::OkStatus();
}

absl::Status Binder::BindTargetViews(const std::vector<ColumnId>& columns, ScopeItem* item) {
  std::vector<TargetViews::Level>& levels = target_views_.levels;
  for (size_t i = levels.size(); i-- > 0;) {
    const bool last = i + 1 == levels.size();
    const TableDescriptor& below = last ? *query_->target : *levels[i + 1].view;
    // As many of its columns as there were when the view was made.
    int seen = ColumnsSeenBy(levels[i].view, below);
    for (int c = seen - 1; c >= 0; --c) seen -= below.columns(c).dropped() ? 1 : 0;
    item->columns.resize(std::min(item->columns.size(), static_cast<size_t>(seen)));
    RETURN_IF_ERROR(BindTargetView(&levels[i], below, columns, item));
  }
  item->table = &target_views_.named();
  item->relation = &target_views_.named();
  item->schema = target_views_.named().schema();
  item->system_columns.clear();
  const bool writes = query_->kind != common::v1::STATEMENT_KIND_DELETE;
  if (writes && std::none_of(target_views_.ordinals.begin(), target_views_.ordinals.end(),
                             [](const auto& ordinal) { return ordinal.has_value(); }))
    return NotUpdatable(target_views_.named(),
                        "Views that have no updatable columns are not automatically updatable.");
  return absl::OkStatus();
}

ScopeItem Binder::OverColumns(ScopeItem item, const std::vector<ColumnId>& from,
                              const std::vector<ColumnId>& to) {
  for (ScopeColumn& column : item.columns) {
    const auto found = std::find(from.begin(), from.end(), column.id);
    if (found != from.end()) {
      column.id = to[static_cast<size_t>(found - from.begin())];
      continue;
    }
    const auto computed = target_views_.computed.find(column.id);
    if (computed == target_views_.computed.end()) continue;
    const ColumnId id = query_->AddColumn(query_->columns[column.id]);
    target_views_.computed[id] = Renumbered(computed->second, from, to);
    column.id = id;
  }
  return item;
}

ExprPtr Binder::Renumbered(const ExprPtr& expression, const std::vector<ColumnId>& from,
                           const std::vector<ColumnId>& to) const {
  return plan::Transform(expression, [&](const ExprPtr& e) -> ExprPtr {
    if (e->kind != Expr::Kind::kColumn) return nullptr;
    const auto found = std::find(from.begin(), from.end(), e->column);
    return found == from.end()
               ? nullptr
               : plan::MakeColumn(to[static_cast<size_t>(found - from.begin())], e->type);
  });
}

absl::StatusOr<uint32_t> Binder::TargetColumn(const std::string& name, int location) const {
  const TableDescriptor& table = *query_->target;
  if (target_views_.empty()) {
    const std::optional<uint32_t> ordinal = ColumnNamed(table, name);
    if (ordinal.has_value()) return *ordinal;
    return ErrorAt(
        sqlstate::kUndefinedColumn, location,
        absl::StrCat("column \"", name, "\" of relation \"", table.name(), "\" does not exist"));
  }
  const auto found = std::find(target_views_.names.begin(), target_views_.names.end(), name);
  if (found == target_views_.names.end())
    return ErrorAt(sqlstate::kUndefinedColumn, location,
                   absl::StrCat("column \"", name, "\" of relation \"",
                                target_views_.named().name(), "\" does not exist"));
  const size_t index = static_cast<size_t>(found - target_views_.names.begin());
  if (target_views_.ordinals[index].has_value()) return *target_views_.ordinals[index];
  return ComputedColumn(index);
}

absl::Status Binder::ComputedColumn(size_t index) const {
  const char* action = query_->kind == common::v1::STATEMENT_KIND_INSERT ? "insert into" : "update";
  return status::Error(
      sqlstate::kFeatureNotSupported,
      absl::StrCat("cannot ", action, " column \"", target_views_.names[index], "\" of view \"",
                   target_views_.named().name(), "\""),
      "View columns that are not columns of their base relation are not updatable.");
}

absl::Status Binder::AddViewChecks(const std::vector<ColumnId>& from,
                                   const std::vector<ColumnId>& to) {
  bool cascades = false;
  std::vector<plan::CheckCondition> checks;
  for (const TargetViews::Level& level : target_views_.levels) {
    const ViewRules::CheckOption option = level.view->view_rules().check_option();
    const bool checked = cascades || option != ViewRules::CHECK_OPTION_UNSPECIFIED;
    cascades |= option == ViewRules::CHECK_OPTION_CASCADED;
    if (!checked || level.condition == nullptr) continue;
    if (plan::HasSubquery(level.condition))
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("WITH CHECK OPTION of view \"", level.view->name(),
                                        "\", whose condition has a subquery, is not supported"),
                           {}, "Change the rows of the table that it reads.");
    checks.push_back({level.view->name(), Renumbered(level.condition, from, to), true});
  }
  // The innermost view's first, as in PostgreSQL.
  query_->checks.insert(query_->checks.end(), checks.rbegin(), checks.rend());
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
