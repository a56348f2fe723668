// The optimizer service: plans by statistics and learned corrections, answers what-if questions,
// and keeps statistics fresh as a module of the orchestrator. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "common/sql/sql.h"
#include "common/telemetry/metrics.h"
#include "services/optimizer/api/optimizer.h"
#include "services/storage/api/storage.h"

namespace adbms::optimizer::server {

class OptimizerServer : public api::Optimizer {
 public:
  // Both pointers must outlive this.
  OptimizerServer(storage::api::Storage* storage, telemetry::ServiceMetrics* metrics,
                  const common::v1::OptimizerConfig& config);

  absl::StatusOr<optimizer::v1::PlanResponse> Plan(
      const rpc::CallContext& context, const optimizer::v1::PlanRequest& request) override;
  absl::StatusOr<optimizer::v1::WhatIfResponse> WhatIf(
      const rpc::CallContext& context, const optimizer::v1::WhatIfRequest& request) override;

 private:
  struct View {
    sql::CatalogPtr catalog;
    std::shared_ptr<const common::v1::StatisticsSnapshot> statistics;
  };
  // The catalog at least as new as `version`, and statistics no older than a second.
  absl::StatusOr<View> Look(const rpc::CallContext& context, uint64_t version);

  storage::api::Storage* const storage_;
  telemetry::ServiceMetrics* const metrics_;
  const common::v1::OptimizerConfig config_;
  absl::Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_);
  absl::Time looked_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::optimizer::server
