// Functions and procedures that users have made, as a session calls them.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/settings/setting_table.h"
#include "common/sql/binder/polymorphic.h"
#include "common/sql/expression/evaluator.h"
#include "common/sql/program/program_parser.h"
#include "common/sql/program/sql_body.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "services/gateway/program/row_values.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::FunctionArgument;
using common::v1::FunctionDescriptor;

bool IsOutput(const FunctionArgument& argument) {
  return argument.mode() == FunctionArgument::MODE_OUT ||
         argument.mode() == FunctionArgument::MODE_INOUT ||
         argument.mode() == FunctionArgument::MODE_TABLE;
}

// What a type that the catalog keeps is by now.
types::Type TypeNow(const common::v1::DataType& kept, const sql::Catalog& catalog) {
  const types::Type type = types::FromProto(kept);
  if (type.declared == nullptr) return type;
  const auto now = sql::TypeWithOid(types::OidOf(type), catalog);
  return now.has_value() ? *now : type;
}

// A column of the rows as an array.
absl::StatusOr<types::Value> ArrayOf(const program::Rows& rows, size_t column,
                                     const types::Type& element) {
  const types::Type array = types::ArrayOf(element);
  types::ArrayBuilder builder(array.id);
  for (const types::Batch& batch : rows.batches) {
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (batch.columns[column]->is_null(row)) {
        builder.AddNull();
      } else {
        builder.Add(*batch.columns[column], row);
      }
    }
  }
  return types::Value::String(array, builder.Finish());
}

}  // namespace

std::vector<types::Type> ResultTypes(const FunctionDescriptor& function,
                                     const sql::Catalog& catalog) {
  std::vector<types::Type> result;
  for (const FunctionArgument& argument : function.arguments()) {
    if (IsOutput(argument)) result.push_back(TypeNow(argument.type(), catalog));
  }
  if (result.empty() && function.has_result() &&
      types::FromProto(function.result()).id != types::TypeId::kUnspecified)
    result.push_back(TypeNow(function.result(), catalog));
  return result;
}

absl::StatusOr<types::Value> ColumnOf(const FunctionDescriptor& function,
                                      const program::Result& result, const types::Type& type,
                                      size_t column) {
  if (function.returns_set()) return ArrayOf(result.rows, column, type);
  if (type.id == types::TypeId::kVoid) return types::Value::String(type, "");
  return result.outputs.empty() ? result.value : result.outputs[column];
}

