// Statements of SQL, dynamic ones, and cursors.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/program/interpreter.h"

namespace adbms::gateway::program {

namespace sqlstate = status::sqlstate;

absl::Status Interpreter::PutInto(const Statement& statement, const Rows& rows, bool one_at_most) {
  if (statement.strict && rows.size == 0) return status::Error("P0002", "query returned no rows");
  if ((statement.strict || one_at_most) && rows.size > 1)
    return status::Error("P0003", "query returned more than one row", {},
                         "Make sure the query returns a single row, or use LIMIT 1.");
  return AssignRow(statement.targets, rows, rows.size > 0, 0);
}

absl::Status Interpreter::RunSql(const Statement& statement) {
  Rows rows;
  ASSIGN_OR_RETURN(const Outcome outcome, RunText(statement.query, &rows));
  row_count_ = outcome.row_count;
  if (statement.kind == Statement::Kind::kPerform) {
    SetFound(rows.size > 0);
    return absl::OkStatus();
  }
  if (statement.into) {
    if (!outcome.returned_rows)
      return status::Error(sqlstate::kSyntaxError,
                           "INTO used with a command that cannot return data");
    RETURN_IF_ERROR(PutInto(statement, rows, /*one_at_most=*/outcome.wrote));
    SetFound(rows.size > 0);
    row_count_ = rows.size > 0 ? 1 : 0;
    return absl::OkStatus();
  }
  if (outcome.returned_rows && !outcome.wrote && outcome.command_tag != "CALL")
    return status::Error(sqlstate::kSyntaxError, "query has no destination for result data", {},
                         "If you want to discard the results of a SELECT, use PERFORM instead.");
  if (outcome.returned_rows && outcome.wrote)
    return status::Error(sqlstate::kSyntaxError, "query has no destination for result data");
  if (outcome.wrote) SetFound(outcome.row_count > 0);
  return absl::OkStatus();
}

absl::StatusOr<std::pair<SqlText, std::vector<types::Value>>> Interpreter::DynamicText(
    const Statement& statement) {
  ASSIGN_OR_RETURN(const types::Value text, Evaluate(statement.expression));
  if (text.is_null())
    return status::Error(sqlstate::kNullNotAllowed, "query string argument of EXECUTE is null");
  SqlText sql;
  sql.text = host_.TextOf(text);
  std::vector<types::Value> values;
  for (const Fragment& fragment : statement.using_values) {
    ASSIGN_OR_RETURN(types::Value value, Evaluate(fragment));
    sql.parameter_types.push_back(value.type());
    values.push_back(std::move(value));
  }
  return std::make_pair(std::move(sql), std::move(values));
}

absl::StatusOr<Outcome> Interpreter::RunDynamic(const Statement& statement, Rows* rows) {
  ASSIGN_OR_RETURN(auto dynamic, DynamicText(statement));
  auto outcome = host_.Run(&dynamic.first, dynamic.second, rows);
  if (outcome.ok()) return outcome;
  status::SqlError error = status::FromStatus(outcome.status());
  error.position = 0;
  return status::ToStatus(error);
}

absl::Status Interpreter::RunExecute(const Statement& statement) {
  Rows rows;
  ASSIGN_OR_RETURN(const Outcome outcome, RunDynamic(statement, &rows));
  row_count_ = outcome.row_count;
  if (!statement.into) return absl::OkStatus();
  if (!outcome.returned_rows)
    return status::Error(sqlstate::kSyntaxError,
                         "INTO used with a command that cannot return data");
  return PutInto(statement, rows, /*one_at_most=*/false);
}

absl::StatusOr<Rows> Interpreter::RowsOf(const Statement& statement) {
  Rows rows;
  Outcome outcome;
  if (statement.query.empty()) {
    ASSIGN_OR_RETURN(outcome, RunDynamic(statement, &rows));
  } else {
    ASSIGN_OR_RETURN(outcome, RunText(statement.query, &rows));
  }
  if (!outcome.returned_rows)
    return status::Error("42P11",
                         absl::StrCat("cannot open ", outcome.command_tag, " query as cursor"));
  return rows;
}

absl::StatusOr<std::string> Interpreter::CursorNamed(const std::string& name) {
  ASSIGN_OR_RETURN(const auto place, variables_.Find({name}));
  if (!place.has_value())
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("\"", name, "\" is not a known variable"));
  const Variable& variable = variables_.at(place->slot);
  if (variable.is_record || !types::IsString(variable.type.id))
    return status::Error(
        sqlstate::kDatatypeMismatch,
        absl::StrCat("variable \"", name, "\" must be of type cursor or refcursor"));
  if (variable.value.is_null())
    return status::Error(sqlstate::kNullNotAllowed,
                         absl::StrCat("cursor variable \"", name, "\" is null"));
  return host_.TextOf(variable.value);
}

