// Telemetry of executed statements: aggregated here by fingerprint, sent to the orchestrator once a
// window by a thread of its own. Recording never waits for anybody and never grows without bound:
// what does not fit is counted as dropped. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/common/v1/workload.pb.h"
#include "common/rpc/call_context.h"
#include "common/telemetry/time_sketch.h"
#include "services/orchestrator/api/orchestrator.h"

namespace adbms::gateway::workload {

// One execution. Borrowed strings are copied only when the fingerprint is new in its window.
struct Execution {
  uint64_t fingerprint = 0;
  const std::string* normalized_sql = nullptr;
  std::string_view sql;
  int64_t elapsed_us = 0;
  int64_t planning_us = 0;
  uint64_t rows = 0;
  uint64_t rows_scanned = 0;
  uint64_t spilled_bytes = 0;
  const std::vector<uint32_t>* table_ids = nullptr;
  const std::shared_ptr<const common::v1::Plan>* plan = nullptr;
  bool read_only = false;
  bool failed = false;
  bool tainted = false;
  bool learned = false;
  const std::string* database = nullptr;  // Null: adbms.
  const std::vector<std::string>* search_path = nullptr;
};

class WorkloadRecorder {
 public:
  // A plan as people read it; empty: not known now.
  using Describe =
      std::function<std::string(const common::v1::Plan& plan, const std::string& database)>;

  // `orchestrator` may be null (nothing is sent) and must outlive this. `describe` is called by the
  // recorder's own thread; empty: plans are not described.
  WorkloadRecorder(orchestrator::api::Orchestrator* orchestrator, absl::Duration window,
                   Describe describe = nullptr);
  // Sends what is left, within a second.
  ~WorkloadRecorder();

  void Record(const Execution& execution);
  // Whether this execution's operator rows are wanted too: some of every statement's, not all.
  bool WantsCardinalities(uint64_t fingerprint);
  void RecordCardinality(common::v1::CardinalityObservation observation);

  // What executions on several plans have shown.
  void RecordFinding(common::v1::PlanFinding finding);
  // Whether other plans may be tried beside the default ones, as the orchestrator last said; false
  // when it has not said so for a few seconds.
  bool plan_trials() const { return plan_trials_.load(std::memory_order_relaxed); }

  uint64_t dropped() const { return dropped_total_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kShards = 8;
  static constexpr size_t kStatementsPerShard = 512;
  static constexpr size_t kCardinalities = 4096;
  static constexpr size_t kPlansPerStatement = 8;
  static constexpr size_t kFindings = 256;

  // Executions of one statement on one plan.
  struct PlanShare {
    std::shared_ptr<const common::v1::Plan> plan;
    common::v1::PlanWindow window;
    telemetry::TimeSketch sketch;
  };
  struct Statement {
    common::v1::StatementWindow window;
    std::vector<PlanShare> plans;
  };
  struct Shard {
    absl::Mutex mutex;
    std::unordered_map<uint64_t, Statement> statements ABSL_GUARDED_BY(mutex);
  };

  static void AddToPlan(const Execution& execution, Statement* statement);
  void Drop(uint64_t count);
  void Run();
  void Flush();
  common::v1::WorkloadWindow Take();
  // Of the thread: fills in what the window says of its plans.
  void FillPlans(Statement* statement);
  std::string TextOf(const PlanShare& share, const common::v1::StatementWindow& statement);

  orchestrator::api::Orchestrator* const orchestrator_;
  const absl::Duration window_;
  const Describe describe_;
  const uint64_t source_;
  std::array<Shard, kShards> shards_;
  absl::Mutex mutex_;
  std::vector<common::v1::CardinalityObservation> cardinalities_ ABSL_GUARDED_BY(mutex_);
  std::vector<common::v1::PlanFinding> findings_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<bool> plan_trials_{false};
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> dropped_total_{0};
  std::atomic<uint64_t> executions_{0};
  uint64_t sequence_ = 0;  // Of the thread.
  absl::Time window_start_;
  // Of the thread: by statement and shape, when the plan's text was last told.
  std::map<std::pair<uint64_t, uint64_t>, absl::Time> told_;
  absl::Time heard_ = absl::InfinitePast();  // Of the thread: when the orchestrator answered.
  std::thread thread_;
};

}  // namespace adbms::gateway::workload