absl::StatusOr<program::Result> Session::RunSqlBody(const FunctionDescriptor& function,
                                                    const std::vector<types::Value>& arguments,
                                                    program::Host* host) {
  ASSIGN_OR_RETURN(const auto statements, sql::Parse(sql::program::SqlBodyOf(function)));
  ASSIGN_OR_RETURN(const sql::CatalogPtr known, ProgramCatalog());
  program::Result result;
  program::Rows rows;
  bool returned = false;
  for (const sql::Statement& statement : statements) {
    program::SqlText text;
    text.text = statement.text;
    size_t number = 0;
    for (const FunctionArgument& argument : function.arguments()) {
      if (!sql::IsInput(argument)) continue;
      text.parameter_types.push_back(TypeNow(argument.type(), *known));
      text.parameter_names.push_back(
          {function.name(),
           argument.name().empty() ? absl::StrCat("$", number + 1) : argument.name(), true});
      ++number;
    }
    rows = program::Rows();
    ASSIGN_OR_RETURN(const program::Outcome outcome, host->Run(&text, arguments, &rows));
    returned = outcome.returned_rows;
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
  const std::vector<types::Type> wanted = ResultTypes(function, *catalog);
  if (returned && wanted.size() == 1 && program::ArePacked(wanted[0], rows.types)) {
    const auto convert = [host](const types::Value& value, const types::Type& type) {
      return host->Convert(value, type);
    };
    RETURN_IF_ERROR(program::PackRows(wanted[0], convert, &rows));
  }
  const bool is_void = wanted.size() == 1 && wanted[0].id == types::TypeId::kVoid;
  if (wanted.empty() || is_void) return result;
  if (!returned || rows.types.size() != wanted.size())
    return status::Error("42P13",
                         absl::StrCat("return type mismatch in function declared to return ",
                                      wanted.size() == 1 ? types::Format(wanted[0]) : "record"));
  if (function.returns_set()) {
    result.rows.types = wanted;
    for (uint64_t row = 0; row < rows.size; ++row) {
      types::Batch batch;
      std::vector<types::Value> values = rows.Row(row);
      for (size_t i = 0; i < wanted.size(); ++i) {
        ASSIGN_OR_RETURN(const types::Value value, host->Convert(values[i], wanted[i]));
        auto vector = std::make_shared<types::Vector>(wanted[i]);
        if (value.is_null()) {
          vector->AppendNull();
        } else {
          vector->Append(value);
        }
        batch.columns.push_back(std::move(vector));
      }
      batch.row_count = 1;
      result.rows.batches.push_back(std::move(batch));
      ++result.rows.size;
    }
    return result;
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    types::Value value = types::Value::Null(wanted[i]);
    if (rows.size > 0) {
      ASSIGN_OR_RETURN(value, host->Convert(rows.Row(0)[i], wanted[i]));
    }
    result.outputs.push_back(value);
  }
  result.value = result.outputs[0];
  return result;
}

absl::StatusOr<program::Result> Session::RunProgramBody(const FunctionDescriptor& function,
                                                        const std::vector<types::Value>& arguments,
                                                        program::Call call, program::Host* host) {
  ProgramCache::Entry& entry = programs_->functions[function.function_id()];
  if (entry.program == nullptr || entry.version != function.version() ||
      entry.signature != call.signature) {
    ProgramCache::Entry fresh;
    fresh.signature = call.signature;
    ASSIGN_OR_RETURN(fresh.program, sql::program::ParseProgram(function.source()));
    fresh.version = function.version();
    fresh.texts = std::make_shared<program::PreparedTexts>();
    entry = std::move(fresh);
  }
  // A call of the function in the midst of this one may replace the entry.
  const sql::program::ProgramPtr program = entry.program;
  const std::shared_ptr<program::PreparedTexts> texts = entry.texts;
  call.label = function.name();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
  size_t next = 0;
  for (const FunctionArgument& argument : function.arguments()) {
    program::Call::Argument one;
    one.name = argument.name();
    one.type = TypeNow(argument.type(), *catalog);
    one.is_output = IsOutput(argument);
    if (sql::IsInput(argument)) one.value = arguments[next++];
    call.arguments.push_back(std::move(one));
  }
  const bool outputs = std::any_of(call.arguments.begin(), call.arguments.end(),
                                   [](const auto& argument) { return argument.is_output; });
  if (function.has_result()) call.result = TypeNow(function.result(), *catalog);
  call.returns_value = function.has_result() && !outputs &&
                       call.result.id != types::TypeId::kVoid && !function.returns_trigger();
  call.returns_set = function.returns_set();
  call.is_procedure = function.kind() == FunctionDescriptor::KIND_PROCEDURE;
  program::Interpreter interpreter(host, *program, texts.get());
  return interpreter.Run(call);
}

absl::StatusOr<program::Result> Session::CallFunction(const FunctionDescriptor& declared,
                                                      const std::vector<types::Value>& arguments,
                                                      program::Call call, bool may_end,
                                                      ResultSink* sink) {
  std::optional<FunctionDescriptor> concrete;
  if (sql::binder::IsPolymorphic(declared)) {
    std::vector<types::Type> given;
    for (const types::Value& argument : arguments) given.push_back(argument.type());
    ASSIGN_OR_RETURN(concrete, sql::binder::ConcreteFor(declared, given));
    call.signature = sql::SignatureOf(*concrete);
  }
  const FunctionDescriptor& function = concrete.has_value() ? *concrete : declared;
  const ProgramLevel level(this);
  RETURN_IF_ERROR(level.status());
  const bool any_null = std::any_of(arguments.begin(), arguments.end(),
                                    [](const types::Value& value) { return value.is_null(); });
  if (function.strict() && any_null) {
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
    program::Result nothing;
    nothing.value = types::Value::Null(types::FromProto(function.result()));
    for (const types::Type& type : ResultTypes(function, *catalog)) {
      nothing.outputs.push_back(types::Value::Null(type));
      if (function.returns_set()) nothing.rows.types.push_back(type);
    }
    return nothing;
  }
  // As in PostgreSQL: one that acts as another role, or under settings of its own, does not.
  ProgramHost host(this, sink,
                   may_end && !function.security_definer() && function.settings_size() == 0);
  const std::string session_user = session_user_;
  const std::string current_user = current_user_;
  if (function.security_definer() && function.owner() != current_user_) {
    if (!roles_.contains(function.owner())) {
      ASSIGN_OR_RETURN(roles_[function.owner()], PolicyOfRole(function.owner()));
    }
    ActAs(session_user_, function.owner());
  }
  // They are for the statements of a trigger's own function.
  const TransitionTables* const transitions = transitions_;
  if (!call.is_trigger) transitions_ = nullptr;
  std::vector<std::pair<std::string, std::string>> before;
  const auto run = [&]() -> absl::StatusOr<program::Result> {
    for (const common::v1::FunctionSetting& setting : function.settings()) {
      // One of the user's own may have no value yet.
      auto value = ShowValue(setting.name());
      if (!value.ok() && !settings::IsCustom(setting.name())) return value.status();
      before.emplace_back(setting.name(), value.ok() ? *std::move(value) : std::string());
      RETURN_IF_ERROR(settings_.Set(setting.name(), setting.value(), /*is_local=*/true));
    }
    return function.language() == "sql"
               ? RunSqlBody(function, arguments, &host)
               : RunProgramBody(function, arguments, std::move(call), &host);
  };
  auto result = run();
  transitions_ = transitions;
  for (const auto& [name, value] : before) (void)settings_.Set(name, value, /*is_local=*/true);
  if (current_user_ != current_user) ActAs(session_user, current_user);
  return result;
}

absl::StatusOr<std::vector<types::Value>> Session::ProgramArguments(
    const common::v1::Plan& plan, const common::v1::ProgramCall& call,
    const std::vector<types::Value>& parameters) {
  std::vector<types::Value> values;
  if (call.arguments().empty()) return values;
  // A plan of one row of them.
  auto row = std::make_shared<common::v1::Plan>();
  row->set_kind(common::v1::STATEMENT_KIND_SELECT);
  row->set_session_effects(plan.session_effects());
  for (size_t i = 0; i < parameters.size(); ++i)
    *row->add_parameter_types() = plan.parameter_types(static_cast<int>(i));
  auto* columns = row->mutable_root()->mutable_values()->add_rows();
  for (const common::v1::Expression& argument : call.arguments()) {
    *columns->add_columns() = argument;
    *row->mutable_root()->add_output()->mutable_type() = argument.type();
  }
  bool local = true;
  for (const common::v1::Expression& argument : call.arguments()) local &= IsLocal(argument);
  if (local) {
    ProgramHost host(this, nullptr, false);
    for (const common::v1::Expression& argument : call.arguments()) {
      ASSIGN_OR_RETURN(const auto compiled, sql::expression::Compile(argument));
      ASSIGN_OR_RETURN(types::Value value,
                       compiled->EvaluateScalar(host.EvaluationWith(parameters)));
      value.set_type(compiled->type());
      values.push_back(std::move(value));
    }
    return values;
  }
  ASSIGN_OR_RETURN(
      const auto prepared,
      services_.storage->Prepare(Context(), std::shared_ptr<const common::v1::Plan>(row)));
  storage::api::ExecuteOptions options;
  FillOptions(&options);
  options.parameters = parameters;
  ASSIGN_OR_RETURN(const auto stream, storage_->Execute(Context(), prepared, options));
  types::Batch batch;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
    if (!more) break;
    if (batch.row_count == 0 || !values.empty()) continue;
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      types::Value value = batch.columns[i]->Get(0);
      const types::Type type = types::FromProto(call.arguments(static_cast<int>(i)).type());
      if (value.is_null()) value = types::Value::Null(type);
      value.set_type(type);
      values.push_back(std::move(value));
    }
  }
  return values;
}

