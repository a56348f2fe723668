// Other plans for a statement: what the search makes of it when one of its views of the world is
// another. All answer alike; which is fastest is for measurements to say. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adbms/common/v1/plan.pb.h"
#include "services/optimizer/search/cost_policy.h"

namespace adbms::optimizer::search {

struct Alternative {
  common::v1::Plan plan;
  std::string origin;  // In words: "without look-up joins".
};

// At most this many,
inline constexpr size_t kMaxAlternatives = 4;
// ... none of which is estimated to cost more than this many times the cheapest plan.
inline constexpr double kMaxCostRatio = 20;

// Those of another shape than `plan`, which was made for the query under the same options; each
// shape once, the cheapest first. One of the shape `wanted` is among them whatever it costs. None
// when planning is out of time.
std::vector<Alternative> FindAlternatives(const sql::plan::Query& query,
                                          const CostPolicy::Options& options,
                                          const common::v1::Plan& plan, uint64_t wanted);

}  // namespace adbms::optimizer::search
