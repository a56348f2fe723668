// The indexer: recommends, builds, drops indexes. A module of the orchestrator; changes nothing but
// through Apply and Revert. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "services/indexer/api/indexer.h"
#include "services/indexer/selection/selection.h"
#include "services/indexer/server/analysis.h"
#include "services/indexer/server/proposals.h"
#include "services/indexer/upkeep/upkeep.h"
#include "services/indexer/workload/statement_history.h"
#include "services/optimizer/api/optimizer.h"
#include "services/orchestrator/api/module.h"
#include "services/storage/api/storage.h"

namespace adbms::indexer::server {

class IndexerServer : public api::Indexer, public orchestrator::api::Module {
 public:
  // Both pointers must outlive this.
  IndexerServer(storage::api::Storage* storage, optimizer::api::Optimizer* optimizer,
                const common::v1::IndexerConfig& config);

  absl::StatusOr<indexer::v1::RecommendResponse> Recommend(
      const rpc::CallContext& context, const indexer::v1::RecommendRequest& request) override;

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
  absl::StatusOr<module::v1::ReconcileResponse> Reconcile(
      const rpc::CallContext& context, const module::v1::ReconcileRequest& request) override;
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override;

 private:
  // The databases, adbms first.
  absl::StatusOr<std::vector<selection::Scene>> Look(const rpc::CallContext& context);
  // Of the database's statements those that took time, most first; `calls` of all of them.
  std::vector<Observed> WorthLookingAt(const std::string& database,
                                       std::map<uint64_t, double>* calls) const;
  // Takes what it proposes off `limits`.
  absl::Status ProposeFor(const rpc::CallContext& context, const selection::Scene& scene,
                          const module::v1::ProposeRequest& request, const Refusals& refusals,
                          selection::Limits* limits, module::v1::ProposeResponse* response);
  void ProposeDrops(const std::vector<selection::Scene>& scenes,
                    const storage::v1::EngineMetrics& metrics, const Refusals& refusals,
                    module::v1::ProposeResponse* response);
  void ProposeDrop(const common::v1::IndexDescriptor& index,
                   const common::v1::TableDescriptor& table, const std::string& database,
                   int64_t now_us, const Refusals& refusals, module::v1::ProposeResponse* response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportOn(const selection::Scene& scene, const storage::v1::EngineMetrics& metrics,
                const module::v1::ReportRequest& request,
                module::v1::ReportResponse* response) const;
  absl::Status Run(const rpc::CallContext& context, const std::string& database,
                   common::v1::DdlStatement ddl);

  storage::api::Storage* const storage_;
  optimizer::api::Optimizer* const optimizer_;
  const common::v1::IndexerConfig config_;
  workload::StatementHistory history_;
  absl::Mutex mutex_;
  upkeep::UnusedSince unused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::indexer::server
