// SQL text to plan by cost over statistics, and by default where that is restricted. Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/sql.h"
#include "services/optimizer/cost/statistics_view.h"
#include "services/optimizer/search/alternatives.h"
#include "services/optimizer/search/cost_policy.h"

namespace adbms::optimizer::server {

// Why a plan is not all it could be. Each has a name for metrics, and a text in Plan.restriction.
enum class Restriction {
  kNone,
  kNoStatistics,  // A table that is read was never analyzed: default plan.
  kBudget,        // The search took too long: default plan.
  kCalibration,   // The cardinality model does not hold: statistics alone.
  kUnseen,        // The cardinality model has not seen such a scan: statistics alone.
};
// "no_statistics", …; empty for kNone.
std::string NameOf(Restriction restriction);

class Planner {
 public:
  struct Options {
    absl::Duration budget = absl::InfiniteDuration();
    const search::ScanCorrector* corrector = nullptr;  // Borrowed; may be null.
    std::function<uint64_t()> generation;              // Of learned models; may be empty.
    std::function<absl::Time()> now;                   // Empty: absl::Now.
  };
  // Other plans that are asked for beside the planner's own.
  struct Alternatives {
    // The shape of one that is wanted whatever it costs, by the planner's own plan; 0: none. Empty:
    // none.
    std::function<uint64_t(const common::v1::Plan&)> wanted;
    std::vector<search::Alternative> found;  // Filled.
  };
  explicit Planner(Options options) : options_(std::move(options)) {}

  // Errors: those of binding (42xxx, 0A000).
  //
  // With lifted literals the plan is made for the values at hand. Where values decide its shape (on
  // average, for rare or for common ones another plan would be made), the literals that the
  // estimates looked at are pinned: the plan then serves statements with equal values only. A plan
  // that serves any value carries the estimates of the average one.
  //
  // `alternatives`, unless null, is filled with other plans for what the plan serves, pinned to the
  // same literals; with none for a default plan.
  absl::StatusOr<common::v1::Plan> Plan(const sql::PlanningInput& input,
                                        const cost::StatisticsView& statistics,
                                        Restriction* restriction,
                                        Alternatives* alternatives = nullptr) const;

 private:
  const Options options_;
};

}  // namespace adbms::optimizer::server
