#include "services/tuner/search/memory_search.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace adbms::tuner::search {
namespace {

constexpr char kBlockCache[] = "block_cache_bytes";
constexpr char kMemtable[] = "memtable_bytes";
constexpr char kQueryMemory[] = "query_memory_bytes";

// A missed block costs about this much more than a cached one (read from the page cache, check,
// decompress).
constexpr double kMissSeconds = 15e-6;
constexpr double kMiB = 1048576.0;
// A share doubles at another's cost, and grows by this while the budget has room: that costs
// nobody, and each step waits for a verdict.
constexpr int64_t kGrowth = 2;
constexpr int64_t kFreeGrowth = 4;
// Hit ratio from which on a cache is left alone.
constexpr double kGoodHitRatio = 0.98;
// Flushes a minute that say that memtables are small for what is written.
constexpr double kManyFlushes = 6;

std::string Mib(int64_t bytes) {
  return absl::StrFormat("%.0f MiB", static_cast<double>(bytes) / kMiB);
}

int64_t& Share(Memory* memory, const std::string& knob) {
  if (knob == kBlockCache) return memory->block_cache_bytes;
  if (knob == kMemtable) return memory->memtable_bytes;
  return memory->query_memory_bytes;
}

Bounds BoundsOf(const std::map<std::string, Bounds>& bounds, const std::string& knob) {
  const auto found = bounds.find(knob);
  return found == bounds.end() ? Bounds() : found->second;
}

// What can be taken from a share that the load does not use.
int64_t Spare(const std::string& knob, const monitor::Load& load, const Memory& memory,
              const Bounds& bounds) {
  Memory copy = memory;
  const int64_t share = Share(&copy, knob);
  const bool idle =
      (knob == kMemtable && load.flushes_per_minute < 1) ||
      (knob == kQueryMemory && load.spill_bytes_per_second == 0 && load.refusals_per_minute == 0) ||
      (knob == kBlockCache && load.cache_fill < 0.5);
  const int64_t floor = std::max<int64_t>(bounds.minimum, 16 << 20);
  return idle ? std::max<int64_t>(0, share / 2 - floor / 2) : 0;
}

int64_t Room(const Memory& memory, int64_t budget_bytes) {
  return std::max<int64_t>(0, budget_bytes - memory.total());
}

// What a share of `bytes` is to become.
int64_t Wanted(int64_t bytes, const Memory& memory, int64_t budget_bytes) {
  const int64_t room = Room(memory, budget_bytes);
  return std::max(bytes * kGrowth, std::min(bytes * kFreeGrowth, bytes + room));
}

std::optional<Step> Grow(const std::string& knob, double promise, const std::string& why,
                         const monitor::Load& load, const Memory& memory, int64_t budget_bytes,
                         const std::map<std::string, Bounds>& bounds) {
  Memory copy = memory;
  Step step;
  step.knob = knob;
  step.from = Share(&copy, knob);
  const int64_t wanted =
      std::min(Wanted(step.from, memory, budget_bytes), BoundsOf(bounds, knob).maximum);
  const int64_t room = Room(memory, budget_bytes);
  step.to = std::min(wanted, step.from + room);
  if (step.to < step.from + step.from / 4) {
    for (const char* donor : {kQueryMemory, kMemtable, kBlockCache}) {
      if (knob == donor) continue;
      const int64_t spare = Spare(donor, load, memory, BoundsOf(bounds, donor));
      if (spare < step.from / 4) continue;
      step.donor = donor;
      step.donor_from = Share(&copy, donor);
      const int64_t taken = std::min(spare, wanted - step.from);
      step.donor_to = step.donor_from - taken;
      step.to = step.from + room + taken;
      step.to = std::min(step.to, wanted);
      break;
    }
  }
  if (step.to < step.from + step.from / 4) return std::nullopt;
  step.predicted_gain = promise;
  step.reason = absl::StrCat(why, "; ", knob, " goes from ", Mib(step.from), " to ", Mib(step.to),
                             step.donor.empty()
                                 ? std::string(" within the budget of ") + Mib(budget_bytes)
                                 : absl::StrCat(", taken from ", step.donor, ", which is idle"));
  return step;
}

}  // namespace

double Calibration(const std::string& knob, const std::vector<Experience>& experience) {
  // Two imaginary steps that kept their promise.
  double kept = 2;
  double weight = 2;
  for (const Experience& one : experience) {
    if (one.knob != knob || one.predicted_gain <= 0) continue;
    kept += std::clamp(one.measured_gain / one.predicted_gain, -1.0, 3.0);
    weight += 1;
  }
  return std::max(0.0, kept / weight);
}

std::vector<Step> Propose(const monitor::Load& load, const Memory& memory, int64_t budget_bytes,
                          int64_t data_bytes, const std::map<std::string, Bounds>& bounds,
                          const std::vector<Experience>& experience) {
  std::vector<Step> steps;
  const auto consider = [&](const std::string& knob, double promise, const std::string& why) {
    promise *= Calibration(knob, experience);
    if (promise < 0.02) return;
    auto step = Grow(knob, std::min(promise, 0.9), why, load, memory, budget_bytes, bounds);
    if (step.has_value()) steps.push_back(*std::move(step));
  };
  const bool cache_is_short = load.cache_fill > 0.85 && load.hit_ratio < kGoodHitRatio &&
                              memory.block_cache_bytes < data_bytes * 2;
  if (cache_is_short) {
    // The share of statements' time that goes into misses, and of that what then fits. With few
    // misses on an idle machine they may still be all that statements wait for.
    const double busy = load.busy > 0 ? std::min(load.busy, 1.0) : 1.0;
    const double miss_time = std::min(1.0, load.misses_per_second * kMissSeconds / busy);
    const int64_t more =
        Wanted(memory.block_cache_bytes, memory, budget_bytes) - memory.block_cache_bytes;
    const double fits = std::min(
        1.0, static_cast<double>(more) /
                 std::max(1.0, static_cast<double>(data_bytes - memory.block_cache_bytes)));
    consider(
        kBlockCache, miss_time * std::max(0.1, fits),
        absl::StrFormat("the block cache is %.0f %% full and serves %.1f %% of block reads (%.0f "
                        "misses a second) for %s of data",
                        load.cache_fill * 100, load.hit_ratio * 100, load.misses_per_second,
                        Mib(data_bytes)));
  }
  if (load.stall_fraction > 0.01 || load.flushes_per_minute > kManyFlushes) {
    consider(kMemtable, std::max(load.stall_fraction, 0.05),
             absl::StrFormat("writers were stalled %.1f %% of the time and memtables were flushed "
                             "%.0f times a minute",
                             load.stall_fraction * 100, load.flushes_per_minute));
  }
  if (load.spill_bytes_per_second > 0) {
    consider(kQueryMemory, std::min(0.5, load.spill_bytes_per_second / 200e6 + 0.05),
             absl::StrFormat("queries spilled %.1f MiB a second to disk",
                             load.spill_bytes_per_second / kMiB));
  } else if (load.refusals_per_minute > 0) {
    // What was refused has no time to compare with: nothing is promised to what runs.
    auto step = Grow(kQueryMemory, 0,
                     absl::StrFormat("%.1f statements a minute were refused for want of query "
                                     "memory",
                                     load.refusals_per_minute),
                     load, memory, budget_bytes, bounds);
    if (step.has_value()) steps.push_back(*std::move(step));
  }
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return a.predicted_gain > b.predicted_gain;
  });
  return steps;
}

}  // namespace adbms::tuner::search
