#include "services/orchestrator/intake/workload_store.h"

#include <gtest/gtest.h>

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

TEST(WorkloadStoreTest, RefusesAWindowThatEndsBeforeItStarts) {
  WorkloadStore store;
  common::v1::WorkloadWindow window = Window(1, 5, 1, 1);
  window.set_end_us(0);
  EXPECT_FALSE(store.Add(window).ok());
}

}  // namespace
}  // namespace adbms::orchestrator::intake
