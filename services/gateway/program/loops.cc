// LOOP, WHILE, FOR, FOREACH.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "services/gateway/program/interpreter.h"

namespace adbms::gateway::program {

namespace sqlstate = status::sqlstate;

absl::StatusOr<Interpreter::Flow> Interpreter::RunRound(const Statement& statement, bool* over) {
  RETURN_IF_ERROR(host_.Check());
  ASSIGN_OR_RETURN(const Flow flow, RunBody(statement.body));
  *over = false;
  if (flow == Flow::kNext) return flow;
  const bool meant = leaving_.empty() || leaving_ == statement.label;
  if (flow == Flow::kReturn || !meant) {
    *over = true;
    return flow;
  }
  leaving_.clear();
  *over = flow == Flow::kExit;
  return Flow::kNext;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunLoop(const Statement& statement) {
  for (;;) {
    if (statement.kind == Statement::Kind::kWhile) {
      ASSIGN_OR_RETURN(const bool more, IsTrue(statement.expression));
      if (!more) return Flow::kNext;
    }
    bool over = false;
    ASSIGN_OR_RETURN(const Flow flow, RunRound(statement, &over));
    if (over) return flow;
  }
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunForInteger(const Statement& statement) {
  ASSIGN_OR_RETURN(int64_t at, EvaluateInteger(statement.expression, "lower bound"));
  ASSIGN_OR_RETURN(const int64_t to, EvaluateInteger(statement.to, "upper bound"));
  int64_t by = 1;
  if (!statement.by.empty()) {
    ASSIGN_OR_RETURN(by, EvaluateInteger(statement.by, "BY value"));
    if (by <= 0)
      return status::Error(sqlstate::kInvalidParameterValue,
                           "BY value of FOR loop must be greater than zero");
  }
  variables_.Push(statement.label);
  Variable variable;
  variable.type = {types::TypeId::kInt4, 0};
  const size_t slot = variables_.Add(statement.loop_variable, variable);
  Flow flow = Flow::kNext;
  bool found = false;
  const auto run = [&]() -> absl::Status {
    bool over = false;
    while (!over && (statement.reverse ? at >= to : at <= to)) {
      found = true;
      variables_.at(slot).value = types::Value::Int(types::TypeId::kInt4, at);
      ASSIGN_OR_RETURN(flow, RunRound(statement, &over));
      at += statement.reverse ? -by : by;
      if (at > INT32_MAX || at < INT32_MIN) break;
    }
    return absl::OkStatus();
  };
  const absl::Status status = run();
  variables_.Pop();
  RETURN_IF_ERROR(status);
  SetFound(found);
  return flow;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunForRows(const Statement& statement) {
  ASSIGN_OR_RETURN(const Rows rows, RowsOf(statement));
  Flow flow = Flow::kNext;
  bool over = false;
  if (rows.size == 0) RETURN_IF_ERROR(AssignRow(statement.targets, rows, false, 0));
  for (const types::Batch& batch : rows.batches) {
    Rows one{rows.names, rows.types, {batch}, batch.row_count, 0};
    for (uint32_t row = 0; row < batch.row_count && !over; ++row) {
      RETURN_IF_ERROR(AssignRow(statement.targets, one, true, row));
      ASSIGN_OR_RETURN(flow, RunRound(statement, &over));
    }
    if (over) break;
  }
  SetFound(rows.size > 0);
  return flow;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunForCursor(const Statement& statement) {
  ASSIGN_OR_RETURN(const auto place, variables_.Find({statement.cursor}));
  const sql::program::Variable* cursor =
      place.has_value() ? variables_.at(place->slot).cursor : nullptr;
  if (cursor == nullptr)
    return status::Error(sqlstate::kSyntaxError,
                         "cursor FOR loop must use a bound cursor variable");
  const size_t cursor_slot = place->slot;
  const bool is_named = !variables_.at(cursor_slot).value.is_null();
  const std::string name = is_named ? host_.TextOf(variables_.at(cursor_slot).value) : cursor->name;
  RETURN_IF_ERROR(OpenBound(statement, *cursor, name));
  variables_.at(cursor_slot).value = types::Value::Text(name);
  // The rows outlive a COMMIT of the body, which ends the cursor.
  const auto move = [&](const char* direction) -> absl::Status {
    Rows none;
    const absl::Status status = host_.FetchCursor(name, direction, /*move=*/true, &none);
    return status::HasSqlState(status, sqlstate::kInvalidCursorName) ? absl::OkStatus() : status;
  };
  Rows rows;
  RETURN_IF_ERROR(host_.FetchCursor(name, "ALL", /*move=*/false, &rows));
  RETURN_IF_ERROR(move("ABSOLUTE 0"));
  variables_.Push(statement.label);
  Variable record;
  record.is_record = true;
  const size_t slot = variables_.Add(statement.loop_variable, std::move(record));
  Flow flow = Flow::kNext;
  const auto run = [&]() -> absl::Status {
    bool over = false;
    for (uint64_t row = 0; row < rows.size && !over; ++row) {
      RETURN_IF_ERROR(move("NEXT"));
      variables_.at(slot).record = {rows.names, rows.types, rows.Row(row)};
      ASSIGN_OR_RETURN(flow, RunRound(statement, &over));
    }
    return absl::OkStatus();
  };
  const absl::Status status = run();
  variables_.Pop();
  RETURN_IF_ERROR(status);
  const absl::Status closed = host_.CloseCursor(name);
  if (!closed.ok() && !status::HasSqlState(closed, sqlstate::kInvalidCursorName)) return closed;
  if (!is_named) variables_.at(cursor_slot).value = types::Value::Null({types::TypeId::kText, 0});
  SetFound(rows.size > 0);
  return flow;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunForeach(const Statement& statement) {
  ASSIGN_OR_RETURN(const types::Value array, Evaluate(statement.expression));
  if (array.is_null())
    return status::Error(sqlstate::kNullNotAllowed, "FOREACH expression must not be null");
  if (!types::IsArray(array.type().id))
    return status::Error(sqlstate::kDatatypeMismatch,
                         absl::StrCat("FOREACH expression must yield an array, not type ",
                                      types::Format(array.type())));
  if (statement.slice != 0)
    return status::Error(sqlstate::kFeatureNotSupported, "FOREACH with SLICE is not supported", {},
                         "Loop over generate_subscripts and take slices of the array.");
  const types::ArrayView view(array.bytes(), array.type().id);
  Flow flow = Flow::kNext;
  bool over = false;
  for (uint32_t i = 0; i < view.size() && !over; ++i) {
    types::Value element =
        view.is_null(i) ? types::Value::Null(types::ElementOf(array.type())) : view.Get(i);
    RETURN_IF_ERROR(Assign(statement.targets[0], element));
    ASSIGN_OR_RETURN(flow, RunRound(statement, &over));
  }
  SetFound(view.size() > 0);
  return flow;
}

}  // namespace adbms::gateway::program
