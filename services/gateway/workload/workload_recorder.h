// Telemetry of executed statements: aggregated here by fingerprint, sent to the orchestrator once a
// window by a thread of its own. Recording never waits for anybody and never grows without bound:
// what does not fit is counted as dropped. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/common/v1/workload.pb.h"
#include "common/rpc/call_context.h"
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
  const std::vector<uint32_t>* table_ids = nullptr;
  uint64_t plan_shape_hash = 0;
  bool read_only = false;
  bool failed = false;
  bool tainted = false;
  bool learned = false;
  const std::string* database = nullptr;  // Null: adbms.
  const std::vector<std::string>* search_path = nullptr;
};

class WorkloadRecorder {
 public:
  // `orchestrator` may be null (nothing is sent) and must outlive this.
  WorkloadRecorder(orchestrator::api::Orchestrator* orchestrator, absl::Duration window);
  // Sends what is left, within a second.
  ~WorkloadRecorder();

  void Record(const Execution& execution);
  // Whether this execution's operator rows are wanted too: some of every statement's, not all.
  bool WantsCardinalities(uint64_t fingerprint);
  void RecordCardinality(common::v1::CardinalityObservation observation);

  uint64_t dropped() const { return dropped_total_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kShards = 8;
  static constexpr size_t kStatementsPerShard = 512;
  static constexpr size_t kCardinalities = 4096;

  struct Shard {
    absl::Mutex mutex;
    std::unordered_map<uint64_t, common::v1::StatementWindow> statements ABSL_GUARDED_BY(mutex);
  };

  void Run();
  void Flush();
  common::v1::WorkloadWindow Take();

  orchestrator::api::Orchestrator* const orchestrator_;
  const absl::Duration window_;
  const uint64_t source_;
  std::array<Shard, kShards> shards_;
  absl::Mutex mutex_;
  std::vector<common::v1::CardinalityObservation> cardinalities_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> dropped_total_{0};
  std::atomic<uint64_t> executions_{0};
  uint64_t sequence_ = 0;  // Of the thread.
  absl::Time window_start_;
  std::thread thread_;
};

}  // namespace adbms::gateway::workload
