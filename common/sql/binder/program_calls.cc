// Functions and procedures whose bodies run as programs before the statement, which then reads
// their results as parameters (decision 042).
#include <algorithm>

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

bool Binder::IsCalledOnce(const UserCall& call, const Scope* scope) const {
  for (const ExprPtr& argument : call.arguments) {
    const bool alike = plan::IsRowIndependent(argument) || plan::IsVolatile(argument);
    if (!alike || !plan::ColumnsOf(argument).empty() || plan::HasSubquery(argument)) return false;
  }
  if (!plan::IsVolatileFunction(*call.function)) return true;
  // Once is as often as PostgreSQL calls it only where there is one row.
  // What stands in FROM runs whatever WHERE says of its rows.
  bool one_row = row_depth_ == 0 && (scope == nullptr || single_rows_);
  for (const Scope* level = scope; level != nullptr; level = level->parent)
    one_row &= level->items.empty() && level->parent == nullptr;
  return one_row;
}

bool Binder::CanCallInFrom(const UserCall& call, const Scope& scope) const {
  const bool of_select = scope.statement != nullptr &&
                         scope.statement->descriptor == &pg_query__select_stmt__descriptor;
  const bool about_rows =
      std::any_of(call.arguments.begin(), call.arguments.end(),
                  [](const ExprPtr& argument) { return !plan::ColumnsOf(argument).empty(); });
  return of_select && about_rows;
}

absl::Status Binder::CheckProgramPlace(const UserCall& call, int location) {
  const std::string shown = absl::StrCat("function ", SignatureOf(*call.function));
  if (!inlining_.empty()) met_program_ = true;
  if (!programs_allowed_ || !inlining_.empty())
    return ErrorAt(sqlstate::kFeatureNotSupported, location,
                   absl::StrCat(shown, " cannot be called here"),
                   "Its body runs statements or loops. Write it as one query or expression.");
  if (conditional_depth_ > 0 || junction_depth_ > 0)
    return ErrorAt(
        sqlstate::kFeatureNotSupported, location,
        absl::StrCat(shown, " cannot be called under a condition"),
        "Its body runs statements or loops. Call it outside of CASE, COALESCE, AND and OR.");
  return absl::OkStatus();
}

absl::StatusOr<size_t> Binder::CallProgram(UserCall call, bool returns_rows, int location,
                                           Scope* scope) {
  RETURN_IF_ERROR(CheckProgramPlace(call, location));
  if (!IsCalledOnce(call, scope))
    return ErrorAt(
        sqlstate::kFeatureNotSupported, location,
        absl::StrCat("function ", SignatureOf(*call.function), " cannot be called for each row of ",
                     scope == nullptr ? "this" : scope->clause),
        "Its body runs statements or loops. Call it in the select list or WHERE of a "
        "query, which may stand in FROM, or with constants or parameters.");
  const bool is_volatile = plan::IsVolatileFunction(*call.function);
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
  std::vector<ExprPtr> arrays;
  if (scope != nullptr && scope->row_calls != nullptr && scope->series != nullptr &&
      !IsCalledOnce(call, scope)) {
    ASSIGN_OR_RETURN(const auto columns, CallForRows(std::move(call), location, scope));
    for (const ColumnId id : columns)
      arrays.push_back(plan::MakeColumn(id, query_->columns[id].type, location));
  } else {
    ASSIGN_OR_RETURN(const size_t program,
                     CallProgram(std::move(call), /*returns_rows=*/true, location, scope));
    for (size_t i = 0; i < results.size(); ++i)
      arrays.push_back(ProgramResult(program, i, location));
  }
  std::vector<Target> fields;
  for (size_t i = 0; i < results.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<ColumnId> columns,
                     BindSeries("unnest", {arrays[i]}, location, scope));
    fields.push_back({plan::MakeColumn(columns[0], query_->columns[columns[0]].type, location),
                      results[i].first});
  }
  if (fields.size() == 1) return fields[0].expression;
  return MakeTargetRow(fields, {}, location);
}

}  // namespace adbms::sql::binder
