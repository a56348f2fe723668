// Functions and procedures whose bodies run as programs before the statement, which then reads
// their results as parameters (decision 042).
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::FunctionDescriptor;
using plan::Rel;
namespace sqlstate = status::sqlstate;

}  // namespace

absl::StatusOr<size_t> Binder::CallProgram(UserCall call, bool returns_rows, int location,
                                           Scope* scope) {
  const std::string shown = absl::StrCat("function ", SignatureOf(*call.function));
  for (const ExprPtr& argument : call.arguments) {
    if (plan::IsRowIndependent(argument) || plan::IsVolatile(argument)) {
      if (plan::ColumnsOf(argument).empty() && !plan::HasSubquery(argument)) continue;
    }
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat(shown, " cannot be called for each row"),
                   "Its body runs statements or loops. Call it with constants or parameters, or "
                   "write it as one query or expression.");
  }
  if (!inlining_.empty()) met_program_ = true;
  if (!programs_allowed_ || !inlining_.empty())
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat(shown, " cannot be called here"),
                   "Its body runs statements or loops. Write it as one query or expression.");
  // Once is as often as PostgreSQL calls it only where there is one row.
  // What stands in FROM runs whatever WHERE says of its rows.
  bool one_row = row_depth_ == 0 && (scope == nullptr || single_rows_);
  for (const Scope* level = scope; level != nullptr; level = level->parent)
    one_row &= level->items.empty() && level->parent == nullptr;
  const bool is_volatile =
      call.function->volatility() != FunctionDescriptor::VOLATILITY_IMMUTABLE &&
      call.function->volatility() != FunctionDescriptor::VOLATILITY_STABLE;
  if (is_volatile && !one_row)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat(shown, " cannot be called for each row"),
                   "It is volatile and its body runs statements or loops. Declare it STABLE if it "
                   "changes nothing, or call it in a statement without FROM.");
  if (conditional_depth_ > 0)
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat(shown, " cannot be called under a condition"),
                   "Its body runs statements or loops. Call it outside of CASE and COALESCE.");
  plan::ProgramCall program;
  program.function = call.function;
  program.arguments = std::move(call.arguments);
  program.returns_rows = returns_rows;
  program.first_parameter = kFirstProgramResult;
  for (const plan::ProgramCall& before : query_->program_calls)
    program.first_parameter += static_cast<int>(before.results.size());
  for (const auto& [name, type] : ResultColumns(*call.function)) {
    const Type array = types::ArrayOf(type);
    if (returns_rows && array.id == TypeId::kUnspecified)
      return Unsupported(location, absl::StrCat("a set of ", types::Format(type)));
    program.results.push_back(returns_rows ? array : type);
  }
  query_->calls_volatile |= is_volatile;
  query_->program_calls.push_back(std::move(program));
  return query_->program_calls.size() - 1;
}

ExprPtr Binder::ProgramResult(size_t call, size_t column, int location) const {
  const plan::ProgramCall& program = query_->program_calls[call];
  return plan::MakeParameter(program.first_parameter + static_cast<int>(column),
                             program.results[column], location);
}

absl::Status Binder::BindCall(const PgQuery__CallStmt& call) {
  Scope scope(nullptr);
  scope.clause = "CALL arguments";
  calls_procedure_ = true;
  ASSIGN_OR_RETURN(UserCall found, FindUserFunction(*call.funccall, &scope));
  calls_procedure_ = false;
  if (found.function == nullptr)
    return ErrorAt(
        sqlstate::kUndefinedFunction, call.funccall->location,
        absl::StrCat(
            "procedure ",
            absl::StrJoin(parser::StringsOf({call.funccall->funcname, call.funccall->n_funcname}),
                          "."),
            "() does not exist"),
        "No procedure matches the given name and argument types. You might need to add "
        "explicit type casts.");
  if (found.function->kind() != FunctionDescriptor::KIND_PROCEDURE)
    return ErrorAt(sqlstate::kWrongObjectType, call.funccall->location,
                   absl::StrCat(SignatureOf(*found.function), " is not a procedure"),
                   "To call a function, use SELECT.");
  auto columns = ResultColumns(*found.function);
  if (columns[0].second.id == TypeId::kUnspecified) columns.clear();
  ASSIGN_OR_RETURN(const size_t program, CallProgram(std::move(found), /*returns_rows=*/false,
                                                     call.funccall->location, nullptr));
  query_->program_calls[program].results.resize(columns.size());
  RelPtr values = plan::MakeRel(Rel::Kind::kValues);
  values->rows.emplace_back();
  for (size_t i = 0; i < columns.size(); ++i) {
    values->rows[0].push_back(ProgramResult(program, i, -1));
    values->output.push_back(query_->AddColumn({columns[i].first, columns[i].second, 0, 0, false}));
    query_->output_names.push_back(columns[i].first);
  }
  query_->output = values->output;
  query_->root = values;
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::BindUserSeries(UserCall call, int location, Scope* scope) {
  const auto results = ResultColumns(*call.function);
  ASSIGN_OR_RETURN(const size_t program,
                   CallProgram(std::move(call), /*returns_rows=*/true, location, scope));
  std::vector<Target> fields;
  for (size_t i = 0; i < results.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<ColumnId> columns,
                     BindSeries("unnest", {ProgramResult(program, i, location)}, location, scope));
    fields.push_back({plan::MakeColumn(columns[0], query_->columns[columns[0]].type, location),
                      results[i].first});
  }
  if (fields.size() == 1) return fields[0].expression;
  return MakeTargetRow(fields, {}, location);
}

}  // namespace adbms::sql::binder
