// Syntax tree to logical query: names, types and PostgreSQL's semantic checks. One Binder binds one
// statement; not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/binder/polymorphic.h"
#include "common/sql/binder/scope.h"
#include "common/sql/binder/triggers.h"
#include "common/sql/binder/type_resolution.h"
#include "common/sql/binder/updatable_view.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/plan/logical.h"
#include "common/sql/program/program.h"
#include "common/sql/sql.h"
#include "common/types/collation.h"

namespace adbms::sql::binder {

using parser::Node;
using parser::NodeList;
using plan::CheckCondition;
using plan::ColumnId;
using plan::ExprPtr;
using plan::RelPtr;

// A query that has been bound: rows and named columns.
struct BoundQuery {
  RelPtr rel;
  std::vector<ScopeColumn> columns;
};

// An output column while its query is being bound.
struct Target {
  ExprPtr expression;
  std::string name;
  ColumnId id = 0;
};

// Whether the tree has other rows for other rows around it, so that it cannot be computed once.
bool DependsOnRows(const plan::RelPtr& rel);

// While a statement is being bound, the parameters that are results of programs count from here.
inline constexpr int kFirstProgramResult = 1 << 24;
inline bool IsProgramResult(const plan::Expr& parameter) {
  return parameter.parameter >= kFirstProgramResult;
}

class Binder {
 public:
  // `input` and `tree` are borrowed.
  Binder(const PlanningInput& input, const parser::StatementTree& tree);
  Binder(const Binder&) = delete;
  Binder& operator=(const Binder&) = delete;

  // SELECT, INSERT, UPDATE, DELETE, MERGE. Errors: 42xxx and 0A000 with positions.
  absl::StatusOr<std::unique_ptr<plan::Query>> BindStatement();
  // An expression without columns, coerced to `type` unless that is kUnspecified.
  absl::StatusOr<ExprPtr> BindConstant(const Node* node, const Type& type);
  // A DEFAULT of `column`, coerced to its type by assignment; empty: that of its domain, or NULL.
  absl::StatusOr<ExprPtr> BindDefault(const std::string& sql,
                                      const common::v1::ColumnDescriptor& column);
  // A condition over a table's live columns, whose numbers are given in order. `what` in the
  // singular and `construct` name its place in messages.
  absl::StatusOr<ExprPtr> BindTableCondition(const Node* node,
                                             const common::v1::TableDescriptor& table,
                                             const std::vector<ColumnId>& columns,
                                             const std::string& what = "check constraint",
                                             const char* construct = "CHECK");
  absl::StatusOr<ExprPtr> BindTableCondition(const std::string& sql,
                                             const common::v1::TableDescriptor& table,
                                             const std::vector<ColumnId>& columns,
                                             const std::string& what = "check constraint",
                                             const char* construct = "CHECK");
  // An expression over the same, of any type; `what` in the singular names the place in messages:
  // "index expression". No subqueries.
  absl::StatusOr<ExprPtr> BindTableExpression(const Node* node,
                                              const common::v1::TableDescriptor& table,
                                              const std::vector<ColumnId>& columns,
                                              const std::string& what);
  // What may be changed through a view, into its rules. Errors: 55000 with the reason when nothing
  // may. REQUIRES: used for nothing else.
  absl::Status DescribeUpdatable(common::v1::TableDescriptor* view);
  // user_aggregates.cc: what a built-in function gives for values of these types, which it takes as
  // they are, and whether it is strict. Pseudo-types stay such. Errors: 42883.
  absl::StatusOr<std::pair<Type, bool>> DescribeCall(const std::string& name,
                                                     const std::vector<Type>& given);
  // Coerced as in an assignment; null when there is no such cast.
  absl::StatusOr<ExprPtr> TryAssign(ExprPtr expression, const Type& type) {
    return TryCoerce(std::move(expression), type, functions::CastContext::kAssignment);
  }
  // A constant that nothing has given a type is text.
  absl::StatusOr<ExprPtr> Resolved(ExprPtr expression) {
    return ResolveUnknown(std::move(expression));
  }
  // Errors: 42804 "argument of … must be type boolean".
  absl::StatusOr<ExprPtr> AsCondition(ExprPtr expression, const char* construct) {
    return ToBoolean(std::move(expression), construct);
  }
  // declared_types.cc: the type that a name means. Errors: 42704, 0A000, 22023, each with position.
  absl::StatusOr<Type> ResolveType(const PgQuery__TypeName& name);
  // collations.cc: the collation that a name means. Errors: 42704.
  absl::StatusOr<types::CollationId> FindCollation(NodeList names, int location);
  // The expression with this collation. Errors: 42804 for one that has none.
  absl::StatusOr<ExprPtr> WithCollation(const ExprPtr& e, NodeList names, int location);
  // What bytes are sorted of in the order of `e`: itself, or its sort key.
  absl::StatusOr<ExprPtr> Ordered(const ExprPtr& e) const;
  // Whether the call is such a sort key.
  static bool IsSortKey(const plan::Expr& e);
  // Whether what has been bound so far names the declared type.
  bool Names(uint32_t type_oid) const;
  // A policy's condition over the table's live columns, whose numbers are given in order. Errors:
  // 42804 for one that is not boolean.
  absl::StatusOr<ExprPtr> BindPolicyExpression(const Node* node,
                                               const common::v1::TableDescriptor& table,
                                               const std::vector<ColumnId>& columns);
  // The relations that what has been bound so far reads itself, and of their columns those that the
  // expression names.
  std::vector<common::v1::ViewDependency> DependenciesOf(const ExprPtr& expression);
  // A whole query, for views.
  absl::StatusOr<BoundQuery> BindTopQuery(const PgQuery__SelectStmt& select);
  // The relations and columns that a view's query, bound by BindTopQuery, reads itself.
  std::vector<common::v1::ViewDependency> DependenciesOf(const BoundQuery& bound);
  // The names without a schema, by their offsets in the statement's text.
  const std::map<int, common::v1::UnqualifiedName>& unqualified_names() const {
    return unqualified_names_;
  }
  // The numbers of the users' functions that are called, other than by a body of theirs.
  const std::set<uint32_t>& called_functions() const { return called_functions_; }
  plan::Query& query() { return *query_; }
  // Literals that must not be lifted; grows while binding fails to lift one.
  const std::set<int>& unliftable() const { return unliftable_; }
  void set_unliftable(std::set<int> literals) { unliftable_ = std::move(literals); }
  // True when `unliftable` has grown: bind once more, with a new Binder.
  bool must_rebind() const { return must_rebind_; }
  absl::Status ErrorAt(std::string_view code, int location, std::string_view message,
                       std::string_view hint = {}) const;
  absl::Status Unsupported(int location, std::string_view what) const;

