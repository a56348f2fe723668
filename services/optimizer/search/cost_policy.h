// The cost-based planner's decisions: access paths, join order and join methods by estimated cost
// over statistics. One object for one plan; not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/sql/plan/planning_policy.h"
#include "services/optimizer/cost/statistics_estimator.h"

namespace adbms::optimizer::search {

// What is learned of scans. Implementations: services/optimizer/learned. Thread-safe.
class ScanCorrector {
 public:
  virtual ~ScanCorrector() = default;
  // Why a scan is not corrected.
  enum class Refusal {
    kNone,         // It is, or there is no model.
    kCalibration,  // The model's predictions do not hold.
    kUnseen,       // The scan lies outside of what the model has seen.
  };
  struct Correction {
    std::vector<float> features;   // Empty: not to be learned from.
    std::optional<double> factor;  // Multiplies the estimate; nullopt: none is made.
    Refusal refusal = Refusal::kNone;
  };
  // `rows`: estimated by statistics for the conditions.
  virtual Correction Correct(const sql::plan::Query& query, const sql::plan::Rel& scan,
                             const std::vector<sql::plan::ExprPtr>& conditions, double rows,
                             const cost::StatisticsEstimator& estimator) const = 0;
};

class CostPolicy : public sql::plan::PlanningPolicy {
 public:
  struct Options {
    const cost::StatisticsEstimator* estimator = nullptr;  // Borrowed.
    const ScanCorrector* corrector = nullptr;              // Borrowed; null: none.
    uint64_t statistics_version = 0;
    absl::Time deadline = absl::InfiniteFuture();  // Of planning.
    std::function<absl::Time()> now;               // Empty: absl::Now.
  };
  explicit CostPolicy(Options options) : options_(std::move(options)) {}

  const sql::plan::CardinalityEstimator& estimator() const override { return *options_.estimator; }
  size_t ChooseAccessPath(const sql::plan::Query& query, const sql::plan::ScanRequest& request,
                          std::vector<sql::plan::AccessPath>* paths) const override;
  std::unique_ptr<sql::plan::JoinTree> OrderJoins(const sql::plan::Query& query,
                                                  const sql::plan::JoinGraph& graph) const override;
  sql::plan::JoinMethod ChooseJoinMethod(const sql::plan::JoinRequest& request) const override;
  common::v1::PlannerKind kind() const override;
  uint64_t statistics_version() const override { return options_.statistics_version; }

  // True once planning has taken longer than it may: the plan is not to be used.
  bool out_of_time() const;
  // Why a scan was not corrected though there is a model; of several the first.
  ScanCorrector::Refusal refusal() const { return refusal_; }
  // True when a scan was offered to the corrector.
  bool learnable() const { return learnable_; }

 private:
  // Sets rows of all paths, which emit the same ones, and index entries; corrected where possible.
  void Estimate(const sql::plan::Query& query, const sql::plan::ScanRequest& request,
                std::vector<sql::plan::AccessPath>* paths) const;

  const Options options_;
  mutable bool corrected_ = false;
  mutable bool learnable_ = false;
  mutable bool late_ = false;
  mutable ScanCorrector::Refusal refusal_ = ScanCorrector::Refusal::kNone;
};

}  // namespace adbms::optimizer::search
