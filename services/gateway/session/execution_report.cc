// What a session tells of an execution: telemetry and the audit log.
#include "absl/time/clock.h"
#include "common/sql/catalog_numbers.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

// Scans that ran to their end once report how many rows they really yielded. The features are the
// optimizer's own, carried in the plan; the gateway does not look into them.
void Report(const common::v1::Operator& op, uint32_t table_id,
            const storage::v1::ExecutionSummary& summary, workload::WorkloadRecorder* recorder) {
  if (op.correction_features_size() == 0) return;
  for (const auto& actuals : summary.operators()) {
    if (actuals.operator_id() != op.id() || actuals.loops() != 1) continue;
    common::v1::CardinalityObservation observation;
    observation.set_table_id(table_id);
    *observation.mutable_features() = op.correction_features();
    observation.set_estimated_rows(op.uncorrected_rows());
    observation.set_corrected_rows(op.estimated_rows());
    observation.set_actual_rows(static_cast<double>(actuals.rows()));
    recorder->RecordCardinality(std::move(observation));
  }
}

void VisitScans(const common::v1::Operator& op, const storage::v1::ExecutionSummary& summary,
                workload::WorkloadRecorder* recorder) {
  using Body = common::v1::Operator::BodyCase;
  const auto visit = [&](const common::v1::Operator& input) {
    VisitScans(input, summary, recorder);
  };
  switch (op.body_case()) {
    case Body::kSeqScan:
      return Report(op, op.seq_scan().table_id(), summary, recorder);
    case Body::kIndexScan:
      return Report(op, op.index_scan().table_id(), summary, recorder);
    case Body::kFilter:
      return visit(op.filter().input());
    case Body::kProject:
      return visit(op.project().input());
    case Body::kHashJoin:
      visit(op.hash_join().left());
      return visit(op.hash_join().right());
    case Body::kLookupJoin:
      return visit(op.lookup_join().left());
    case Body::kNestedLoopJoin:
      visit(op.nested_loop_join().left());
      return visit(op.nested_loop_join().right());
    case Body::kAggregate:
      return visit(op.aggregate().input());
    case Body::kSort:
      return visit(op.sort().input());
    case Body::kWindow:
      return visit(op.window().input());
    case Body::kMergeRows:
      return visit(op.merge_rows().input());
    case Body::kProjectSet:
      return visit(op.project_set().input());
    case Body::kLateralJoin:
      // The right side's scans run many times.
      return visit(op.lateral_join().left());
    case Body::kAppend:
      for (const auto& input : op.append().inputs()) visit(input);
      return;
    default:
      // Below a Limit a scan may have been stopped early: its count says nothing.
      return;
  }
}

}  // namespace

void Session::Finished(const plan_cache::CachedPlan& plan, std::string_view sql, absl::Time start,
                       const storage::v1::ExecutionSummary& summary, bool failed) {
  const absl::Duration elapsed = absl::Now() - start;
  services_.metrics->latency.Observe(absl::ToDoubleSeconds(elapsed));
  (failed ? services_.metrics->failed : services_.metrics->succeeded).Increment();
  services_.metrics->rows.Increment(static_cast<double>(summary.rows_affected()));
  Record(plan, sql, elapsed, summary, failed);
  if (failed) return;
  if (services_.audit->Wants(plan.plan->read_only())) {
    Audit("statement", plan.normalized_sql, summary.rows_affected(), absl::OkStatus());
  }
}

void Session::Record(const plan_cache::CachedPlan& plan, std::string_view sql,
                     absl::Duration elapsed, const storage::v1::ExecutionSummary& summary,
                     bool failed) {
  workload::Execution execution;
  execution.fingerprint = plan.fingerprint;
  execution.normalized_sql = &plan.normalized_sql;
  execution.sql = sql;
  execution.elapsed_us = absl::ToInt64Microseconds(elapsed);
  execution.rows = summary.rows_affected();
  execution.rows_scanned = summary.rows_scanned();
  execution.spilled_bytes = summary.spilled_bytes();
  execution.table_ids = &plan.table_ids;
  execution.plan = &plan.plan;
  execution.read_only = plan.plan->read_only();
  execution.failed = failed;
  execution.learned = plan.plan->planner() == common::v1::PLANNER_KIND_LEARNED;
  const auto policy = policy_->Get();
  const bool elsewhere = database_id_ != sql::kDatabaseOid;
  execution.tainted = plan.temporary || (policy.ok() && (*policy)->flagged());
  execution.search_path = &settings_.search_path();
  if (elsewhere) execution.database = &options_.database;
  services_.workload->Record(execution);
  // The models are of adbms alone.
  if (!failed && !execution.tainted && !elsewhere &&
      services_.workload->WantsCardinalities(plan.fingerprint)) {
    ReportCardinalities(plan, summary);
  }
}

void Session::ReportCardinalities(const plan_cache::CachedPlan& plan,
                                  const storage::v1::ExecutionSummary& summary) {
  VisitScans(plan.plan->root(), summary, services_.workload);
}

void Session::Audit(std::string_view event, std::string_view statement, uint64_t rows,
                    const absl::Status& status) {
  security::v1::AuditRecord record;
  record.set_event(std::string(event));
  record.set_user(session_user_);
  if (current_user_ != session_user_) record.set_role(current_user_);
  record.set_peer(options_.peer);
  record.set_session_id(static_cast<uint64_t>(options_.backend_pid));
  record.set_statement(std::string(statement));
  record.set_rows(rows);
  record.set_sqlstate(status.ok() ? "00000" : status::FromStatus(status).sqlstate);
  record.set_trace_id(trace_id_);
  // Who may do what, and what there is: such a change is recorded before it is acknowledged.
  const bool settle =
      event != "statement" || record.sqlstate() == status::sqlstate::kInsufficientPrivilege;
  if (settle) {
    services_.audit->AddAndSettle(std::move(record));
  } else {
    services_.audit->Add(std::move(record));
  }
}

}  // namespace adbms::gateway::session
