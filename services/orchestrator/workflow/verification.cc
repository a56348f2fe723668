#include "services/orchestrator/workflow/verification.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace adbms::orchestrator::workflow {
namespace {

// Executions of a statement that count as a measurement, on each side.
constexpr uint64_t kLeastCalls = 3;
// Statements whose figures are recorded with an action.
constexpr size_t kMostRecorded = 500;
// How far back the "before" of a comparison reaches.
constexpr int64_t kBeforeUs = 600LL * 1000000;
// Share of the time before (after) that statements which ran only then may have.
constexpr double kSameLoad = 0.3;
// Change of the share of the machine that others have.
constexpr double kSameMachine = 0.25;
// Relative standard error of a control of one statement: it may be of another nature.
constexpr double kLeastSpread = 0.1;
// Relative standard error of a comparison without a control: what a shared machine's weather makes.
constexpr double kWeather = 0.1;

struct Sides {
  intake::Latency before;
  intake::Latency after;
  bool comparable() const { return before.calls >= kLeastCalls && after.calls >= kLeastCalls; }
  double ratio() const { return after.mean_us() / before.mean_us(); }
};

std::map<uint64_t, intake::Latency> Recorded(const v1::Action& action) {
  std::map<uint64_t, intake::Latency> recorded;
  for (const v1::StatementBaseline& one : action.progress().before()) {
    intake::Latency& latency = recorded[one.fingerprint()];
    latency.calls = one.calls();
    latency.total_us = one.total_us();
    latency.sum_squares_ms2 = one.sum_squares_ms2();
    latency.window_error_us = one.standard_error_us();
    latency.rows_scanned = one.rows_scanned();
  }
  return recorded;
}

int64_t BeforeFrom(const Evidence& evidence, const v1::Action& action, uint64_t fingerprint) {
  return std::max(
      LastChangeBefore(evidence.changes, action.id(), fingerprint, action.applied_at_us()),
      action.applied_at_us() - kBeforeUs);
}

intake::Latency Before(const Evidence& evidence, const v1::Action& action, uint64_t fingerprint) {
  return evidence.workload.Between(fingerprint, BeforeFrom(evidence, action, fingerprint),
                                   action.applied_at_us());
}

// Every statement that ran before or after.
std::map<uint64_t, Sides> SidesOf(const Evidence& evidence, const v1::Action& action) {
  const std::map<uint64_t, intake::Latency> recorded = Recorded(action);
  std::set<uint64_t> fingerprints;
  for (const auto& [fingerprint, latency] : recorded) fingerprints.insert(fingerprint);
  for (const uint64_t one : evidence.workload.ActiveSince(action.applied_at_us() - kBeforeUs)) {
    fingerprints.insert(one);
  }
  std::map<uint64_t, Sides> all;
  for (const uint64_t fingerprint : fingerprints) {
    Sides& sides = all[fingerprint];
    sides.before = Before(evidence, action, fingerprint);
    // Windows that came in after the record was made are only in the store; after a restart the
    // store knows nothing of before.
    const auto kept = recorded.find(fingerprint);
    if (kept != recorded.end() && kept->second.calls > sides.before.calls) {
      sides.before = kept->second;
    }
    const int64_t until_us = std::min(
        evidence.now_us,
        FirstNarrowChangeAfter(evidence.changes, action.id(), fingerprint, action.applied_at_us()));
    sides.after = evidence.workload.Between(fingerprint, action.applied_at_us(), until_us);
  }
  return all;
}

// Whether the action should change the statement: a system-wide one may name those it is for.
bool IsAffected(const v1::Action& action, uint64_t fingerprint) {
  const auto& named = action.proposal().affected_fingerprints();
  return named.empty() || std::find(named.begin(), named.end(), fingerprint) != named.end();
}

// A statement that a narrow change touched meanwhile is no control, nor is one that writes to the
// action's table: an index slows it down.
bool IsControl(const Evidence& evidence, const v1::Action& action, uint64_t fingerprint) {
  const uint32_t table = action.proposal().table_id();
  if (IsAffected(action, fingerprint)) return false;
  if (table != 0 && evidence.workload.Writes(fingerprint, table)) return false;
  return FirstNarrowChangeAfter(evidence.changes, action.id(), fingerprint,
                                BeforeFrom(evidence, action, fingerprint)) == INT64_MAX;
}

struct Drift {
  double log = 0;
  double error = 0;  // Standard error of `log`.
  size_t statements = 0;
};

// The weighted median of the control's ratios, which no single statement can pull away.
Drift DriftOf(const Evidence& evidence, const v1::Action& action,
              const std::map<uint64_t, Sides>& all) {
  std::vector<std::pair<double, double>> logs;  // (log ratio, weight)
  double weight = 0;
  for (const auto& [fingerprint, sides] : all) {
    if (!sides.comparable() || sides.before.mean_us() <= 0 || sides.after.mean_us() <= 0) continue;
    if (!IsControl(evidence, action, fingerprint)) continue;
    const double calls =
        static_cast<double>(std::min<uint64_t>({sides.before.calls, sides.after.calls, 100}));
    logs.emplace_back(std::log(sides.ratio()), calls);
    weight += calls;
  }
  Drift drift;
  drift.statements = logs.size();
  if (logs.empty()) return drift;
  std::sort(logs.begin(), logs.end());
  double passed = 0;
  for (const auto& [log, calls] : logs) {
    passed += calls;
    if (passed >= weight / 2) {
      drift.log = log;
      break;
    }
  }
  double deviation = 0;
  for (const auto& [log, calls] : logs) deviation += calls * std::abs(log - drift.log) / weight;
  const double n = static_cast<double>(logs.size());
  const double spread = std::max(kLeastSpread, deviation * 1.25) / std::sqrt(n);
  // One statement may have reasons of its own; of many, most will not.
  const double believed = n / (n + 1);
  drift.error = std::hypot(spread, (1 - believed) * drift.log);
  drift.log *= believed;
  return drift;
}

// Relative standard error of a comparison without a control: the weather of the machine, and what
// others on it may have done. Where they have a share f of it, a statement may take up to
// 1 / (1 - f) times as long as it would alone; two standard errors below such a time lies the time
// alone, so that it is no proof, however often measured.
double Weather(const Evidence& evidence, const v1::Action& action) {
  const auto after = evidence.machine.ForeignBetween(action.applied_at_us(), evidence.now_us);
  const double share = std::max(after.value_or(0), action.progress().foreign_cpu());
  return std::hypot(kWeather, share / 2);
}

// Whether what ran, or what else the machine did, is another thing after than before.
std::string LoadChange(const Evidence& evidence, const v1::Action& action,
                       const std::map<uint64_t, Sides>& all) {
  double before_us = 0;
  double after_us = 0;
  double gone_us = 0;
  double new_us = 0;
  for (const auto& [fingerprint, sides] : all) {
    before_us += sides.before.total_us;
    after_us += sides.after.total_us;
    if (sides.after.calls < kLeastCalls) gone_us += sides.before.total_us;
    if (sides.before.calls < kLeastCalls) new_us += sides.after.total_us;
  }
  if (new_us > kSameLoad * after_us) {
    return absl::StrFormat("statements that had not run before it take %.0f %% of the time",
                           new_us / after_us * 100);
  }
  if (gone_us > kSameLoad * before_us) {
    return absl::StrFormat("statements that took %.0f %% of the time before it no longer run",
                           gone_us / before_us * 100);
  }
  const auto after = evidence.machine.ForeignBetween(action.applied_at_us(), evidence.now_us);
  if (action.progress().has_foreign_cpu() && after.has_value() &&
      std::abs(*after - action.progress().foreign_cpu()) > kSameMachine) {
    return absl::StrFormat("others had %.0f %% of the machine before it and %.0f %% after it",
                           action.progress().foreign_cpu() * 100, *after * 100);
  }
  return "";
}

}  // namespace

