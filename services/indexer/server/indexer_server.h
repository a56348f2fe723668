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
  absl::StatusOr<View> Look(const rpc::CallContext& context);
  void ProposeDrops(const View& view, const storage::v1::EngineMetrics& metrics,
                    const module::v1::ProposeRequest& request,
                    module::v1::ProposeResponse* response);
  absl::Status Run(const rpc::CallContext& context, common::v1::DdlStatement ddl);
  // One after the other; what was done of them before one fails is undone.
  absl::Status RunAll(const rpc::CallContext& context,
                      const google::protobuf::RepeatedPtrField<common::v1::DdlStatement>& list,
                      const google::protobuf::RepeatedPtrField<common::v1::DdlStatement>& undo);

  storage::api::Storage* const storage_;
  optimizer::api::Optimizer* const optimizer_;
  const common::v1::IndexerConfig config_;
  workload::StatementHistory history_;
  absl::Mutex mutex_;
  upkeep::UnusedSince unused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::indexer::server
