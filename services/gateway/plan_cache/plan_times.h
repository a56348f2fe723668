// Times of executions on one plan, and how two plans compare by them. Not thread-safe.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace adbms::gateway::plan_cache {

class PlanTimes {
 public:
  void Add(double us, uint64_t rows) {
    us = std::max(us, 1.0);
    ++calls_;
    const double weight = 1.0 / static_cast<double>(std::min<uint64_t>(calls_, kMemory));
    const double off = us - mean_us_;
    mean_us_ += weight * off;
    variance_us2_ = (1 - weight) * (variance_us2_ + weight * off * off);
    const double log_off = std::log(us) - log_mean_;
    log_mean_ += weight * log_off;
    log_variance_ = (1 - weight) * (log_variance_ + weight * log_off * log_off);
    most_rows_ = std::max(most_rows_, rows);
  }

  uint64_t calls() const { return calls_; }
  double mean_us() const { return mean_us_; }
  double deviation_us() const { return std::sqrt(variance_us2_); }
  uint64_t most_rows() const { return most_rows_; }
  // What an execution is not expected to exceed.
  double upper_us() const { return mean_us_ + 2 * deviation_us(); }

  // How many standard errors this plan's time lies above the other's, on a logarithmic scale; 0
  // while either has fewer than two executions. Both are taken to vary by a seventh at least.
  double Above(const PlanTimes& other) const {
    if (calls_ < 2 || other.calls_ < 2) return 0;
    return (log_mean_ - other.log_mean_) / std::sqrt(SquaredError() + other.SquaredError());
  }

 private:
  // What is longer ago than this many executions counts less and less.
  static constexpr uint64_t kMemory = 200;
  static constexpr double kLeastVariance = 0.02;

  double SquaredError() const {
    const double n = static_cast<double>(std::min<uint64_t>(calls_, kMemory));
    return std::max(log_variance_ * n / (n - 1), kLeastVariance) / n;
  }

  uint64_t calls_ = 0;
  double mean_us_ = 0;
  double variance_us2_ = 0;
  double log_mean_ = 0;
  double log_variance_ = 0;
  uint64_t most_rows_ = 0;
};

}  // namespace adbms::gateway::plan_cache