 private:
  // The constants on which it depends whether an index on expressions or a partial one fits are not
  // lifted.
  void PinIndexLiterals();
  std::vector<common::v1::ViewDependency> DependenciesOn(std::set<ColumnId> used) const;
  void NumberProgramResults();
  // Errors: 0A000 for a volatile one beside tables that are read.
  absl::Status CheckPrograms() const;
  // Only storage, which knows the catalog, can write an object's number as its name: the result's
  // columns of such types become text.
  void NameObjects(BoundQuery* bound);
  // The same for RETURNING of the statement itself.
  void NameReturned();
  bool IsShownByName(const Type& type);
  // The same for arguments of any type that `function` writes into a text or a JSON value.
  // `signature`: of its arguments, variadic ones spread.
  void NameArguments(const functions::Function& function, const Signature& signature,
                     std::vector<ExprPtr>* args);
  // -- statements (dml_binder.cc, insert_binder.cc, on_conflict.cc, merge_binder.cc)
  // One that writes, into query_. `parent`: of a WITH query; null in the statement itself.
  absl::Status BindWrite(const Node* node, Scope* parent);
  absl::Status BindInsert(const PgQuery__InsertStmt& insert, Scope* parent);
  absl::Status BindUpdate(const PgQuery__UpdateStmt& update, Scope* parent);
  absl::Status BindDelete(const PgQuery__DeleteStmt& erase, Scope* parent);
  // Of an UPDATE whose assignments are bound: triggers, generated columns, checks, cascades. What
  // triggers take for assigned. `shown`: as in CheckPolicies.
  absl::Status BindUpdatedRows(bool shown, std::vector<uint32_t>* assigned_to_triggers);
  // merge_binder.cc
  struct MergeAction;
  struct MergeSource;
  // A reader of the rows; by MergeSource.columns, its own.
  struct MergeRead {
    RelPtr rows;
    std::vector<ColumnId> columns;
  };
  absl::Status BindMerge(const PgQuery__MergeStmt& merge);
  // Errors: 0A000 for what is no table.
  absl::Status ResolveMergeTarget(const PgQuery__RangeVar& range,
                                  const std::vector<common::v1::Privilege>& privileges);
  // The join, with what is to be done with each of its rows.
  absl::StatusOr<RelPtr> BindMergeRows(const PgQuery__MergeStmt& merge,
                                       const std::vector<const PgQuery__MergeWhenClause*>& clauses,
                                       Scope* scope, MergeSource* source);
  absl::Status BindMergeAction(const PgQuery__MergeWhenClause& when, Scope* scope,
                               MergeSource* source);
  // The number of the action of a row, from 1; 0: none.
  ExprPtr MergeActionOf(const MergeSource& source) const;
  // The WITH queries that write, and the statement that counts what they have written.
  absl::Status WriteMerged(const MergeSource& source);
  // The writes alone; the readers of what they return.
  absl::StatusOr<std::vector<RelPtr>> BindMergeWrites(const MergeSource& source);
  MergeRead MergeReader(const MergeSource& source);
  // All actions of the kind, as one INSERT, UPDATE or DELETE.
  absl::Status BindMergeWrite(const MergeSource& source, common::v1::StatementKind kind);
  absl::Status FinishMergeInsert();
  // current_of.cc: that the target's row is the one on which the cursor stands.
  absl::StatusOr<ExprPtr> BindCurrentOf(const PgQuery__CurrentOfExpr& of);
  // Of a cursor's query, whose output is known: the keys of the tables' rows join it.
  void ExposeRows(plan::Rel* rel);
  // Errors: 0A000 when rows could be changed twice.
  absl::Status CheckWrites() const;
  absl::Status BindChangeInput(NodeList from, const Node* where, const ScopeItem& item, RelPtr rel,
                               Scope* scope);
  absl::Status BindOnConflict(const PgQuery__OnConflictClause& clause, const ScopeItem& target,
                              Scope* scope);
  // on_conflict.cc
  absl::StatusOr<uint32_t> InferConflictIndex(const PgQuery__OnConflictClause& clause);
  // The key's columns, by ordinal. 0: the primary key.
  std::vector<uint32_t> ArbiterColumns(uint32_t index_id) const;
  // What an inference clause names: columns, expressions, and the rows that it is about.
  struct Inference {
    std::set<uint32_t> columns;
    std::vector<ExprPtr> expressions;
    std::vector<ExprPtr> conditions;
  };
  absl::StatusOr<Inference> ReadInference(const PgQuery__InferClause& infer);
  absl::StatusOr<std::vector<const common::v1::IndexDescriptor*>> MatchingIndexes(
      const Inference& inference);
  absl::StatusOr<const common::v1::TableDescriptor*> ResolveTarget(const PgQuery__RangeVar& range,
                                                                   common::v1::Privilege privilege);
  // -- changing rows through views (updatable_view.cc)
  // Follows the views down to the table that is changed, noting who uses what. Errors: 55000.
  absl::StatusOr<const common::v1::TableDescriptor*> ResolveTargetViews(
      const common::v1::TableDescriptor& named, common::v1::Privilege privilege);
  // The privilege on what the statement names, and for the views' owners on what these read.
  void UseTarget(common::v1::Privilege privilege);
  // Makes of the item of the table's live columns, all of which have the numbers `columns`, that of
  // the view.
  absl::Status BindTargetViews(const std::vector<ColumnId>& columns, ScopeItem* item);
  absl::Status BindTargetView(TargetViews::Level* level, const common::v1::TableDescriptor& below,
                              const std::vector<ColumnId>& columns, ScopeItem* item);
  // With what computed columns of the view stand for.
  ExprPtr OverTarget(const ExprPtr& expression) const;
  // The item over other numbers of the table's columns.
  ScopeItem OverColumns(ScopeItem item, const std::vector<ColumnId>& from,
                        const std::vector<ColumnId>& to);
  ExprPtr Renumbered(const ExprPtr& expression, const std::vector<ColumnId>& from,
                     const std::vector<ColumnId>& to) const;
  // The table's ordinal of a column that is assigned. Errors: 42703, 0A000 for a computed one.
  absl::StatusOr<uint32_t> TargetColumn(const std::string& name, int location) const;
  absl::Status ComputedColumn(size_t index) const;
  absl::Status NotUpdatable(const common::v1::TableDescriptor& view,
                            const std::string& reason) const;
  // CHECK OPTIONs, whose conditions are over `from`, for rows in `to`.
  absl::Status AddViewChecks(const std::vector<ColumnId>& from, const std::vector<ColumnId>& to);

