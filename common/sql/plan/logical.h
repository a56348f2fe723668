// The bound, logical form of a query: what the binder produces, the rules rewrite and the physical
// builder turns into a Plan.
//
// Every column that any operator produces has its own number (ColumnId), unique in the query: an
// expression names columns by number wherever it stands, so that rules can move it without
// renumbering. A number that an operator's inputs do not produce belongs to an enclosing query:
// that is what a correlated subquery is.
//
// Expressions are immutable and shared. Operators are mutable and each belongs to one parent. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/common/v1/session.pb.h"
#include "common/sql/functions/function_catalog.h"
#include "common/types/value.h"

namespace adbms::sql::plan {

using ColumnId = uint32_t;
using ColumnSet = std::set<ColumnId>;

// What is known of a column number.
struct ColumnInfo {
  std::string name;
  types::Type type;
  uint32_t table_id = 0;       // Of a column that comes straight from a table, and ...
  uint32_t column_number = 0;  // ... its number there, from 1.
  bool not_null = false;       // In the operator that produces it; outer joins above may add NULLs.
};

struct Expr;
struct Rel;
using ExprPtr = std::shared_ptr<const Expr>;
using RelPtr = std::shared_ptr<Rel>;

struct SortKey {
  ExprPtr expression;
  bool descending = false;
  bool nulls_first = false;
};

struct Expr {
  enum class Kind {
    kLiteral,
    kColumn,
    kParameter,
    kCall,
    kCast,
    kLogical,
    kTest,
    kCase,  // args: when, then, when, then, …, [otherwise]; null_row
    kCoalesce,
    kInList,    // args: x, items…
    kSubquery,  // args: the operands of ANY and ALL, the hashed form of EXISTS
    kSession,
  };
  Kind kind = Kind::kLiteral;
  types::Type type;
  std::vector<ExprPtr> args;
  int location = -1;  // Byte offset in the statement, -1: none.

  types::Value value;   // kLiteral
  int literal = -1;     // The text's literal that it came from, if it can be lifted.
  ColumnId column = 0;  // kColumn
  int parameter = 0;    // kParameter
  const functions::Function* function = nullptr;  // kCall
  bool is_explicit = false;                       // kCast
  bool null_row =
      false;  // kCase, of when, NULL and a row: where `when` is true, its fields are NULL.
  common::v1::LogicalExpression::Kind logical = {};     // kLogical
  common::v1::TestExpression::Kind test = {};           // kTest
  bool negated = false;                                 // kInList
  common::v1::SubqueryExpression::Kind subquery = {};   // kSubquery
  RelPtr query;                                         // kSubquery
  std::vector<const functions::Function*> comparisons;  // kSubquery: ANY and ALL
  common::v1::SessionValue::Kind session = {};          // kSession
};

// An aggregate that a user has made is owned by its calls; for others `declared` is null.
struct AggregateCall {
  const functions::AggregateFunction* function = nullptr;
  std::shared_ptr<const functions::AggregateFunction> declared;
  types::Type type;  // With `declared`: the result's.
  std::vector<ExprPtr> arguments;
  bool distinct = false;
  ExprPtr filter;
  std::vector<SortKey> order_by;
};

// See common/v1/plan.proto.
struct WindowCall {
  common::v1::WindowFunction function = common::v1::WINDOW_FUNCTION_UNSPECIFIED;
  const functions::AggregateFunction* aggregate = nullptr;
  std::vector<ExprPtr> arguments;
  ExprPtr filter;
  std::shared_ptr<const functions::AggregateFunction> declared;  // As in AggregateCall.
  types::Type type;
};

struct WindowFrame {
  common::v1::WindowFrame::Mode mode = common::v1::WindowFrame::MODE_RANGE;
  common::v1::WindowFrame::Bound::Kind start =
      common::v1::WindowFrame::Bound::KIND_UNBOUNDED_PRECEDING;
  common::v1::WindowFrame::Bound::Kind end = common::v1::WindowFrame::Bound::KIND_CURRENT_ROW;
  ExprPtr start_offset;  // Null: none.
  ExprPtr end_offset;
  common::v1::WindowFrame::Exclusion exclusion = common::v1::WindowFrame::EXCLUSION_UNSPECIFIED;
};

// See common/v1/plan.proto.
struct SetFunction {
  const functions::TableFunction* function = nullptr;  // Null: one row with the argument's value.
  std::vector<ExprPtr> arguments;
};

// The ordinal that stands for the row's key among a scan's ordinals.
inline constexpr uint32_t kRowKeyOrdinal = UINT32_MAX;
// The same for the oid of the table that a row is in; no scan has it when it is built.
inline constexpr uint32_t kTableOidOrdinal = UINT32_MAX - 2;

struct Rel {
  enum class Kind {
    kScan,          // table, alias, ordinals (as many as output)
    kValues,        // rows
    kFunction,      // table_function, expressions (arguments), alias
    kCte,           // cte, alias
    kFilter,        // conditions
    kProject,       // expressions (as many as output)
    kJoin,          // join_type, conditions, lateral; two inputs
    kAggregate,     // expressions (keys), aggregates; output: keys, then aggregates
    kSort,          // keys
    kLimit,         // count, offset, ties
    kAppend,        // expressions (none, or one condition for each input: see common/v1/plan.proto)
    kSetOperation,  // set_operation, all
    // expressions (partition by) and keys (order by), all of them columns; frame, window_calls;
    // output: the input's, then the calls
    kWindow,
    kProjectSet,      // set_functions, ordinality, keeps_empty; output: the input's, then theirs
    kRecursiveUnion,  // all, working_table; two inputs: the terms
    kWorkingTable,    // working_table, alias
    // No condition that could tell of its input's rows is moved below it.
    kBarrier,
    // table, target_columns, row_key, conditions (of the join below), expressions (the action),
    // merge_actions; output: the input's, then the action. See common/v1/plan.proto.
    kMerge,
  };
  Kind kind = Kind::kValues;
  std::vector<RelPtr> inputs;
  std::vector<ColumnId> output;

