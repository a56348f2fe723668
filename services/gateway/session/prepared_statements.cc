// PREPARE and EXECUTE.
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::RunPrepare(const sql::Statement& statement, ResultSink* sink) {
  if (statement.prepare.name.empty()) return absl::InternalError("PREPARE without a name");
  std::vector<types::Type> types = statement.prepare.parameter_types;
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string& name = statement.prepare.parameter_type_names[i];
    if (name.empty()) continue;
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
    ASSIGN_OR_RETURN(types[i],
                     sql::ResolveType(name, PlanningInputFor(statement.text, &statement, catalog)));
  }
  const absl::Status prepared =
      PrepareText(statement.prepare.name, statement.prepare.sql, std::move(types));
  AuditDenied(statement.prepare.sql, prepared);
  RETURN_IF_ERROR(prepared);
  statements_[statement.prepare.name]->source = source_;
  return sink->Complete("PREPARE");
}

absl::StatusOr<std::vector<types::Value>> Session::ArgumentsOf(const sql::ExecuteStatement& execute,
                                                               const PreparedStatement& prepared) {
  const size_t expected = prepared.parameter_types.size();
  if (execute.argument_sql.size() != expected) {
    return status::Error(
        status::sqlstate::kSyntaxError,
        absl::StrCat("wrong number of parameters for prepared statement \"", prepared.name, "\""),
        absl::StrCat("Expected ", expected, " parameters but got ", execute.argument_sql.size(),
                     "."));
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  std::vector<types::Value> values;
  for (size_t i = 0; i < expected; ++i) {
    ASSIGN_OR_RETURN(const types::Type type, Renewed(prepared.parameter_types[i]));
    ASSIGN_OR_RETURN(types::Value value,
                     sql::EvaluateConstant(execute.argument_sql[i], type,
                                           PlanningInputFor("", nullptr, catalog)));
    values.push_back(std::move(value));
  }
  return values;
}

absl::Status Session::RunExecute(const sql::Statement& statement, ResultSink* sink) {
  ASSIGN_OR_RETURN(const PreparedStatement* const found, FindStatement(statement.execute.name));
  const auto prepared = statements_[found->name];
  if (prepared->plan == nullptr) {
    return prepared->empty ? sink->Complete("EXECUTE") : RunUtility(prepared->statement, sink);
  }
  ASSIGN_OR_RETURN(const std::vector<types::Value> values,
                   ArgumentsOf(statement.execute, *prepared));
  PlanQuery query;
  query.sql = prepared->sql;
  query.parameter_types = prepared->declared_types;
  query.cacheable = prepared->scanned;
  query.described = &prepared->columns;
  if (prepared->scanned) {
    query.normalized = prepared->normalized;
    query.literals = &prepared->literals;
  }
  RETURN_IF_ERROR(Refit(query, prepared.get()));
  RETURN_IF_ERROR(Authorize(prepared->plan.get()));
  return RunPlan(prepared->plan, query, values, sink);
}

}  // namespace adbms::gateway::session
