#include "services/tuner/monitor/engine_monitor.h"

#include <gtest/gtest.h>

namespace adbms::tuner::monitor {
namespace {

storage::v1::EngineMetrics Metrics(uint64_t hits, uint64_t misses, uint64_t used = 50) {
  storage::v1::EngineMetrics metrics;
  metrics.set_block_cache_hits(hits);
  metrics.set_block_cache_misses(misses);
  metrics.set_block_cache_capacity_bytes(100);
  metrics.set_block_cache_used_bytes(used);
  return metrics;
}

TEST(EngineMonitorTest, RatesComeFromDifferences) {
  EngineMonitor monitor;
  EXPECT_FALSE(monitor.Over(0, 60).has_value());
  monitor.Add(0, Metrics(1000, 1000));
  monitor.Add(2'000'000, Metrics(1300, 1100, 95));
  const auto load = monitor.Over(2'000'000, 60);
  ASSERT_TRUE(load.has_value());
  EXPECT_DOUBLE_EQ(load->hit_ratio, 0.75);
  EXPECT_DOUBLE_EQ(load->misses_per_second, 50);
  EXPECT_DOUBLE_EQ(load->cache_fill, 0.95);
}

TEST(EngineMonitorTest, ARestartedEngineCountsFromZero) {
  EngineMonitor monitor;
  monitor.Add(0, Metrics(1000, 1000));
  monitor.Add(1'000'000, Metrics(30, 10));
  EXPECT_DOUBLE_EQ(monitor.Over(1'000'000, 60)->hit_ratio, 0.75);
}

TEST(EngineMonitorTest, OldSamplesDoNotCount) {
  EngineMonitor monitor;
  monitor.Add(0, Metrics(0, 0));
  monitor.Add(1'000'000, Metrics(0, 1000));
  monitor.Add(100'000'000, Metrics(990, 1010));
  EXPECT_DOUBLE_EQ(monitor.Over(100'000'000, 10)->hit_ratio, 0.99);
}

}  // namespace
}  // namespace adbms::tuner::monitor
