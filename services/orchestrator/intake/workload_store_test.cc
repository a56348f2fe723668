#include "services/orchestrator/intake/workload_store.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace adbms::orchestrator::intake {
namespace {

common::v1::WorkloadWindow Window(uint64_t sequence, int64_t start_s, uint64_t calls,
                                  int64_t mean_us) {
  common::v1::WorkloadWindow window;
  window.set_source(7);
  window.set_sequence(sequence);
  window.set_start_us(start_s * 1000000);
  window.set_end_us((start_s + 1) * 1000000);
  common::v1::StatementWindow* statement = window.add_statements();
  statement->set_fingerprint(42);
  statement->set_sample_sql("SELECT 1");
  statement->set_calls(calls);
  statement->set_total_us(static_cast<int64_t>(calls) * mean_us);
  const double ms = static_cast<double>(mean_us) / 1e3;
  statement->set_sum_squares_ms2(static_cast<double>(calls) * ms * ms);
  return window;
}

TEST(WorkloadStoreTest, SumsWindowsInsideThePeriod) {
  WorkloadStore store;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(store.Add(Window(i + 1, i, 10, 100 * (i + 1))).ok());
  const Latency latency = store.Between(42, 2'000'000, 5'000'000);
  EXPECT_EQ(latency.calls, 30u);
  EXPECT_DOUBLE_EQ(latency.mean_us(), 400);
  EXPECT_EQ(store.Between(43, 0, 5'000'000).calls, 0u);
}

TEST(WorkloadStoreTest, AWindowCountsOnce) {
  WorkloadStore store;
  ASSERT_TRUE(store.Add(Window(1, 0, 10, 100)).ok());
  ASSERT_TRUE(store.Add(Window(1, 0, 10, 100)).ok());
  EXPECT_EQ(store.Statements()[0].calls, 10u);
  EXPECT_EQ(store.TakeNew().size(), 1u);
  EXPECT_TRUE(store.TakeNew().empty());
}

TEST(WorkloadStoreTest, IsFullRatherThanUnbounded) {
  WorkloadStore store;
  absl::Status status;
  for (uint64_t i = 1; i < 10000 && status.ok(); ++i) status = store.Add(Window(i, 0, 1, 1));
  EXPECT_TRUE(absl::IsResourceExhausted(status));
}

TEST(WorkloadStoreTest, OldStatementsAreForgotten) {
  WorkloadStore store;
  ASSERT_TRUE(store.Add(Window(1, 0, 1, 1)).ok());
  common::v1::WorkloadWindow later = Window(2, 10000, 1, 1);
  later.mutable_statements(0)->set_fingerprint(43);
  ASSERT_TRUE(store.Add(later).ok());
  ASSERT_EQ(store.Statements().size(), 1u);
  EXPECT_EQ(store.Statements()[0].fingerprint, 43u);
}

common::v1::PlanWindow* AddPlan(uint64_t shape, int64_t us, const std::string& text,
                                common::v1::WorkloadWindow* window) {
  common::v1::PlanWindow* plan = window->mutable_statements(0)->add_plans();
  plan->set_shape_hash(shape);
  plan->set_calls(4);
  plan->set_total_us(4 * us);
  const double ms = static_cast<double>(us) / 1e3;
  plan->set_sum_squares_ms2(4 * ms * ms);
  plan->set_max_us(us);
  plan->set_first_bucket(static_cast<uint32_t>(telemetry::TimeSketch::BucketOf(us)));
  plan->add_buckets(4);
  plan->set_plan_text(text);
  return plan;
}

TEST(WorkloadStoreTest, PlansOfAStatementStandSideBySide) {
  WorkloadStore store;
  common::v1::WorkloadWindow window = Window(1, 0, 8, 3000);
  AddPlan(1, 1000, "Seq Scan", &window);
  AddPlan(2, 5000, "Index Scan", &window)->set_spilled_bytes(7);
  ASSERT_TRUE(store.Add(window).ok());
  common::v1::WorkloadWindow next = Window(2, 1, 4, 2000);
  AddPlan(1, 2000, "", &next);
  ASSERT_TRUE(store.Add(next).ok());
  const std::vector<PlanTimes> plans = store.Statements()[0].plans;
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[0].calls, 8u);
  EXPECT_DOUBLE_EQ(plans[0].mean_ms(), 1.5);
  EXPECT_NEAR(plans[0].deviation_ms(), 0.53, 0.01);
  EXPECT_NEAR(plans[0].sketch.Quantile(0.95), 2000, 400);
  EXPECT_EQ(plans[0].max_us, 2000);
  EXPECT_EQ(plans[0].text, "Seq Scan");
  EXPECT_EQ(plans[1].spilled_bytes, 7u);
  EXPECT_DOUBLE_EQ(plans[1].deviation_ms(), 0);
}

TEST(WorkloadStoreTest, PlansOfAStatementAreBounded) {
  WorkloadStore store;
  for (uint64_t i = 1; i <= 50; ++i) {
    common::v1::WorkloadWindow window = Window(i, static_cast<int64_t>(i), 4, 1000);
    AddPlan(i, 1000, "", &window);
    ASSERT_TRUE(store.Add(window).ok());
  }
  const std::vector<PlanTimes> plans = store.Statements()[0].plans;
  EXPECT_EQ(plans.size(), 8u);
  EXPECT_TRUE(std::any_of(plans.begin(), plans.end(),
                          [](const PlanTimes& one) { return one.shape_hash == 50; }));
  EXPECT_TRUE(std::none_of(plans.begin(), plans.end(),
                           [](const PlanTimes& one) { return one.shape_hash == 1; }));
}

TEST(WorkloadStoreTest, RefusesAWindowThatEndsBeforeItStarts) {
  WorkloadStore store;
  common::v1::WorkloadWindow window = Window(1, 5, 1, 1);
  window.set_end_us(0);
  EXPECT_FALSE(store.Add(window).ok());
}

}  // namespace
}  // namespace adbms::orchestrator::intake
