// Runs a program, statement by statement, on a host. One interpreter runs one call. Not
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/program/program.h"
#include "services/gateway/program/host.h"
#include "services/gateway/program/variables.h"

namespace adbms::gateway::program {

// What a program is called as, and with.
struct Call {
  std::string label;      // The function's name; empty: DO.
  std::string signature;  // Of a polymorphic function: with the types of this call.
  // Arguments in order; those of the result have no value yet.
  struct Argument {
    std::string name;
    types::Type type;
    types::Value value;
    bool is_output = false;
  };
  std::vector<Argument> arguments;
  types::Type result;          // Unspecified: none, or the output arguments.
  bool returns_value = false;  // RETURN wants an expression.
  bool returns_set = false;
  bool is_procedure = false;
  // Of a trigger: its rows, as records NEW and OLD, and TG_…; a record without names is NULL.
  bool is_trigger = false;
  Record new_row;
  Record old_row;
  std::vector<std::pair<std::string, types::Value>> trigger_values;
};

// What came of it.
struct Result {
  types::Value value;                 // Of a function that returns one.
  std::vector<types::Value> outputs;  // Of the output arguments, in order.
  Rows rows;                          // Of one that returns a set.
  bool skip = false;                  // A trigger's: RETURN NULL.
  Record row;                         // A trigger's, otherwise.
};

// SQL of a program, prepared where it stands; kept from call to call.
struct Prepared {
  SqlText sql;
  std::vector<Place> places;  // Of the parameters.
  // The records that are used as a whole, and whether each was missing.
  std::vector<std::pair<size_t, bool>> wholes;
};
// A call of the same program in the midst of one may bind a text anew: whoever runs one holds it.
using PreparedTexts = std::unordered_map<const sql::program::Fragment*, std::shared_ptr<Prepared>>;

class Interpreter {
 public:
  // All are borrowed. `texts` belongs to the program.
  Interpreter(Host* host, const sql::program::Program& program, PreparedTexts* texts)
      : host_(*host), program_(program), texts_(*texts) {}

  absl::StatusOr<Result> Run(const Call& call);

 private:
  using Statement = sql::program::Statement;
  using Fragment = sql::program::Fragment;
  using Target = sql::program::Target;

  // How a statement was left.
  enum class Flow { kNext, kExit, kContinue, kReturn };

  // interpreter.cc
  absl::StatusOr<Flow> RunBody(const sql::program::Body& body);
  absl::StatusOr<Flow> RunOne(const Statement& statement);
  absl::StatusOr<Flow> RunBlock(const sql::program::Block& block);
  absl::StatusOr<Flow> RunHandlers(const sql::program::Block& block, const absl::Status& failure);
  absl::Status Declare(const sql::program::Block& block);
  absl::Status DeclareOne(const sql::program::Variable& declared);
  // The value of an output argument.
  absl::StatusOr<types::Value> OutputOf(size_t slot);
  // A record or row, with its default.
  absl::Status DeclareRecord(const sql::program::Variable& declared, Variable variable);
  absl::StatusOr<types::Type> TypeOf(const sql::program::Variable& declared);
  void DeclareArguments(const Call& call);
  absl::StatusOr<Flow> RunIf(const Statement& statement);
  absl::StatusOr<Flow> RunCase(const Statement& statement);
  absl::StatusOr<Flow> RunReturn(const Statement& statement);
  absl::Status ReturnRow(const Statement& statement);
  absl::Status ReturnRows(Rows rows);

  // reports.cc
  absl::Status RunRaise(const Statement& statement);
  absl::StatusOr<std::string> FormatMessage(const Statement& statement);
  absl::Status RunAssert(const Statement& statement);
  absl::Status RunDiagnostics(const Statement& statement);

  // loops.cc
  absl::StatusOr<Flow> RunLoop(const Statement& statement);
  absl::StatusOr<Flow> RunForInteger(const Statement& statement);
  absl::StatusOr<Flow> RunForRows(const Statement& statement);
  absl::StatusOr<Flow> RunForCursor(const Statement& statement);
  absl::StatusOr<Flow> RunForeach(const Statement& statement);
  // One round of a loop; `*over` when it is not to go on.
  absl::StatusOr<Flow> RunRound(const Statement& statement, bool* over);

  // queries.cc
  absl::Status RunSql(const Statement& statement);
  absl::Status RunExecute(const Statement& statement);
  absl::StatusOr<Rows> RowsOf(const Statement& statement);
  absl::StatusOr<Outcome> RunText(const Fragment& fragment, Rows* rows);
  absl::StatusOr<Outcome> RunDynamic(const Statement& statement, Rows* rows);
  absl::StatusOr<std::pair<SqlText, std::vector<types::Value>>> DynamicText(
      const Statement& statement);
  absl::Status PutInto(const Statement& statement, const Rows& rows, bool one_at_most);
  absl::Status RunOpen(const Statement& statement);
  absl::Status RunFetch(const Statement& statement);
  absl::StatusOr<std::string> CursorNamed(const std::string& name);
  // Opens a bound cursor under the name, with the statement's arguments.
  absl::Status OpenBound(const Statement& statement, const sql::program::Variable& cursor,
                         const std::string& name);
  // The arguments of a bound cursor as variables of a new frame.
  absl::Status PushCursorArguments(const Statement& statement,
                                   const sql::program::Variable& cursor);

  // values.cc
  absl::StatusOr<std::shared_ptr<Prepared>> Prepare(const Fragment& fragment, bool expression);
  absl::Status Bind(const std::string& text, bool expression, Prepared* prepared);
  std::vector<types::Value> ValuesOf(const Prepared& prepared) const;
  bool Fits(const Prepared& prepared) const;
  absl::StatusOr<types::Value> Evaluate(const Fragment& fragment);
  absl::StatusOr<bool> IsTrue(const Fragment& fragment);
  absl::StatusOr<int64_t> EvaluateInteger(const Fragment& fragment, const char* what);
  // The record that the expression is nothing but the name of; null: it is something else.
  Variable* RecordNamed(const Fragment& fragment);
  absl::Status Assign(const Target& target, const types::Value& value);
  absl::Status AssignTo(const Place& place, const std::string& name, const types::Value& value);
  absl::Status AssignElement(const Target& target, const Place& place, const types::Value& value);
  // A row: to one record, or to as many targets as there are.
  absl::Status AssignRow(const std::vector<Target>& targets, const Rows& rows, bool present,
                         uint64_t row);
  // To a record: a row, or NULL. Errors: 42804 for anything else.
  absl::Status AssignWhole(Variable* variable, const std::string& name, const types::Value& value);
  absl::Status AssignRecord(Variable* variable, const std::string& name, Record record);
  // Errors: 22005 for a constant.
  static absl::Status CheckAssignable(const Variable& variable, const std::string& name);
  // 22004.
  static absl::Status NullRefused(const std::string& name);
  absl::StatusOr<Place> PlaceOf(const Target& target) const;
  // As an assignment does; rows field by field. Errors: 42804, those of the fields.
  absl::StatusOr<types::Value> Convert(const types::Value& value, const types::Type& type);
  void SetFound(bool found);

  Host& host_;
  const sql::program::Program& program_;
  PreparedTexts& texts_;
  Variables variables_;
  size_t found_ = 0;  // Slots.
  std::vector<size_t> outputs_;
  const Call* call_ = nullptr;
  Result result_;
  uint64_t row_count_ = 0;
  std::string leaving_;                    // The label that EXIT or CONTINUE named.
  std::vector<status::SqlError> handled_;  // The errors whose handlers run, innermost last.
  int line_ = 0;
};

}  // namespace adbms::gateway::program
