#include "services/orchestrator/intake/workload_store.h"

#include <algorithm>
#include <cmath>

namespace adbms::orchestrator::intake {

double Latency::standard_error_us() const {
  if (calls < 2) return window_error_us;
  const double n = static_cast<double>(calls);
  const double mean_ms = total_us / 1e3 / n;
  const double variance_ms2 = std::max(0.0, (sum_squares_ms2 - n * mean_ms * mean_ms) / (n - 1));
  return std::max(window_error_us, std::sqrt(variance_ms2 / n) * 1e3);
}

double PlanTimes::deviation_ms() const {
  if (calls < 2) return 0;
  const double n = static_cast<double>(calls);
  return std::sqrt(std::max(0.0, (sum_squares_ms2 - n * mean_ms() * mean_ms()) / (n - 1)));
}

void WorkloadStore::AddPlan(const common::v1::PlanWindow& window, int64_t now_us,
                            Statement* statement) {
  std::vector<PlanTimes>& plans = statement->plans;
  auto found = std::find_if(plans.begin(), plans.end(), [&](const PlanTimes& one) {
    return one.shape_hash == window.shape_hash();
  });
  if (found == plans.end() && plans.size() < kMaxPlans) {
    found = plans.emplace(plans.end());
  } else if (found == plans.end()) {
    found = std::min_element(plans.begin(), plans.end(), [](const auto& a, const auto& b) {
      return a.last_seen_us < b.last_seen_us;
    });
    *found = PlanTimes();
  }
  found->shape_hash = window.shape_hash();
  found->calls += window.calls();
  found->total_us += static_cast<double>(window.total_us());
  found->sum_squares_ms2 += window.sum_squares_ms2();
  found->max_us = std::max(found->max_us, window.max_us());
  found->rows += window.rows();
  found->rows_scanned += window.rows_scanned();
  found->spilled_bytes += window.spilled_bytes();
  found->last_seen_us = now_us;
  for (int i = 0; i < window.buckets_size(); ++i)
    found->sketch.AddTo(window.first_bucket() + static_cast<size_t>(i), window.buckets(i));
  if (!window.plan_text().empty()) found->text = window.plan_text();
}

absl::Status WorkloadStore::Add(const common::v1::WorkloadWindow& window) {
  if (window.end_us() < window.start_us()) {
    return absl::InvalidArgumentError("a window ends before it starts");
  }
  absl::MutexLock lock(&mutex_);
  uint64_t& last = last_sequence_[window.source()];
  if (window.sequence() <= last) return absl::OkStatus();
  if (pending_.size() >= kMaxPending) {
    return absl::ResourceExhaustedError("the modules do not keep up with the workload");
  }
  last = window.sequence();
  ++windows_;
  for (const common::v1::StatementWindow& one : window.statements()) {
    auto found = history_.find(one.fingerprint());
    if (found == history_.end()) {
      if (history_.size() >= kMaxStatements) continue;
      found = history_.try_emplace(one.fingerprint()).first;
      Statement& statement = found->second.statement;
      statement.fingerprint = one.fingerprint();
      statement.normalized_sql = one.normalized_sql();
      statement.read_only = one.read_only();
    }
    Statement& statement = found->second.statement;
    if (!one.sample_sql().empty()) statement.sample_sql = one.sample_sql();
    statement.calls += one.calls();
    statement.errors += one.errors();
    statement.total_us += static_cast<double>(one.total_us());
    statement.rows += one.rows();
    statement.rows_scanned += one.rows_scanned();
    statement.max_us = std::max(statement.max_us, one.max_us());
    statement.last_seen_us = window.end_us();
    statement.table_ids.assign(one.table_ids().begin(), one.table_ids().end());
    for (const common::v1::PlanWindow& plan : one.plans())
      AddPlan(plan, window.end_us(), &statement);
    Slice slice{window.start_us(), window.end_us(), Latency()};
    slice.latency.calls = one.calls();
    slice.latency.errors = one.errors();
    slice.latency.total_us = static_cast<double>(one.total_us());
    slice.latency.sum_squares_ms2 = one.sum_squares_ms2();
    slice.latency.rows_scanned = one.rows_scanned();
    found->second.slices.push_back(slice);
  }
  pending_.push_back(window);
  Forget(window.end_us());
  return absl::OkStatus();
}

void WorkloadStore::Forget(int64_t now_us) {
  for (auto i = history_.begin(); i != history_.end();) {
    std::deque<Slice>& slices = i->second.slices;
    while (!slices.empty() && slices.front().end_us < now_us - kKeepUs) slices.pop_front();
    i = slices.empty() ? history_.erase(i) : std::next(i);
  }
}

std::vector<common::v1::WorkloadWindow> WorkloadStore::TakeNew() {
  absl::MutexLock lock(&mutex_);
  std::vector<common::v1::WorkloadWindow> taken(std::make_move_iterator(pending_.begin()),
                                                std::make_move_iterator(pending_.end()));
  pending_.clear();
  return taken;
}

Latency WorkloadStore::Between(uint64_t fingerprint, int64_t from_us, int64_t to_us) const {
  absl::MutexLock lock(&mutex_);
  Latency sum;
  const auto found = history_.find(fingerprint);
  if (found == history_.end()) return sum;
  std::vector<const Latency*> inside;
  for (const Slice& slice : found->second.slices) {
    if (slice.start_us < from_us || slice.end_us > to_us) continue;
    sum.calls += slice.latency.calls;
    sum.errors += slice.latency.errors;
    sum.total_us += slice.latency.total_us;
    sum.sum_squares_ms2 += slice.latency.sum_squares_ms2;
    sum.rows_scanned += slice.latency.rows_scanned;
    if (slice.latency.calls > 0) inside.push_back(&slice.latency);
  }
  if (inside.size() < 3) return sum;
  // The cluster-robust variance of a mean of unequal clusters.
  double squares = 0;
  for (const Latency* window : inside) {
    const double off = window->total_us - static_cast<double>(window->calls) * sum.mean_us();
    squares += off * off;
  }
  const double windows = static_cast<double>(inside.size());
  sum.window_error_us =
      std::sqrt(squares * windows / (windows - 1)) / static_cast<double>(sum.calls);
  return sum;
}

std::vector<LoadPoint> WorkloadStore::LoadOverTime(int64_t from_us, int64_t to_us,
                                                   size_t points) const {
  if (points == 0 || to_us <= from_us) return {};
  std::vector<LoadPoint> load(points);
  const double step_us = static_cast<double>(to_us - from_us) / static_cast<double>(points);
  for (size_t i = 0; i < points; ++i)
    load[i].start_us = from_us + static_cast<int64_t>(step_us * static_cast<double>(i));
  absl::MutexLock lock(&mutex_);
  for (const auto& [fingerprint, history] : history_) {
    for (const Slice& slice : history.slices) {
      if (slice.start_us < from_us || slice.start_us >= to_us) continue;
      const auto place =
          static_cast<size_t>(static_cast<double>(slice.start_us - from_us) / step_us);
      LoadPoint& point = load[std::min(place, points - 1)];
      point.calls += static_cast<double>(slice.latency.calls);
      point.total_us += slice.latency.total_us;
    }
  }
  return load;
}

int64_t WorkloadStore::FirstWindow(int64_t otherwise) const {
  int64_t first_us = otherwise;
  absl::MutexLock lock(&mutex_);
  for (const auto& [fingerprint, history] : history_) {
    if (!history.slices.empty()) first_us = std::min(first_us, history.slices.front().start_us);
  }
  return first_us;
}

int64_t WorkloadStore::LastSeen(uint64_t fingerprint) const {
  absl::MutexLock lock(&mutex_);
  const auto found = history_.find(fingerprint);
  return found == history_.end() ? 0 : found->second.statement.last_seen_us;
}

bool WorkloadStore::Writes(uint64_t fingerprint, uint32_t table_id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = history_.find(fingerprint);
  if (found == history_.end() || found->second.statement.read_only) return false;
  const std::vector<uint32_t>& tables = found->second.statement.table_ids;
  return std::find(tables.begin(), tables.end(), table_id) != tables.end();
}

std::vector<uint64_t> WorkloadStore::ActiveSince(int64_t from_us) const {
  absl::MutexLock lock(&mutex_);
  std::vector<uint64_t> active;
  for (const auto& [fingerprint, history] : history_) {
    if (history.statement.last_seen_us >= from_us) active.push_back(fingerprint);
  }
  return active;
}

std::vector<Statement> WorkloadStore::Statements() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Statement> all;
  all.reserve(history_.size());
  for (const auto& [fingerprint, history] : history_) all.push_back(history.statement);
  return all;
}

uint64_t WorkloadStore::windows() const {
  absl::MutexLock lock(&mutex_);
  return windows_;
}

}  // namespace adbms::orchestrator::intake
