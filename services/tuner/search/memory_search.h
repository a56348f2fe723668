// Where the next step of memory goes: block cache, memtables or query memory, within one budget. A
// heuristic on measured rates proposes; what earlier steps really gained, per knob, scales its
// promise and stops knobs that do not pay. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/tuner/monitor/engine_monitor.h"

namespace adbms::tuner::search {

// The three shares.
struct Memory {
  int64_t block_cache_bytes = 0;
  int64_t memtable_bytes = 0;
  int64_t query_memory_bytes = 0;
  int64_t total() const { return block_cache_bytes + memtable_bytes + query_memory_bytes; }
};

// What a past step promised and gave.
struct Experience {
  std::string knob;
  double predicted_gain = 0;
  double measured_gain = 0;
};

struct Step {
  std::string knob;
  int64_t from = 0;
  int64_t to = 0;
  // When the budget is spent: the knob that gives, and its new value.
  std::string donor;
  int64_t donor_from = 0;
  int64_t donor_to = 0;
  double predicted_gain = 0;
  std::string reason;
};

struct Bounds {
  int64_t minimum = 0;
  int64_t maximum = INT64_MAX;
};

// Steps worth trying, best first; empty when memory is where it should be.
std::vector<Step> Propose(const monitor::Load& load, const Memory& memory, int64_t budget_bytes,
                          int64_t data_bytes, const std::map<std::string, Bounds>& bounds,
                          const std::vector<Experience>& experience);

// Factor on promises of a knob: the mean of measured over predicted gains of its steps, shrunk to 1
// while few.
double Calibration(const std::string& knob, const std::vector<Experience>& experience);

}  // namespace adbms::tuner::search
