// Statements whose size is in their constants: a value of many megabytes written into an INSERT.
// They are parsed and planned without those constants, which then go the way of parameters.
#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/bytes_text.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::RunLong(std::string_view sql, bool* handled, ResultSink* sink) {
  *handled = false;
  if (state_ == TransactionState::kFailed) return absl::OkStatus();
  sql::ShortenedStatement shortened;
  if (!sql::ShortenLiterals(sql, &shortened)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<sql::Statement> statements, sql::Parse(shortened.text));
  if (statements.size() != 1 || statements[0].statement_class != sql::StatementClass::kPlannable) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(types::ValidateUtf8(sql));
  RETURN_IF_ERROR(CheckNoParameters(sql));
  *handled = true;
  std::vector<sql::Literal>& literals = shortened.scanned.literals;
  for (sql::Literal& literal : literals) literal.offset -= statements[0].offset;
  // The planner gets stand-ins: it has no use for the values, nor for their size.
  std::vector<std::string> values;
  for (const uint32_t literal : shortened.stand_ins) {
    values.push_back(std::exchange(literals[literal].value, "…"));
  }
  PlanQuery query;
  query.sql = statements[0].text;
  query.statement = &statements[0];
  query.normalized = shortened.scanned.key;
  query.literals = &literals;
  query.cacheable = false;
  ASSIGN_OR_RETURN(plan_cache::CachedPlanPtr plan, MakePlan(query));
  for (const uint32_t pinned : plan->plan->pinned_literals()) {
    if (!std::binary_search(shortened.stand_ins.begin(), shortened.stand_ins.end(), pinned)) {
      continue;
    }
    return status::Error(status::sqlstate::kStatementTooComplex, "statement is too large",
                         "A constant of this size decides how the statement is planned.",
                         "Pass it as a parameter.");
  }
  for (size_t i = 0; i < values.size(); ++i) {
    literals[shortened.stand_ins[i]].value = std::move(values[i]);
  }
  return RunPlan(std::move(plan), query, {}, sink);
}

}  // namespace adbms::gateway::session
