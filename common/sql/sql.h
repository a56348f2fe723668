// SQL text to plans: what the gateway (fall-back), the optimizer and every service that runs SQL of
// its own need of common/sql. Parser, binder, rules and the default planner stand behind it. All
// functions are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/common/v1/session.pb.h"
#include "common/types/text_io.h"

namespace adbms::sql {

// ---- Statements
// ------------------------------------------------------------------------------------------

enum class StatementClass {
  kPlannable,  // SELECT, INSERT, UPDATE, DELETE, VALUES, TABLE, WITH
  kExplain,
  kDdl,          // becomes a DdlStatement
  kTableAs,      // CREATE TABLE … AS, SELECT … INTO
  kRefresh,      // CREATE and REFRESH MATERIALIZED VIEW
  kTransaction,  // BEGIN, COMMIT, …, SAVEPOINT
  kSet,          // SET, RESET
  kShow,
  kPrepare,
  kExecute,
  kDeallocate,
  kCopy,
  kAnalyze,         // ANALYZE, VACUUM [ANALYZE]
  kLock,            // LOCK TABLE
  kSetConstraints,  // SET CONSTRAINTS
  kRole,            // CREATE/ALTER/DROP ROLE|USER, GRANT, REVOKE
  kCursor,          // DECLARE, FETCH, CLOSE, MOVE
  kDiscard,         // DISCARD
  kNotify,          // LISTEN, UNLISTEN, NOTIFY
  kProgram,         // DO, CALL
  kNoOp,            // Accepted and ignored: CHECKPOINT.
};

struct TransactionStatement {
  enum class Kind {
    kBegin,
    kCommit,
    kRollback,
    kSavepoint,
    kRelease,
    kRollbackTo,
    kPrepare,           // PREPARE TRANSACTION
    kCommitPrepared,    // COMMIT PREPARED
    kRollbackPrepared,  // ROLLBACK PREPARED
  };
  Kind kind;
  std::string savepoint;
  std::string global_id;  // Of the prepared transaction.
  std::string isolation;  // As given, lower case: "read committed", …; empty: default.
  std::optional<bool> read_only;
  bool chain = false;
};
struct SetStatement {
  std::string name;  // lower case; "all" for RESET ALL
  std::vector<std::string> values;
  bool is_local = false;
  bool reset = false;  // RESET, or SET … TO DEFAULT
  // SET TRANSACTION and SET SESSION CHARACTERISTICS (names "transaction" and "session
  // characteristics"), as in BEGIN.
  std::string isolation;
  std::optional<bool> read_only;
};
struct ShowStatement {
  std::string name;
};
struct PrepareStatement {
  std::string name;
  std::vector<types::Type> parameter_types;
  // As many: the text of a type that is not built in, whose type is then kUnspecified; to be
  // resolved by ResolveType.
  std::vector<std::string> parameter_type_names;
  std::string sql;  // The inner statement's text.
};
struct ExecuteStatement {
  std::string name;
  std::vector<std::string>
      argument_sql;  // Each argument's expression text, to be folded with EvaluateConstant.
};
struct DeallocateStatement {
  std::string name;
};  // empty: ALL
struct CopyStatement {
  // Columns that a FORCE_… option names; `all` for *.
  struct Force {
    bool given = false;
    bool all = false;
    std::vector<std::string> columns;
  };
  std::string schema, table;
  std::vector<std::string> columns;  // empty: all
  std::string query;                 // COPY (query) TO
  std::string where;                 // The condition on rows to copy in; empty: none.
  std::string file;                  // Of the machine that runs the gateway; empty: the client.
  bool program = false;
  bool from = false;
  bool csv = false;
  bool binary = false;
  bool header = false;
  bool header_match = false;  // The header has to name the columns.
  std::optional<char> delimiter, quote, escape;
  std::optional<std::string> null_text;
  Force force_quote, force_null, force_not_null;
};
struct TableAsStatement {
  std::string schema, table;
  std::vector<std::string> columns;  // Names that are given; the rest is the query's.
  std::string query;
  bool executes = false;  // The query is an EXECUTE.
  int query_offset = 0;   // Where it starts in the statement, in bytes.
  bool if_not_exists = false;
  bool with_data = true;
  // What stands between CREATE and the name, and between the columns and AS: TEMPORARY TABLE,
  // WITH (…) ON COMMIT DROP.
  std::string kind = "TABLE";
  std::string options;
};
// CREATE MATERIALIZED VIEW, whose definition is a change of the catalog, and REFRESH.
struct RefreshStatement {
  std::string schema, view;
  bool create = false;
  bool concurrently = false;
  bool with_data = true;
};
enum class ExplainFormat { kText, kJson, kYaml, kXml };
struct ExplainStatement {
  std::string sql;     // The inner statement's text.
  int sql_offset = 0;  // Where it starts in the statement, in bytes.
  bool analyze = false;
  bool verbose = false;
  ExplainFormat format = ExplainFormat::kText;
  bool costs = true;
  bool timing = true;
  bool predicted = false;
  bool alternatives = false;
};
struct AnalyzeStatement {
  std::vector<common::v1::RelationName> tables;
  std::vector<std::vector<std::string>> columns;  // Of each table; empty: all.
  bool vacuum = false;
  bool analyze = true;
};
struct NotifyStatement {
  enum class Kind { kNotify, kListen, kUnlisten };
  Kind kind;
  std::string channel;  // empty with kUnlisten: all
  std::string payload;
};
struct ProgramStatement {
  std::string body;      // DO: the text of the block; empty with CALL.
  std::string language;  // DO: "plpgsql" by default.
  std::string call;      // CALL: the procedure and its arguments, as text.
};
struct DiscardStatement {
  enum class Kind { kAll, kPlans, kSequences, kTemp };
  Kind kind;
};
struct LockStatement {
  std::vector<common::v1::RelationName> tables;
  int mode = 0;  // PostgreSQL's number: 1 ACCESS SHARE to 8 ACCESS EXCLUSIVE.
  bool nowait = false;
};
struct SetConstraintsStatement {
  std::vector<common::v1::RelationName> constraints;  // empty: ALL
  bool deferred = false;
};
struct RoleStatement {
  enum class Kind { kCreate, kAlter, kDrop, kGrant, kRevoke, kGrantRole, kRevokeRole, kSet };
  Kind kind;
  std::vector<std::string> roles;  // Created, altered, dropped; or grantees (empty name: PUBLIC).
  std::optional<std::string> password;
  std::optional<bool> login, superuser, create_role, create_db, inherit, bypass_row_security;
  std::optional<std::string> valid_until;  // As a timestamptz's text.
  std::vector<std::string> member_of;      // IN ROLE
  std::vector<std::string> members;        // ROLE, ADMIN
  // ALTER DEFAULT PRIVILEGES: what kind of objects, as pg_default_acl has it; 0: it is
  // a GRANT or REVOKE of its own. `schemas`: in these; none: in all.
  char default_kind = 0;
  std::vector<std::string> makers;      // FOR ROLE; none: the current one.
  std::vector<std::string> privileges;  // lower case; empty: ALL
  // As many, or one for ALL: the columns that a privilege is for; none: the whole.
  std::vector<std::vector<std::string>> privilege_columns;
  std::vector<common::v1::RelationName> tables;  // For GRANT and REVOKE: tables or sequences.
  bool on_sequences = false;                     // ON SEQUENCE, ON ALL SEQUENCES IN SCHEMA
  std::vector<std::string> schemas;              // ALL TABLES IN SCHEMA / ON SCHEMA
  bool all_in_schema = false;
  std::vector<std::string> databases;  // ON DATABASE
  // ON FUNCTION, PROCEDURE or ROUTINE 'f', ON TYPE or DOMAIN 'T': those that ResolveGranted finds;
  // with all_in_schema those of `schemas`.
  char object_kind = 0;
  std::vector<std::string> granted_roles;  // GRANT role TO role
  // ALTER ROLE … SET and RESET (no role: ALL), ALTER DATABASE … SET and RESET (no role).
  SetStatement set;
  std::string database;  // IN DATABASE; empty: all.
  bool from_current = false;
  bool if_exists = false;
};
struct CursorStatement {
  enum class Kind { kDeclare, kFetch, kMove, kClose };
  Kind kind;
  std::string name;   // empty with kClose: ALL
  std::string query;  // DECLARE
  // FETCH and MOVE: rows forward (negative: backward; INT64_MAX: ALL), or the row to go to.
  enum class Direction { kForward, kAbsolute, kRelative };
  Direction direction = Direction::kForward;
  int64_t count = 1;
  bool hold = false;
  bool scroll = false;
};

// One statement of a query string.
struct Statement {
  StatementClass statement_class;
  std::string text;           // Without the semicolon.
  int offset = 0;             // Byte offset in the query string.
  std::string outside_block;  // The command, when it runs in no transaction block.
  std::string command_tag;    // "SELECT", "CREATE TABLE", "BEGIN"; INSERT etc. get numbers later.
  TransactionStatement transaction;
  SetStatement set;
  ShowStatement show;
  PrepareStatement prepare;
  ExecuteStatement execute;
  DeallocateStatement deallocate;
  CopyStatement copy;
  TableAsStatement table_as;
  RefreshStatement refresh;
  ExplainStatement explain;
  AnalyzeStatement analyze;
  LockStatement lock;
  SetConstraintsStatement set_constraints;
  RoleStatement role;
  CursorStatement cursor;
  NotifyStatement notify;
  DiscardStatement discard;
  ProgramStatement program;
  // The syntax tree, kept for planning; opaque.
  std::shared_ptr<const void> tree;
};

// Splits and classifies. Errors: 42601 with position (characters, in the whole string), 54001 too
// deep or too large. An empty string gives no statements.
absl::StatusOr<std::vector<Statement>> Parse(std::string_view sql);

// ---- Catalog
// -----------------------------------------------------------------------------------------------

// A catalog snapshot with look-ups by name and id. Immutable.
class Catalog {
 public:
  explicit Catalog(std::shared_ptr<const common::v1::CatalogSnapshot> snapshot);
  ~Catalog();
  uint64_t version() const;
  const common::v1::CatalogSnapshot& snapshot() const;
  // Null when there is none.
  const common::v1::TableDescriptor* FindTable(std::string_view schema,
                                               std::string_view name) const;
  const common::v1::TableDescriptor* FindTable(uint32_t table_id) const;
  // Unqualified: pg_catalog first, then the search path; before both the session's temporary
  // schema, where the path begins with it. "pg_temp" as the schema is that one.
  const common::v1::TableDescriptor* ResolveTable(
      std::string_view schema, std::string_view name,
      const std::vector<std::string>& search_path) const;
  bool HasSchema(std::string_view name) const;
  // Of the cluster's databases. Errors: 3D000.
  absl::StatusOr<const common::v1::DatabaseDescriptor*> DatabaseNamed(std::string_view name) const;
  // All functions and procedures of the name, oldest first; with an empty schema those of the
  // search path, of which one hides later ones with the same input types.
  std::vector<const common::v1::FunctionDescriptor*> FindFunctions(
      std::string_view schema, std::string_view name,
      const std::vector<std::string>& search_path) const;
  // Null when there is none.
  const common::v1::FunctionDescriptor* FindFunction(uint32_t function_id) const;
  // All operators of the name that users have made; with an empty schema those of the search path,
  // in its order, of which one hides later ones with the same operands.
  std::vector<const common::v1::OperatorDescriptor*> FindOperators(
      std::string_view schema, std::string_view name,
      const std::vector<std::string>& search_path) const;
  // Null when there is none.
  const common::v1::OperatorDescriptor* FindOperator(uint32_t operator_id) const;
  // Types that users have declared; null when there is none. A multirange's names and numbers find
  // its range.
  const common::v1::TypeDescriptor* FindType(std::string_view schema, std::string_view name) const;
  // By the type's oid, or by that of its arrays.
  const common::v1::TypeDescriptor* FindType(uint32_t oid) const;
  // Unqualified: along the search path.
  const common::v1::TypeDescriptor* ResolveType(std::string_view schema, std::string_view name,
                                                const std::vector<std::string>& search_path) const;
  // Collations that users have made; null when there is none. Unqualified: along the search path.
  const common::v1::CollationDescriptor* ResolveCollation(
      std::string_view schema, std::string_view name,
      const std::vector<std::string>& search_path) const;

