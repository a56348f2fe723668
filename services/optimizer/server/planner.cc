#include "services/optimizer/server/planner.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/binder/binder.h"
#include "common/sql/default_planner/default_policy.h"
#include "common/sql/default_planner/partition_expansion.h"
#include "common/sql/default_planner/physical_builder.h"
#include "common/sql/rules/rewriter.h"
#include "common/status/macros.h"

namespace adbms::optimizer::server {
namespace {

using sql::plan::Rel;

// A table that the tree reads and that was never analyzed; null: none.
const common::v1::TableDescriptor* Unanalyzed(Rel& rel, const cost::StatisticsView& statistics) {
  if (rel.kind == Rel::Kind::kScan && !rel.table->is_virtual()) {
    const cost::TableView* view = statistics.Find(rel.table->table_id());
    if (view == nullptr || !view->analyzed) return rel.table;
  }
  const common::v1::TableDescriptor* found = nullptr;
  const auto look = [&](const sql::plan::Expr& e) {
    if (found == nullptr && e.query != nullptr) found = Unanalyzed(*e.query, statistics);
  };
  sql::plan::ForEachExpression(rel, [&](sql::plan::ExprPtr& e) { sql::plan::Walk(e, look); });
  for (const sql::plan::RelPtr& input : rel.inputs) {
    if (found == nullptr) found = Unanalyzed(*input, statistics);
  }
  return found;
}

const common::v1::TableDescriptor* Unanalyzed(const sql::plan::Query& query,
                                              const cost::StatisticsView& statistics) {
  const common::v1::TableDescriptor* found = Unanalyzed(*query.root, statistics);
  for (const sql::plan::Cte& cte : query.ctes) {
    if (found == nullptr) found = Unanalyzed(*cte.rel, statistics);
  }
  return found;
}

void Pin(const std::set<uint32_t>& literals, common::v1::Plan* plan) {
  std::set<uint32_t> all(plan->pinned_literals().begin(), plan->pinned_literals().end());
  all.insert(literals.begin(), literals.end());
  plan->clear_pinned_literals();
  for (const uint32_t literal : all) plan->add_pinned_literals(literal);
}

}  // namespace

std::string NameOf(Restriction restriction) {
  switch (restriction) {
    case Restriction::kNoStatistics:
      return "no_statistics";
    case Restriction::kBudget:
      return "budget";
    case Restriction::kCalibration:
      return "calibration";
    case Restriction::kUnseen:
      return "unseen";
    default:
      return "";
  }
}

absl::StatusOr<common::v1::Plan> Planner::Plan(const sql::PlanningInput& input,
                                               const cost::StatisticsView& statistics,
                                               Restriction* restriction,
                                               Alternatives* alternatives) const {
  *restriction = Restriction::kNone;
  const absl::Time start = options_.now ? options_.now() : absl::Now();
  ASSIGN_OR_RETURN(const auto query, sql::binder::Bind(input));
  sql::rules::Rewrite(query.get());
  RETURN_IF_ERROR(sql::default_planner::ExpandPartitions(*input.catalog, query.get()));
  const auto by_default = [&](Restriction reason, const std::string& text) {
    *restriction = reason;
    const sql::default_planner::DefaultPolicy policy(input.statistics);
    auto plan = sql::default_planner::BuildPlan(*query, policy);
    if (plan.ok()) plan->set_restriction(text);
    return plan;
  };
  if (const auto* table = Unanalyzed(*query, statistics)) {
    return by_default(
        Restriction::kNoStatistics,
        absl::StrCat("table ", table->schema(), ".", table->name(), " has no statistics"));
  }
  const auto options_for = [&](const cost::StatisticsEstimator& estimator) {
    return search::CostPolicy::Options{&estimator, options_.corrector, statistics.version(),
                                       start + options_.budget, options_.now};
  };
  const auto policy_for = [&](const cost::StatisticsEstimator& estimator) {
    return search::CostPolicy(options_for(estimator));
  };
  const cost::PlanTimeValues values(input.literals, input.time_zone, cost::LiteralMode::kValues);
  const cost::StatisticsEstimator estimator(&statistics, &values, input.time_zone);
  const search::CostPolicy policy = policy_for(estimator);
  // Read before planning: a change meanwhile has the plan made again.
  const uint64_t generation = options_.generation ? options_.generation() : 0;
  ASSIGN_OR_RETURN(common::v1::Plan plan, sql::default_planner::BuildPlan(*query, policy));
  bool late = policy.out_of_time();
  search::ScanCorrector::Refusal refusal = policy.refusal();
  std::optional<common::v1::Plan> average;
  search::ScanCorrector::Refusal average_refusal = refusal;
  for (const cost::LiteralMode mode :
       {cost::LiteralMode::kAverage, cost::LiteralMode::kMost, cost::LiteralMode::kFewest}) {
    if (late || values.used().empty()) break;
    const cost::PlanTimeValues unknown(input.literals, input.time_zone, mode);
    const cost::StatisticsEstimator other_estimator(&statistics, &unknown, input.time_zone);
    const search::CostPolicy other_policy = policy_for(other_estimator);
    ASSIGN_OR_RETURN(common::v1::Plan other, sql::default_planner::BuildPlan(*query, other_policy));
    late = other_policy.out_of_time();
    if (other.shape_hash() != plan.shape_hash()) {
      Pin(values.used(), &plan);
      average.reset();
      break;
    }
    if (mode != cost::LiteralMode::kAverage) continue;
    average = std::move(other);
    average_refusal = other_policy.refusal();
  }
  // What serves any value does not carry the estimates of one: they would be compared with the rows
  // of others.
  const bool serves_any = average.has_value();
  if (serves_any) {
    plan = *std::move(average);
    refusal = average_refusal;
  }
  if (late) {
    return by_default(Restriction::kBudget,
                      absl::StrCat("planning took longer than its budget of ",
                                   absl::ToInt64Milliseconds(options_.budget), " ms"));
  }
  if (alternatives != nullptr) {
    const cost::PlanTimeValues seen(
        input.literals, input.time_zone,
        serves_any ? cost::LiteralMode::kAverage : cost::LiteralMode::kValues);
    const cost::StatisticsEstimator seen_estimator(&statistics, &seen, input.time_zone);
    const uint64_t wanted = alternatives->wanted ? alternatives->wanted(plan) : 0;
    alternatives->found =
        search::FindAlternatives(*query, options_for(seen_estimator), plan, wanted);
    for (search::Alternative& one : alternatives->found) {
      *one.plan.mutable_pinned_literals() = plan.pinned_literals();
      if (policy.learnable()) one.plan.set_model_generation(std::max<uint64_t>(1, generation));
    }
  }
  // What is learned next may change it.
  if (policy.learnable()) plan.set_model_generation(std::max<uint64_t>(1, generation));
  if (refusal == search::ScanCorrector::Refusal::kCalibration) {
    *restriction = Restriction::kCalibration;
    plan.set_restriction("no learned correction: the cardinality model is out of calibration");
  } else if (refusal == search::ScanCorrector::Refusal::kUnseen) {
    *restriction = Restriction::kUnseen;
    plan.set_restriction("no learned correction of a scan that the cardinality model has not seen");
  }
  return plan;
}

}  // namespace adbms::optimizer::server
