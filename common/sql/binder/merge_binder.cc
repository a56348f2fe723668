// MERGE (decision 054): the rows of the join, each with what is to be done with it, are a WITH
// query, which others delete, update and insert from.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {

// One WHEN.
struct Binder::MergeAction {
  common::v1::StatementKind kind = common::v1::STATEMENT_KIND_SELECT;  // DO NOTHING.
  bool matched = false;
  ExprPtr condition;               // Null: none.
  std::vector<uint32_t> assigned;  // UPDATE: ordinals.
  std::vector<ExprPtr> values;     // UPDATE: of them; INSERT: of all columns.
};

// The WITH query with the rows, and what its columns are to those who bind over the join.
struct Binder::MergeSource {
  uint32_t cte = 0;
  std::vector<ColumnId> columns;  // Of the join; the action is behind them.
  plan::ChangeTarget target;      // Its columns are among them.
  ScopeItem item;                 // Of the target.
  std::vector<MergeAction> actions;
};

namespace {

using common::v1::StatementKind;
using common::v1::TableDescriptor;
using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr Type kIntegerType{TypeId::kInt4, 0};
constexpr Type kBoolType{TypeId::kBool, 0};

ExprPtr Number(int64_t number) {
  return plan::MakeLiteral(types::Value::Int(TypeId::kInt4, number));
}

absl::StatusOr<StatementKind> KindOf(const PgQuery__MergeWhenClause& when) {
  switch (when.command_type) {
    case PG_QUERY__CMD_TYPE__CMD_INSERT:
      return common::v1::STATEMENT_KIND_INSERT;
    case PG_QUERY__CMD_TYPE__CMD_UPDATE:
      return common::v1::STATEMENT_KIND_UPDATE;
    case PG_QUERY__CMD_TYPE__CMD_DELETE:
      return common::v1::STATEMENT_KIND_DELETE;
    case PG_QUERY__CMD_TYPE__CMD_NOTHING:
      return common::v1::STATEMENT_KIND_SELECT;
    default:
      return status::NotSupported("this action of MERGE");
  }
}

common::v1::Privilege PrivilegeOf(StatementKind kind) {
  switch (kind) {
    case common::v1::STATEMENT_KIND_INSERT:
      return common::v1::PRIVILEGE_INSERT;
    case common::v1::STATEMENT_KIND_UPDATE:
      return common::v1::PRIVILEGE_UPDATE;
    default:
      return common::v1::PRIVILEGE_DELETE;
  }
}

// The clauses in their order. Errors: 42601 for one that cannot be reached.
absl::StatusOr<std::vector<const PgQuery__MergeWhenClause*>> ClausesOf(
    const PgQuery__MergeStmt& merge) {
  std::vector<const PgQuery__MergeWhenClause*> clauses;
  bool ended[2] = {false, false};
  for (const Node* node : NodeList(merge.merge_when_clauses, merge.n_merge_when_clauses)) {
    const PgQuery__MergeWhenClause& when = *node->merge_when_clause;
    bool& is_ended = ended[when.matched ? 1 : 0];
    if (is_ended)
      return status::Error(sqlstate::kSyntaxError,
                           "unreachable WHEN clause specified after unconditional WHEN clause");
    is_ended = when.condition == nullptr;
    clauses.push_back(&when);
  }
  return clauses;
}

absl::Status NotForMerge(const TableDescriptor& table) {
  const char* kind = table.has_sequence()            ? "sequences"
                     : table.has_materialized_view() ? "materialized views"
                                                     : "views";
  return status::Error(sqlstate::kFeatureNotSupported,
                       absl::StrCat("cannot execute MERGE on relation \"", table.name(), "\""),
                       absl::StrCat("This operation is not supported for ", kind, "."));
}

// CASE of the branches; without any, what is otherwise.
ExprPtr Choose(const std::vector<std::pair<ExprPtr, ExprPtr>>& branches, ExprPtr otherwise,
               const Type& type) {
  if (branches.empty()) return otherwise;
  std::vector<ExprPtr> args;
  for (const auto& [when, then] : branches) {
    args.push_back(when);
    args.push_back(then);
  }
  args.push_back(std::move(otherwise));
  return plan::MakeCase(type, std::move(args));
}

}  // namespace