absl::Status Session::CheckVersions(const common::v1::Plan& plan) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
  for (const common::v1::FunctionUse& use : plan.functions()) {
    const FunctionDescriptor* function = catalog->FindFunction(use.function_id());
    if (function == nullptr || function->version() != use.version())
      return status::Error(sqlstate::kStalePlan, "a function of the plan is another one by now");
  }
  // What storage would refuse afterwards: the row types that the results are of.
  for (const common::v1::TableUse& use : plan.tables()) {
    const common::v1::TableDescriptor* table = catalog->FindTable(use.table_id());
    if (table == nullptr || table->schema_version() != use.schema_version())
      return status::Error(sqlstate::kStalePlan, "a table of the plan is another one by now");
  }
  return absl::OkStatus();
}

absl::Status Session::RunProgramCalls(const common::v1::Plan& plan,
                                      std::vector<types::Value>* parameters) {
  RETURN_IF_ERROR(CheckVersions(plan));
  for (const common::v1::ProgramCall& call : plan.program_calls()) {
    if (call.current_of_table() != 0) {
      RETURN_IF_ERROR(FindCurrentRow(plan, call, parameters));
      continue;
    }
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, ProgramCatalog());
    const FunctionDescriptor* function = catalog->FindFunction(call.function_id());
    if (function == nullptr)
      return status::Error(sqlstate::kStalePlan, "a function of the plan is not there any more");
    ASSIGN_OR_RETURN(const auto arguments, ProgramArguments(plan, call, *parameters));
    ASSIGN_OR_RETURN(
        const program::Result result,
        CallFunction(*function, arguments, program::Call(), /*may_end=*/false, nullptr));
    const std::vector<types::Type> types = ResultTypes(*function, *catalog);
    if (types.size() < call.parameters())
      return status::NotSupported("a record without OUT arguments as the result of a function");
    for (size_t i = 0; i < call.parameters(); ++i) {
      if (call.returns_rows() && !function->returns_set()) {
        types::ArrayBuilder one(types::ArrayOf(types[i]).id);
        if (result.outputs[i].is_null()) {
          one.AddNull();
        } else {
          one.Add(result.outputs[i]);
        }
        parameters->push_back(types::Value::String(types::ArrayOf(types[i]), one.Finish()));
      } else {
        ASSIGN_OR_RETURN(parameters->emplace_back(), ColumnOf(*function, result, types[i], i));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Session::RunCall(const PlanQuery& query, const std::vector<types::Value>& parameters,
                              bool may_end, ResultSink* sink) {
  ASSIGN_OR_RETURN(const auto cached, MakePlan(query));
  const common::v1::Plan& plan = *cached->plan;
  const common::v1::ProgramCall& call = plan.program_calls(plan.program_calls_size() - 1);
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const FunctionDescriptor* function = catalog->FindFunction(call.function_id());
  if (function == nullptr)
    return status::Error(sqlstate::kUndefinedFunction, "the procedure is not there any more");
  if (plan.program_calls_size() > 1)
    return status::NotSupported("a program's result as an argument of CALL");
  ASSIGN_OR_RETURN(const auto arguments, ProgramArguments(plan, call, parameters));
  ASSIGN_OR_RETURN(const program::Result result,
                   CallFunction(*function, arguments, program::Call(), may_end, sink));
  if (result.outputs.empty() || call.parameters() == 0) return absl::OkStatus();
  RETURN_IF_ERROR(sink->BeginRows(plan.root().output()));
  types::Batch batch;
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    auto vector = std::make_shared<types::Vector>(
        types::FromProto(plan.root().output(static_cast<int>(i)).type()));
    if (result.outputs[i].is_null()) {
      vector->AppendNull();
    } else {
      vector->Append(result.outputs[i]);
    }
    batch.columns.push_back(std::move(vector));
  }
  batch.row_count = 1;
  return sink->Rows(batch);
}

}  // namespace adbms::gateway::session
