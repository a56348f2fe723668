// The workload of the last while, by statement and second: what verification compares and modules
// observe. Bounded; thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/workload.pb.h"
#include "common/telemetry/time_sketch.h"

namespace adbms::orchestrator::intake {

// Executions of one statement over a period.
struct Latency {
  uint64_t calls = 0;
  uint64_t errors = 0;
  double total_us = 0;
  double sum_squares_ms2 = 0;
  uint64_t rows_scanned = 0;
  // Of the mean, by the swings between windows: executions of one window share its weather, so
  // that counting them as independent would promise too much. 0 with fewer than three windows.
  double window_error_us = 0;
  double mean_us() const { return calls == 0 ? 0 : total_us / static_cast<double>(calls); }
  double mean_scanned() const {
    return calls == 0 ? 0 : static_cast<double>(rows_scanned) / static_cast<double>(calls);
  }
  // Standard error of the mean, microseconds: the larger of that of single executions and that of
  // windows.
  double standard_error_us() const;
};

// One statement's executions on one plan, since this process started.
struct PlanTimes {
  uint64_t shape_hash = 0;
  uint64_t calls = 0;
  double total_us = 0;
  double sum_squares_ms2 = 0;
  int64_t max_us = 0;
  uint64_t rows = 0;
  uint64_t rows_scanned = 0;
  uint64_t spilled_bytes = 0;
  int64_t last_seen_us = 0;
  telemetry::TimeSketch sketch;
  std::string text;  // Of one recent plan.
  double mean_ms() const { return calls == 0 ? 0 : total_us / 1e3 / static_cast<double>(calls); }
  double deviation_ms() const;
};

// One statement since this process started.
struct Statement {
  uint64_t fingerprint = 0;
  std::string normalized_sql;
  std::string sample_sql;
  uint64_t calls = 0;
  uint64_t errors = 0;
  double total_us = 0;
  uint64_t rows = 0;
  uint64_t rows_scanned = 0;
  int64_t max_us = 0;
  int64_t last_seen_us = 0;
  bool read_only = false;
  std::vector<uint32_t> table_ids;
  std::vector<PlanTimes> plans;  // Bounded: the one not seen for longest goes.
};

// What ran in an interval, of all statements.
struct LoadPoint {
  int64_t start_us = 0;  // Unix time.
  double calls = 0;
  double total_us = 0;
};

class WorkloadStore {
 public:
  // Takes a window; a window seen before is ignored. Errors: RESOURCE_EXHAUSTED when modules do not
  // keep up, INVALID_ARGUMENT.
  absl::Status Add(const common::v1::WorkloadWindow& window);
  // Windows that came since the last call, for the modules; oldest first.
  std::vector<common::v1::WorkloadWindow> TakeNew();
  // Executions that began in windows inside [from_us, to_us), Unix time.
  Latency Between(uint64_t fingerprint, int64_t from_us, int64_t to_us) const;
  // In `points` intervals of one length; a window counts for that in which it began.
  std::vector<LoadPoint> LoadOverTime(int64_t from_us, int64_t to_us, size_t points) const;
  // When the oldest window began that is still known of; `otherwise` when none is.
  int64_t FirstWindow(int64_t otherwise) const;
  // When the statement was last executed; 0: not known.
  int64_t LastSeen(uint64_t fingerprint) const;
  // Whether it is known to change rows of the table.
  bool Writes(uint64_t fingerprint, uint32_t table_id) const;
  // Fingerprints with executions since.
  std::vector<uint64_t> ActiveSince(int64_t from_us) const;
  std::vector<Statement> Statements() const;
  uint64_t windows() const;

 private:
  struct Slice {
    int64_t start_us;
    int64_t end_us;
    Latency latency;
  };
  struct History {
    Statement statement;
    std::deque<Slice> slices;
  };
  static constexpr size_t kMaxPending = 600;
  static constexpr size_t kMaxStatements = 5000;
  static constexpr size_t kMaxPlans = 8;  // Of a statement.
  static constexpr int64_t kKeepUs = 3600LL * 1000000;

  static void AddPlan(const common::v1::PlanWindow& window, int64_t now_us, Statement* statement);
  void Forget(int64_t now_us) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<uint64_t, uint64_t> last_sequence_ ABSL_GUARDED_BY(mutex_);
  std::deque<common::v1::WorkloadWindow> pending_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<uint64_t, History> history_ ABSL_GUARDED_BY(mutex_);
  uint64_t windows_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::orchestrator::intake