absl::Status Interpreter::PushCursorArguments(const Statement& statement,
                                              const sql::program::Variable& cursor) {
  std::vector<types::Value> given(cursor.cursor_arguments.size());
  std::vector<bool> present(given.size());
  for (size_t i = 0; i < statement.arguments.size(); ++i) {
    const sql::program::Argument& argument = statement.arguments[i];
    size_t at = i;
    if (!argument.name.empty()) {
      at = 0;
      while (at < given.size() && cursor.cursor_arguments[at].first != argument.name) ++at;
    }
    if (at >= given.size())
      return status::Error(sqlstate::kSyntaxError,
                           absl::StrCat("too many arguments for cursor \"", cursor.name, "\""));
    if (present[at])
      return status::Error(
          sqlstate::kSyntaxError,
          absl::StrCat("value for parameter \"", cursor.cursor_arguments[at].first,
                       "\" of cursor \"", cursor.name, "\" specified more than once"));
    ASSIGN_OR_RETURN(given[at], Evaluate(argument.value));
    present[at] = true;
  }
  variables_.Push(cursor.name);
  for (size_t i = 0; i < given.size(); ++i) {
    if (!present[i])
      return status::Error(sqlstate::kSyntaxError,
                           absl::StrCat("not enough arguments for cursor \"", cursor.name, "\""));
    Variable variable;
    ASSIGN_OR_RETURN(variable.type, host_.TypeNamed(cursor.cursor_arguments[i].second));
    ASSIGN_OR_RETURN(variable.value, Convert(given[i], variable.type));
    variables_.Add(cursor.cursor_arguments[i].first, std::move(variable));
  }
  return absl::OkStatus();
}

absl::Status Interpreter::OpenBound(const Statement& statement,
                                    const sql::program::Variable& cursor, const std::string& name) {
  RETURN_IF_ERROR(PushCursorArguments(statement, cursor));
  const auto open = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::shared_ptr<Prepared> prepared, Prepare(cursor.cursor_query, false));
    SqlText own = prepared->sql;
    return host_.OpenCursor(name, &own, ValuesOf(*prepared));
  };
  const absl::Status status = open();
  variables_.Pop();
  return status;
}

absl::Status Interpreter::RunOpen(const Statement& statement) {
  ASSIGN_OR_RETURN(const auto place, variables_.Find({statement.cursor}));
  if (!place.has_value())
    return status::Error(sqlstate::kSyntaxError,
                         absl::StrCat("\"", statement.cursor, "\" is not a known variable"));
  const sql::program::Variable* bound = variables_.at(place->slot).cursor;
  std::string name;
  if (variables_.at(place->slot).value.is_null()) {
    name = bound != nullptr ? bound->name : host_.NewCursorName();
  } else {
    name = host_.TextOf(variables_.at(place->slot).value);
  }
  if (bound != nullptr && statement.query.empty() && statement.expression.empty()) {
    RETURN_IF_ERROR(OpenBound(statement, *bound, name));
  } else if (statement.query.empty() && statement.expression.empty()) {
    return status::Error(sqlstate::kSyntaxError, "expected FOR after the cursor's name");
  } else if (statement.query.empty()) {
    ASSIGN_OR_RETURN(auto dynamic, DynamicText(statement));
    RETURN_IF_ERROR(host_.OpenCursor(name, &dynamic.first, dynamic.second));
  } else {
    ASSIGN_OR_RETURN(const std::shared_ptr<Prepared> prepared, Prepare(statement.query, false));
    SqlText own = prepared->sql;
    RETURN_IF_ERROR(host_.OpenCursor(name, &own, ValuesOf(*prepared)));
  }
  variables_.at(place->slot).value = types::Value::Text(std::move(name));
  return absl::OkStatus();
}

absl::Status Interpreter::RunFetch(const Statement& statement) {
  ASSIGN_OR_RETURN(const std::string name, CursorNamed(statement.cursor));
  Rows rows;
  const bool move = statement.kind == Statement::Kind::kMove;
  RETURN_IF_ERROR(host_.FetchCursor(name, statement.direction, move, &rows));
  row_count_ = rows.size;
  SetFound(rows.size > 0);
  return move ? absl::OkStatus() : AssignRow(statement.targets, rows, rows.size > 0, 0);
}

}  // namespace adbms::gateway::program
