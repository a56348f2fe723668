// Rates out of the engine's counters: a sample for each interval between two readings. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "adbms/storage/v1/storage.pb.h"
#include "adbms/tuner/v1/tuner.pb.h"

namespace adbms::tuner::monitor {

// Figures over several samples.
struct Load {
  double seconds = 0;
  double hit_ratio = 1;  // Of block reads.
  double misses_per_second = 0;
  double write_bytes_per_second = 0;
  double flushes_per_minute = 0;
  double stall_fraction = 0;
  double spill_bytes_per_second = 0;
  double cache_fill = 0;           // Block cache used / capacity.
  double refusals_per_minute = 0;  // Statements refused for want of query memory.
  // Time that statements took, seconds a second; 0: nothing is known of statements.
  double busy = 0;
};

class EngineMonitor {
 public:
  // Takes a reading; readings closer than a second to the one before are skipped.
  void Add(int64_t now_us, const storage::v1::EngineMetrics& metrics);
  // Takes the time that statements took since the last reading.
  void AddStatements(double seconds) { statement_seconds_ += seconds; }
  // Over the samples of the last `seconds`; nullopt without any.
  std::optional<Load> Over(int64_t now_us, double seconds) const;
  const std::deque<tuner::v1::Sample>& samples() const { return samples_; }

 private:
  static constexpr size_t kSamples = 600;
  struct Raw {
    int64_t at_us = 0;
    double seconds = 0;
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t written = 0;
    uint64_t flushes = 0;
    uint64_t stall_us = 0;
    uint64_t spilled = 0;
    uint64_t refusals = 0;
    double statement_seconds = 0;
    double fill = 0;
  };
  std::optional<storage::v1::EngineMetrics> last_;
  int64_t last_us_ = 0;
  double statement_seconds_ = 0;  // Since the last reading.
  std::deque<Raw> raw_;
  std::deque<tuner::v1::Sample> samples_;
};

}  // namespace adbms::tuner::monitor