absl::Status Binder::BindMerge(const PgQuery__MergeStmt& merge) {
  if (merge.with_clause != nullptr && merge.with_clause->recursive)
    return ErrorAt(sqlstate::kSyntaxError, -1,
                   "WITH RECURSIVE is not supported for MERGE statement");
  Scope scope(nullptr);
  RETURN_IF_ERROR(BindWith(merge.with_clause, &scope));
  ASSIGN_OR_RETURN(const auto clauses, ClausesOf(merge));
  std::vector<common::v1::Privilege> privileges;
  for (const PgQuery__MergeWhenClause* when : clauses) {
    ASSIGN_OR_RETURN(const StatementKind kind, KindOf(*when));
    if (kind != common::v1::STATEMENT_KIND_SELECT) privileges.push_back(PrivilegeOf(kind));
  }
  RETURN_IF_ERROR(ResolveMergeTarget(*merge.relation, privileges));
  MergeSource source;
  ASSIGN_OR_RETURN(const RelPtr rows, BindMergeRows(merge, clauses, &scope, &source));
  plan::Cte cte{source.item.alias, rows};
  cte.materialize = cte.eager = true;
  source.cte = static_cast<uint32_t>(query_->ctes.size());
  query_->ctes.push_back(std::move(cte));
  return WriteMerged(source);
}

absl::Status Binder::ResolveMergeTarget(const PgQuery__RangeVar& range,
                                        const std::vector<common::v1::Privilege>& privileges) {
  const TableDescriptor* named =
      input_.catalog->ResolveTable(std::string(parser::View(range.schemaname)),
                                   std::string(parser::View(range.relname)), search_path_);
  if (named != nullptr && (named->has_sequence() || named->has_materialized_view() ||
                           (!named->view_sql().empty() && !named->is_virtual())))
    return NotForMerge(*named);
  ASSIGN_OR_RETURN(
      const TableDescriptor* table,
      ResolveTarget(range, privileges.empty() ? common::v1::PRIVILEGE_SELECT : privileges[0]));
  for (const common::v1::Privilege privilege : privileges) UseTable(*table, privilege);
  ASSIGN_OR_RETURN(const common::v1::RoleFacts* secured, SecuredFor(*table));
  if (secured != nullptr)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "MERGE into a table with row security is not supported", {},
                         "UPDATE … FROM and INSERT … ON CONFLICT are.");
  return absl::OkStatus();
}

