// The default planner's decisions: rules of thumb and estimated costs, no search.
#pragma once

#include <memory>

#include "common/sql/default_planner/heuristic_estimator.h"
#include "common/sql/plan/planning_policy.h"

namespace adbms::sql::default_planner {

class DefaultPolicy : public plan::PlanningPolicy {
 public:
  // `statistics` may be null.
  explicit DefaultPolicy(std::shared_ptr<const common::v1::StatisticsSnapshot> statistics)
      : estimator_(statistics), version_(statistics == nullptr ? 0 : statistics->version()) {}
  const plan::CardinalityEstimator& estimator() const override { return estimator_; }
  // The cheapest; equality on a whole unique key always wins.
  size_t ChooseAccessPath(const plan::Query& query, const plan::ScanRequest& request,
                          std::vector<plan::AccessPath>* paths) const override;
  // Greedy: the smallest relation first, then what keeps the result smallest, connected ones before
  // others.
  std::unique_ptr<plan::JoinTree> OrderJoins(const plan::Query& query,
                                             const plan::JoinGraph& graph) const override;
  plan::JoinMethod ChooseJoinMethod(const plan::JoinRequest& request) const override;
  common::v1::PlannerKind kind() const override { return common::v1::PLANNER_KIND_DEFAULT; }
  uint64_t statistics_version() const override { return version_; }

 private:
  HeuristicEstimator estimator_;
  uint64_t version_;
};

}  // namespace adbms::sql::default_planner