void RecordBaseline(const Evidence& evidence, v1::Action* action) {
  std::set<uint64_t> fingerprints;
  for (const uint64_t one : evidence.workload.ActiveSince(action->applied_at_us() - kBeforeUs)) {
    fingerprints.insert(one);
  }
  std::vector<std::pair<bool, v1::StatementBaseline>> found;
  for (const uint64_t fingerprint : fingerprints) {
    const intake::Latency before = Before(evidence, *action, fingerprint);
    if (before.calls == 0) continue;
    v1::StatementBaseline one;
    one.set_fingerprint(fingerprint);
    one.set_calls(before.calls);
    one.set_total_us(before.total_us);
    one.set_sum_squares_ms2(before.sum_squares_ms2);
    one.set_standard_error_us(before.window_error_us);
    one.set_rows_scanned(before.rows_scanned);
    found.emplace_back(IsAffected(*action, fingerprint), std::move(one));
  }
  // Those it is for first: they must not be lost to the bound.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first;
    return a.second.total_us() > b.second.total_us();
  });
  if (found.size() > kMostRecorded) found.resize(kMostRecorded);
  auto* before = action->mutable_progress()->mutable_before();
  before->Clear();
  for (auto& [affected, one] : found) *before->Add() = std::move(one);
  const auto foreign = evidence.machine.ForeignBetween(action->applied_at_us() - kBeforeUs / 20,
                                                       action->applied_at_us());
  if (foreign.has_value()) action->mutable_progress()->set_foreign_cpu(*foreign);
}

