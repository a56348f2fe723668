// Runs the workload over several connections and measures each statement type.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/workload/latency.h"
#include "clients/workload/pg_connection.h"

namespace adbms::clients::workload {

struct RunOptions {
  ConnectionOptions connection;
  double seconds = 30;
  int connections = 4;
  uint64_t seed = 1;
  std::string mix = "mixed";                // read, mixed, analytic
  std::string statement;                    // Only this one; empty: the mix.
  const std::atomic<bool>* stop = nullptr;  // Ends the run early when it becomes true; borrowed.
};

struct StatementResult {
  std::string name;
  LatencyHistogram latency;  // Of executions that succeeded, retries included.
  uint64_t errors = 0;
  uint64_t retries = 0;  // After 40001 and 40P01.
};

struct RunResult {
  double seconds = 0;
  std::vector<StatementResult> statements;  // Of the types that ran, in the order of their list.
  std::map<std::string, std::string> first_errors;  // By SQLSTATE, with the statement's name.
  uint64_t calls() const;
  uint64_t errors() const;
};

// One second of a run.
struct Sample {
  double at_seconds = 0;
  double calls_per_second = 0;
  double mean_ms = 0;
  double p95_ms = 0;
  uint64_t errors = 0;  // Since the start.
};

// Errors: unknown mix or statement, no data set, no connection, a statement that cannot be
// prepared. Errors of executions are counted. `on_sample` is called each second on the caller's
// thread; may be null.
absl::StatusOr<RunResult> Run(const RunOptions& options,
                              const std::function<void(const Sample&)>& on_sample);

}  // namespace adbms::clients::workload
