// Selectivity of a condition over one column that no formula covers: it is evaluated on the
// column's common values and on its histogram as a sample, as PostgreSQL does for patterns
// (mcv_selectivity, histogram_selectivity).
#pragma once

#include <optional>

#include "common/sql/plan/logical.h"
#include "services/optimizer/cost/statistics_view.h"

namespace adbms::optimizer::cost {

struct SampledFraction {
  double common = 0;     // Of all rows: common values for which the condition is true.
  double histogram = 0;  // Of the histogram's values: those for which it is.
  size_t bounds = 0;     // Size of that sample.
  bool on_null = false;  // It is true for NULL.
};

// `condition` may refer to `id` alone and holds no parameters. nullopt when it cannot be evaluated,
// or fails on a value.
std::optional<SampledFraction> SampleCondition(const sql::plan::ExprPtr& condition,
                                               sql::plan::ColumnId id, const types::Type& type,
                                               const ColumnView& column,
                                               const std::string& time_zone);

}  // namespace adbms::optimizer::cost
