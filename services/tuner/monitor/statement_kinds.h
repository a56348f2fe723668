// Which statements run that a share of memory is for: readers for the block cache, writers for
// memtables. Bounded. Not thread-safe.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "adbms/common/v1/workload.pb.h"

namespace adbms::tuner::monitor {

class StatementKinds {
 public:
  // Takes a window; returns the time of its statements, seconds.
  double Add(const common::v1::WorkloadWindow& window);
  // Statements of the last minute before the latest window that read rows of tables and change
  // none (`writers` false), or that change rows; those with the most time first.
  std::vector<uint64_t> Active(bool writers) const;

 private:
  static constexpr size_t kMostStatements = 2000;
  struct Seen {
    bool writes = false;
    bool reads_rows = false;
    double seconds = 0;
    int64_t last_us = 0;
  };
  std::unordered_map<uint64_t, Seen> seen_;
  int64_t latest_us_ = 0;
};

}  // namespace adbms::tuner::monitor
