#include "services/gateway/program/interpreter.h"

#include "absl/strings/str_cat.h"
#include "common/sql/row_types.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"
#include "services/gateway/program/condition_names.h"
#include "services/gateway/program/row_values.h"

namespace adbms::gateway::program {
namespace {

namespace sqlstate = status::sqlstate;
using types::TypeId;

constexpr std::string_view kCaseNotFound = "20000";
constexpr std::string_view kNoReturn = "2F005";
// What a simple CASE compares with.
constexpr char kCaseOperand[] = "case operand";

Variable TextVariable(std::string value) {
  Variable variable;
  variable.type = {TypeId::kText, 0};
  variable.value = types::Value::Text(std::move(value));
  return variable;
}

// An error of the connection or of this code, which no program handles.
bool CanBeHandled(const absl::Status& status) {
  const std::string code = status::FromStatus(status).sqlstate;
  return code != sqlstate::kConnectionFailure && code.substr(0, 2) != "XX" && code.size() == 5;
}

}  // namespace

absl::StatusOr<Result> Interpreter::Run(const Call& call) {
  call_ = &call;
  if (program_.conflict != sql::program::VariableConflict::kError)
    return status::Error(sqlstate::kFeatureNotSupported, "#variable_conflict is not supported", {},
                         "Give variables and columns names of their own, or write table.column.");
  variables_.Push(call.label);
  DeclareArguments(call);
  const auto run = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Flow flow, RunBlock(program_.block));
    const bool needs_return = call.is_trigger || (call.returns_value && !call.returns_set);
    if (flow != Flow::kReturn && needs_return)
      return status::Error(
          kNoReturn, call.is_trigger ? "control reached end of trigger procedure without RETURN"
                                     : "control reached end of function without RETURN");
    if (flow == Flow::kExit || flow == Flow::kContinue)
      return status::Error(sqlstate::kSyntaxError,
                           leaving_.empty() ? "EXIT cannot be used outside a loop"
                                            : absl::StrCat("there is no label \"", leaving_,
                                                           "\" attached to any block or loop "
                                                           "enclosing this statement"));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(run());
  for (const size_t slot : outputs_) {
    ASSIGN_OR_RETURN(result_.outputs.emplace_back(), OutputOf(slot));
  }
  variables_.Pop();
  return std::move(result_);
}

absl::StatusOr<types::Value> Interpreter::OutputOf(size_t slot) {
  const Variable& variable = variables_.at(slot);
  if (!variable.is_record) return variable.value;
  if (variable.record.missing) return types::Value::Null(variable.type);
  const auto convert = [this](const types::Value& value, const types::Type& type) {
    return Convert(value, type);
  };
  return RowOf(variable.record, variable.type, convert);
}

void Interpreter::DeclareArguments(const Call& call) {
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const Call::Argument& argument = call.arguments[i];
    Variable variable;
    variable.type = argument.type;
    variable.value = argument.value.is_null() ? types::Value::Null(argument.type) : argument.value;
    if (types::CompositeOf(argument.type) != nullptr && types::IsRow(argument.type)) {
      variable.is_record = variable.fixed_fields = true;
      variable.record = RecordOf(variable.value);
      variable.record.missing = variable.value.is_null();
    }
    const size_t slot = variables_.Add(absl::StrCat("$", i + 1), std::move(variable));
    if (!argument.name.empty()) variables_.AddName(argument.name, slot);
    if (argument.is_output) outputs_.push_back(slot);
  }
  Variable found;
  found.type = {TypeId::kBool, 0};
  found.value = types::Value::Bool(false);
  found_ = variables_.Add("found", std::move(found));
  if (!call.is_trigger) return;
  for (const auto& [name, record] :
       {std::make_pair("new", &call.new_row), std::make_pair("old", &call.old_row)}) {
    Variable variable;
    variable.is_record = true;
    variable.record = *record;
    variable.fixed_fields = !record->names.empty();
    if (!variable.fixed_fields) variable.record.missing = true;
    variable.type = {TypeId::kRecord, 0};
    variable.value = types::Value::Null(variable.type);
    variables_.Add(name, std::move(variable));
  }
  for (const auto& [name, value] : call.trigger_values) {
    Variable variable;
    variable.type = value.type();
    variable.value = value;
    variables_.Add(name, std::move(variable));
  }
}

