// Whether an action helped: latency of the statements that it affects, before and after it. What
// was before is recorded with the action, so that the comparison outlives the process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "services/orchestrator/intake/workload_store.h"

namespace adbms::orchestrator::workflow {

// What the measurement of an action says.
struct Measurement {
  bool enough = false;  // Executions before and after suffice for a verdict.
  double gain =
      0;  // 1 - time after / time before, over the affected statements, weighted by calls after.
  double uncertainty = 0;  // One standard error of the gain.
  uint64_t calls_before = 0;
  uint64_t calls_after = 0;
  size_t statements = 0;
};

// Whether both may change the time of the same statement; no fingerprints mean all statements.
bool Overlap(const v1::Action& a, const v1::Action& b);

// When the last change before `until_us` to what these statements meet was made or undone, other
// than by action `id`; 0 without any. A comparison must not reach behind it: it would credit one
// action with the effect of another.
int64_t LastChangeBefore(const std::vector<v1::Action>& actions, const v1::Action& action,
                         int64_t until_us);

// Enters into the action's progress what its statements took from `before_from_us` until it was
// applied.
void RecordBaseline(const intake::WorkloadStore& workload, int64_t before_from_us,
                    v1::Action* action);

// Latency of the affected statements (empty: of all that ran) from `before_from_us` until the
// action was applied, or as recorded with it where that is more, against after it.
Measurement Measure(const intake::WorkloadStore& workload, const v1::Action& action,
                    int64_t before_from_us, int64_t now_us);

// Executions after the action that a verdict wants.
uint64_t WantedCalls(const v1::Action& action);

// Why there is no verdict by measurement, for a person.
std::string WhyNotMeasured(const v1::Action& action, const Measurement& found);

}  // namespace adbms::orchestrator::workflow
