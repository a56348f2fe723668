// A 384-bit unsigned integer: intermediate results of decimal multiplication and division, which
// need up to 114 decimal digits. Values only; every operation wraps silently only beyond 384 bits,
// which its callers' bounds exclude.
#pragma once

#include <cstdint>

namespace adbms::types {

using uint128 = unsigned __int128;

class WideInteger {
 public:
  WideInteger() = default;
  explicit WideInteger(uint128 value) {
    limbs_[0] = static_cast<uint64_t>(value);
    limbs_[1] = static_cast<uint64_t>(value >> 64);
  }

  bool FitsIn128() const { return (limbs_[2] | limbs_[3] | limbs_[4] | limbs_[5]) == 0; }
  uint128 Low128() const { return (static_cast<uint128>(limbs_[1]) << 64) | limbs_[0]; }
  bool IsZero() const { return FitsIn128() && Low128() == 0; }

  void MultiplyBy(uint64_t factor);
  void MultiplyBy(uint128 factor);
  // Multiplies by 10^exponent.
  void MultiplyByPowerOfTen(int exponent);
  void Increment();
  // Divides in place and returns the remainder. REQUIRES: divisor > 0.
  uint64_t DivideBy(uint64_t divisor);
  uint128 DivideBy(uint128 divisor);
  // Decimal digits; 1 for zero.
  int DigitCount() const;

 private:
  static constexpr int kLimbs = 6;
  uint64_t limbs_[kLimbs] = {};
};

}  // namespace adbms::types