absl::StatusOr<types::Type> Interpreter::TypeOf(const sql::program::Variable& declared) {
  if (declared.kind == sql::program::VariableKind::kCursor) return types::Type{TypeId::kText, 0};
  if (declared.like.empty()) return host_.TypeNamed(declared.type_text);
  // Of a variable, or of a table's column.
  ASSIGN_OR_RETURN(const auto place, variables_.Find(declared.like));
  if (place.has_value()) {
    const Variable& variable = variables_.at(place->slot);
    return place->field.has_value() ? variable.record.types[*place->field] : variable.type;
  }
  if (declared.like.size() < 2)
    return status::Error(sqlstate::kUndefinedObject,
                         absl::StrCat("type \"", declared.like[0], "%TYPE\" does not exist"));
  const std::vector<std::string> name(declared.like.begin(), declared.like.end() - 1);
  ASSIGN_OR_RETURN(const auto* table, host_.FindTable(name));
  for (const auto& column : table->columns()) {
    if (!column.dropped() && column.name() == declared.like.back())
      return types::FromProto(column.type());
  }
  return status::Error(sqlstate::kUndefinedColumn,
                       absl::StrCat("column \"", declared.like.back(), "\" of relation \"",
                                    name.back(), "\" does not exist"));
}

absl::Status Interpreter::DeclareRecord(const sql::program::Variable& declared, Variable variable) {
  variable.is_record = true;
  variable.not_null = declared.not_null;
  variable.record.missing = variable.fixed_fields;
  variable.value = types::Value::Null(variable.type);
  if (!declared.initial.empty()) {
    if (const Variable* other = RecordNamed(declared.initial); other != nullptr) {
      RETURN_IF_ERROR(AssignRecord(&variable, declared.name, other->record));
    } else {
      ASSIGN_OR_RETURN(const types::Value value, Evaluate(declared.initial));
      // Unlike an assignment's, as in PostgreSQL.
      if (!value.is_null() && value.type().id != TypeId::kRecord)
        return status::Error(sqlstate::kDatatypeMismatch,
                             "cannot assign non-composite value to a record variable");
      RETURN_IF_ERROR(AssignWhole(&variable, declared.name, value));
    }
  }
  variable.constant = declared.constant;
  variables_.Add(declared.name, std::move(variable));
  return absl::OkStatus();
}

absl::Status Interpreter::DeclareOne(const sql::program::Variable& declared) {
  Variable variable;
  using Kind = sql::program::VariableKind;
  if (declared.kind == Kind::kRecord || declared.kind == Kind::kRow) {
    variable.type = types::Type{TypeId::kRecord, 0};
    if (declared.kind == Kind::kRow) {
      ASSIGN_OR_RETURN(const auto* table, host_.FindTable(declared.like));
      variable.type = types::TypeOf(types::Intern(sql::RowTypeOf(*table)));
      variable.fixed_fields = true;
      variable.record = EmptyRecord(variable.type);
    }
    return DeclareRecord(declared, std::move(variable));
  }
  ASSIGN_OR_RETURN(variable.type, TypeOf(declared));
  if (types::IsRow(variable.type) && types::CompositeOf(variable.type) != nullptr) {
    variable.fixed_fields = true;
    variable.record = EmptyRecord(variable.type);
    return DeclareRecord(declared, std::move(variable));
  }
  variable.value = types::Value::Null(variable.type);
  variable.not_null = declared.not_null;
  if (!declared.cursor_query.empty()) variable.cursor = &declared;
  if (!declared.initial.empty()) {
    ASSIGN_OR_RETURN(const types::Value value, Evaluate(declared.initial));
    if (value.is_null() && declared.not_null) return NullRefused(declared.name);
    ASSIGN_OR_RETURN(variable.value, Convert(value, variable.type));
  }
  variable.constant = declared.constant;
  variables_.Add(declared.name, std::move(variable));
  return absl::OkStatus();
}

