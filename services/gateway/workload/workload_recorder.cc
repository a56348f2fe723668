#include "services/gateway/workload/workload_recorder.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/clock.h"

namespace adbms::gateway::workload {
namespace {

// Longest statement text kept as a sample.
constexpr size_t kSampleBytes = 16384;
// One execution in this many reports its operators.
constexpr uint64_t kCardinalitySampling = 16;
// The orchestrator may have forgotten a plan's text after this long.
constexpr absl::Duration kTextKept = absl::Minutes(10);
constexpr size_t kMaxTold = 8192;
constexpr size_t kPlanTextBytes = 16384;
// What the orchestrator allows, holds for this long without its saying so again.
constexpr absl::Duration kAllowedFor = absl::Seconds(5);

uint64_t RandomSource() {
  absl::BitGen generator;
  return absl::Uniform<uint64_t>(generator);
}

void Start(const Execution& execution, common::v1::StatementWindow* window) {
  window->set_fingerprint(execution.fingerprint);
  if (execution.normalized_sql != nullptr) window->set_normalized_sql(*execution.normalized_sql);
  if (execution.sql.size() <= kSampleBytes) window->set_sample_sql(std::string(execution.sql));
  if (execution.search_path != nullptr)
    window->mutable_search_path()->Assign(execution.search_path->begin(),
                                          execution.search_path->end());
  if (execution.table_ids != nullptr) {
    window->mutable_table_ids()->Add(execution.table_ids->begin(), execution.table_ids->end());
  }
  if (execution.database != nullptr) window->set_database(*execution.database);
  window->set_min_us(execution.elapsed_us);
  window->set_read_only(execution.read_only);
}

void Add(const Execution& execution, common::v1::StatementWindow* window) {
  if (execution.failed) {
    window->set_errors(window->errors() + 1);
    return;
  }
  const double elapsed_ms = static_cast<double>(execution.elapsed_us) / 1e3;
  window->set_calls(window->calls() + 1);
  window->set_total_us(window->total_us() + execution.elapsed_us);
  window->set_sum_squares_ms2(window->sum_squares_ms2() + elapsed_ms * elapsed_ms);
  window->set_min_us(std::min(window->min_us(), execution.elapsed_us));
  window->set_max_us(std::max(window->max_us(), execution.elapsed_us));
  window->set_rows(window->rows() + execution.rows);
  window->set_rows_scanned(window->rows_scanned() + execution.rows_scanned);
  window->set_planning_us(window->planning_us() + execution.planning_us);
  if (execution.plan != nullptr) window->set_plan_shape_hash((*execution.plan)->shape_hash());
  if (execution.learned) window->set_learned_plans(window->learned_plans() + 1);
  if (execution.tainted) window->set_tainted(true);
}

}  // namespace

WorkloadRecorder::WorkloadRecorder(orchestrator::api::Orchestrator* orchestrator,
                                   absl::Duration window, Describe describe)
    : orchestrator_(orchestrator),
      window_(window),
      describe_(std::move(describe)),
      source_(RandomSource()),
      window_start_(absl::Now()) {
  if (orchestrator_ != nullptr) thread_ = std::thread([this] { Run(); });
}

WorkloadRecorder::~WorkloadRecorder() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void WorkloadRecorder::Record(const Execution& execution) {
  if (orchestrator_ == nullptr) return;
  Shard& shard = shards_[execution.fingerprint % kShards];
  absl::MutexLock lock(&shard.mutex);
  auto found = shard.statements.find(execution.fingerprint);
  if (found == shard.statements.end()) {
    if (shard.statements.size() >= kStatementsPerShard) return Drop(1);
    found = shard.statements.try_emplace(execution.fingerprint).first;
    Start(execution, &found->second.window);
  }
  Add(execution, &found->second.window);
  if (!execution.failed) AddToPlan(execution, &found->second);
}

void WorkloadRecorder::AddToPlan(const Execution& execution, Statement* statement) {
  if (execution.plan == nullptr) return;
  const uint64_t shape = (*execution.plan)->shape_hash();
  auto share =
      std::find_if(statement->plans.begin(), statement->plans.end(),
                   [shape](const PlanShare& one) { return one.window.shape_hash() == shape; });
  if (share == statement->plans.end()) {
    if (statement->plans.size() >= kPlansPerStatement) {
      statement->window.set_unshaped_calls(statement->window.unshaped_calls() + 1);
      return;
    }
    share = statement->plans.emplace(statement->plans.end());
    share->plan = *execution.plan;
    share->window.set_shape_hash(shape);
  }
  const double elapsed_ms = static_cast<double>(execution.elapsed_us) / 1e3;
  common::v1::PlanWindow& window = share->window;
  window.set_calls(window.calls() + 1);
  window.set_total_us(window.total_us() + execution.elapsed_us);
  window.set_sum_squares_ms2(window.sum_squares_ms2() + elapsed_ms * elapsed_ms);
  window.set_max_us(std::max(window.max_us(), execution.elapsed_us));
  window.set_rows(window.rows() + execution.rows);
  window.set_rows_scanned(window.rows_scanned() + execution.rows_scanned);
  window.set_spilled_bytes(window.spilled_bytes() + execution.spilled_bytes);
  share->sketch.Add(execution.elapsed_us);
}

void WorkloadRecorder::Drop(uint64_t count) {
  dropped_.fetch_add(count, std::memory_order_relaxed);
  dropped_total_.fetch_add(count, std::memory_order_relaxed);
}

bool WorkloadRecorder::WantsCardinalities(uint64_t fingerprint) {
  if (orchestrator_ == nullptr) return false;
  const uint64_t count = executions_.fetch_add(1, std::memory_order_relaxed);
  return (count * 0x9e3779b97f4a7c15ull ^ fingerprint) % kCardinalitySampling == 0;
}

void WorkloadRecorder::RecordCardinality(common::v1::CardinalityObservation observation) {
  absl::MutexLock lock(&mutex_);
  if (cardinalities_.size() >= kCardinalities) return Drop(1);
  cardinalities_.push_back(std::move(observation));
}

void WorkloadRecorder::RecordFinding(common::v1::PlanFinding finding) {
  if (orchestrator_ == nullptr) return;
  absl::MutexLock lock(&mutex_);
  if (findings_.size() >= kFindings) return Drop(1);
  findings_.push_back(std::move(finding));
}

void WorkloadRecorder::Run() {
  for (;;) {
    bool stop;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), window_);
      stop = stopping_;
    }
    Flush();
    if (stop) return;
  }
}

