// What is decided by the times of executions alone.
#include "services/gateway/plan_cache/statement_plans.h"

#include <gtest/gtest.h>

#include <map>

#include "services/gateway/plan_cache/plan_cache.h"

namespace adbms::gateway::plan_cache {
namespace {

using common::v1::PlanFinding;

CachedPlanPtr PlanOf(uint64_t shape) {
  auto plan = std::make_shared<common::v1::Plan>();
  plan->set_shape_hash(shape);
  auto cached = std::make_shared<CachedPlan>();
  cached->plan = plan;
  return cached;
}

// Runs a statement whose plans take what `us` says by their shape.
class Runner {
 public:
  explicit Runner(StatementPlans* plans) : plans_(*plans) {}

  std::optional<PlanFinding> Run(const CachedPlanPtr& cached, const std::map<uint64_t, double>& us,
                                 bool guards = true, bool tries = true) {
    const Course course = plans_.Choose(cached, guards, tries);
    ++ran_[course.plan->plan->shape_hash()];
    const double took = us.at(course.plan->plan->shape_hash());
    const double limit = absl::ToDoubleMicroseconds(course.limit);
    last_ = course.role;
    spent_ += std::min(took, limit);
    if (course.fallback == nullptr || took <= limit) return plans_.Finished(course, took, 1, false);
    ++stopped_;
    return plans_.Finished(course, limit, 0, true);
  }
  uint64_t ran(uint64_t shape) { return ran_[shape]; }
  uint64_t stopped() const { return stopped_; }
  double spent() const { return spent_; }
  Course::Role last() const { return last_; }

 private:
  StatementPlans& plans_;
  std::map<uint64_t, uint64_t> ran_;
  uint64_t stopped_ = 0;
  double spent_ = 0;
  Course::Role last_ = Course::Role::kCached;
};

TEST(StatementPlansTest, FindsTheFasterAlternativeWithinItsBudget) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr cached = PlanOf(1);
  plans.Adopt(cached);
  const std::map<uint64_t, double> us = {{1, 50000}, {2, 5000}, {3, 400000}, {4, 52000}};
  std::optional<PlanFinding> finding;
  int executions = 0;
  for (; executions < 2000 && !finding.has_value(); ++executions) {
    if (plans.WantsAlternatives())
      plans.Try({{PlanOf(2), "two"}, {PlanOf(3), "three"}, {PlanOf(4), "four"}},
                absl::Milliseconds(2));
    finding = runner.Run(cached, us);
  }
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->kind(), PlanFinding::KIND_TRIAL);
  EXPECT_EQ(finding->default_shape(), 1u);
  EXPECT_EQ(finding->best_shape(), 2u);
  ASSERT_EQ(finding->arms_size(), 4);
  EXPECT_EQ(finding->arms(1).origin(), "two");
  EXPECT_NEAR(finding->arms(1).mean_us(), 5000, 1);
  // The slow one was stopped the first time and never run again.
  EXPECT_EQ(runner.ran(3), 1u);
  EXPECT_EQ(runner.stopped(), 1u);
  EXPECT_LE(runner.ran(4), StatementPlans::kTrialsOfAPlan);
  EXPECT_LE(static_cast<double>(finding->regret_us()),
            StatementPlans::kRegretShare * runner.spent());
  // What is decided is left alone.
  EXPECT_FALSE(plans.WantsAlternatives());
  EXPECT_FALSE(runner.Run(cached, us).has_value());
  EXPECT_EQ(runner.last(), Course::Role::kCached);
}

TEST(StatementPlansTest, KeepsTheDefaultPlanWhereNothingIsBetter) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr cached = PlanOf(1);
  plans.Adopt(cached);
  const std::map<uint64_t, double> us = {{1, 20000}, {2, 19500}, {3, 33000}};
  std::optional<PlanFinding> finding;
  for (int i = 0; i < 2000 && !finding.has_value(); ++i) {
    if (plans.WantsAlternatives())
      plans.Try({{PlanOf(2), "two"}, {PlanOf(3), "three"}}, absl::ZeroDuration());
    finding = runner.Run(cached, us);
  }
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->best_shape(), 1u);
}

TEST(StatementPlansTest, FastStatementsAndForbiddenOnesAreNotTried) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr cached = PlanOf(1);
  plans.Adopt(cached);
  for (int i = 0; i < 200; ++i) runner.Run(cached, {{1, 900}});
  EXPECT_FALSE(plans.WantsAlternatives());
  EXPECT_TRUE(plans.quiet());

  StatementPlans slow;
  Runner other(&slow);
  slow.Adopt(cached);
  for (int i = 0; i < 100; ++i) other.Run(cached, {{1, 9000}});
  EXPECT_TRUE(slow.WantsAlternatives());
  EXPECT_FALSE(slow.quiet());
  slow.Try({{PlanOf(2), "two"}}, absl::ZeroDuration());
  for (int i = 0; i < 20; ++i) other.Run(cached, {{1, 9000}, {2, 10}}, true, /*tries=*/false);
  EXPECT_EQ(other.ran(2), 0u);
}

