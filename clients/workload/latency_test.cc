#include "clients/workload/latency.h"

#include <gtest/gtest.h>

namespace adbms::clients::workload {
namespace {

TEST(LatencyHistogram, QuantilesAreWithinOnePercent) {
  LatencyHistogram latency;
  for (int us = 1; us <= 10000; ++us) latency.Add(us);
  EXPECT_EQ(latency.count(), 10000u);
  EXPECT_DOUBLE_EQ(latency.mean_us(), 5000.5);
  EXPECT_NEAR(latency.QuantileUs(0.5), 5000, 50);
  EXPECT_NEAR(latency.QuantileUs(0.95), 9500, 95);
  EXPECT_NEAR(latency.QuantileUs(0.99), 9900, 99);
  EXPECT_DOUBLE_EQ(latency.QuantileUs(1), 10000);
}

TEST(LatencyHistogram, MergingIsAddingAll) {
  LatencyHistogram a, b, both;
  for (int i = 0; i < 100; ++i) {
    a.Add(100);
    b.Add(90000);
    both.Add(100);
    both.Add(90000);
  }
  a.Merge(b);
  EXPECT_EQ(a.count(), both.count());
  EXPECT_DOUBLE_EQ(a.mean_us(), both.mean_us());
  EXPECT_DOUBLE_EQ(a.QuantileUs(0.5), both.QuantileUs(0.5));
  EXPECT_DOUBLE_EQ(a.QuantileUs(0.51), both.QuantileUs(0.51));
  EXPECT_DOUBLE_EQ(a.max_us(), 90000);
}

TEST(LatencyHistogram, EmptyIsZero) {
  LatencyHistogram latency;
  latency.Merge(LatencyHistogram());
  EXPECT_EQ(latency.mean_us(), 0);
  EXPECT_EQ(latency.QuantileUs(0.99), 0);
}

}  // namespace
}  // namespace adbms::clients::workload