common::v1::WorkloadWindow WorkloadRecorder::Take() {
  common::v1::WorkloadWindow window;
  for (Shard& shard : shards_) {
    std::unordered_map<uint64_t, Statement> taken;
    {
      absl::MutexLock lock(&shard.mutex);
      taken.swap(shard.statements);
    }
    for (auto& [fingerprint, statement] : taken) {
      FillPlans(&statement);
      *window.add_statements() = std::move(statement.window);
    }
  }
  absl::MutexLock lock(&mutex_);
  for (auto& observation : cardinalities_) *window.add_cardinalities() = std::move(observation);
  cardinalities_.clear();
  for (auto& finding : findings_) *window.add_plan_findings() = std::move(finding);
  findings_.clear();
  return window;
}

void WorkloadRecorder::FillPlans(Statement* statement) {
  for (PlanShare& share : statement->plans) {
    size_t first = 0;
    size_t end = telemetry::TimeSketch::kBuckets;
    while (first < end && share.sketch.count(first) == 0) ++first;
    while (end > first && share.sketch.count(end - 1) == 0) --end;
    share.window.set_first_bucket(static_cast<uint32_t>(first));
    for (size_t b = first; b < end; ++b)
      share.window.add_buckets(static_cast<uint32_t>(share.sketch.count(b)));
    share.window.set_plan_text(TextOf(share, statement->window));
    *statement->window.add_plans() = std::move(share.window);
  }
}

std::string WorkloadRecorder::TextOf(const PlanShare& share,
                                     const common::v1::StatementWindow& statement) {
  const std::pair key(statement.fingerprint(), share.window.shape_hash());
  const absl::Time now = absl::Now();
  const auto told = told_.find(key);
  if (!describe_ || (told != told_.end() && now - told->second < kTextKept)) return "";
  std::string text = describe_(*share.plan, statement.database());
  // Whole lines only.
  if (text.size() > kPlanTextBytes) text.resize(text.rfind('\n', kPlanTextBytes) + 1);
  if (text.empty()) return text;
  if (told_.size() >= kMaxTold) told_.clear();
  told_[key] = now;
  return text;
}

void WorkloadRecorder::Flush() {
  orchestrator::v1::ReportWindowRequest request;
  *request.mutable_window() = Take();
  common::v1::WorkloadWindow* window = request.mutable_window();
  const absl::Time now = absl::Now();
  window->set_source(source_);
  window->set_sequence(++sequence_);
  window->set_start_us(absl::ToUnixMicros(window_start_));
  window->set_end_us(absl::ToUnixMicros(now));
  window->set_dropped(dropped_.exchange(0, std::memory_order_relaxed));
  window_start_ = now;
  if (now - heard_ > kAllowedFor) plan_trials_.store(false, std::memory_order_relaxed);
  if (window->statements_size() == 0 && window->plan_findings_size() == 0 && window->dropped() == 0)
    return;
  rpc::CallContext context;
  context.deadline = absl::Now() + absl::Seconds(1);
  context.user = "gateway";
  const auto taken = orchestrator_->ReportWindow(context, request);
  if (taken.ok()) {
    heard_ = now;
    return plan_trials_.store(taken->plan_trials(), std::memory_order_relaxed);
  }
  Drop(static_cast<uint64_t>(window->statements_size() + window->plan_findings_size()) +
       window->dropped());
}

}  // namespace adbms::gateway::workload
