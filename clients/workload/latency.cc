#include "clients/workload/latency.h"

#include <algorithm>
#include <cmath>

namespace adbms::clients::workload {
namespace {

constexpr double kBase = 1.01;
// 1.01^2900 microseconds are more than three days.
constexpr size_t kBuckets = 2900;

}  // namespace

void LatencyHistogram::Add(double microseconds) {
  const double bounded = std::max(1.0, microseconds);
  const auto bucket = static_cast<size_t>(std::ceil(std::log(bounded) / std::log(kBase)));
  if (buckets_.empty()) buckets_.resize(kBuckets);
  ++buckets_[std::min(bucket, kBuckets - 1)];
  ++count_;
  total_us_ += microseconds;
  max_us_ = std::max(max_us_, microseconds);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  if (other.count_ == 0) return;
  if (buckets_.empty()) buckets_.resize(kBuckets);
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  total_us_ += other.total_us_;
  max_us_ = std::max(max_us_, other.max_us_);
}

double LatencyHistogram::QuantileUs(double quantile) const {
  if (count_ == 0) return 0;
  const auto rank =
      static_cast<uint64_t>(std::max(1.0, std::ceil(quantile * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(max_us_, std::pow(kBase, static_cast<double>(i)));
  }
  return max_us_;
}

}  // namespace adbms::clients::workload