absl::StatusOr<RelPtr> Binder::BindMergeRows(
    const PgQuery__MergeStmt& merge, const std::vector<const PgQuery__MergeWhenClause*>& clauses,
    Scope* scope, MergeSource* source) {
  ASSIGN_OR_RETURN(const RelPtr target, TargetScan(*merge.relation, &source->item));
  source->target = query_->change;
  Node* const from[] = {merge.source_relation};
  ASSIGN_OR_RETURN(RelPtr others, BindFrom({const_cast<Node**>(from), 1}, scope));
  for (const ScopeItem& item : scope->items) {
    if (item.relation_visible && item.alias == source->item.alias)
      return status::Error(sqlstate::kDuplicateAlias,
                           absl::StrCat("name \"", item.alias, "\" specified more than once"),
                           "The name is used both as MERGE target table and data source.");
  }
  // The source's columns alone, then the target's with them.
  Scope unmatched(nullptr);
  unmatched.ctes = scope->ctes;
  unmatched.items = scope->items;
  ScopeItem hidden = source->item;
  hidden.relation_visible = hidden.columns_visible = false;
  hidden.system_columns.clear();
  unmatched.items.push_back(hidden);
  Scope matched(nullptr);
  matched.ctes = scope->ctes;
  matched.items = scope->items;
  matched.items.insert(matched.items.begin(), source->item);
  matched.clause = "JOIN conditions";
  ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(merge.join_condition, &matched));
  ASSIGN_OR_RETURN(condition, ToBoolean(condition, "JOIN/ON"));
  bool keeps_unmatched = false;
  const DepthGuard for_some(&conditional_depth_);
  for (const PgQuery__MergeWhenClause* when : clauses) {
    keeps_unmatched |= !when->matched;
    RETURN_IF_ERROR(BindMergeAction(*when, when->matched ? &matched : &unmatched, source));
  }
  // Whoever reads the target's columns may do so.
  plan::ColumnSet read = plan::ColumnsOf(condition);
  for (const MergeAction& action : source->actions) {
    if (action.condition != nullptr) plan::CollectColumns(*action.condition, &read);
    for (const ExprPtr& value : action.values) plan::CollectColumns(*value, &read);
  }
  if (plan::Intersects(read, {target->output.begin(), target->output.end()}))
    UseTable(*query_->target, common::v1::PRIVILEGE_SELECT);
  std::vector<ExprPtr> conditions;
  plan::SplitConjunction(condition, &conditions);
  RelPtr join = plan::MakeRel(Rel::Kind::kJoin, {std::move(others), target});
  join->join_type = keeps_unmatched ? common::v1::JOIN_TYPE_LEFT : common::v1::JOIN_TYPE_INNER;
  join->output = join->inputs[0]->output;
  join->output.insert(join->output.end(), target->output.begin(), target->output.end());
  join->conditions = conditions;
  RelPtr rows = plan::MakeRel(Rel::Kind::kMerge, {join});
  rows->table = query_->target;
  rows->target_columns = source->target.columns;
  rows->row_key = source->target.row_key;
  rows->conditions = std::move(conditions);
  rows->expressions = {MergeActionOf(*source)};
  for (const MergeAction& action : source->actions) rows->merge_actions.push_back(action.kind);
  source->columns = join->output;
  rows->output = join->output;
  rows->output.push_back(query_->AddColumn({"action", kIntegerType, 0, 0, true}));
  return rows;
}

absl::Status Binder::BindMergeAction(const PgQuery__MergeWhenClause& when, Scope* scope,
                                     MergeSource* source) {
  MergeAction action;
  action.matched = when.matched;
  ASSIGN_OR_RETURN(action.kind, KindOf(when));
  if (when.condition != nullptr) {
    scope->clause = "MERGE WHEN conditions";
    ASSIGN_OR_RETURN(action.condition, BindExpr(when.condition, scope));
    ASSIGN_OR_RETURN(action.condition, ToBoolean(action.condition, "WHEN"));
  }
  if (action.kind == common::v1::STATEMENT_KIND_UPDATE) {
    scope->clause = "UPDATE";
    RETURN_IF_ERROR(BindAssignments({when.target_list, when.n_target_list}, scope, &action.assigned,
                                    &action.values));
    WriteColumns(action.assigned, common::v1::PRIVILEGE_UPDATE);
  } else if (action.kind == common::v1::STATEMENT_KIND_INSERT) {
    // As INSERT … VALUES of one row.
    PgQuery__List list = PG_QUERY__LIST__INIT;
    list.n_items = when.n_values;
    list.items = when.values;
    Node row = PG_QUERY__NODE__INIT;
    row.node_case = PG_QUERY__NODE__NODE_LIST;
    row.list = &list;
    Node* rows[] = {&row};
    PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
    select.n_values_lists = 1;
    select.values_lists = rows;
    Node values = PG_QUERY__NODE__INIT;
    values.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    values.select_stmt = &select;
    PgQuery__InsertStmt insert = PG_QUERY__INSERT_STMT__INIT;
    insert.n_cols = when.n_target_list;
    insert.cols = when.target_list;
    if (when.n_values > 0) insert.select_stmt = &values;
    overriding_ = when.override;
    ASSIGN_OR_RETURN(const std::vector<InsertColumn> columns, InsertColumns(insert));
    ASSIGN_OR_RETURN(auto bound, BindInsertRows(insert, columns, scope));
    action.values = std::move(bound[0]);
    std::vector<uint32_t> written;
    for (size_t i = 0; i < std::min(columns.size(), when.n_values); ++i)
      written.push_back(columns[i].ordinal);
    WriteColumns(written, common::v1::PRIVILEGE_INSERT);
  }
  source->actions.push_back(std::move(action));
  return absl::OkStatus();
}

