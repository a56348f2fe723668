// EXPLAIN.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using sql::StatementClass;

// What there is beside the plan, and why that is not taken.
std::vector<std::string> AlternativeLines(const common::v1::Plan& plan,
                                          const optimizer::v1::PlanResponse& answer,
                                          const std::string& choice, const sql::Catalog& catalog) {
  std::vector<std::string> lines;
  const auto header = [](const common::v1::Plan& of) {
    return absl::StrFormat("cost=%.2f..%.2f plan=%016x", of.root().startup_cost(),
                           of.root().total_cost(), of.shape_hash());
  };
  lines.push_back(
      absl::StrCat("Taken: ", header(plan), ", ", choice.empty() ? "the default plan" : choice));
  if (answer.alternatives().empty()) {
    lines.push_back(absl::StrCat("No alternatives", plan.restriction().empty() ? "" : ": ",
                                 plan.restriction()));
  }
  int number = 0;
  for (const optimizer::v1::Alternative& one : answer.alternatives()) {
    lines.push_back(
        absl::StrCat("Alternative ", ++number, ": ", header(one.plan()), ", ", one.origin()));
    for (const std::string& line : sql::Explain(one.plan(), catalog, {}, nullptr, 0, 0))
      lines.push_back(absl::StrCat("  ", line));
  }
  return lines;
}

}  // namespace

void Session::FollowRunning(const std::vector<types::Type>& types, PlanQuery* query,
                            std::string* choice) {
  sql::ScannedStatement scanned;
  if (changed_schema_ || settings_.plan_alternative() > 0 ||
      !sql::ScanLiterals(query->sql, &scanned) || scanned.multiple_statements)
    return;
  const auto running = FindPlan(CacheKey(scanned.key, types), scanned.literals);
  if (running == nullptr) return;
  const auto measured = running->measured.lock();
  const uint64_t preferred =
      measured == nullptr || !settings_.plan_guard() ? 0 : measured->preferred_shape();
  if (preferred != 0) {
    query->wanted_shape = preferred;
    *choice = "the plan known before: the default one was slower";
  } else if (!running->choice.empty()) {
    query->wanted_shape = running->plan->shape_hash();
    *choice = running->choice;
  }
}

absl::Status Session::RunExplain(const sql::Statement& statement,
                                 const std::vector<types::Type>& types,
                                 const std::vector<types::Value>& parameters, ResultSink* sink) {
  const sql::ExplainStatement& explain = statement.explain;
  ASSIGN_OR_RETURN(auto inner, sql::Parse(explain.sql));
  if (inner.size() == 1 && inner.front().statement_class == StatementClass::kRefresh)
    return SendText(statement, {"Utility statements have no plan structure"}, sink);
  if (inner.size() == 1 && inner.front().statement_class == StatementClass::kTableAs) {
    if (explain.analyze) return status::NotSupported("EXPLAIN ANALYZE of CREATE TABLE AS");
    const sql::TableAsStatement table = inner.front().table_as;
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
    const std::string name =
        table.schema.empty() ? table.table : absl::StrCat(table.schema, ".", table.table);
    if (catalog->ResolveTable(table.schema, table.table, settings_.search_path()) != nullptr) {
      const std::string text = absl::StrCat("relation \"", name, "\" already exists");
      if (!table.if_not_exists) return status::Error(status::sqlstate::kDuplicateTable, text);
      sink->Notice("NOTICE", status::sqlstate::kDuplicateTable, text + ", skipping");
      return SendText(statement, {}, sink);
    }
    ASSIGN_OR_RETURN(inner, sql::Parse(table.query));
  }
  if (inner.size() == 1 && inner.front().statement_class == StatementClass::kExecute) {
    const sql::ExecuteStatement execute = inner.front().execute;
    ASSIGN_OR_RETURN(const PreparedStatement* const prepared, FindStatement(execute.name));
    ASSIGN_OR_RETURN(const std::vector<types::Value> values, ArgumentsOf(execute, *prepared));
    const std::vector<types::Type> of = prepared->parameter_types;
    ASSIGN_OR_RETURN(inner, sql::Parse(prepared->sql));
    return ExplainOne(statement, inner, of, values, sink);
  }
  return ExplainOne(statement, inner, types, parameters, sink);
}

