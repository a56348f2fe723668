#include "services/orchestrator/intake/workload_store.h"

#include <algorithm>
#include <cmath>

namespace adbms::orchestrator::intake {

double Latency::standard_error_us() const {
  if (calls < 2) return 0;
  const double n = static_cast<double>(calls);
  const double mean_ms = total_us / 1e3 / n;
  const double variance_ms2 = std::max(0.0, (sum_squares_ms2 - n * mean_ms * mean_ms) / (n - 1));
  return std::sqrt(variance_ms2 / n) * 1e3;
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
    Slice slice{window.start_us(), window.end_us(), Latency()};
    slice.latency.calls = one.calls();
    slice.latency.errors = one.errors();
    slice.latency.total_us = static_cast<double>(one.total_us());
    slice.latency.sum_squares_ms2 = one.sum_squares_ms2();
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
  for (const Slice& slice : found->second.slices) {
    if (slice.start_us < from_us || slice.end_us > to_us) continue;
    sum.calls += slice.latency.calls;
    sum.errors += slice.latency.errors;
    sum.total_us += slice.latency.total_us;
    sum.sum_squares_ms2 += slice.latency.sum_squares_ms2;
  }
  return sum;
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