ExprPtr Binder::MergeActionOf(const MergeSource& source) const {
  const auto choose = [&](bool matched) {
    std::vector<std::pair<ExprPtr, ExprPtr>> branches;
    ExprPtr otherwise = Number(0);
    for (size_t i = 0; i < source.actions.size(); ++i) {
      const MergeAction& action = source.actions[i];
      if (action.matched != matched) continue;
      const ExprPtr number = Number(static_cast<int64_t>(i + 1));
      if (action.condition == nullptr) {
        otherwise = number;
      } else {
        branches.emplace_back(action.condition, number);
      }
    }
    return Choose(branches, otherwise, kIntegerType);
  };
  const ExprPtr key = plan::MakeColumn(source.target.row_key, {TypeId::kBytea, 0});
  const ExprPtr found = plan::MakeTest(common::v1::TestExpression::KIND_IS_NOT_NULL, {key});
  return Choose({{found, choose(true)}}, choose(false), kIntegerType);
}

absl::StatusOr<std::vector<RelPtr>> Binder::BindMergeWrites(const MergeSource& source) {
  const TableDescriptor* const table = query_->target;
  std::vector<RelPtr> readers;
  for (const StatementKind kind :
       {common::v1::STATEMENT_KIND_DELETE, common::v1::STATEMENT_KIND_UPDATE,
        common::v1::STATEMENT_KIND_INSERT}) {
    if (std::none_of(source.actions.begin(), source.actions.end(),
                     [kind](const MergeAction& action) { return action.kind == kind; }))
      continue;
    plan::Write outer = std::exchange(static_cast<plan::Write&>(*query_), plan::Write());
    query_->kind = kind;
    query_->target = table;
    query_->of_merge = true;
    acts_outside_ = false;
    const absl::Status status = BindMergeWrite(source, kind);
    auto write = std::make_shared<plan::Write>(
        std::exchange(static_cast<plan::Write&>(*query_), std::move(outer)));
    plan::Cte cte{table->name(), std::exchange(query_->root, nullptr)};
    RETURN_IF_ERROR(status);
    // Its reader has all that it returns, what is for triggers too.
    RelPtr reader = plan::MakeRel(Rel::Kind::kCte);
    reader->cte = static_cast<uint32_t>(query_->ctes.size());
    reader->alias = table->name();
    for (const ExprPtr& e : kind == common::v1::STATEMENT_KIND_INSERT ? write->insert.returning
                                                                      : write->change.returning)
      reader->output.push_back(query_->AddColumn({"", e->type, 0, 0, false}));
    cte.write = std::move(write);
    cte.references = 1;
    query_->ctes.push_back(std::move(cte));
    readers.push_back(std::move(reader));
  }
  return readers;
}