absl::Status Session::ExplainOne(const sql::Statement& statement,
                                 const std::vector<sql::Statement>& inner,
                                 const std::vector<types::Type>& types,
                                 const std::vector<types::Value>& parameters, ResultSink* sink) {
  const sql::ExplainStatement& explain = statement.explain;
  if (inner.size() != 1 || inner.front().statement_class != StatementClass::kPlannable) {
    return status::NotSupported("EXPLAIN of this kind of statement");
  }
  const absl::Time planning_start = absl::Now();
  PlanQuery query;
  query.sql = inner.front().text;
  query.statement = &inner.front();
  query.cacheable = false;
  query.parameter_types = types;
  query.multi_statement = state_ == TransactionState::kImplicit;
  std::string choice;
  FollowRunning(types, &query, &choice);
  optimizer::v1::PlanResponse answer;
  if (explain.alternatives) query.answer = &answer;
  if (explain.alternatives && explain.format != sql::ExplainFormat::kText)
    return status::NotSupported("EXPLAIN option ALTERNATIVES in another format than TEXT");
  ASSIGN_OR_RETURN(auto plan, MakePlan(query));
  // It may not come out like that any more.
  if (query.wanted_shape != 0 && plan->plan->shape_hash() != query.wanted_shape) choice.clear();
  if (choice.empty()) choice = plan->choice;
  const int64_t planning_us = absl::ToInt64Microseconds(absl::Now() - planning_start);
  std::vector<std::optional<sql::OperatorActual>> actuals;
  int64_t execution_us = 0;
  const auto check = [&plan]() -> absl::Status {
    if (!plan->plan->has_trigger_rows() && !sql::plan::RunsPrograms(*plan->plan))
      return absl::OkStatus();
    return status::NotSupported("EXPLAIN ANALYZE of a statement that runs functions or triggers");
  };
  if (explain.analyze) RETURN_IF_ERROR(check());
  if (explain.analyze) {
    storage::api::ExecuteOptions options;
    options.measure_time = explain.timing;
    const absl::Time start = absl::Now();
    std::unique_ptr<storage::api::ResultStream> stream;
    const auto run = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(stream, StartPlan(&plan, query, parameters, &options));
      RETURN_IF_ERROR(check());  // It may be another plan by now.
      types::Batch batch;
      for (;;) {
        ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
        if (!more) return absl::OkStatus();
      }
    };
    const absl::Status ran = WithoutHidden(run());
    // What it explains it has done.
    if (services_.audit->Wants(plan->plan->read_only()) && !absl::IsPermissionDenied(ran)) {
      Audit("statement", AuditText(statement), ran.ok() ? stream->summary().rows_affected() : 0,
            ran);
    }
    RETURN_IF_ERROR(ran);
    execution_us = absl::ToInt64Microseconds(absl::Now() - start);
    for (const auto& op : stream->summary().operators()) {
      if (op.operator_id() >= actuals.size()) actuals.resize(op.operator_id() + 1);
      actuals[op.operator_id()] = sql::OperatorActual{
          op.rows(),   op.loops(), op.rows_removed(), op.elapsed_us(), op.deletions_skipped(),
          op.workers()};
    }
  }
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  sql::ExplainOptions options;
  options.format = explain.format;
  options.costs = explain.costs;
  options.verbose = explain.verbose || explain.predicted;
  options.analyze = explain.analyze;
  options.timing = explain.timing;
  auto lines = sql::Explain(*plan->plan, *catalog, options, explain.analyze ? &actuals : nullptr,
                            planning_us, execution_us);
  if (explain.alternatives) {
    for (std::string& line : AlternativeLines(*plan->plan, answer, choice, *catalog))
      lines.push_back(std::move(line));
  } else if (!choice.empty() && explain.format == sql::ExplainFormat::kText) {
    lines.push_back(absl::StrCat("Choice: ", choice));
  }
  return SendText(statement, lines, sink);
}

}  // namespace adbms::gateway::session
