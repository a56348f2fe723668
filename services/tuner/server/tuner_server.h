// The tuner: reads the engine's metrics, moves memory between block cache, memtables and query
// memory. A module of the orchestrator; changes nothing but through Apply and Revert. Thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "services/orchestrator/api/module.h"
#include "services/storage/api/sql_client.h"
#include "services/storage/api/storage.h"
#include "services/tuner/api/tuner.h"
#include "services/tuner/monitor/engine_monitor.h"
#include "services/tuner/monitor/statement_kinds.h"
#include "services/tuner/search/memory_search.h"

namespace adbms::tuner::server {

class TunerServer : public api::Tuner, public orchestrator::api::Module {
 public:
  // `storage` must outlive this.
  TunerServer(storage::api::Storage* storage, const common::v1::TunerConfig& config);

  absl::StatusOr<tuner::v1::GetStateResponse> GetState(
      const rpc::CallContext& context, const tuner::v1::GetStateRequest& request) override;

  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext& context, const module::v1::DescribeRequest& request) override;
  absl::StatusOr<module::v1::ObserveResponse> Observe(
      const rpc::CallContext& context, const module::v1::ObserveRequest& request) override;
  absl::StatusOr<module::v1::ProposeResponse> Propose(
      const rpc::CallContext& context, const module::v1::ProposeRequest& request) override;
  absl::StatusOr<module::v1::ApplyResponse> Apply(const rpc::CallContext& context,
                                                  const module::v1::ApplyRequest& request) override;
  absl::StatusOr<module::v1::RevertResponse> Revert(
      const rpc::CallContext& context, const module::v1::RevertRequest& request) override;
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override;

 private:
  // What is configured, or half of what storage's machine has.
  int64_t Budget(const storage::v1::EngineMetrics& metrics) const;
  // The statements that a share is for; none: all.
  std::vector<uint64_t> Beneficiaries(const std::string& knob) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::vector<search::Experience>> Experience(const rpc::CallContext& context);
  // The table adbms.knob_history.
  absl::Status MakeHistory(const rpc::CallContext& context) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Record(const rpc::CallContext& context, int64_t action_id, const std::string& knob,
                      int64_t from, int64_t to, const std::string& why);

  storage::api::Storage* const storage_;
  const common::v1::TunerConfig config_;
  storage::api::SqlClient sql_;
  absl::Mutex mutex_;
  monitor::EngineMonitor monitor_ ABSL_GUARDED_BY(mutex_);
  monitor::StatementKinds statements_ ABSL_GUARDED_BY(mutex_);
  bool history_exists_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace adbms::tuner::server
