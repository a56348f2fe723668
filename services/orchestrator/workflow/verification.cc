#include "services/orchestrator/workflow/verification.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"

namespace adbms::orchestrator::workflow {
namespace {

// Executions of a statement that count as a measurement, on each side.
constexpr uint64_t kLeastCalls = 3;
// Statements whose figures are recorded with an action that affects all.
constexpr size_t kMostRecorded = 500;

std::map<uint64_t, intake::Latency> Recorded(const v1::Action& action) {
  std::map<uint64_t, intake::Latency> recorded;
  for (const v1::StatementBaseline& one : action.progress().before()) {
    intake::Latency& latency = recorded[one.fingerprint()];
    latency.calls = one.calls();
    latency.total_us = one.total_us();
    latency.sum_squares_ms2 = one.sum_squares_ms2();
  }
  return recorded;
}

}  // namespace

bool Overlap(const v1::Action& a, const v1::Action& b) {
  const auto& mine = a.proposal().affected_fingerprints();
  const auto& theirs = b.proposal().affected_fingerprints();
  if (mine.empty() || theirs.empty()) return true;
  return std::any_of(mine.begin(), mine.end(), [&](uint64_t fingerprint) {
    return std::find(theirs.begin(), theirs.end(), fingerprint) != theirs.end();
  });
}

int64_t LastChangeBefore(const std::vector<v1::Action>& actions, const v1::Action& action,
                         int64_t until_us) {
  int64_t last_us = 0;
  for (const v1::Action& other : actions) {
    const bool measured = other.proposal().verify_calls() > 0;
    if (other.id() == action.id() || !measured || !Overlap(action, other)) continue;
    const bool undone = other.state() == v1::ACTION_STATE_REVERTED;
    for (const int64_t at_us : {other.applied_at_us(), undone ? other.decided_at_us() : 0}) {
      if (at_us < until_us) last_us = std::max(last_us, at_us);
    }
  }
  return last_us;
}

void RecordBaseline(const intake::WorkloadStore& workload, int64_t before_from_us,
                    v1::Action* action) {
  std::vector<uint64_t> fingerprints(action->proposal().affected_fingerprints().begin(),
                                     action->proposal().affected_fingerprints().end());
  if (fingerprints.empty()) fingerprints = workload.ActiveSince(before_from_us);
  std::vector<v1::StatementBaseline> found;
  for (const uint64_t fingerprint : fingerprints) {
    const intake::Latency before =
        workload.Between(fingerprint, before_from_us, action->applied_at_us());
    if (before.calls == 0) continue;
    v1::StatementBaseline& one = found.emplace_back();
    one.set_fingerprint(fingerprint);
    one.set_calls(before.calls);
    one.set_total_us(before.total_us);
    one.set_sum_squares_ms2(before.sum_squares_ms2);
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.total_us() > b.total_us(); });
  if (found.size() > kMostRecorded) found.resize(kMostRecorded);
  auto* before = action->mutable_progress()->mutable_before();
  before->Clear();
  before->Add(found.begin(), found.end());
}

uint64_t WantedCalls(const v1::Action& action) {
  return std::max<uint64_t>(kLeastCalls, action.proposal().verify_calls());
}

Measurement Measure(const intake::WorkloadStore& workload, const v1::Action& action,
                    int64_t before_from_us, int64_t now_us) {
  std::vector<uint64_t> fingerprints(action.proposal().affected_fingerprints().begin(),
                                     action.proposal().affected_fingerprints().end());
  if (fingerprints.empty()) fingerprints = workload.ActiveSince(action.applied_at_us());
  const std::map<uint64_t, intake::Latency> recorded = Recorded(action);
  Measurement found;
  double before_us = 0;
  double after_us = 0;
  double variance = 0;
  for (const uint64_t fingerprint : fingerprints) {
    intake::Latency before = workload.Between(fingerprint, before_from_us, action.applied_at_us());
    // Windows that came in after the record was made are only in the store; after a restart the
    // store knows nothing of before.
    const auto kept = recorded.find(fingerprint);
    if (kept != recorded.end() && kept->second.calls > before.calls) before = kept->second;
    const intake::Latency after = workload.Between(fingerprint, action.applied_at_us(), now_us);
    if (before.calls < kLeastCalls || after.calls < kLeastCalls) continue;
    const double weight = static_cast<double>(after.calls);
    ++found.statements;
    found.calls_before += before.calls;
    found.calls_after += after.calls;
    before_us += weight * before.mean_us();
    after_us += weight * after.mean_us();
    variance += weight * weight *
                (std::pow(before.standard_error_us(), 2) + std::pow(after.standard_error_us(), 2));
  }
  if (before_us <= 0) return found;
  found.gain = 1 - after_us / before_us;
  found.uncertainty = std::sqrt(variance) / before_us;
  found.enough = found.calls_after >= WantedCalls(action);
  return found;
}

std::string WhyNotMeasured(const v1::Action& action, const Measurement& found) {
  if (!action.has_progress()) {
    return "no figures from before it have outlived a restart of the orchestrator";
  }
  const auto& before = action.progress().before();
  const bool comparable = std::any_of(before.begin(), before.end(),
                                      [](const auto& one) { return one.calls() >= kLeastCalls; });
  if (!comparable && found.statements == 0) {
    return "its statements had not run often enough before it to compare with";
  }
  return absl::StrCat("its statements ran only ", found.calls_after, " times after it in time, ",
                      WantedCalls(action), " are wanted");
}

}  // namespace adbms::orchestrator::workflow