  // -- policies of tables (row_security.cc)
  // What is known of the role, on which the plan then depends. Errors: kUnknownRole.
  absl::StatusOr<const common::v1::RoleFacts*> FactsOf(const std::string& role);
  // The acting role's, where the table's policies are for it; null: it is exempt. Errors: 42501
  // with row_security = off, those of FactsOf.
  absl::StatusOr<const common::v1::RoleFacts*> SecuredFor(const common::v1::TableDescriptor& table);
  // `columns` by ordinal. Errors: 42P17 within a policy of the same table.
  absl::StatusOr<ExprPtr> BindPolicy(const common::v1::PolicyCondition& condition,
                                     const common::v1::TableDescriptor& table,
                                     const std::vector<ColumnId>& columns);
  // All that have to hold, for a command as in PolicyDescriptor: the permissive ones as one without
  // a name, then the restrictive ones. None: the acting role is exempt. `written`: of rows that are
  // written, else of rows that there are.
  absl::StatusOr<std::vector<CheckCondition>> PoliciesFor(const common::v1::TableDescriptor& table,
                                                          char command, bool written,
                                                          const std::vector<ColumnId>& columns);
  absl::Status AddRowPolicies(char command, const std::vector<ColumnId>& columns,
                              plan::Rel* filter);
  // The table's columns by ordinal, all of which the scan reads from now on.
  std::vector<ColumnId> AllColumns(plan::Rel* scan);
  static RelPtr Barrier(RelPtr input);
  // The rows that policies for the command let the acting role see: the scan itself, or a barrier
  // over a filter over it.
  absl::StatusOr<RelPtr> SecureScan(const RelPtr& scan, char command);
  // Rows of such a barrier are locked, for which policies for UPDATE have to hold, too.
  absl::Status SecureLocked(plan::Rel* barrier);
  // The role for which the statement's target is used.
  const std::string& TargetRole() const;
  // The rows that UPDATE and DELETE may change, under the barriers of the views in between.
  absl::StatusOr<RelPtr> SecureTarget(RelPtr rel);
  // Whether the expressions name columns of the target of UPDATE or DELETE.
  bool ReadsTarget(const std::vector<ExprPtr>& expressions) const;
  // The same of RETURNING, which is bound for nothing else.
  absl::StatusOr<bool> ReturnsTarget(NodeList list, const Scope& scope);
  // UPDATE or DELETE reads the target's columns: policies for SELECT have to hold, too.
  absl::Status ShowTargetRows();
  // The policies are asked again where a row was waited for.
  void RecheckPolicies();
  // Checks of rows that are written, or updated by ON CONFLICT. `shown`: policies for SELECT have
  // to hold, too.
  absl::Status CheckPolicies(char command, bool shown,
                             common::v1::CheckConstraint::RowSecurity kind,
                             const std::vector<ColumnId>& columns);
  absl::StatusOr<RelPtr> TargetScan(const PgQuery__RangeVar& range, ScopeItem* item);
  // The same of a view whose triggers write.
  absl::StatusOr<RelPtr> TargetView(const PgQuery__RangeVar& range, ScopeItem* item);
  bool HasTriggers(const common::v1::TableDescriptor& table) const;
  absl::Status BindReturning(NodeList list, Scope* scope, std::vector<ExprPtr>* returning);
  absl::StatusOr<std::vector<plan::CheckCondition>> ChecksOf(
      const common::v1::TableDescriptor& table, const std::vector<ColumnId>& columns);
  // partition_binder.cc
  // The scan emits the oid of its rows' table, and the rows' identities, should the statement ask
  // for them.
  void AddSystemColumns(plan::Rel* scan, ScopeItem* item);
  // The columns of the partition keys of tables with very many partitions: constants that say which
  // of them are read are part of the plan.
  std::map<uint32_t, std::set<uint32_t>> KeysOfManyPartitions() const;
  void CollectKeyLiterals(const std::map<uint32_t, std::set<uint32_t>>& keys, const plan::Expr& e,
                          std::set<int>* literals) const;
  // The CHECK constraints of the target's partitions that it does not have itself.
  absl::Status BindPartitionChecks(const std::vector<ColumnId>& columns);
  // RETURNING may ask for the oid of a written row's table, which `item` is.
  void ReturnTableOid(ScopeItem* item);
  // Where the target is not partitioned that is a constant.
  ExprPtr WithKnownTableOid(const ExprPtr& e) const;
  // trigger_binder.cc
  // A row that is about to be written: a value for each ordinal, none where there is no such row.
  struct TriggeredRow {
    std::vector<ExprPtr> new_values;
    std::vector<ExprPtr> old_values;
  };
  // Changes the new row; whether the row is to be written, null: yes. Errors: 0A000 for a function
  // that is no expression.
  absl::StatusOr<ExprPtr> RunBeforeTrigger(const common::v1::TriggerDescriptor& trigger,
                                           TriggerEvent event, TriggeredRow* row);
  using Triggers = std::vector<const common::v1::TriggerDescriptor*>;
  bool is_replica() const { return input_.switches.is_replica(); }
  // Whether all of it could be bound; otherwise the statement is as it was before.
  bool BecomesPlan(const std::function<absl::Status()>& inlined);
  absl::Status InlineInsertTriggers(const Triggers& triggers);
  absl::Status InlineUpdateTriggers(const Triggers& triggers);
  absl::Status InlineDeleteTriggers(const Triggers& triggers);
  // ON CONFLICT DO UPDATE, which sets these columns: upsert_fires_ is set where they are no part of
  // the plan.
  absl::Status ConflictTriggers(const std::vector<uint32_t>& assigned);
  absl::Status CheckExcluded() const;
  absl::Status NoConflictTrigger(const std::string& why) const;
  // row_triggers.cc
  static bool IsView(const common::v1::TableDescriptor& table) { return !table.view_sql().empty(); }
  // All of the input's columns, to which others are added.
  RelPtr PassOn(const RelPtr& input) const;
  // The rows as triggers leave them: a WITH query, and what reads it.
  RelPtr FireForRows(RelPtr rows, plan::RowTriggers triggers);
  // BEFORE and INSTEAD OF, for each row: a part of the plan where that can be.
  absl::Status InsertTriggers();
  // The same for UPDATE and DELETE. `assigned`: what the statement sets, and the generated columns
  // that follow from it.
  absl::Status ChangeTriggers(TriggerEvent event, const std::vector<uint32_t>& assigned);
  // RETURNING of a statement whose triggers write instead becomes its tree: over `new_columns`
  // in place of `columns`.
  void ReturnInstead(const std::vector<ColumnId>& columns, const std::vector<ColumnId>& new_columns,
                     std::vector<ExprPtr>* returning);
  // The target's rows are locked where they are read.
  void LockTarget(common::v1::RowLockStrength strength);
  // after_triggers.cc
  // The columns of the row before UPDATE has changed it, in the table's order.
  std::vector<ColumnId> KeepOldRow();
  // Adds the rows that triggers are run for to what is returned. `alone`: not in WITH.
  absl::Status SendTriggerRows(TriggerEvent event, const std::vector<uint32_t>& assigned,
                               bool alone, std::vector<ExprPtr>* returning);
  // What WITH queries send of them joins the statement's result.
  absl::Status SendTriggerRowsOfWith();
  // The rows that the session has under the name, in FROM.
  absl::StatusOr<RelPtr> ReadTransitionTable(const TransitionTable& table, ScopeItem* item);
  // What policies ask of the rows of INSERT. `clause`: may be null.
  absl::Status CheckInsertPolicies(const PgQuery__OnConflictClause* clause);
  // cascade_binder.cc: what the actions of foreign keys reach when rows of the table are removed,
  // or these columns of them change.
  absl::Status BindCascades(const common::v1::TableDescriptor& table, bool removed,
                            const std::vector<uint32_t>& changed);
  // A given value for a column: checked against its being an identity column.
  absl::StatusOr<ExprPtr> InsertValue(ExprPtr value, const common::v1::ColumnDescriptor& column);
  // What an INSERT names: a column, or a part of one, such as (a[1]) or (c.field).
  struct InsertColumn {
    uint32_t ordinal = 0;
    const PgQuery__ResTarget* part = nullptr;
  };
  absl::StatusOr<std::vector<InsertColumn>> InsertColumns(const PgQuery__InsertStmt& insert);
  // Errors: 42601 for a column of the table that is among these more than once.
  absl::Status CheckAssignedOnce(std::span<const InsertColumn> columns) const;
  // Whether the column's type is one that has parts. Errors: 0A000.
  absl::Status CheckHasParts(const PgQuery__ResTarget& target, uint32_t ordinal) const;
  // The value becomes the column's in `row`, or a part of what is there.
  absl::Status InsertInto(const InsertColumn& column, ExprPtr value, Scope* scope,
                          std::vector<ExprPtr>* row);
  absl::StatusOr<std::vector<std::vector<ExprPtr>>> BindInsertRows(
      const PgQuery__InsertStmt& insert, const std::vector<InsertColumn>& columns, Scope* scope);
  // Gives a type to the constant or parameter that a query's column is, through sorts and limits:
  // what `assign` makes of it. Other columns are left as they are.
  absl::Status TypeUnknown(plan::Rel* rel, ColumnId id,
                           const std::function<absl::StatusOr<ExprPtr>(ExprPtr)>& assign);
  absl::StatusOr<RelPtr> InsertInput(const PgQuery__InsertStmt& insert, Scope* scope);
  absl::StatusOr<ExprPtr> AssignTo(ExprPtr value, const common::v1::ColumnDescriptor& column,
                                   int location);
  absl::StatusOr<ExprPtr> DefaultOf(const common::v1::ColumnDescriptor& column);
  // SET column[…] = value of a jsonb column, which may have been assigned to already.
  absl::Status BindAssignmentIn(const PgQuery__ResTarget& target, uint32_t ordinal, Scope* scope,
                                std::vector<uint32_t>* columns, ExprPtr* earlier,
                                std::vector<ExprPtr>* values);
  absl::Status BindAssignments(NodeList targets, Scope* scope, std::vector<uint32_t>* columns,
                               std::vector<ExprPtr>* values);

