// The body of a PL/pgSQL function, procedure, trigger or DO as a tree: what the parser makes, the
// inliner turns into expressions, and the gateway's interpreter runs. SQL in it stays text, which
// is bound when it is planned. Immutable once parsed; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace adbms::sql::program {

// SQL of the body: an expression or a statement.
struct Fragment {
  std::string text;
  int line = 0;    // Of the body, from 1.
  int offset = 0;  // Byte offset in the body.

  bool empty() const { return text.empty(); }
};

// How a variable came to be.
enum class VariableKind {
  kScalar,  // type_text; empty: `like` names what it has the type of
  kRecord,  // record: its columns are those of what was last assigned
  kRow,     // table%ROWTYPE: columns of `like`
  kCursor,  // CURSOR [(…)] FOR query, or refcursor
};

struct Variable {
  std::string name;
  VariableKind kind = VariableKind::kScalar;
  std::string type_text;          // As written, "numeric(10,2)".
  std::vector<std::string> like;  // %TYPE and %ROWTYPE: [schema,] table [, column], or a variable.
  bool constant = false;
  bool not_null = false;
  Fragment initial;  // Empty: NULL.
  // Bound cursors: the query, and the names and types of its arguments.
  Fragment cursor_query;
  std::vector<std::pair<std::string, std::string>> cursor_arguments;
  std::optional<bool> scroll;
  // FOR x IN 1..3: lives as long as its loop. Of the parser's own making.
  bool of_loop = false;
};

// What a value is put into. Names are resolved by whoever runs it: the innermost block first.
struct Target {
  std::vector<std::string> name;  // [label,] variable [, field]
  Fragment subscripts;            // "[i][j]" behind it; empty: none.
};

struct Block;
struct Statement;
using StatementPtr = std::unique_ptr<const Statement>;
using Body = std::vector<StatementPtr>;

struct Branch {
  // IF, ELSIF and searched CASE: one condition. CASE x: what is compared with it, any of them.
  Fragment condition;
  Body body;
};

struct Argument {
  std::string name;  // name := value; empty: by position.
  Fragment value;
};

struct RaiseOption {
  std::string name;  // message, detail, hint, errcode, column, constraint, datatype, table, schema
  Fragment value;
};

struct DiagnosticItem {
  Target target;
  std::string item;  // row_count, returned_sqlstate, message_text, …, lower case
};

struct Statement {
  enum class Kind {
    kNull,
    kBlock,       // block
    kAssign,      // targets[0], expression
    kIf,          // branches, otherwise
    kCase,        // branches, otherwise, has_otherwise; expression: empty for a searched one
    kLoop,        // body
    kWhile,       // expression, body
    kForInteger,  // loop_variable, expression (from), to, by, reverse, body
    kForQuery,    // targets, query, body
    kForExecute,  // targets, expression (the text), using, body
    kForCursor,   // loop_variable (a record), cursor, arguments, body
    kForeach,     // targets, slice, expression, body
    kExit,        // target_label, expression (WHEN)
    kContinue,
    kReturn,       // expression; empty: none
    kReturnNext,   // expression; empty: the output arguments
    kReturnQuery,  // query, or expression (the text) and using
    kRaise,        // level, condition, message, arguments, options; none of them: raise again
    kAssert,       // expression, message_expression
    kSql,          // query, targets (INTO), strict
    kExecute,      // expression (the text), targets, strict, using
    kPerform,      // query
    kDiagnostics,  // stacked, items
    kOpen,         // cursor, arguments, query, or expression and using
    kFetch,        // cursor, direction, targets
    kMove,         // cursor, direction
    kClose,        // cursor
    kCommit,       // chain
    kRollback,     // chain
  };
  Kind kind = Kind::kNull;
  int line = 0;

  std::string label;  // Of a loop or block; empty: none.
  Fragment expression;
  Fragment query;
  std::vector<Target> targets;
  bool into = false;
  bool strict = false;
  std::vector<Branch> branches;
  bool has_otherwise = false;
  Body otherwise;
  Body body;
  std::unique_ptr<const Block> block;

  std::string loop_variable;
  Fragment to;
  Fragment by;
  bool reverse = false;
  int slice = 0;
  std::string target_label;

  std::string level;      // RAISE: "exception", "notice", …
  std::string condition;  // RAISE name or SQLSTATE '…', as a code or a name; empty: none.
  std::optional<std::string> message;  // RAISE 'format'.
  std::vector<Argument> arguments;
  std::vector<RaiseOption> options;
  Fragment message_expression;

  std::vector<Fragment> using_values;
  bool stacked = false;
  std::vector<DiagnosticItem> items;
  std::string cursor;
  std::string direction;  // FETCH and MOVE: "next", "absolute 3", …; as SQL has it.
  bool chain = false;
};

struct Handler {
  std::vector<std::string> conditions;  // Names, lower case, or codes of five characters.
  Body body;
};

struct Block {
  std::string label;
  std::vector<Variable> variables;
  // ALIAS FOR: the new name, and what it stands for ("$1" too).
  std::vector<std::pair<std::string, std::string>> aliases;
  Body body;
  bool has_handlers = false;
  std::vector<Handler> handlers;
};

// How a name that both a variable and a column have is read.
enum class VariableConflict { kError, kUseVariable, kUseColumn };

struct Program {
  Block block;
  VariableConflict conflict = VariableConflict::kError;
};
using ProgramPtr = std::shared_ptr<const Program>;

}  // namespace adbms::sql::program
