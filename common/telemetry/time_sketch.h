// A sketch of times: how many fell into which bucket of a geometric scale. Small, mergeable, and
// good for quantiles within 19 %. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace adbms::telemetry {

class TimeSketch {
 public:
  static constexpr size_t kBuckets = 128;

  // Bucket b holds times in [2^(b/4), 2^((b+1)/4)) microseconds; the first also what is shorter,
  // the last what is longer.
  static size_t BucketOf(int64_t us) {
    if (us < 1) return 0;
    const auto time = static_cast<uint64_t>(us);
    const int power = std::bit_width(time) - 1;
    // The mantissa in 2^-16, against the powers of 2^(1/4).
    const uint64_t mantissa = power > 16 ? time >> (power - 16) : time << (16 - power);
    const size_t quarter = (mantissa >= 77936 ? 1u : 0u) + (mantissa >= 92682 ? 1u : 0u) +
                           (mantissa >= 110218 ? 1u : 0u);
    return std::min(kBuckets - 1, static_cast<size_t>(power) * 4 + quarter);
  }

  void Add(int64_t us) { ++counts_[BucketOf(us)]; }
  // Adds to the bucket; one that there is not counts as the last.
  void AddTo(size_t bucket, uint64_t count) { counts_[std::min(kBuckets - 1, bucket)] += count; }
  uint64_t count(size_t bucket) const { return counts_[bucket]; }

  // The time that the fraction of all times (0 to 1) is below, microseconds; 0 without any.
  double Quantile(double fraction) const {
    uint64_t all = 0;
    for (const uint64_t count : counts_) all += count;
    const double wanted = fraction * static_cast<double>(all);
    double below = 0;
    for (size_t b = 0; b < kBuckets && all > 0; ++b) {
      below += static_cast<double>(counts_[b]);
      // The bucket's middle on the scale.
      if (below >= wanted && below > 0) return std::exp2((static_cast<double>(b) + 0.5) / 4);
    }
    return 0;
  }

 private:
  std::array<uint64_t, kBuckets> counts_{};
};

}  // namespace adbms::telemetry