  // -- queries (select_binder.cc, grouping.cc, set_operation.cc)
  absl::StatusOr<BoundQuery> BindSelect(const PgQuery__SelectStmt& select, Scope* parent,
                                        bool keep_unknown = false);
  // WITH (with_binder.cc)
  // search_cycle.cc: what SEARCH and CYCLE add to a recursive query.
  struct Way {
    std::string alias;                 // Of the working table in the recursive term.
    std::vector<ScopeColumn> columns;  // The new ones, of the first term.
    BoundQuery names;                  // Those of the recursive term, as the row before has them.
    ExprPtr mark;                      // CYCLE … TO
    ExprPtr unmarked;                  // DEFAULT
  };
  class ExtendedSelect;
  // Errors: 42601 for columns that are not there or twice.
  absl::Status CheckSearchCycle(const PgQuery__CommonTableExpr& item,
                                const BoundQuery& initial) const;
  absl::StatusOr<ExprPtr> CallOperator(const std::string& symbol, const ExprPtr& left,
                                       const ExprPtr& right);
  absl::StatusOr<ExprPtr> RowOfColumns(NodeList names, const BoundQuery& query,
                                       std::vector<ExprPtr> first, int location);
  // Adds them to the first term, whose columns become of these types.
  absl::StatusOr<Way> BeginWay(const PgQuery__CommonTableExpr& item, const std::vector<Type>& types,
                               BoundQuery* initial);
  // The recursive term with the way of the row before at its end.
  absl::StatusOr<BoundQuery> BindExtended(const PgQuery__SelectStmt& select, const Way& way,
                                          Scope* scope);
  static std::vector<ScopeColumn> HiddenColumns(const Way& way);
  // The recursive term with the way continued.
  absl::StatusOr<RelPtr> ContinueWay(const PgQuery__CommonTableExpr& item, const Way& way,
                                     const BoundQuery& initial, const std::vector<Type>& types,
                                     BoundQuery* recursive);
  absl::Status BindWith(const PgQuery__WithClause* with, Scope* scope);
  absl::Status NameColumns(const PgQuery__CommonTableExpr& item, BoundQuery* bound) const;
  // Makes the rows ones that ReadCte can be asked for any number of times.
  void KeepRows(const RelPtr& rel, CteEntry* entry);
  void AddCte(const PgQuery__CommonTableExpr& item, BoundQuery bound, bool recursive, Scope* scope);
  absl::Status BindWritingCte(const PgQuery__CommonTableExpr& item, Scope* scope);
  absl::StatusOr<BoundQuery> BindRecursive(const PgQuery__CommonTableExpr& item, Scope* scope);
  absl::StatusOr<RelPtr> ReadCte(const CteEntry& entry, int location, ScopeItem* item);
  // The conjuncts of WHERE.
  absl::Status BindConditions(const Node* node, Scope* scope, std::vector<ExprPtr>* conditions);
  absl::StatusOr<BoundQuery> BindSimple(const PgQuery__SelectStmt& select, Scope* scope,
                                        bool keep_unknown);
  absl::StatusOr<BoundQuery> BindSelectBody(const PgQuery__SelectStmt& select, Scope* scope,
                                            RelPtr rel, bool keep_unknown);
  absl::StatusOr<BoundQuery> BindValues(const PgQuery__SelectStmt& select, Scope* scope,
                                        bool keep_unknown);
  absl::StatusOr<BoundQuery> BindSetOperation(const PgQuery__SelectStmt& select, Scope* scope);
  // The type of a column that both sides of a set operation have. Errors: 42804; 42883 when rows
  // are compared and it cannot be.
  absl::StatusOr<Type> CommonColumnType(const BoundQuery& left, const BoundQuery& right,
                                        size_t column, const char* name, bool compared) const;
  // A side of a set operation with columns of these types.
  absl::StatusOr<RelPtr> CoerceColumns(BoundQuery* side, const std::vector<Type>& types,
                                       const char* name);
  absl::StatusOr<std::vector<Target>> BindTargets(NodeList list, Scope* scope, bool keep_unknown);
  absl::Status ExpandStar(const Node* node, Scope* scope, std::vector<Target>* targets);
  // row_binder.cc: rows as values.
  // ROW(…) of the arguments. `named`: the type with these fields; unspecified: an anonymous row,
  // whose fields are f1, f2, … where `names` is empty. What is of unknown type becomes text, and
  // something else where the row becomes one of another type. Errors: 54011, 54001.
  absl::StatusOr<ExprPtr> MakeRow(std::vector<ExprPtr> args, const std::vector<std::string>& names,
                                  const Type& named, int location);
  absl::StatusOr<ExprPtr> MakeTargetRow(const std::vector<Target>& targets, const Type& named,
                                        int location);
  // The row, NULL where the condition is true. REQUIRES: all of its fields are NULL there.
  static ExprPtr NullRowWhere(ExprPtr condition, ExprPtr row);
  absl::StatusOr<ExprPtr> BindRow(const PgQuery__RowExpr& row, Scope* scope);
  // Its fields; those of name.* one by one.
  absl::StatusOr<std::vector<ExprPtr>> BindRowFields(const PgQuery__RowExpr& row, Scope* scope);
  // name.* where a value stands.
  absl::StatusOr<ExprPtr> BindRowOfStar(const PgQuery__ColumnRef& ref, Scope* scope);
  absl::StatusOr<ExprPtr> RowsDistinct(const PgQuery__RowExpr& left, const PgQuery__RowExpr& right,
                                       bool distinct, int location, Scope* scope);
  // The plan is bound to the table's version.
  Type RowTypeOfTable(const common::v1::TableDescriptor& table);
  absl::StatusOr<ExprPtr> WholeRow(const ScopeItem& item, int location);
  // (…).*. Errors: 42809 for what is no row, 42601 for one of which nothing is known.
  absl::StatusOr<std::vector<Target>> BindFieldStar(const Node* node, Scope* scope);
  absl::StatusOr<std::vector<Target>> FieldsOf(const ExprPtr& row);
  // REQUIRES: the row's type has such a field.
  ExprPtr FieldAt(const ExprPtr& row, size_t field);
  // The field, or the value of a function of the row. Errors: 42703, 42809.
  absl::StatusOr<ExprPtr> FieldOf(const ExprPtr& row, const std::string& name, int location,
                                  Scope* scope);
  // Null: there is no such function.
  absl::StatusOr<ExprPtr> CallWithRow(const std::string& name, const ExprPtr& row, int location,
                                      Scope* scope);
  // As a row of `type`; null: it cannot become one. Errors: 42846 for other fields.
  absl::StatusOr<ExprPtr> CoerceRow(const ExprPtr& row, const Type& type,
                                    functions::CastContext context);
  // Errors: 42804 for other fields, 42883 for one that has no order.
  absl::Status CheckRowComparison(const std::string& op, const Type& left, const Type& right) const;
  ExprPtr RowNullTest(const ExprPtr& row, bool is_null);
  // SET column.field… = value: what the column becomes.
  absl::StatusOr<ExprPtr> AssignInRow(ExprPtr row, const PgQuery__ResTarget& target, NodeList steps,
                                      ExprPtr value, Scope* scope);
  // SET column[…].field… = value of whatever type the column is.
  absl::StatusOr<ExprPtr> AssignInside(ExprPtr whole, const PgQuery__ResTarget& target,
                                       NodeList steps, ExprPtr value, Scope* scope);
  // The keys, and with GROUPING SETS or its like, of which of them (by position) each set is made.
  using GroupingSets = std::vector<std::vector<size_t>>;
  absl::Status BindGroupBy(const PgQuery__SelectStmt& select, Scope* scope,
                           const std::vector<Target>& targets, std::vector<ExprPtr>* keys,
                           std::optional<GroupingSets>* sets);
  // The position of the key, which is added if need be.
  absl::StatusOr<size_t> BindGroupKey(const Node* node, Scope* scope,
                                      const std::vector<Target>& targets,
                                      std::vector<ExprPtr>* keys);
  absl::StatusOr<RelPtr> GroupByKeys(RelPtr rel, const GroupingState& grouping,
                                     const std::vector<ExprPtr>& group,
                                     const std::vector<std::pair<ExprPtr, ColumnId>>& keys);
  // grouping_sets.cc
  absl::StatusOr<GroupingSets> ExpandGroupBy(NodeList items, Scope* scope,
                                             const std::vector<Target>& targets,
                                             std::vector<ExprPtr>* keys);
  absl::StatusOr<GroupingSets> ExpandGroupItem(const Node* item, Scope* scope,
                                               const std::vector<Target>& targets,
                                               std::vector<ExprPtr>* keys);
  absl::StatusOr<ExprPtr> BindGrouping(const PgQuery__GroupingFunc& function, Scope* scope);
  // What GROUPING is in the rows of a set. Errors: 42803.
  absl::StatusOr<int32_t> GroupingValue(const GroupingState::Operation& operation,
                                        const std::vector<ExprPtr>& keys,
                                        const std::vector<size_t>& set) const;
  // `group`: the written keys; `keys`: these and what they determine, with their columns.
  absl::StatusOr<RelPtr> GroupBySets(RelPtr rel, const GroupingState& grouping,
                                     const GroupingSets& sets, const std::vector<ExprPtr>& group,
                                     const std::vector<std::pair<ExprPtr, ColumnId>>& keys);
  absl::StatusOr<ExprPtr> ReplaceGrouped(const ExprPtr& expression, Scope* scope,
                                         std::vector<std::pair<ExprPtr, ColumnId>>* keys);
  struct OrderItem {
    int target = -1;     // Position among the targets, or
    ExprPtr expression;  // an expression of its own.
    bool descending = false;
    bool nulls_first = false;
    int location = -1;
  };
  absl::StatusOr<std::vector<OrderItem>> BindOrderBy(NodeList list, Scope* scope,
                                                     const std::vector<Target>& targets,
                                                     bool names_only);
  // DISTINCT ON (distinct_on.cc): its items, as ORDER BY's; their positions among the targets,
  // which are added where need be (42P10 unless ORDER BY begins with the same ones); the first row
  // of each.
  absl::StatusOr<std::vector<OrderItem>> BindDistinctOn(NodeList list, Scope* scope,
                                                        const std::vector<Target>& targets);
  absl::Status MatchDistinctOn(std::vector<OrderItem>* items, const std::vector<OrderItem>& order,
                               std::vector<Target>* targets) const;
  absl::StatusOr<RelPtr> FirstOfEach(RelPtr rel, const std::vector<OrderItem>& items,
                                     const std::vector<OrderItem>& order,
                                     const std::vector<Target>& targets);
  absl::StatusOr<std::optional<int>> MatchTarget(const Node* node,
                                                 const std::vector<Target>& targets, Scope* scope,
                                                 bool columns_first, const char* clause);
  // `sorted`: what the rows are sorted by.
  absl::StatusOr<RelPtr> BindLimit(const PgQuery__SelectStmt& select, RelPtr rel,
                                   const std::vector<plan::SortKey>& sorted, Scope* scope);
  absl::Status ApplyLocking(const PgQuery__SelectStmt& select, const RelPtr& rel);
  absl::Status ApplyLock(const PgQuery__LockingClause& clause, const RelPtr& rel);
  RelPtr Project(RelPtr input, const std::vector<Target>& targets);
  bool MustPinTargets(const PgQuery__SelectStmt& select) const;

