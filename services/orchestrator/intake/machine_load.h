// How busy the machine was with other things than the database: a slower statement on a busier
// machine says nothing of a change. Bounded; thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace adbms::orchestrator::intake {

class MachineLoad {
 public:
  // A reading of counters that only grow: CPU time of the whole machine, and of the database's
  // process, microseconds; `cpus` processors. A counter that fell starts anew.
  void Add(int64_t now_us, uint64_t machine_busy_us, uint64_t own_busy_us, uint32_t cpus);
  // Share of the machine, 0 to 1, that others had between the readings next to the two times;
  // nullopt without two readings in between.
  std::optional<double> ForeignBetween(int64_t from_us, int64_t to_us) const;

 private:
  struct Reading {
    int64_t at_us;
    uint64_t machine_us;
    uint64_t own_us;
    uint32_t cpus;
  };
  static constexpr size_t kReadings = 2000;

  mutable absl::Mutex mutex_;
  std::deque<Reading> readings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::orchestrator::intake
