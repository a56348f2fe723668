#include "common/telemetry/time_sketch.h"

#include <gtest/gtest.h>

namespace adbms::telemetry {
namespace {

TEST(TimeSketchTest, BucketsAreQuartersOfPowersOfTwo) {
  EXPECT_EQ(TimeSketch::BucketOf(-5), 0u);
  EXPECT_EQ(TimeSketch::BucketOf(0), 0u);
  EXPECT_EQ(TimeSketch::BucketOf(1), 0u);
  EXPECT_EQ(TimeSketch::BucketOf(2), 4u);
  EXPECT_EQ(TimeSketch::BucketOf(1024), 40u);
  EXPECT_EQ(TimeSketch::BucketOf(1 << 30), 120u);
  EXPECT_EQ(TimeSketch::BucketOf(INT64_MAX), TimeSketch::kBuckets - 1);
  for (int64_t us = 1; us < 3000000; us += 1 + us / 7) {
    const auto bucket = static_cast<double>(TimeSketch::BucketOf(us));
    EXPECT_LE(std::exp2(bucket / 4), static_cast<double>(us) * 1.0001) << us;
    EXPECT_GT(std::exp2((bucket + 1) / 4), static_cast<double>(us)) << us;
  }
}

TEST(TimeSketchTest, QuantilesAreWithinABucket) {
  TimeSketch sketch;
  EXPECT_EQ(sketch.Quantile(0.5), 0);
  for (int i = 1; i <= 1000; ++i) sketch.Add(i * 100);
  EXPECT_NEAR(sketch.Quantile(0.5), 50000, 50000 * 0.19);
  EXPECT_NEAR(sketch.Quantile(0.95), 95000, 95000 * 0.19);
  TimeSketch merged;
  for (size_t b = 0; b < TimeSketch::kBuckets; ++b) merged.AddTo(b, sketch.count(b));
  EXPECT_EQ(merged.Quantile(0.5), sketch.Quantile(0.5));
}

}  // namespace
}  // namespace adbms::telemetry