  const common::v1::TableDescriptor* table = nullptr;
  std::string alias;
  std::vector<uint32_t> ordinals;
  std::optional<common::v1::RowLock> lock;  // kScan: of the rows that it emits.
  std::vector<std::vector<ExprPtr>> rows;
  const functions::TableFunction* table_function = nullptr;
  bool ordinality = false;  // kFunction, kProjectSet: a last column counts the rows.
  std::vector<SetFunction> set_functions;
  bool keeps_empty = false;  // kProjectSet: a row for which there is none stays, with NULLs.
  bool lateral = false;      // kJoin: the right side uses columns of the left one.
  uint32_t working_table = 0;
  uint32_t cte = 0;
  std::vector<ExprPtr> conditions;  // ANDed
  std::vector<ExprPtr> expressions;
  common::v1::JoinType join_type = common::v1::JOIN_TYPE_INNER;
  std::vector<AggregateCall> aggregates;
  std::vector<SortKey> keys;
  ExprPtr count;
  ExprPtr offset;
  std::vector<ExprPtr> ties;
  common::v1::SetOperation::Kind set_operation = {};
  bool all = false;
  WindowFrame frame;
  std::vector<WindowCall> window_calls;
  std::vector<ColumnId> target_columns;
  ColumnId row_key = 0;
  std::vector<common::v1::StatementKind> merge_actions;
};

// What INSERT does beyond its input.
struct InsertTarget {
  std::vector<ExprPtr> returning;  // Over `columns`.
  std::vector<ColumnId> columns;   // The inserted row's columns, in the table's order.
  bool ignore_conflicts = false;
  std::optional<uint32_t> conflict_index_id;
  std::vector<ColumnId> excluded;        // DO UPDATE: the row that was to be inserted.
  std::vector<ExprPtr> conflict_update;  // Over columns and excluded.
  ExprPtr conflict_filter;
  std::vector<uint32_t> conflict_assigned;  // Ordinals that DO UPDATE sets.
  // What RETURNING is over beside `columns`: the row that there was, and whether there was one.
  // None: nothing.
  std::vector<ColumnId> existing;
};

// What UPDATE and DELETE do beyond their input.
struct ChangeTarget {
  std::vector<ColumnId> columns;  // The target's columns in the table's order.
  ColumnId row_key = 0;
  ColumnId table_oid = 0;             // Of a partitioned table with triggers: the row's partition.
  std::vector<uint32_t> assigned;     // UPDATE: ordinals, and ...
  std::vector<ExprPtr> values;        // ... values over the input.
  std::vector<ColumnId> new_columns;  // The changed row's columns, for RETURNING and checks.
  std::vector<ExprPtr> returning;
  std::vector<ExprPtr> recheck;  // ANDed.
  bool read_before = false;      // See common/v1/plan.proto.
};

struct CheckCondition {
  std::string name;
  ExprPtr condition;                                           // Over the target's (new) columns.
  bool of_view = false;                                        // See common/v1/plan.proto.
  common::v1::CheckConstraint::RowSecurity row_security = {};  // See there.
};

// See common/v1/plan.proto.
struct CascadeTarget {
  const common::v1::TableDescriptor* table = nullptr;
  std::vector<ColumnId> columns;  // Of a changed row; what the checks are over.
  std::vector<CheckCondition> checks;
  std::vector<std::pair<uint32_t, ExprPtr>> defaults;  // By ordinal.
};

// See common/v1/plan.proto.
struct PartitionChecks {
  const common::v1::TableDescriptor* table = nullptr;
  std::vector<CheckCondition> checks;
};

// What a statement, or a WITH query, writes with the rows of its tree.
struct Write {
  common::v1::StatementKind kind = common::v1::STATEMENT_KIND_SELECT;  // Nothing.
  std::vector<std::string> output_names;                               // Of the result.
  const common::v1::TableDescriptor* target = nullptr;
  InsertTarget insert;
  ChangeTarget change;
  std::vector<CheckCondition> checks;
  std::vector<CascadeTarget> cascades;
  std::vector<PartitionChecks> partition_checks;
  ColumnId table_oid = 0;  // For RETURNING: the oid of the table that the row is in; 0: none.
  // What it writes is written elsewhere (by triggers, in a WITH query): it is a SELECT by its form.
  bool written_elsewhere = false;
  bool of_merge = false;  // Actions of MERGE: no row is changed by two of them.
};

// A call of a function for each row of a WITH query, whose body cannot be part of a plan.
struct RowProgram {
  const common::v1::FunctionDescriptor* function = nullptr;
  std::vector<ColumnId> arguments;  // Columns of the WITH query's tree.
  std::vector<ColumnId> results;    // As its readers have them behind the tree's.
};

// See common/v1/plan.proto.
struct RowTriggers {
  const common::v1::TableDescriptor* table = nullptr;
  common::v1::StatementKind event = common::v1::STATEMENT_KIND_SELECT;
  std::vector<uint32_t> assigned;
  bool instead = false;
  std::vector<ColumnId> old_columns;  // Columns of the WITH query's tree; live ones in order.
  std::vector<ColumnId> new_columns;
  std::optional<ColumnId> row_key;
  std::optional<ColumnId> table_oid;
  std::vector<ColumnId> results;  // As its readers have them behind the tree's.
};

// A common table expression.
struct Cte {
  std::string name;
  RelPtr rel;
  int references = 0;
  bool materialize = false;  // AS MATERIALIZED
  bool recursive = false;
  bool eager = false;  // See common/v1/plan.proto.
  std::vector<RowProgram> programs = {};
  std::optional<RowTriggers> triggers = {};
  // The transition table whose rows it has; `rel` is then of no rows, with its columns.
  std::string given = {};
  bool held = false;  // See common/v1/plan.proto.
  // Null: it is a SELECT. Otherwise its rows are what RETURNING makes.
  std::shared_ptr<Write> write = nullptr;
};

// See common/v1/plan.proto.
struct TableUse {
  const common::v1::TableDescriptor* table = nullptr;
  std::set<int> privileges;
  std::string as_role;
  std::map<int, std::set<uint32_t>> columns = {};  // Of privileges that columns can have.
};

// See common/v1/plan.proto.
struct ProgramCall {
  const common::v1::FunctionDescriptor* function = nullptr;
  std::vector<ExprPtr> arguments;
  int first_parameter = 0;
  std::vector<types::Type> results;
  bool returns_rows = false;
  const common::v1::TableDescriptor* current_of = nullptr;  // Then there is no function.
};

// See common/v1/plan.proto.
struct FunctionUse {
  const common::v1::FunctionDescriptor* function = nullptr;
  std::string as_role;
  friend bool operator==(const FunctionUse&, const FunctionUse&) = default;
};

// A bound statement.
struct Query : Write {
  std::vector<ColumnInfo> columns;  // By ColumnId.
  RelPtr root;
  std::vector<ColumnId> output;  // SELECT: the result's columns (root's output, maybe reordered).
  std::vector<Cte> ctes;
  std::vector<TableUse> tables;
  std::vector<common::v1::RoleFacts> roles;  // See common/v1/plan.proto.
  std::vector<FunctionUse> functions;
  std::vector<const common::v1::OperatorDescriptor*> operators;
  std::vector<ProgramCall> program_calls;
  common::v1::TriggerRows trigger_rows;
  std::vector<common::v1::TriggerRows> with_trigger_rows;
  std::vector<common::v1::CursorRow> cursor_rows;
  // Declared types that the statement names or that its parameters have.
  std::set<const common::v1::TypeDescriptor*> declared_types;
  std::vector<types::Type> parameter_types;
  uint32_t client_parameters = 0;
  std::vector<uint32_t> pinned_literals;
  bool has_locks = false;
  bool session_dependent = false;
  bool calls_volatile = false;
  // See plan.proto.
  bool session_details = false;
  bool control_functions = false;
  bool session_effects = false;
  common::v1::PlannerSwitches switches;
  uint32_t working_tables = 0;  // How many there are.