uint64_t WantedCalls(const v1::Action& action) {
  return std::max<uint64_t>(kLeastCalls, action.proposal().verify_calls());
}

Measurement Measure(const Evidence& evidence, const v1::Action& action) {
  const std::map<uint64_t, Sides> all = SidesOf(evidence, action);
  Measurement found;
  double before_us = 0;
  double after_us = 0;
  double variance = 0;
  double rows_before = 0;
  double rows_after = 0;
  for (const auto& [fingerprint, sides] : all) {
    if (!IsAffected(action, fingerprint) || !sides.comparable()) continue;
    const double weight = static_cast<double>(sides.after.calls);
    ++found.statements;
    found.calls_before += sides.before.calls;
    found.calls_after += sides.after.calls;
    before_us += weight * sides.before.mean_us();
    after_us += weight * sides.after.mean_us();
    rows_before += weight * sides.before.mean_scanned();
    rows_after += weight * sides.after.mean_scanned();
    variance += weight * weight *
                (std::pow(sides.before.standard_error_us(), 2) +
                 std::pow(sides.after.standard_error_us(), 2));
  }
  if (before_us <= 0) return found;
  const Drift drift = DriftOf(evidence, action, all);
  found.drift = std::exp(drift.log);
  found.control_statements = drift.statements;
  const double ratio = after_us / before_us / found.drift;
  found.gain = 1 - ratio;
  found.uncertainty =
      std::hypot(std::sqrt(variance) / before_us / found.drift,
                 ratio * (drift.statements == 0 ? Weather(evidence, action) : drift.error));
  found.enough = found.calls_after >= WantedCalls(action);
  if (rows_before > 0) found.rows_gain = 1 - rows_after / rows_before;
  if (drift.statements == 0) found.load_change = LoadChange(evidence, action, all);
  return found;
}

bool NoLongerMeasurable(const Evidence& evidence, const v1::Action& action, int64_t quiet_us) {
  if (evidence.now_us - action.applied_at_us() < quiet_us || !action.has_progress()) return false;
  for (const v1::StatementBaseline& one : action.progress().before()) {
    if (!IsAffected(action, one.fingerprint()) || one.calls() < kLeastCalls) continue;
    // What a narrower change has taken over says nothing of this one any more.
    const bool taken_over = FirstNarrowChangeAfter(evidence.changes, action.id(), one.fingerprint(),
                                                   action.applied_at_us()) != INT64_MAX;
    if (taken_over) continue;
    if (evidence.workload.LastSeen(one.fingerprint()) > evidence.now_us - quiet_us) return false;
  }
  return true;
}

std::string WhyNotMeasured(const v1::Action& action, const Measurement& found) {
  if (!action.has_progress()) {
    return "no figures from before it have outlived a restart of the orchestrator";
  }
  const auto& before = action.progress().before();
  const bool comparable = std::any_of(before.begin(), before.end(), [&](const auto& one) {
    return one.calls() >= kLeastCalls && IsAffected(action, one.fingerprint());
  });
  if (!comparable && found.statements == 0) {
    return "its statements had not run often enough before it to compare with";
  }
  return absl::StrCat("its statements ran only ", found.calls_after, " times after it in time, ",
                      WantedCalls(action), " are wanted");
}

}  // namespace adbms::orchestrator::workflow
