// What one executed scan teaches.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "adbms/common/v1/workload.pb.h"

namespace adbms::optimizer::learned {

struct Observation {
  std::vector<float> features;
  double estimated_rows = 1;  // By statistics alone.
  double actual_rows = 1;
};

// log(actual / estimated), both at least one row.
inline double LabelOf(const Observation& one) {
  return std::log(std::max(1.0, one.actual_rows) / std::max(1.0, one.estimated_rows));
}

// Log of the q-error of an estimate that was multiplied by `factor`.
inline double ErrorOf(const Observation& one, double factor) {
  return std::abs(
      std::log(std::max(1.0, one.actual_rows) / std::max(1.0, one.estimated_rows * factor)));
}

}  // namespace adbms::optimizer::learned
