// Whether an action helped: the time of the statements that it touches, before and after it,
// against what statements that it does not touch did meanwhile (difference in differences). What
// was before is recorded with the action, so that the comparison outlives the process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "services/orchestrator/intake/machine_load.h"
#include "services/orchestrator/intake/workload_store.h"
#include "services/orchestrator/workflow/attribution.h"

namespace adbms::orchestrator::workflow {

// What is known of the workload, the machine and the other actions. All must outlive their use.
struct Evidence {
  const intake::WorkloadStore& workload;
  const intake::MachineLoad& machine;
  const std::vector<Change>& changes;
  int64_t now_us = 0;
};

// What the measurement of an action says.
struct Measurement {
  bool enough = false;  // Executions before and after suffice for a verdict.
  // 1 - (time after / time before) / drift, over the affected statements, each weighted by its
  // calls after: a change of the mix alone changes nothing.
  double gain = 0;
  double uncertainty = 0;  // One standard error of the gain, the control's own swings included.
  uint64_t calls_before = 0;
  uint64_t calls_after = 0;
  size_t statements = 0;
  // Time after / time before of the control: statements that no change of the period touched.
  // Pulled towards 1 while they are few; 1 without any.
  double drift = 1;
  size_t control_statements = 0;
  // 1 - rows read after / before, of the same statements: what a busy machine does not change.
  double rows_gain = 0;
  // Why times before and after cannot be compared, in plain words; empty: they can. Only looked
  // for without a control.
  std::string load_change;
};

// Enters into the action's progress what statements took before it was applied: those it touches,
// and those it will be compared with.
void RecordBaseline(const Evidence& evidence, v1::Action* action);

Measurement Measure(const Evidence& evidence, const v1::Action& action);

// Executions after the action that a verdict wants.
uint64_t WantedCalls(const v1::Action& action);

// Whether it is no use to wait: the action is at least `quiet_us` old, and none of the statements
// that it could be measured by has run for as long.
bool NoLongerMeasurable(const Evidence& evidence, const v1::Action& action, int64_t quiet_us);

// Why there is no verdict by measurement, for a person.
std::string WhyNotMeasured(const v1::Action& action, const Measurement& found);

}  // namespace adbms::orchestrator::workflow