absl::Status Binder::WriteMerged(const MergeSource& source) {
  const TableDescriptor* const table = query_->target;
  const plan::Query before = *query_;
  const std::vector<size_t> trigger_ctes = with_trigger_ctes_;
  merge_fires_ = false;
  ASSIGN_OR_RETURN(std::vector<RelPtr> readers, BindMergeWrites(source));
  const auto firing = static_cast<size_t>(std::count_if(
      query_->ctes.begin() + static_cast<long>(before.ctes.size()), query_->ctes.end(),
      [](const plan::Cte& cte) { return cte.triggers.has_value(); }));
  if (firing > 0 && firing < readers.size()) {
    // What triggers see of the other actions' rows depends on their being written in turn.
    *query_ = before;
    with_trigger_ctes_ = trigger_ctes;
    merge_fires_ = true;
    ASSIGN_OR_RETURN(readers, BindMergeWrites(source));
    merge_fires_ = false;
  }
  query_->ctes[source.cte].held = firing > 0;
  query_->kind = common::v1::STATEMENT_KIND_MERGE;
  query_->target = table;
  query_->written_elsewhere = true;
  query_->change = plan::ChangeTarget();
  query_->output.clear();
  if (readers.empty())
    readers.push_back(plan::MakeFilter(MergeReader(source).rows, {plan::MakeBool(false)}));
  // A row without columns for each that was written.
  query_->root = plan::MakeRel(Rel::Kind::kAppend);
  for (RelPtr& reader : readers)
    query_->root->inputs.push_back(plan::MakeRel(Rel::Kind::kProject, {std::move(reader)}));
  return absl::OkStatus();
}

Binder::MergeRead Binder::MergeReader(const MergeSource& source) {
  MergeRead read;
  read.rows = plan::MakeRel(Rel::Kind::kCte);
  read.rows->cte = source.cte;
  read.rows->alias = source.item.alias;
  ++query_->ctes[source.cte].references;
  for (const ColumnId id : source.columns) {
    plan::ColumnInfo info = query_->columns[id];
    info.not_null = false;
    read.columns.push_back(query_->AddColumn(std::move(info)));
  }
  read.rows->output = read.columns;
  read.rows->output.push_back(query_->AddColumn({"action", kIntegerType, 0, 0, true}));
  return read;
}

