#include "services/tuner/monitor/statement_kinds.h"

#include <algorithm>

namespace adbms::tuner::monitor {
namespace {

constexpr int64_t kRecentUs = 60LL * 1000000;
constexpr size_t kMostNamed = 200;

}  // namespace

double StatementKinds::Add(const common::v1::WorkloadWindow& window) {
  double seconds = 0;
  latest_us_ = std::max(latest_us_, window.end_us());
  for (const common::v1::StatementWindow& one : window.statements()) {
    seconds += static_cast<double>(one.total_us()) / 1e6;
    auto found = seen_.find(one.fingerprint());
    if (found == seen_.end()) {
      if (seen_.size() >= kMostStatements) continue;
      found = seen_.try_emplace(one.fingerprint()).first;
    }
    found->second.writes = !one.read_only() && one.table_ids_size() > 0;
    found->second.reads_rows |= one.rows_scanned() > 0;
    found->second.seconds += static_cast<double>(one.total_us()) / 1e6;
    found->second.last_us = window.end_us();
  }
  std::erase_if(seen_,
                [&](const auto& entry) { return entry.second.last_us < latest_us_ - kRecentUs; });
  return seconds;
}

std::vector<uint64_t> StatementKinds::Active(bool writers) const {
  std::vector<std::pair<double, uint64_t>> found;
  for (const auto& [fingerprint, seen] : seen_) {
    const bool wanted = writers ? seen.writes : (seen.reads_rows && !seen.writes);
    if (wanted) found.emplace_back(-seen.seconds, fingerprint);
  }
  std::sort(found.begin(), found.end());
  if (found.size() > kMostNamed) found.resize(kMostNamed);
  std::vector<uint64_t> fingerprints;
  for (const auto& [seconds, fingerprint] : found) fingerprints.push_back(fingerprint);
  return fingerprints;
}

}  // namespace adbms::tuner::monitor