  // -- FROM (from_binder.cc, range_function.cc, join_binder.cc, lateral.cc)
  struct RangeCall;  // range_call.h
  absl::StatusOr<RelPtr> BindFrom(NodeList list, Scope* scope);
  absl::StatusOr<RelPtr> BindFromItem(const Node* node, RelPtr lateral, Scope* scope,
                                      std::vector<ScopeItem>* items);
  // `sampled`: a table is scanned without its policies, which the caller adds.
  absl::StatusOr<RelPtr> BindRangeVar(const PgQuery__RangeVar& range, Scope* scope, ScopeItem* item,
                                      bool sampled = false);
  absl::StatusOr<RelPtr> BindTableSample(const PgQuery__RangeTableSample& sample, Scope* scope,
                                         ScopeItem* item);
  absl::StatusOr<RelPtr> BindRangeSubselect(const PgQuery__RangeSubselect& range, RelPtr lateral,
                                            Scope* scope, ScopeItem* item);
  absl::StatusOr<RelPtr> BindRangeFunction(const PgQuery__RangeFunction& range, Scope* scope,
                                           ScopeItem* item);
  absl::Status BindRangeCall(const Node* node, NodeList definitions, Scope* scope,
                             std::vector<RangeCall>* calls);
  absl::Status DefineColumns(const Node* node, NodeList definitions, RangeCall* call);
  void Define(const std::vector<Target>& fields, RangeCall* call);
  // The fields of the call's only column, if that is a row. Errors: 42601 for a list that is not
  // wanted, or is missing; 42804 for one that does not fit.
  absl::Status DefineFields(NodeList definitions, RangeCall* call);
  // The same of a function that has become a query with these columns.
  absl::Status DefineBody(const common::v1::FunctionDescriptor& function, int location,
                          NodeList definitions, std::vector<ScopeColumn>* columns);
  // json_binder.cc: the object's member as a value of the type, as json_to_record reads it.
  absl::StatusOr<ExprPtr> JsonMember(const ExprPtr& object, const std::string& key,
                                     const Type& type);
  absl::StatusOr<ExprPtr> BindPopulate(const PgQuery__FuncCall& call, const std::string& name,
                                       Scope* scope);
  // The row with what the object has of its fields. Errors: 42804, 22023 for a row of no type.
  absl::StatusOr<ExprPtr> PopulateRow(const std::string& function, const ExprPtr& base,
                                      ExprPtr object, int location);
  absl::StatusOr<RelPtr> RangeCalls(std::vector<RangeCall> calls, bool ordinality, ScopeItem* item);
  absl::StatusOr<RelPtr> BindJoin(const PgQuery__JoinExpr& join, RelPtr lateral, Scope* scope,
                                  std::vector<ScopeItem>* items);
  // Whether the query may use the relation's row as a value.
  static bool IsUsedWhole(const Scope& scope, const ScopeItem& item);
  // Gives those items of the side of an outer join that may get no row, and that are used as a
  // whole, a column that tells.
  void MarkPresence(const Scope& scope, RelPtr* rel, std::vector<ScopeItem>* items);
  // Joins; a right side may depend on the left's columns. Errors: 42P10 where it may not.
  absl::StatusOr<RelPtr> JoinLateral(RelPtr left, RelPtr right, common::v1::JoinType type,
                                     std::vector<ExprPtr> conditions);
  absl::StatusOr<BoundQuery> BindView(const common::v1::TableDescriptor& view, int location);
  // Errors: 0A000 for a temporary table of another session.
  absl::Status CheckReachable(const common::v1::TableDescriptor& table, int location) const;
  absl::Status ApplyAlias(const PgQuery__Alias* alias, std::string_view default_name,
                          ScopeItem* item, int location);
  absl::Status CheckDuplicateAliases(const std::vector<ScopeItem>& items) const;
  RelPtr ScanOf(const common::v1::TableDescriptor& table, std::string alias, ScopeItem* item);
  // ONLY of a partitioned table: no rows.
  static RelPtr WithoutPartitions(const plan::Rel& scan);
  // The privilege on the table; on columns of it, where it is one that columns can have, as far as
  // ReadColumn and WriteColumns name them.
  void UseTable(const common::v1::TableDescriptor& table, common::v1::Privilege privilege);
  // column_uses.cc: the number stands for a relation's column, which the acting role reads with it.
  void StandFor(ColumnId id, const common::v1::TableDescriptor& table, uint32_t ordinal);
  // The columns of the target, and those of the view that the statement names.
  void StandForTarget(const std::vector<ColumnId>& columns, const ScopeItem& item);
  // Of the row that is there after the change.
  void StandForSame(const ScopeItem& before, const ScopeItem& after);
  // The statement names the column.
  void ReadColumn(ColumnId id);
  // The target's columns, by ordinal.
  void WriteColumns(const std::vector<uint32_t>& ordinals, common::v1::Privilege privilege);
  void UseColumns(const common::v1::TableDescriptor& table, const std::string& role,
                  common::v1::Privilege privilege, const std::set<uint32_t>& ordinals);
  // The plan is bound to this version of the table, and needs no privilege on it.
  void MentionTable(const common::v1::TableDescriptor& table);
  // range_binder.cc: whether a call of these names is that of a declared range's constructor, or of
  // its multirange's.
  bool MakesRange(const std::vector<std::string>& names) const;
  absl::StatusOr<ExprPtr> BindRangeConstructor(const std::vector<std::string>& names,
                                               std::vector<ExprPtr> args, bool variadic,
                                               int location);
  // The type with these names in the catalog, which the plan is then bound to.
  std::optional<Type> FindDeclaredType(std::string_view schema, std::string_view name);
  std::optional<Type> FindRowType(std::string_view schema, std::string_view name,
                                  const std::vector<std::string>& path);
  // The type with the number, which the plan is then bound to.
  std::optional<Type> TypeOfOid(uint32_t oid);
  // What a type that the catalog keeps is by now.
  Type TypeNow(const common::v1::DataType& kept);
  // Parameters of a type that has changed since they were declared are of what it is now.
  void RenewParameterTypes();
  // The parameters that are of domains, or have such in them: their types. They are read as what
  // these are over.
  std::map<int, Type> checked_parameters_;