absl::Status Binder::BindMergeWrite(const MergeSource& source, StatementKind kind) {
  const MergeRead read = MergeReader(source);
  const ExprPtr number = plan::MakeColumn(read.rows->output.back(), kIntegerType);
  const auto is = [&](size_t action) {
    return Operator("=", number, Number(static_cast<int64_t>(action + 1)), -1);
  };
  std::vector<ExprPtr> wanted;
  for (size_t i = 0; i < source.actions.size(); ++i) {
    if (source.actions[i].kind != kind) continue;
    ASSIGN_OR_RETURN(ExprPtr one, is(i));
    wanted.push_back(std::move(one));
  }
  const bool alone = wanted.size() == 1;
  query_->root = plan::MakeFilter(
      read.rows,
      {alone ? wanted[0] : plan::MakeLogical(common::v1::LogicalExpression::KIND_OR, wanted)});
  // What the actions make of a column: `place` finds it among the values of one, `otherwise` stands
  // for those that do not set it. Computed before anything is written.
  RelPtr computed = PassOn(query_->root);
  using Place = std::function<const ExprPtr*(const MergeAction&)>;
  const auto value_of = [&](const Place& place, const ExprPtr& otherwise,
                            const Type& type) -> absl::StatusOr<ExprPtr> {
    std::vector<std::pair<ExprPtr, ExprPtr>> branches;
    for (size_t i = 0; i < source.actions.size(); ++i) {
      if (source.actions[i].kind != kind) continue;
      const ExprPtr* value = place(source.actions[i]);
      if (value == nullptr) continue;
      ASSIGN_OR_RETURN(ExprPtr when, is(i));
      branches.emplace_back(std::move(when), Renumbered(*value, source.columns, read.columns));
    }
    ExprPtr e = alone ? branches[0].second : Choose(branches, otherwise, type);
    if (!plan::HasSubquery(e)) return e;
    computed->output.push_back(query_->AddColumn({"", e->type, 0, 0, false}));
    computed->expressions.push_back(e);
    return plan::MakeColumn(computed->output.back(), e->type);
  };
  const auto use_computed = [&] {
    if (computed->output.size() > query_->root->output.size()) query_->root = computed;
  };
  const TableDescriptor& table = *query_->target;
  query_->output_names.emplace_back();
  const auto type_of = [&](uint32_t ordinal) {
    return types::FromProto(table.columns(static_cast<int>(ordinal)).type());
  };
  if (kind == common::v1::STATEMENT_KIND_INSERT) {
    RelPtr project = plan::MakeRel(Rel::Kind::kProject);
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto ordinal = static_cast<uint32_t>(i);
      const Place place = [ordinal](const MergeAction& action) { return &action.values[ordinal]; };
      const Type type = type_of(ordinal);
      ASSIGN_OR_RETURN(ExprPtr value, value_of(place, plan::MakeNull(type), type));
      project->expressions.push_back(std::move(value));
      project->output.push_back(
          query_->AddColumn({table.columns(i).name(), type, table.table_id(), ordinal + 1, false}));
    }
    use_computed();
    project->inputs = {query_->root};
    query_->root = project;
    return FinishMergeInsert();
  }
  const auto renumber = [&](ColumnId id) {
    const auto at = std::find(source.columns.begin(), source.columns.end(), id);
    return at == source.columns.end() ? id : read.columns[at - source.columns.begin()];
  };
  plan::ChangeTarget& change = query_->change;
  for (const ColumnId id : source.target.columns) change.columns.push_back(renumber(id));
  change.row_key = renumber(source.target.row_key);
  if (source.target.table_oid != 0) change.table_oid = renumber(source.target.table_oid);
  if (kind == common::v1::STATEMENT_KIND_UPDATE) {
    for (const MergeAction& action : source.actions) {
      for (const uint32_t ordinal : action.assigned) {
        if (std::find(change.assigned.begin(), change.assigned.end(), ordinal) ==
            change.assigned.end())
          change.assigned.push_back(ordinal);
      }
    }
    for (const uint32_t ordinal : change.assigned) {
      const Place place = [ordinal](const MergeAction& action) -> const ExprPtr* {
        const auto at = std::find(action.assigned.begin(), action.assigned.end(), ordinal);
        return at == action.assigned.end() ? nullptr : &action.values[at - action.assigned.begin()];
      };
      const ColumnId id = change.columns[ordinal];
      ASSIGN_OR_RETURN(ExprPtr value,
                       value_of(place, plan::MakeColumn(id, type_of(ordinal)), type_of(ordinal)));
      change.values.push_back(std::move(value));
    }
    use_computed();
    std::vector<uint32_t> assigned;
    RETURN_IF_ERROR(BindUpdatedRows(/*shown=*/true, &assigned));
    change.returning.push_back(plan::MakeBool(true));
    return SendTriggerRows(TriggerEvent::kUpdate, assigned, /*alone=*/false, &change.returning);
  }
  RETURN_IF_ERROR(BindCascades(table, /*removed=*/true, {}));
  RETURN_IF_ERROR(ChangeTriggers(TriggerEvent::kDelete, {}));
  change.new_columns = change.columns;
  change.returning.push_back(plan::MakeBool(true));
  return SendTriggerRows(TriggerEvent::kDelete, {}, /*alone=*/false, &change.returning);
}

absl::Status Binder::FinishMergeInsert() {
  const TableDescriptor& table = *query_->target;
  plan::InsertTarget& target = query_->insert;
  RETURN_IF_ERROR(InsertTriggers());
  for (int i = 0; i < table.columns_size(); ++i)
    target.columns.push_back(
        query_->AddColumn({table.columns(i).name(), types::FromProto(table.columns(i).type()),
                           table.table_id(), static_cast<uint32_t>(i + 1), false}));
  ASSIGN_OR_RETURN(query_->checks, ChecksOf(table, target.columns));
  RETURN_IF_ERROR(BindPartitionChecks(target.columns));
  target.returning.push_back(plan::MakeBool(true));
  return SendTriggerRows(TriggerEvent::kInsert, {}, /*alone=*/false, &target.returning);
}

}  // namespace adbms::sql::binder
