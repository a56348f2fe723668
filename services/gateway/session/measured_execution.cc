// How a session runs statements whose plans are measured beside each other: on which plan, and what
// it tells of it. Nothing here waits for the autonomous path (plan_cache/statement_plans.h).
#include <utility>

#include "absl/time/clock.h"
#include "common/sql/catalog_numbers.h"
#include "common/status/macros.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

using plan_cache::CachedPlan;
using plan_cache::CachedPlanPtr;
using plan_cache::Course;
using plan_cache::StatementPlans;

// Of a statement that is fast and settled, one execution in this many is measured.
constexpr int64_t kSampling = 64;

}  // namespace

Session::Limit::Limit(Session* session, absl::Duration limit)
    : session_(*session), seen_cancels_(session->cancels_.load()) {
  if (limit == absl::InfiniteDuration() || session_.services_.watch == nullptr) return;
  number_ = session_.services_.watch->Watch(session_.cancellation_, absl::Now() + limit);
}

Session::Limit::~Limit() { (void)RanOut(); }

bool Session::Limit::RanOut() {
  if (number_ == 0) return false;
  const bool ran_out = session_.services_.watch->Release(std::exchange(number_, 0));
  if (!ran_out) return false;
  session_.cancellation_->Reset();
  // Whoever else wants it to end has said so before the flag was put back, or sets it again.
  if (session_.cancels_.load() == seen_cancels_) return true;
  session_.cancellation_->Cancel();
  return false;
}

absl::Status Session::RunPlan(CachedPlanPtr plan, const PlanQuery& query,
                              const std::vector<types::Value>& client_parameters,
                              ResultSink* sink) {
  const std::shared_ptr<StatementPlans> measured = MeasuredFor(*plan);
  if (measured == nullptr) return RunOnce(std::move(plan), query, client_parameters, sink, nullptr);
  Course course = ChooseCourse(plan, query, measured.get());
  MeasuredRun run;
  run.start = statement_start_;
  // What a transaction has read is not read twice.
  if (course.fallback != nullptr && !in_transaction()) run.limit = course.limit;
  absl::Status status = RunOnce(course.plan, query, client_parameters, sink, &run);
  if (run.stopped) {
    Measured(*plan, course, run.took, 0, /*stopped=*/true, measured.get());
    Record(*course.plan, query.sql, run.took, storage::v1::ExecutionSummary(), false);
    course.role =
        course.role == Course::Role::kProbation ? Course::Role::kKnown : Course::Role::kCached;
    course.plan = std::exchange(course.fallback, nullptr);
    run = MeasuredRun();
    run.start = absl::Now();
    status = RunOnce(course.plan, query, client_parameters, sink, &run);
  }
  if (run.finished) {
    Measured(*plan, course, run.took, run.rows, /*stopped=*/false, measured.get());
  } else {
    measured->Failed(course);
  }
  plan->watched.store(!measured->quiet(), std::memory_order_relaxed);
  return status;
}

std::shared_ptr<StatementPlans> Session::MeasuredFor(const CachedPlan& plan) const {
  if (!plan.measurable || changed_schema_) return nullptr;
  const bool look = plan.watched.load(std::memory_order_relaxed) ||
                    absl::ToUnixMicros(statement_start_) % kSampling == 0;
  return look ? plan.measured.lock() : nullptr;
}

bool Session::MayTry(const CachedPlan& plan) const {
  if (!services_.workload->plan_trials() || !settings_.plan_trials() || in_transaction())
    return false;
  // The optimizer does not know the values that it is pinned to.
  if (plan.region == 0 && !plan.pinned_values.empty()) return false;
  // Elsewhere nothing is learned or done (decision 039), nor from sessions that security watches.
  const auto policy = policy_->Get();
  return database_id_ == sql::kDatabaseOid && policy.ok() && !(*policy)->flagged();
}

void Session::BringAlternatives(const CachedPlan& plan, const PlanQuery& query,
                                StatementPlans* measured) {
  const absl::Time start = absl::Now();
  std::vector<plan_cache::TriedPlan> tried;
  optimizer::v1::PlanResponse answer;
  PlanQuery asking = query;
  asking.answer = &answer;
  // What cannot be had is not tried: the statement itself goes on.
  if (const auto made = MakePlan(asking); made.ok() && (*made)->plan->restriction().empty() &&
                                          (*made)->pinned_values == plan.pinned_values) {
    for (optimizer::v1::Alternative& one : *answer.mutable_alternatives()) {
      if (one.refused() || one.plan().shape_hash() == plan.plan->shape_hash()) continue;
      auto ready = Ready(query, std::move(*one.mutable_plan()), (*made)->policy_version.load());
      if (ready.ok()) tried.push_back({*std::move(ready), one.origin()});
    }
  }
  measured->Try(std::move(tried), absl::Now() - start);
}

Course Session::ChooseCourse(const CachedPlanPtr& plan, const PlanQuery& query,
                             StatementPlans* measured) {
  const bool tries = MayTry(*plan);
  if (tries && measured->WantsAlternatives()) BringAlternatives(*plan, query, measured);
  Course course = measured->Choose(plan, settings_.plan_guard(), tries);
  const CachedPlanPtr other =
      course.role == Course::Role::kProbation ? course.fallback : course.plan;
  if (other == plan) return course;
  const bool ready = IsCurrent(*other->plan) && Authorize(other.get()).ok() &&
                     !other->misjudges.load(std::memory_order_acquire);
  if (ready) return course;
  measured->Failed(course);
  Course usual;
  usual.plan = plan;
  if (course.role == Course::Role::kTrial) {
    measured->Try({}, absl::ZeroDuration());
    return usual;
  }
  // The table has changed since, by an index say: the same plan is made anew.
  PlanQuery asking = query;
  asking.wanted_shape = other->plan->shape_hash();
  auto made = MakePlan(asking);
  measured->RenewKnown(made.ok() ? *made : nullptr);
  return measured->Choose(plan, settings_.plan_guard(), false);
}

void Session::Measured(const CachedPlan& cached, const Course& course, absl::Duration took,
                       uint64_t rows, bool stopped, StatementPlans* measured) {
  StatementMetrics& metrics = *services_.metrics;
  if (course.role == Course::Role::kTrial) metrics.trials.Increment();
  if (stopped) metrics.executions_stopped.Increment();
  auto finding = measured->Finished(course, absl::ToDoubleMicroseconds(took), rows, stopped);
  if (const absl::Duration regret = measured->TakeRegret(); regret > absl::ZeroDuration())
    metrics.trial_regret_seconds.Increment(absl::ToDoubleSeconds(regret));
  if (!finding.has_value()) return;
  const bool regression = finding->kind() == common::v1::PlanFinding::KIND_REGRESSION;
  if (regression) metrics.regressions_prevented.Increment();
  if (database_id_ != sql::kDatabaseOid) return;
  finding->set_fingerprint(cached.fingerprint);
  finding->set_template_key(cached.template_key);
  finding->set_region(cached.region);
  finding->set_normalized_sql(cached.normalized_sql);
  finding->mutable_table_ids()->Add(cached.table_ids.begin(), cached.table_ids.end());
  services_.workload->RecordFinding(*std::move(finding));
}

}  // namespace adbms::gateway::session