  // -- expressions (expression_binder.cc and others)
  // What a name means that no column has.
  struct NamedValue {
    ParameterName name;
    ExprPtr value;
  };
  absl::StatusOr<ExprPtr> BindExpr(const Node* node, Scope* scope);
  absl::StatusOr<std::vector<ExprPtr>> BindExprs(NodeList nodes, Scope* scope);
  absl::StatusOr<ExprPtr> BindConst(const PgQuery__AConst& constant);
  absl::StatusOr<ExprPtr> BindColumnRef(const PgQuery__ColumnRef& ref, Scope* scope);
  // collations.cc
  absl::StatusOr<ExprPtr> BindCollate(const PgQuery__CollateClause& collate, Scope* scope);
  absl::Status CollationMismatch(types::CollationId a, types::CollationId b, int location) const;
  // Of what is made of the arguments. Errors: 42P21 for different COLLATE clauses.
  absl::StatusOr<types::CollationId> CommonCollation(const std::vector<ExprPtr>& args,
                                                     int location) const;
  // The same for what depends on the order. Errors: 42P22 where it cannot be told.
  absl::StatusOr<types::CollationId> OrderingCollation(const std::vector<ExprPtr>& args,
                                                       int location) const;
  // The comparison under a collation of ICU; null where bytes are compared, or nothing is.
  absl::StatusOr<ExprPtr> CollatedOperator(const std::string& symbol,
                                           const functions::Function* function,
                                           const std::vector<ExprPtr>& args, int location);
  // Adds to what says that a string equals a constant the same of their sort keys, which an index
  // may have.
  void AddKeyConditions(std::vector<ExprPtr>* conditions) const;
  // Errors: 0A000 for what cannot be grouped by its bytes.
  absl::Status CheckGroups(const ExprPtr& e) const;
  // The key that min and max look at in place of the argument, and TextOfKey what they return;
  // null: the argument itself.
  static ExprPtr ExtremeArgument(const ExprPtr& e);
  static ExprPtr TextOfKey(ExprPtr key, const Type& type);
  // A function of texts under their collation: lower, upper and initcap by the rules of a locale.
  // Null: the function as it is. Errors: 42P21, 0A000 for what looks for texts in others under a
  // nondeterministic one.
  absl::StatusOr<ExprPtr> CollatedCall(const std::string& name, const std::vector<ExprPtr>& args,
                                       int location) const;
  // variables.cc: what a name means that no column has; null: no variable either.
  ExprPtr FindVariable(const std::vector<std::string>& names, int location) const;
  // Errors: 42702 when the name of a column is that of a variable too.
  absl::Status CheckNotVariable(const std::vector<std::string>& names, int location) const;
  // The fields of the record; empty: no variable is one of the name.
  std::vector<Target> FieldsOfVariable(const std::string& name, int location) const;
  // The record as a whole; null: no variable is one of the name.
  absl::StatusOr<ExprPtr> RecordVariable(const std::string& name, int location);
  absl::StatusOr<ExprPtr> BindParam(const PgQuery__ParamRef& param);
  // Binds other text than the statement's, in which names mean `variables`.
  // `conflict`: a column of the same name is an error; else it is meant.
  absl::Status WithText(std::string_view text, std::vector<NamedValue>* variables, bool conflict,
                        const std::function<absl::Status()>& bind);
  absl::StatusOr<ExprPtr> BindAExpr(const PgQuery__AExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindIn(const PgQuery__AExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindBetween(const PgQuery__AExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindArrayComparison(const PgQuery__AExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> InList(ExprPtr x, std::vector<ExprPtr> items, bool negated, int location);
  absl::StatusOr<ExprPtr> RowComparison(const std::string& op, const std::vector<ExprPtr>& left,
                                        const std::vector<ExprPtr>& right, int location);
  absl::StatusOr<ExprPtr> BindBool(const PgQuery__BoolExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindCase(const PgQuery__CaseExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindCoalesce(const PgQuery__CoalesceExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindMinMax(const PgQuery__MinMaxExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindNullIf(const PgQuery__AExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindDistinct(const PgQuery__AExpr& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindNullTest(const PgQuery__NullTest& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindBooleanTest(const PgQuery__BooleanTest& expr, Scope* scope);
  absl::StatusOr<ExprPtr> BindTypeCast(const PgQuery__TypeCast& cast, Scope* scope);
  absl::StatusOr<ExprPtr> BindRegclass(const std::string& text, const Type& type, int location);
  // ARRAY[…], of the type `wanted`, or where that is unspecified of the common one of its elements.
  absl::StatusOr<ExprPtr> BindArray(const PgQuery__AArrayExpr& array, Scope* scope, Type wanted);
  absl::StatusOr<std::vector<ExprPtr>> BindArrayElements(const PgQuery__AArrayExpr& array,
                                                         Scope* scope, const Type& wanted);
  // Errors: 2202E when arrays in it differ in shape.
  absl::StatusOr<ExprPtr> MakeArray(std::vector<ExprPtr> elements, Type wanted, int location);
  // base[i][j]…, or a slice when there is one among them. REQUIRES: base is an array.
  // The numbers behind `args`; with a slice two for each subscript, and in `which` a letter for
  // each:
  // '-' where the array's own bound is meant.
  absl::Status BindSubscripts(NodeList indices, Scope* scope, std::string* which,
                              std::vector<ExprPtr>* args);
  absl::StatusOr<ExprPtr> SubscriptArray(ExprPtr base, NodeList indices, Scope* scope);
  // SET column[i]… = value of an array column: what the column becomes.
  absl::StatusOr<ExprPtr> AssignInArray(ExprPtr column, const PgQuery__ResTarget& target,
                                        NodeList subscripts, ExprPtr value, Scope* scope);
  absl::StatusOr<ExprPtr> BindSubscriptNumber(const Node* node, Scope* scope);
  absl::StatusOr<ExprPtr> BindSubscript(const PgQuery__AIndirection& indirection, Scope* scope);
  // base[index] of jsonb. Errors: 42804 for a slice, or an index that is neither number nor text.
  absl::StatusOr<ExprPtr> SubscriptJsonb(ExprPtr base, const PgQuery__AIndices& indices,
                                         Scope* scope);
  // SET column[…]… = value of a jsonb column: what the column becomes.
  absl::StatusOr<ExprPtr> AssignInJsonb(ExprPtr column, NodeList subscripts, ExprPtr value,
                                        Scope* scope);
  absl::StatusOr<ExprPtr> JsonbSubscript(const PgQuery__AIndices& indices, Scope* scope);
  absl::StatusOr<ExprPtr> BindValueFunction(const PgQuery__SQLValueFunction& function);
  absl::StatusOr<ExprPtr> BindSubLink(const PgQuery__SubLink& link, Scope* scope);
  // One of the values of SET (…) = (SELECT …): a subquery of its own. Errors: 0A000 where those of
  // several would not be of one row for certain.
  absl::StatusOr<ExprPtr> BindMultiAssignment(const PgQuery__MultiAssignRef& multi, Scope* scope);
  // functions
  // As the function catalog has it: those of schema adbms carry it in their names, so that they are
  // not found without.
  std::string FunctionName(const std::vector<std::string>& names);
  absl::StatusOr<ExprPtr> BindFuncCall(const PgQuery__FuncCall& call, Scope* scope);
  // user_functions.cc: functions that users have made.
  struct UserCall {
    const common::v1::FunctionDescriptor* function = nullptr;  // Null: none of the name.
    std::vector<ExprPtr> arguments;                            // One for each input, coerced.
  };
  // Keeps where a name stands that was found in this schema. `relation`: empty for others.
  void NoteUnqualified(int location, const std::string& schema, const std::string& relation);
  // The plan is bound to this version of the function, which whoever calls it may EXECUTE.
  void UseFunction(const common::v1::FunctionDescriptor* function);
  // Errors: 42883, 42725, 42809 for a procedure.
  absl::StatusOr<UserCall> FindUserFunction(const PgQuery__FuncCall& call, Scope* scope);
  // Among those that are known under the name; `names` are the arguments', empty: by position.
  // `variadic_array`: the last one was written with VARIADIC.
  absl::StatusOr<UserCall> ChooseUserFunction(
      const std::vector<const common::v1::FunctionDescriptor*>& known, const std::string& called,
      const std::vector<std::string>& names, std::vector<ExprPtr> args, bool variadic_array,
      int location);
  // The function with its pseudo-types made these; itself when it has none.
  const common::v1::FunctionDescriptor* ConcreteFunction(
      const common::v1::FunctionDescriptor& function, const PolymorphicTypes& types);
  // The columns that the function returns; the name empty where it returns one value.
  std::vector<std::pair<std::string, Type>> ResultColumns(
      const common::v1::FunctionDescriptor& function);
  // Whether the call can only mean functions that users have made.
  bool MeansUserFunction(const PgQuery__FuncCall& call) const;
  absl::StatusOr<ExprPtr> DefaultArgument(const common::v1::FunctionArgument& argument);
  // One value. Errors: 0A000 where its program would have to run for each row.
  absl::StatusOr<ExprPtr> BindUserCall(const PgQuery__FuncCall& call, Scope* scope);
  absl::StatusOr<ExprPtr> UserValue(UserCall found, int location, Scope* scope);
  // In FROM: as calls, or as a query with these columns. The function that is called.
  absl::StatusOr<const common::v1::FunctionDescriptor*> BindUserRange(
      const PgQuery__FuncCall& call, Scope* scope, std::vector<RangeCall>* calls, RelPtr* rel,
      std::vector<ScopeColumn>* columns);
  // The body as a part of the statement; nothing: it cannot be one.
  absl::StatusOr<std::optional<BoundQuery>> InlineQuery(const UserCall& call);
  // Makes the query one of the fields of the row that it is declared to return. Errors: 42P13.
  absl::Status ReturnRow(const Type& result, BoundQuery* query);
  // The first row; NULL where there is none. `type` unspecified: an anonymous one.
  absl::StatusOr<ExprPtr> RowOfQuery(const BoundQuery& query, const Type& type);
  absl::StatusOr<ExprPtr> InlineValue(const UserCall& call);
  // program_inliner.cc: a program without loops and effects, as expressions. Null: it is none.
  class ProgramInliner;
  absl::StatusOr<ExprPtr> InlineProgram(const UserCall& call);
  // program_calls.cc: one that runs before the statement. Errors: 0A000 when its arguments depend
  // on rows, or it would have to run more than once.
  absl::StatusOr<size_t> CallProgram(UserCall call, bool returns_rows, int location, Scope* scope);
  // Whether it is not called once, as what stands in the clause that `scope` is at.
  bool IsCalledOnce(const UserCall& call, const Scope* scope) const;
  // Whether it stands in FROM of a SELECT and is about columns.
  bool CanCallInFrom(const UserCall& call, const Scope& scope) const;
  // Errors: 0A000 where no program can be called, whatever it is called with.
  absl::Status CheckProgramPlace(const UserCall& call, int location);
  // Functions that storage cannot run, called for rows (row_programs.cc). The columns of the result
  // that ApplySeries computes; of a set, arrays. Errors: 0A000.
  absl::StatusOr<std::vector<ColumnId>> CallForRows(UserCall call, int location, Scope* scope);
  // Of a function in FROM, for the rows of what stands before it; JoinLateral makes the calls.
  absl::StatusOr<std::vector<ColumnId>> CallInFrom(UserCall call, int location, Scope* scope);
  // The left side with the results of the calls that the right one is about.
  absl::StatusOr<RelPtr> CallForLeft(RelPtr left, const plan::ColumnSet& used_on_right);
  // The rows with the results of the calls. `needed`: of the rows' own columns; null: all.
  absl::StatusOr<RelPtr> ApplyPrograms(const RelPtr& rel,
                                       const std::vector<const SeriesState::Call*>& calls,
                                       const plan::ColumnSet* needed);
  static absl::Status NoLocks(const common::v1::FunctionDescriptor& function);
  // Errors: 0A000 for a volatile one, which would run for each row of the set.
  static absl::Status CheckBesideSets(const SeriesState& series, bool limited);
  static absl::Status NoConditionBesideLimit(const common::v1::FunctionDescriptor& function);
  // Errors: 0A000 where what they do could be seen, or done twice.
  absl::Status CheckRowPrograms() const;
  ExprPtr ProgramResult(size_t call, size_t column, int location) const;
  absl::StatusOr<ExprPtr> BindUserSeries(UserCall call, int location, Scope* scope);
  // CALL: a row of the procedure's output arguments; none: no row.
  absl::Status BindCall(const PgQuery__CallStmt& call);
  // `own`: one that a user has made.
  absl::StatusOr<ExprPtr> BindAggregate(const PgQuery__FuncCall& call, const std::string& name,
                                        Scope* scope, bool own = false);
  // An operator that a user has made, beside the built-in ones: null where one of these is meant.
  // `names` as the statement has them. Errors: 0A000 when its function is more than an expression.
  absl::StatusOr<ExprPtr> UserOperator(const std::vector<std::string>& names, const ExprPtr& left,
                                       const ExprPtr& right, int location);
  // user_aggregates.cc: whether users have made aggregates of the name.
  bool NamesAggregate(const std::vector<std::string>& names) const;
  struct UserAggregate {
    std::shared_ptr<const functions::AggregateFunction> function;
    Type type;  // Of the result.
  };
  // The one that takes the arguments, which are coerced. Errors: 42883, 42725, 0A000 when its
  // functions are more than expressions.
  absl::StatusOr<UserAggregate> ChooseUserAggregate(const PgQuery__FuncCall& call,
                                                    std::vector<ExprPtr>* args);
  absl::StatusOr<UserAggregate> MakeUserAggregate(const common::v1::FunctionDescriptor& function,
                                                  const std::vector<ExprPtr>& args);
  // A function that an aggregate consists of, called with these; whether it is strict.
  absl::StatusOr<ExprPtr> CallSupport(const common::v1::SupportFunction& support,
                                      const std::string& aggregate, std::vector<ExprPtr> args,
                                      bool* strict);
  // The query that an aggregate over these columns belongs to. `nested`: the call stands in
  // another. Errors: 42803.
  absl::StatusOr<GroupingState*> AggregateOwner(const plan::ColumnSet& used, bool nested,
                                                int location, Scope* scope);
  // One of the query's aggregates, which may be there already.
  ExprPtr AddAggregate(plan::AggregateCall aggregate, const std::string& name,
                       GroupingState* grouping, int location);
  // hypothetical_set.cc: rank(…) WITHIN GROUP and its like, as counts of rows.
  absl::StatusOr<ExprPtr> BindHypothetical(const PgQuery__FuncCall& call, const std::string& name,
                                           Scope* scope);
  // Whether `left` sorts before `right`, over the items' order: true, or anything else.
  absl::StatusOr<ExprPtr> SortsBefore(const std::vector<ExprPtr>& left,
                                      const std::vector<ExprPtr>& right,
                                      const std::vector<OrderItem>& order, size_t from);
  // A call with WITHIN GROUP, or of a name that wants it. Errors: 42883, 0A000.
  absl::Status CheckOrderedSet(const PgQuery__FuncCall& call, const std::string& name,
                               Scope* scope);
  // The aggregate that takes the arguments, which are coerced. Errors: 42883, 42725.
  absl::StatusOr<const functions::AggregateFunction*> ChooseAggregate(const std::string& name,
                                                                      bool star,
                                                                      std::vector<ExprPtr>* args,
                                                                      int location);
  // windows (window_binder.cc)
  absl::StatusOr<ExprPtr> BindWindowCall(const PgQuery__FuncCall& call, const std::string& name,
                                         Scope* scope, bool own = false);
  // The function and its coerced arguments into `out`; its result's type.
  absl::StatusOr<Type> BindWindowFunction(const PgQuery__FuncCall& call, const std::string& name,
                                          std::vector<ExprPtr> args, plan::WindowCall* out);
  absl::Status BindWindowClause(NodeList definitions, Scope* scope);
  // The position of the window that OVER means, a new one for a new definition.
  absl::StatusOr<size_t> BindOver(const PgQuery__WindowDef& over, Scope* scope);
  absl::StatusOr<WindowDefinition> BindWindowDefinition(const PgQuery__WindowDef& definition,
                                                        Scope* scope);
  absl::Status InheritWindow(const PgQuery__WindowDef& definition, const WindowDefinition& base,
                             WindowDefinition* window);
  absl::Status BindFrame(const PgQuery__WindowDef& definition, Scope* scope,
                         WindowDefinition* window);
  absl::StatusOr<ExprPtr> BindFrameOffset(const Node* node, const WindowDefinition& window,
                                          Scope* scope);
  // The rows with the columns that the calls compute.
  RelPtr ApplyWindows(RelPtr rel, const WindowingState& windowing);
  // set-returning functions (set_functions.cc)
  // The one that takes these arguments, which are coerced; null when none does.
  absl::StatusOr<const functions::TableFunction*> ChooseTableFunction(const std::string& name,
                                                                      std::vector<ExprPtr>* args);
  // Whether the node calls one that has several columns.
  bool CallsRecordFunction(const Node* node);
  // One outside of FROM: the columns that it will have. Errors: 0A000 where none may stand.
  absl::StatusOr<std::vector<ColumnId>> BindSeries(const std::string& name,
                                                   std::vector<ExprPtr> args, int location,
                                                   Scope* scope);
  // Which of the calls compute columns that the expressions use, themselves or in what they use.
  static std::vector<bool> SeriesIn(const SeriesState& series,
                                    const std::vector<ExprPtr>& expressions);
  // Which of the calls run before groups and windows are made. Errors: 0A000.
  absl::StatusOr<std::vector<bool>> SeriesBelow(const SeriesState& series,
                                                const std::vector<ExprPtr>& group,
                                                const GroupingState& grouping,
                                                WindowingState* windowing, bool grouped);
  // The rows with the columns of these calls. `needed`: of the rows' own columns, where functions
  // are called beside the statement; null: all.
  absl::StatusOr<RelPtr> ApplySeries(RelPtr rel, const SeriesState& series,
                                     const std::vector<bool>& which,
                                     const plan::ColumnSet* needed = nullptr);
  // 0A000 for one of PostgreSQL's, else 42883; `shown` as in "function f(text)".
  // 42501 for one that only superusers may call.
  absl::Status NoFunction(const std::string& name, const std::string& shown, int location);
  // The arguments in the order of their places, with defaults where one behind them is given by
  // name.
  absl::StatusOr<std::vector<ExprPtr>> BindCallArguments(const std::string& name,
                                                         const PgQuery__FuncCall& call,
                                                         Scope* scope);
  absl::StatusOr<ExprPtr> CallFunction(const std::string& name, std::vector<ExprPtr> args,
                                       int location);
  // With VARIADIC. Errors: 42883, 42804; 0A000 for arrays that are not written as such.
  absl::StatusOr<ExprPtr> BindVariadicCall(const PgQuery__FuncCall& call, const std::string& name,
                                           Scope* scope);
  ExprPtr SessionFunction(const std::string& name, size_t arguments, int location);
  // The session's, or the owner of a function with SECURITY DEFINER that is being bound.
  ExprPtr CurrentUser(int location) const;
  absl::StatusOr<ExprPtr> Operator(const std::string& symbol, ExprPtr left, ExprPtr right,
                                   int location);
  // `operands`: what the sides become, may be null. A prefix operator has a left side of no type.
  absl::StatusOr<const functions::Function*> FindOperator(const std::string& symbol,
                                                          const Type& left, const Type& right,
                                                          int location,
                                                          std::vector<Type>* operands = nullptr);
  // Makes json of the arguments of json_agg and its like that it would not read as they are meant;
  // the aggregate that is then to be called.
  absl::StatusOr<std::string> PrepareJsonAggregate(const std::string& name,
                                                   const PgQuery__FuncCall& call,
                                                   std::vector<ExprPtr>* arguments);
  absl::StatusOr<std::string> OperatorName(NodeList names, int location) const;

  // -- coercion (coercion.cc)
  // Null when there is no such cast.
  absl::StatusOr<ExprPtr> TryCoerce(ExprPtr expression, const Type& type,
                                    functions::CastContext context);
  absl::StatusOr<ExprPtr> CoerceUnknown(const ExprPtr& expression, const Type& type,
                                        functions::CastContext context);
  absl::StatusOr<ExprPtr> ParseLiteral(const ExprPtr& literal, const Type& type);
  // Implicitly; INTERNAL when that is impossible.
  absl::StatusOr<ExprPtr> Implicit(ExprPtr expression, const Type& type);
  // The same for all arguments of a call; unknown ones become text where the signature takes any.
  absl::Status CoerceArguments(const std::vector<Type>& types, std::vector<ExprPtr>* args);
  absl::StatusOr<ExprPtr> ToBoolean(ExprPtr expression, const char* construct);
  absl::StatusOr<ExprPtr> ResolveUnknown(ExprPtr expression);
  // Brings all to their common type; `construct` as in "CASE types integer and text cannot be
  // matched".
  absl::StatusOr<Type> Unify(std::vector<ExprPtr*> expressions, const char* construct);
  absl::Status SetParameterType(int parameter, const Type& type, int location);
  int FindLiteral(int location, bool* negated) const;
  ExprPtr LiftLiteral(int literal, const Type& type, int location);
  bool CanLift(int literal) const;

  const PlanningInput& input_;
  const parser::StatementTree& tree_;
  std::string_view text_;         // The text that node locations refer to now.
  int literal_base_ = 0;          // Location of the statement's first byte.
  bool literals_active_ = false;  // False inside views and defaults.
  int no_lift_ = 0;               // Above 0: constants stay constants.
  int depth_ = 0;
  // Of the program in which the statement stands, or of the function whose body is being bound.
  std::vector<NamedValue> variables_;
  const char* variables_in_ = nullptr;  // The text in which they are names.
  std::string missing_record_;          // The one of NEW and OLD that there is not; empty: none.
  bool variables_conflict_ = true;      // A column of the same name is an error; else it is meant.
  // The functions whose bodies are being bound, the innermost last.
  std::vector<const common::v1::FunctionDescriptor*> inlining_;
  std::set<uint32_t> called_functions_;
  bool met_program_ = false;  // In such a body: it calls one that cannot be a part of it.
  // Actions of foreign keys of the statement fire triggers, so the gateway does them.
  bool acts_outside_ = false;
  bool upsert_fires_ = false;  // So do those before ON CONFLICT DO UPDATE.
  bool merge_fires_ =
      false;  // And those of some actions of MERGE: all actions' rows come from there.
  std::vector<size_t> with_trigger_ctes_;  // By Query.with_trigger_rows: which WITH query.
  std::map<std::string, size_t> transition_ctes_;
  bool programs_allowed_ = false;  // They can be run before what is bound.
  std::map<int, common::v1::UnqualifiedName> unqualified_names_;
  std::vector<SeriesState::Call> calls_in_from_;  // Whose rows have not been met yet.
  const Scope* insert_scope_ =
      nullptr;               // Of the INSERT that is the statement, while its rows are bound.
  bool single_rows_ = true;  // Nothing keeps the statement from evaluating its select list once.
  int row_depth_ = 0;        // Above 0: what is bound is evaluated for each of many rows.
  bool calls_procedure_ = false;  // CALL: what is called may be one.
  int conditional_depth_ = 0;     // Above 0: what is bound may not be evaluated at all.
  int junction_depth_ = 0;        // The same of AND and OR, which may evaluate all of their sides.
  int function_depth_ = 0;        // Bodies of functions that are being bound in one another.
  int view_depth_ = 0;
  // Whose query is being bound; null in the statement itself.
  const common::v1::TableDescriptor* view_ = nullptr;
  // The owner of the view that is being bound; empty outside of views.
  std::string acting_role_;
  std::unique_ptr<plan::Query> query_;
  std::vector<std::string> search_path_;
  std::map<int, int> literal_by_offset_;
  std::map<int, TypeId> lifted_;  // Literal to the type it was lifted with.
  std::set<int> unliftable_;
  PgQuery__OverridingKind overriding_ = PG_QUERY__OVERRIDING_KIND__OVERRIDING_NOT_SET;
  TargetViews target_views_;  // Of the statement that is being bound.
  // What columns' numbers stand for, and who reads them.
  struct ReadAs {
    const common::v1::TableDescriptor* table = nullptr;
    uint32_t ordinal = 0;
    std::string role;
  };
  std::multimap<ColumnId, ReadAs> read_as_;
  // Columns of tables whose policies are being bound, which ask for no right to read them.
  std::set<ColumnId> policy_columns_;
  bool applies_policies_ = false;  // It is a statement that runs.
  std::set<uint32_t> securing_;    // Tables whose policies are being bound.
  RelPtr target_filter_;           // The policies of the target of UPDATE or DELETE; null: none.
  bool reads_target_ = false;      // The condition of UPDATE or DELETE names its columns.
  bool must_rebind_ = false;
  std::vector<std::shared_ptr<const parser::ParseTree>> kept_trees_;
  std::map<std::string, std::unique_ptr<const common::v1::FunctionDescriptor>> concrete_functions_;
  // The aggregates that users have made, by what the plan has of them.
  std::map<std::string, std::shared_ptr<const functions::AggregateFunction>> user_aggregates_;
  std::vector<std::shared_ptr<ExtendedSelect>> kept_selects_;
  std::set<ColumnId> aggregate_columns_;
  std::set<ColumnId> window_columns_;
  // With grouping sets: the keys that all of them have.
  const std::vector<std::pair<ExprPtr, ColumnId>>* common_keys_ = nullptr;
  bool names_row_types_ = false;  // A regtype may be the row type of a table.
  // Rows with fields of unknown type, and these as they were written.
  struct WrittenRow {
    ExprPtr row;
    std::vector<ExprPtr> fields;
  };
  std::map<const plan::Expr*, WrittenRow> written_rows_;
  // Tables whose primary key lets the statement itself show columns that are not grouped.
  std::set<uint32_t> needed_keys_;
};

// How deep views may lie in one another.
inline constexpr int kMaxViewDepth = 64;
// How many of a relation's columns there were when the view that reads it was made; null: no view.
int ColumnsSeenBy(const common::v1::TableDescriptor* view,
                  const common::v1::TableDescriptor& table);
// "428C9", and its detail for an identity column.
inline constexpr char kGeneratedAlways[] = "428C9";
std::string GeneratedAlwaysDetail(const common::v1::ColumnDescriptor& column);
// DEFAULT in place of a value.
bool IsDefault(const Node* node);
// Through a view two names may mean one column.
absl::Status AssignedTwice(const common::v1::TableDescriptor& table, uint32_t ordinal);
// The name that PostgreSQL gives an output column: FigureColname.
std::string ColumnNameOf(const Node* node);

// Binds the statement, again and again while literals turn out to be unliftable.
absl::StatusOr<std::unique_ptr<plan::Query>> Bind(const PlanningInput& input);
// The parse of input.statement or input.sql. Errors: as Parse; 42601 unless there is exactly one
// statement.
absl::StatusOr<std::shared_ptr<const parser::StatementTree>> StatementTreeOf(
    const PlanningInput& input);
// The expression of `SELECT <sql>`.
absl::StatusOr<const Node*> ParseExpression(const std::string& sql,
                                            std::shared_ptr<const parser::ParseTree>* tree);

}  // namespace adbms::sql::binder
