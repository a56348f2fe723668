// The optimizer service: plans by statistics and learned corrections, answers what-if questions.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "common/sql/sql.h"
#include "common/telemetry/metrics.h"
#include "services/optimizer/api/optimizer.h"
#include "services/optimizer/cost/statistics_view.h"
#include "services/optimizer/plan_choice/plan_choices.h"
#include "services/optimizer/server/planner.h"
#include "services/storage/api/storage.h"

namespace adbms::optimizer::server {

class OptimizerServer : public api::Optimizer {
 public:
  // What is learned; empty: nothing. `corrector` and `choices` must outlive this.
  struct Learned {
    const search::ScanCorrector* corrector = nullptr;
    std::function<uint64_t()> generation;
    plan_choice::PlanChoices* choices = nullptr;
  };
  // Both pointers must outlive this.
  OptimizerServer(storage::api::Storage* storage, telemetry::ServiceMetrics* metrics,
                  const common::v1::OptimizerConfig& config, Learned learned);

  absl::StatusOr<optimizer::v1::PlanResponse> Plan(
      const rpc::CallContext& context, const optimizer::v1::PlanRequest& request) override;
  absl::StatusOr<optimizer::v1::WhatIfResponse> WhatIf(
      const rpc::CallContext& context, const optimizer::v1::WhatIfRequest& request) override;
  absl::StatusOr<optimizer::v1::GetGenerationResponse> GetGeneration(
      const rpc::CallContext& context, const optimizer::v1::GetGenerationRequest& request) override;

 private:
  struct View {
    sql::CatalogPtr catalog;
    std::shared_ptr<const common::v1::StatisticsSnapshot> statistics;
    std::shared_ptr<const cost::StatisticsView> decoded;  // The same, as the estimator reads them.
    absl::Time looked_at;
  };
  // Catalog of the database and statistics at least as new as the versions, and no older than a
  // second. Errors: 3D000.
  absl::StatusOr<View> Look(const rpc::CallContext& context, const std::string& database,
                            uint64_t catalog_version, uint64_t statistics_version);

  // The planner's own plan, or the one that is wanted or chosen in its place.
  absl::Status PlanInto(const sql::PlanningInput& input, const View& view,
                        const optimizer::v1::PlanRequest& request,
                        optimizer::v1::PlanResponse* response, Restriction* restriction) const;

  storage::api::Storage* const storage_;
  const Learned learned_;
  const Planner planner_;
  std::map<Restriction, prometheus::Counter*> restrictions_;  // Filled by the constructor.
  absl::Mutex mutex_;
  std::map<std::string, View> views_ ABSL_GUARDED_BY(mutex_);  // By database.
};

}  // namespace adbms::optimizer::server