absl::Status Interpreter::Declare(const sql::program::Block& block) {
  for (const sql::program::Variable& declared : block.variables)
    RETURN_IF_ERROR(DeclareOne(declared));
  for (const auto& [name, of] : block.aliases) {
    ASSIGN_OR_RETURN(const auto place, variables_.Find({of}));
    if (!place.has_value())
      return status::Error(sqlstate::kUndefinedParameter,
                           absl::StrCat("variable \"", of, "\" does not exist"));
    variables_.AddName(name, place->slot);
  }
  return absl::OkStatus();
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunBlock(const sql::program::Block& block) {
  const size_t depth = variables_.frames().size();
  variables_.Push(block.label);
  const auto run = [&]() -> absl::StatusOr<Flow> {
    RETURN_IF_ERROR(Declare(block));
    if (!block.has_handlers) return RunBody(block.body);
    RETURN_IF_ERROR(host_.Savepoint());
    const size_t inner = variables_.frames().size();
    auto flow = RunBody(block.body);
    if (flow.ok()) {
      RETURN_IF_ERROR(host_.ReleaseSavepoint());
      return flow;
    }
    while (variables_.frames().size() > inner) variables_.Pop();
    if (!CanBeHandled(flow.status())) return flow;
    RETURN_IF_ERROR(host_.RollbackSavepoint());
    return RunHandlers(block, flow.status());
  };
  auto flow = run();
  // What an error has left on the way.
  while (variables_.frames().size() > depth) variables_.Pop();
  if (!flow.ok()) return flow;
  if (*flow == Flow::kExit && !block.label.empty() && leaving_ == block.label) {
    leaving_.clear();
    return Flow::kNext;
  }
  return flow;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunHandlers(const sql::program::Block& block,
                                                           const absl::Status& failure) {
  const status::SqlError error = status::FromStatus(failure);
  for (const sql::program::Handler& handler : block.handlers) {
    bool caught = false;
    for (const std::string& condition : handler.conditions) {
      if (condition != "others" && condition.size() != 5 && CodesOf(condition).empty())
        return status::Error(sqlstate::kUndefinedObject,
                             absl::StrCat("unrecognized exception condition \"", condition, "\""));
      caught |= Catches(condition, error.sqlstate);
    }
    if (!caught) continue;
    variables_.Push("");
    variables_.Add("sqlstate", TextVariable(error.sqlstate));
    variables_.Add("sqlerrm", TextVariable(error.message));
    handled_.push_back(error);
    auto flow = RunBody(handler.body);
    handled_.pop_back();
    return flow;
  }
  return failure;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunBody(const sql::program::Body& body) {
  for (const auto& statement : body) {
    line_ = statement->line;
    ASSIGN_OR_RETURN(const Flow flow, RunOne(*statement));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunOne(const Statement& statement) {
  using Kind = Statement::Kind;
  const auto next = [](const absl::Status& status) -> absl::StatusOr<Flow> {
    RETURN_IF_ERROR(status);
    return Flow::kNext;
  };
  switch (statement.kind) {
    case Kind::kNull:
      return Flow::kNext;
    case Kind::kBlock:
      return RunBlock(*statement.block);
    case Kind::kAssign: {
      if (const Variable* record = RecordNamed(statement.expression); record != nullptr) {
        const Target& target = statement.targets[0];
        ASSIGN_OR_RETURN(const Place place, PlaceOf(target));
        if (!place.field.has_value() && variables_.at(place.slot).is_record)
          return next(
              AssignRecord(&variables_.at(place.slot), target.name.back(), Record(record->record)));
      }
      ASSIGN_OR_RETURN(const types::Value value, Evaluate(statement.expression));
      return next(Assign(statement.targets[0], value));
    }
    case Kind::kIf:
      return RunIf(statement);
    case Kind::kCase:
      return RunCase(statement);
    case Kind::kLoop:
    case Kind::kWhile:
      return RunLoop(statement);
    case Kind::kForInteger:
      return RunForInteger(statement);
    case Kind::kForQuery:
    case Kind::kForExecute:
      return RunForRows(statement);
    case Kind::kForCursor:
      return RunForCursor(statement);
    case Kind::kForeach:
      return RunForeach(statement);
    case Kind::kExit:
    case Kind::kContinue: {
      if (!statement.expression.empty()) {
        ASSIGN_OR_RETURN(const bool meant, IsTrue(statement.expression));
        if (!meant) return Flow::kNext;
      }
      leaving_ = statement.target_label;
      return statement.kind == Kind::kExit ? Flow::kExit : Flow::kContinue;
    }
    case Kind::kReturn:
      return RunReturn(statement);
    case Kind::kReturnNext:
      return next(ReturnRow(statement));
    case Kind::kReturnQuery: {
      if (!call_->returns_set)
        return status::Error(sqlstate::kDatatypeMismatch,
                             "cannot use RETURN QUERY in a non-SETOF function");
      ASSIGN_OR_RETURN(Rows rows, RowsOf(statement));
      row_count_ = rows.size;
      SetFound(rows.size > 0);
      return next(ReturnRows(std::move(rows)));
    }
    case Kind::kRaise:
      return next(RunRaise(statement));
    case Kind::kAssert:
      return next(RunAssert(statement));
    case Kind::kSql:
    case Kind::kPerform:
      return next(RunSql(statement));
    case Kind::kExecute:
      return next(RunExecute(statement));
    case Kind::kDiagnostics:
      return next(RunDiagnostics(statement));
    case Kind::kOpen:
      return next(RunOpen(statement));
    case Kind::kFetch:
    case Kind::kMove:
      return next(RunFetch(statement));
    case Kind::kClose: {
      ASSIGN_OR_RETURN(const std::string name, CursorNamed(statement.cursor));
      return next(host_.CloseCursor(name));
    }
    case Kind::kCommit:
    case Kind::kRollback:
      return next(host_.EndTransaction(statement.kind == Kind::kCommit));
  }
  return absl::InternalError("an unknown statement of a program");
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunIf(const Statement& statement) {
  for (const sql::program::Branch& branch : statement.branches) {
    ASSIGN_OR_RETURN(const bool taken, IsTrue(branch.condition));
    if (taken) return RunBody(branch.body);
  }
  return RunBody(statement.otherwise);
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunCase(const Statement& statement) {
  const bool simple = !statement.expression.empty();
  types::Value operand;
  if (simple) {
    ASSIGN_OR_RETURN(operand, Evaluate(statement.expression));
  }
  const sql::program::Body* body = statement.has_otherwise ? &statement.otherwise : nullptr;
  if (simple) {
    variables_.Push("");
    Variable variable;
    variable.type = operand.type();
    variable.value = operand;
    variables_.Add(kCaseOperand, std::move(variable));
  }
  const auto choose = [&]() -> absl::Status {
    for (const sql::program::Branch& branch : statement.branches) {
      bool taken = false;
      if (simple) {
        Prepared prepared;
        RETURN_IF_ERROR(
            Bind(absl::StrCat("\"", kCaseOperand, "\" IN (", branch.condition.text, ")"),
                 /*expression=*/true, &prepared));
        ASSIGN_OR_RETURN(const types::Value value,
                         host_.Evaluate(&prepared.sql, ValuesOf(prepared)));
        taken = !value.is_null() && value.bool_value();
      } else {
        ASSIGN_OR_RETURN(taken, IsTrue(branch.condition));
      }
      if (!taken) continue;
      body = &branch.body;
      break;
    }
    return absl::OkStatus();
  };
  const absl::Status status = choose();
  if (simple) variables_.Pop();
  RETURN_IF_ERROR(status);
  if (body == nullptr)
    return status::Error(kCaseNotFound, "case not found", {},
                         "CASE statement is missing ELSE part.");
  return RunBody(*body);
}

absl::StatusOr<Interpreter::Flow> Interpreter::RunReturn(const Statement& statement) {
  if (call_->is_trigger) {
    if (statement.expression.empty())
      return status::Error(sqlstate::kSyntaxError, "missing expression");
    if (const Variable* record = RecordNamed(statement.expression); record != nullptr) {
      result_.row = record->record;
      result_.skip = record->record.names.empty() || record->record.missing;
      return Flow::kReturn;
    }
    ASSIGN_OR_RETURN(const types::Value value, Evaluate(statement.expression));
    if (!value.is_null() && value.type().id == TypeId::kRecord) {
      result_.row = RecordOf(value);
      return Flow::kReturn;
    }
    if (!value.is_null())
      return status::Error(sqlstate::kDatatypeMismatch,
                           "cannot return non-composite value from function returning composite "
                           "type");
    result_.skip = true;
    return Flow::kReturn;
  }
  if (statement.expression.empty()) {
    if (call_->returns_value && !call_->returns_set)
      return status::Error(sqlstate::kSyntaxError, "missing expression");
    return Flow::kReturn;
  }
  if (!call_->returns_value || call_->returns_set)
    return status::Error(sqlstate::kDatatypeMismatch,
                         call_->is_procedure ? "RETURN cannot have a parameter in a procedure"
                         : call_->returns_set
                             ? "RETURN cannot have a parameter in function returning set"
                             : "RETURN cannot have a parameter in function returning void");
  ASSIGN_OR_RETURN(const types::Value value, Evaluate(statement.expression));
  ASSIGN_OR_RETURN(result_.value, Convert(value, call_->result));
  return Flow::kReturn;
}

absl::Status Interpreter::ReturnRow(const Statement& statement) {
  if (!call_->returns_set)
    return status::Error(sqlstate::kDatatypeMismatch,
                         "cannot use RETURN NEXT in a non-SETOF function");
  Rows row;
  std::vector<types::Value> values;
  if (statement.expression.empty()) {
    for (const size_t slot : outputs_) {
      ASSIGN_OR_RETURN(values.emplace_back(), OutputOf(slot));
      row.types.push_back(variables_.at(slot).type);
    }
  } else if (const Variable* record = RecordNamed(statement.expression); record != nullptr) {
    values = record->record.values;
    row.types = record->record.types;
    row.names = record->record.names;
  } else {
    ASSIGN_OR_RETURN(values.emplace_back(), Evaluate(statement.expression));
    if (values[0].is_null() && outputs_.empty() && call_->result.id == TypeId::kRecord)
      values[0] = types::Value::Null(call_->result);
    row.types.push_back(values[0].type());
  }
  types::Batch batch;
  for (size_t i = 0; i < values.size(); ++i) {
    auto vector = std::make_shared<types::Vector>(row.types[i]);
    if (values[i].is_null()) {
      vector->AppendNull();
    } else {
      vector->Append(values[i]);
    }
    batch.columns.push_back(std::move(vector));
  }
  batch.row_count = 1;
  row.batches.push_back(std::move(batch));
  row.size = 1;
  return ReturnRows(std::move(row));
}

absl::Status Interpreter::ReturnRows(Rows rows) {
  // The columns of the result: the output arguments', or the one value.
  std::vector<types::Type> wanted;
  for (const size_t slot : outputs_) wanted.push_back(variables_.at(slot).type);
  if (wanted.empty() && call_->result.id != TypeId::kUnspecified) wanted.push_back(call_->result);
  if (wanted.size() == 1 && outputs_.empty() && ArePacked(wanted[0], rows.types)) {
    const auto convert = [this](const types::Value& value, const types::Type& type) {
      return Convert(value, type);
    };
    RETURN_IF_ERROR(PackRows(wanted[0], convert, &rows));
  }
  if (wanted.size() != rows.types.size())
    return status::Error(
        sqlstate::kDatatypeMismatch, "structure of query does not match function result type",
        absl::StrCat("Number of returned columns (", rows.types.size(),
                     ") does not match expected column count (", wanted.size(), ")."));
  Rows& out = result_.rows;
  if (out.types.empty()) out.types = wanted;
  for (const types::Batch& batch : rows.batches) {
    types::Batch converted;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (rows.types[i].id == wanted[i].id && rows.types[i].declared == wanted[i].declared) {
        converted.columns.push_back(batch.columns[i]);
        continue;
      }
      auto vector = std::make_shared<types::Vector>(wanted[i]);
      for (uint32_t row = 0; row < batch.row_count; ++row) {
        types::Value value = batch.columns[i]->Get(row);
        value.set_type(rows.types[i]);
        ASSIGN_OR_RETURN(value, Convert(value, wanted[i]));
        if (value.is_null()) {
          vector->AppendNull();
        } else {
          vector->Append(value);
        }
      }
      converted.columns.push_back(std::move(vector));
    }
    converted.row_count = batch.row_count;
    out.batches.push_back(std::move(converted));
    out.size += batch.row_count;
  }
  out.bytes += rows.bytes;
  return host_.Check();
}

}  // namespace adbms::gateway::program
