// The demonstration: one workload before and after the autonomous cycle has acted, every figure
// measured in this run.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "clients/local_cluster/local_cluster.h"

namespace adbms::clients::demo {

struct Options {
  local_cluster::Options cluster;  // Settings are added to it.
  double seconds = 180;            // For all runs of the workload: a sixth before, a sixth after.
  double scale = 1;
  int connections = 4;
  const std::atomic<bool>* stop = nullptr;  // Ends it early; borrowed.
  std::function<std::string(const std::vector<orchestrator::v1::Action>&)> action_table;
};

// Prints to standard output. Errors: what was missing: no index or no change of memory kept with a
// measured gain, or what could not be started or run.
absl::Status Run(const Options& options);

}  // namespace adbms::clients::demo
