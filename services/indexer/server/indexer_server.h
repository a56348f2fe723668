// The indexer: recommends, builds, drops indexes. A module of the orchestrator; changes nothing but
// through Apply and Revert. What it knows of the workload are the windows it has observed, fading
// with a half-life. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "services/indexer/api/indexer.h"
#include "services/indexer/selection/selection.h"
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
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override;

 private:
  struct Observed {
    std::string sql;
    double seconds = 0;
    double calls = 0;
    double rows = 0;
    bool read_only = true;
    std::vector<uint32_t> table_ids;
  };
  struct View {
    sql::CatalogPtr catalog;
    std::shared_ptr<const common::v1::StatisticsSnapshot> statistics;
  };
  struct Analysis {
    std::vector<candidates::Candidate> candidates;
    // (table, column) with a type that no index can hold, and the statements that ask for it.
    std::map<std::pair<uint32_t, uint32_t>, std::vector<uint64_t>> unindexable;
  };
  absl::StatusOr<View> Look(const rpc::CallContext& context);
  Analysis Analyze(const View& view, const std::vector<selection::Work>& work,
                   const std::vector<uint32_t>& table_ids) const;
  void ProposeDrops(const rpc::CallContext& context, const View& view,
                    const module::v1::ProposeRequest& request,
                    module::v1::ProposeResponse* response);
  absl::Status Run(const rpc::CallContext& context, common::v1::DdlStatement ddl);

  storage::api::Storage* const storage_;
  optimizer::api::Optimizer* const optimizer_;
  const common::v1::IndexerConfig config_;
  absl::Mutex mutex_;
  std::unordered_map<uint64_t, Observed> observed_ ABSL_GUARDED_BY(mutex_);
  int64_t last_window_us_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t fresh_windows_ ABSL_GUARDED_BY(mutex_) = 0;  // Since the last full look.
  std::map<uint32_t, int64_t> unused_since_us_
      ABSL_GUARDED_BY(mutex_);  // Our indexes without a scan.
  std::map<uint32_t, uint64_t> scans_seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::indexer::server
