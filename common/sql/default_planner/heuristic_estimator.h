// PostgreSQL's default selectivities, with the row counts that are known. Needs no statistics.
#pragma once

#include <memory>
#include <string_view>

#include "common/sql/plan/planning_policy.h"

namespace adbms::sql::default_planner {

// What is taken for operators of containment and the like (selfuncs.h: DEFAULT_MATCHING_SEL).
inline constexpr double kDefaultContained = 0.01;
bool IsContainmentName(std::string_view operator_name);

class HeuristicEstimator : public plan::CardinalityEstimator {
 public:
  // `statistics` may be null.
  explicit HeuristicEstimator(std::shared_ptr<const common::v1::StatisticsSnapshot> statistics)
      : statistics_(std::move(statistics)) {}
  double TableRows(const common::v1::TableDescriptor& table) const override;
  double RowBytes(const common::v1::TableDescriptor& table) const override;
  double DistinctValues(const plan::Query& query, plan::ColumnId column,
                        double rows) const override;
  double Selectivity(const plan::Query& query, const plan::Expr& condition) const override;
  double Selectivity(const plan::Query& query,
                     const std::vector<plan::ExprPtr>& conditions) const override;

 private:
  const common::v1::TableStatistics* Find(uint32_t table_id) const;

  std::shared_ptr<const common::v1::StatisticsSnapshot> statistics_;
};

}  // namespace adbms::sql::default_planner
