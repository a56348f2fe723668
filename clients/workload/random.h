// A small deterministic random source (SplitMix64: Steele, Lea, Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014). Any row's values come from (seed, stream, row)
// alone, so rows can be made in any order and looked up again without being stored.
#pragma once

#include <cstdint>

namespace adbms::clients::workload {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // The source of one row of one stream.
  Random(uint64_t seed, uint64_t stream, uint64_t row)
      : state_(Mix(Mix(Mix(seed) ^ stream * 0x9e3779b97f4a7c15ULL) ^ row)) {}

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15ULL); }
  // Uniform in [0, 1).
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  // In [1, count]; low numbers more often: the first tenth gets about a third.
  int64_t Skewed(int64_t count) {
    const double u = Fraction();
    return 1 + static_cast<int64_t>(u * u * static_cast<double>(count));
  }

 private:
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace adbms::clients::workload