 private:
  struct Index;
  std::shared_ptr<const common::v1::CatalogSnapshot> snapshot_;
  std::unique_ptr<const Index> index_;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

// The ordinal of the table's live column of that name.
std::optional<uint32_t> ColumnNamed(const common::v1::TableDescriptor& table,
                                    std::string_view name);
// Whether a call gives a value for the argument.
bool IsInput(const common::v1::FunctionArgument& argument);
// Whether the two differ in no input argument's type: there cannot be both in a schema.
bool SameInputs(const common::v1::FunctionDescriptor& a, const common::v1::FunctionDescriptor& b);
// "f(integer,text)", as PostgreSQL's messages name a function; without its schema.
std::string SignatureOf(const common::v1::FunctionDescriptor& function);
// "===(integer,text)", "none" for the missing operand of a prefix operator; without its schema.
std::string SignatureOf(const common::v1::OperatorDescriptor& op);

// ---- Planning
// ----------------------------------------------------------------------------------------------

// A constant of the statement's text, lifted out by ScanLiterals.
struct Literal {
  enum class Kind { kInteger, kNumber, kString };  // kInteger fits bigint.
  Kind kind;
  int offset = 0;     // byte offset of the token in the text
  int length = 0;     // of the token
  std::string value;  // unescaped; a sign is never part of it
};

// The statement's text with each liftable constant replaced by a marker that names its kind;
// whitespace runs and comments collapse. Two statements with equal `key` have equal plans but for
// the literals' values and Plan.pinned_literals. Costs about a microsecond per 100 bytes; parses
// nothing. False for a text that it cannot scan safely (dollar quotes, escapes with unicode,
// unterminated tokens): parse that one instead.
struct ScannedStatement {
  std::string key;
  std::vector<Literal> literals;
  bool multiple_statements = false;  // A semicolon with more behind it.
  // First word, lower case.
  std::string first_word;
};
bool ScanLiterals(std::string_view sql, ScannedStatement* out);

// A statement whose size is in its constants, made short: `text` has a stand-in for each string
// constant of more than a kilobyte, and `scanned` are text's literals, with the constants' true
// values and places in `text`. A plan of it fits the values as long as it pins none of
// `stand_ins` (numbers of literals, ascending). False where there is nothing to shorten, or the
// text cannot be scanned safely.
struct ShortenedStatement {
  std::string text;
  ScannedStatement scanned;
  std::vector<uint32_t> stand_ins;
};
bool ShortenLiterals(std::string_view sql, ShortenedStatement* out);

// A parameter in a statement's text: $number, at so many bytes from its start.
struct ParameterUse {
  int number = 0;
  size_t offset = 0;
};
// Calls `visit` for each in the order of the text, until it returns false. What stands in strings,
// comments and quoted names is none.
void ForEachParameter(std::string_view sql, const std::function<bool(const ParameterUse&)>& visit);

// The name of a parameter that is a variable of the program in which the statement stands: what a
// name means that no column has.
struct ParameterName {
  std::string relation;  // What may stand before it: a block's label, or a record; empty: nothing.
  std::string name;      // The variable, or a field of the record.
  bool alone = true;     // The name may stand without the relation.
};

// Rows that a session has under a name: a trigger's transition tables, what COPY has read.
struct TransitionTable {
  std::string name;
  std::vector<std::pair<std::string, types::Type>> columns;
};

// What planning takes.
struct PlanningInput {
  std::string sql;                             // One plannable statement (DDL for BindDdl).
  const Statement* statement = nullptr;        // Its parse, when at hand; saves parsing it again.
  std::vector<types::Type> parameter_types;    // Of $n, kUnspecified where the client left it open.
  std::vector<ParameterName> parameter_names;  // Of the first parameters.
  std::vector<TransitionTable> transition_tables;
  const std::vector<Literal>* literals =
      nullptr;  // Lift these constants into parameters; null: none.
  CatalogPtr catalog;
  std::shared_ptr<const common::v1::StatisticsSnapshot> statistics;  // May be null.
  std::vector<std::string> search_path = {"public"};
  std::string current_user;
  std::string session_user;
  std::string database = "adbms";
  std::string time_zone = "UTC";
  types::DateOrder date_order = types::DateOrder::kMdy;  // Of dates in the statement's own text.
  bool for_cursor = false;                               // See Plan.cursor_rows.
  bool keeps_text = false;  // The catalog will keep expressions of it: set by BindDdl.
  // The users' functions that are called for whoever runs the statement are added. Null: not kept.
  std::shared_ptr<std::set<uint32_t>> called_functions;
  // A materialized view that the statement fills: written to as a table, and read as its query.
  uint32_t refreshes = 0;
  common::v1::PlannerSwitches switches;
  // What is known of roles. Where another one has to be known, planning fails with kUnknownRole,
  // whose detail is the role's name: to be tried again with it.
  std::vector<common::v1::RoleFacts> roles;
  // The policies of tables are for nobody: of the system's own statements, and of plans that are
  // only looked at.
  bool exempt = false;
};
inline constexpr std::string_view kUnknownRole = "ADB02";

// Parses, binds, rewrites and plans by rules alone: index equality and ranges on what stands in the
// text, hash joins left to right, sequential scans otherwise. Parameters that stayed open get their
// inferred type. Errors: 42xxx with positions, 0A000.
absl::StatusOr<common::v1::Plan> PlanDefault(const PlanningInput& input);

// The value of a constant expression, such as an argument of EXECUTE, coerced to `type`
// (kUnspecified: its own).
absl::StatusOr<types::Value> EvaluateConstant(std::string_view expression_sql,
                                              const types::Type& type, const PlanningInput& input);

// The type that a name in SQL means, with its modifiers and brackets. Errors: 42704, 0A000.
absl::StatusOr<types::Type> ResolveType(const std::string& name, const PlanningInput& input);
// The type with the oid, built in or declared; nullopt when there is none.
std::optional<types::Type> TypeWithOid(uint32_t oid, const Catalog& catalog);

// Binds one step of a DDL statement (`input.statement` or sql) to changes. Only ALTER TABLE has
// more steps than one: each is to be bound against the catalog that the steps before it have left.
absl::StatusOr<std::vector<common::v1::DdlStatement>> BindDdl(const PlanningInput& input,
                                                              size_t step = 0);
absl::StatusOr<size_t> CountDdlSteps(const PlanningInput& input);
// The functions or types that a GRANT or REVOKE names (`input.statement`), by their numbers.
// Errors: 42883, 42704; 0A000 for those that are built in.
absl::StatusOr<std::vector<uint32_t>> ResolveGranted(const PlanningInput& input);

// Whether ALTER TABLE changes nothing but names: RENAME, SET SCHEMA.
inline bool RenamesOnly(const common::v1::AlterTable& alter) {
  return alter.has_rename_table() || alter.has_rename_column() || alter.has_rename_constraint() ||
         alter.has_set_schema();
}

// For COPY FROM: the rows' plan. Every live column's default (literal, function call or NULL)
// evaluated by an Insert plan's projection is not needed when every column is given.
struct CopyBinding {
  const common::v1::TableDescriptor* table = nullptr;  // Owned by input.catalog.
  std::vector<uint32_t> columns;  // Ordinals of the columns in the data, in order.
  std::vector<common::v1::Expression>
      defaults;  // By ordinal: for columns that are not in the data.
  std::vector<common::v1::CheckConstraint> checks;  // Over the live columns in order.
  std::optional<common::v1::Expression> where;      // Likewise.
};
absl::StatusOr<CopyBinding> BindCopy(const CopyStatement& copy, const PlanningInput& input);

// EXPLAIN's text (one line an element) or document (one element). `actuals` by operator id, may be
// null.
struct ExplainOptions {
  ExplainFormat format = ExplainFormat::kText;
  bool costs = true;
  bool verbose = false;
  bool analyze = false;
  bool timing = true;
};
struct OperatorActual {
  uint64_t rows = 0, loops = 0, rows_removed = 0;
  int64_t elapsed_us = 0;
  uint64_t deletions_skipped = 0;
  uint32_t workers = 0;  // Threads that ran a loop together; 0: one did.
};
std::vector<std::string> Explain(const common::v1::Plan& plan, const Catalog& catalog,
                                 const ExplainOptions& options,
                                 const std::vector<std::optional<OperatorActual>>* actuals,
                                 int64_t planning_us, int64_t execution_us);

// A stable 64-bit fingerprint of a ScannedStatement key, shown in adbms.statements.
uint64_t Fingerprint(std::string_view key);

}  // namespace adbms::sql