TEST(StatementPlansTest, AWorsePlanGivesWayWithinTwoExecutions) {
  for (const double worse : {7000.0, 30000.0, 10000000.0}) {
    StatementPlans plans;
    Runner runner(&plans);
    const CachedPlanPtr before = PlanOf(1);
    const CachedPlanPtr now = PlanOf(2);
    plans.Adopt(before);
    const std::map<uint64_t, double> us = {{1, 3000}, {2, worse}};
    for (int i = 0; i < 20; ++i) runner.Run(before, us);
    plans.Adopt(now);
    std::optional<PlanFinding> finding;
    for (int i = 0; i < 10 && !finding.has_value(); ++i) finding = runner.Run(now, us);
    ASSERT_TRUE(finding.has_value()) << worse;
    EXPECT_EQ(finding->kind(), PlanFinding::KIND_REGRESSION);
    EXPECT_EQ(finding->best_shape(), 1u);
    EXPECT_LE(runner.ran(2), StatementPlans::kProbationCalls);
    EXPECT_EQ(runner.stopped(), worse > 1e6 ? 1u : 0u);
    EXPECT_EQ(plans.preferred_shape(), 1u);
    for (int i = 0; i < 10; ++i) runner.Run(now, us);
    EXPECT_LE(runner.ran(2), StatementPlans::kProbationCalls);
    // The same plan again, as when it is planned anew, changes nothing.
    plans.Adopt(PlanOf(2));
    EXPECT_EQ(plans.preferred_shape(), 1u);
    // The old plan is the cached one again.
    plans.Adopt(PlanOf(1));
    EXPECT_EQ(plans.preferred_shape(), 0u);
  }
}

TEST(StatementPlansTest, WhereTheTablesHaveGrownTheKnownPlanIsNotGoneBackTo) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr before = PlanOf(1);
  const CachedPlanPtr now = PlanOf(2);
  plans.Adopt(before);
  for (int i = 0; i < 20; ++i) runner.Run(before, {{1, 300}});
  plans.Adopt(now);
  // Both take their time by now, the known plan even more.
  const std::map<uint64_t, double> us = {{1, 900000}, {2, 80000}};
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(runner.Run(now, us).has_value());
  EXPECT_EQ(runner.ran(1), 21u);
  EXPECT_EQ(runner.last(), Course::Role::kCached);
  EXPECT_EQ(plans.preferred_shape(), 0u);
}

TEST(StatementPlansTest, AKnownPlanThatBecomesSlowerIsJudgedOnceMore) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr before = PlanOf(1);
  const CachedPlanPtr now = PlanOf(2);
  plans.Adopt(before);
  for (int i = 0; i < 20; ++i) runner.Run(before, {{1, 3000}});
  plans.Adopt(now);
  for (int i = 0; i < 5; ++i) runner.Run(now, {{1, 3000}, {2, 40000}});
  ASSERT_EQ(plans.preferred_shape(), 1u);
  for (int i = 0; i < 10; ++i) runner.Run(now, {{1, 900000}, {2, 40000}});
  EXPECT_EQ(plans.preferred_shape(), 0u);
  EXPECT_EQ(runner.last(), Course::Role::kCached);
}

TEST(StatementPlansTest, APlanThatIsNotWorseStays) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr before = PlanOf(1);
  const CachedPlanPtr now = PlanOf(2);
  plans.Adopt(before);
  const std::map<uint64_t, double> us = {{1, 3000}, {2, 3900}};
  for (int i = 0; i < 20; ++i) runner.Run(before, us);
  plans.Adopt(now);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(runner.Run(now, us).has_value());
  EXPECT_EQ(runner.last(), Course::Role::kCached);
  EXPECT_EQ(plans.preferred_shape(), 0u);
}

TEST(StatementPlansTest, TheGuardCanBeSwitchedOff) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr before = PlanOf(1);
  const CachedPlanPtr now = PlanOf(2);
  plans.Adopt(before);
  const std::map<uint64_t, double> us = {{1, 3000}, {2, 90000}};
  for (int i = 0; i < 20; ++i) runner.Run(before, us);
  plans.Adopt(now);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(runner.Run(now, us, /*guards=*/false).has_value());
  EXPECT_EQ(runner.ran(2), 20u);
}

TEST(StatementPlansTest, AKnownPlanThatCannotBeHadAnyMoreIsGivenUp) {
  StatementPlans plans;
  Runner runner(&plans);
  const CachedPlanPtr before = PlanOf(1);
  const CachedPlanPtr now = PlanOf(2);
  plans.Adopt(before);
  const std::map<uint64_t, double> us = {{1, 3000}, {2, 90000}};
  for (int i = 0; i < 20; ++i) runner.Run(before, us);
  plans.Adopt(now);
  EXPECT_FALSE(runner.Run(now, us).has_value());
  ASSERT_TRUE(runner.Run(now, us).has_value());
  // Made anew in the same shape it is used; otherwise the new plan is.
  plans.RenewKnown(PlanOf(1));
  runner.Run(now, us);
  EXPECT_EQ(runner.last(), Course::Role::kKnown);
  plans.RenewKnown(nullptr);
  runner.Run(now, us);
  EXPECT_EQ(runner.last(), Course::Role::kCached);
}

TEST(StatementPlansTest, ExecutionsOfOtherSizeAreNotHeldAgainstAPlan) {
  StatementPlans plans;
  const CachedPlanPtr before = PlanOf(1);
  const CachedPlanPtr now = PlanOf(2);
  plans.Adopt(before);
  for (int i = 0; i < 20; ++i) plans.Finished(plans.Choose(before, true, true), 3000, 10, false);
  plans.Adopt(now);
  // A hundred times the rows takes its time.
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(plans.Finished(plans.Choose(now, true, true), 40000, 1000, false).has_value());
  }
  EXPECT_FALSE(plans.Finished(plans.Choose(now, true, true), 40000, 10, false).has_value());
  EXPECT_TRUE(plans.Finished(plans.Choose(now, true, true), 3000, 10, false).has_value());
}

}  // namespace
}  // namespace adbms::gateway::plan_cache