  ColumnId AddColumn(ColumnInfo info) {
    columns.push_back(std::move(info));
    return static_cast<ColumnId>(columns.size() - 1);
  }
};

// ---- Constructors ----
ExprPtr MakeLiteral(types::Value value, int location = -1);
ExprPtr MakeBool(bool value);
ExprPtr MakeNull(types::Type type);
ExprPtr MakeColumn(ColumnId column, const types::Type& type, int location = -1);
ExprPtr MakeParameter(int parameter, const types::Type& type, int location = -1);
// The type of what a function with result `result` gives for the arguments: an enum and a row are
// theirs.
types::Type ResultOf(types::TypeId result, const std::vector<ExprPtr>& args);
ExprPtr MakeCall(const functions::Function* function, std::vector<ExprPtr> args, int location = -1);
ExprPtr MakeCast(ExprPtr argument, const types::Type& type, bool is_explicit, int location = -1);
ExprPtr MakeLogical(common::v1::LogicalExpression::Kind kind, std::vector<ExprPtr> args);
ExprPtr MakeNot(ExprPtr argument);
// AND of the conditions; null for none.
ExprPtr MakeAnd(std::vector<ExprPtr> args);
ExprPtr MakeTest(common::v1::TestExpression::Kind kind, std::vector<ExprPtr> args);
// `when`, `then`, …, `otherwise`.
ExprPtr MakeCase(types::Type type, std::vector<ExprPtr> args);

RelPtr MakeRel(Rel::Kind kind, std::vector<RelPtr> inputs = {});
// An operator with its input's output.
RelPtr MakeFilter(RelPtr input, std::vector<ExprPtr> conditions);
// One row, no columns.
RelPtr MakeOneRow();

// ---- Inspection ----
// Structure and values; `location` is ignored. Subqueries are equal when they are but for the
// numbers of their own columns; those that read a WITH query or lock rows never are.
bool Equal(const Expr& a, const Expr& b);
bool IsTrue(const Expr& expression);
// Visits the expression and its arguments; subqueries are not entered.
void Walk(const ExprPtr& expression, const std::function<void(const Expr&)>& visit);
// Visits what the query and its WITH queries write, each with the tree of its rows.
void ForEachWrite(Query* query, const std::function<void(Write&, RelPtr&)>& visit);
// Visits every operator of the query, those of subqueries included.
void ForEachRel(Query* query, const std::function<void(const RelPtr&)>& visit);
// The columns that a kProjectSet adds to its input's.
std::vector<ColumnId> ComputedColumns(const Rel& project_set);
// Visits every expression of the operator itself.
void ForEachExpression(Rel& rel, const std::function<void(ExprPtr&)>& visit);
// The columns that the expression needs from outside, those of its subqueries' correlation
// included.
void CollectColumns(const Expr& expression, ColumnSet* columns);
ColumnSet ColumnsOf(const ExprPtr& expression);
// Columns that the tree uses but does not produce.
ColumnSet FreeColumns(const Rel& rel);
// Everything that the tree produces at any level.
void CollectProduced(const Rel& rel, ColumnSet* columns);
bool HasSubquery(const ExprPtr& expression);
// Whether it calls a volatile function.
bool IsVolatile(const ExprPtr& expression);
bool IsVolatileFunction(const common::v1::FunctionDescriptor& function);
bool IsVolatile(const Rel& rel);
// Whether it has neither columns nor subqueries nor volatile calls: constants, parameters.
bool IsRowIndependent(const ExprPtr& expression);
bool IsSubset(const ColumnSet& part, const ColumnSet& whole);
bool Intersects(const ColumnSet& a, const ColumnSet& b);
// Whether a NULL in any column of `columns` keeps the condition from being true.
bool IsStrictOn(const Expr& condition, const ColumnSet& columns);

// ---- Rewriting ----
// Copies the expression, asking `replace` for each node from the top: non-null is taken instead and
// not entered. Subqueries' operators are copied and rewritten too.
ExprPtr Transform(const ExprPtr& expression, const std::function<ExprPtr(const ExprPtr&)>& replace);
// As Transform, for all expressions of a copy of the tree.
RelPtr TransformRel(const RelPtr& rel, const std::function<ExprPtr(const ExprPtr&)>& replace);
// A copy of the tree that produces columns of its own: `columns` maps the old ones to them.
RelPtr CopyWithNewColumns(const RelPtr& rel, Query* query, std::map<ColumnId, ColumnId>* columns);
// Splits ANDs.
void SplitConjunction(const ExprPtr& condition, std::vector<ExprPtr>* out);

}  // namespace adbms::sql::plan
