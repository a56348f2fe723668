// Latencies of many executions in bounded memory: a histogram with logarithmic buckets of 1 %.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace adbms::clients::workload {

class LatencyHistogram {
 public:
  void Add(double microseconds);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  // Exact.
  double mean_us() const { return count_ == 0 ? 0 : total_us_ / static_cast<double>(count_); }
  double max_us() const { return max_us_; }
  // The latency that a share `quantile` (0 to 1) of the executions did not exceed (nearest rank),
  // within 1 %; 0 without any.
  double QuantileUs(double quantile) const;

 private:
  std::vector<uint64_t> buckets_;  // Bucket i: up to kBase^i microseconds.
  uint64_t count_ = 0;
  double total_us_ = 0;
  double max_us_ = 0;
};

}  // namespace adbms::clients::workload
