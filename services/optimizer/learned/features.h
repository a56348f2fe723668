// Features of a scan's predicates, from which the correction of its cardinality is learned. They
// travel in plans (Operator.correction_features) and come back with the rows counted
// (CardinalityObservation.features); others than this folder do not look into them.
//
// By position, all finite:
//    0  format, kFormat; observations of another format are dropped
//    1  template: a 24-bit hash of the table and of each condition's kind and columns, order aside;
//       scans of one template differ in their values only, known to the planner or not
//    2  log(rows of the table)
//    3  log(estimated rows / rows of the table)
//    4  conditions
//    5  equalities
//    6  bounds of ranges
//    7  IN lists
//    8  patterns
//    9  NULL tests
//   10  other conditions
//   11 to 19  for the three most selective conditions, most selective first: number of the column
//       (from 1; 0: several or none), kind (1 to 6, as positions 5 to 10), log of its selectivity
#pragma once

#include <vector>

#include "common/sql/plan/logical.h"
#include "services/optimizer/cost/statistics_estimator.h"

namespace adbms::optimizer::learned {

inline constexpr float kFormat = 1;
inline constexpr size_t kFeatureCount = 20;

// `rows`: estimated for the conditions by `estimator`.
std::vector<float> FeaturesOf(const sql::plan::Query& query, const sql::plan::Rel& scan,
                              const std::vector<sql::plan::ExprPtr>& conditions, double rows,
                              const cost::StatisticsEstimator& estimator);
// Whether these are features of today's format.
bool AreFeatures(const std::vector<float>& features);
// REQUIRES: AreFeatures(features).
inline float TemplateOf(const std::vector<float>& features) { return features[1]; }

}  // namespace adbms::optimizer::learned
