#include "common/types/wide_integer.h"

#include <algorithm>

namespace adbms::types {
namespace {

constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000ULL;

uint64_t SmallPowerOfTen(int exponent) {
  uint64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace

void WideInteger::MultiplyBy(uint64_t factor) {
  uint64_t carry = 0;
  for (uint64_t& limb : limbs_) {
    const uint128 product = static_cast<uint128>(limb) * factor + carry;
    limb = static_cast<uint64_t>(product);
    carry = static_cast<uint64_t>(product >> 64);
  }
}

void WideInteger::MultiplyBy(uint128 factor) {
  WideInteger high = *this;
  MultiplyBy(static_cast<uint64_t>(factor));
  high.MultiplyBy(static_cast<uint64_t>(factor >> 64));
  uint64_t carry = 0;
  for (int i = 1; i < kLimbs; ++i) {
    const uint128 sum = static_cast<uint128>(limbs_[i]) + high.limbs_[i - 1] + carry;
    limbs_[i] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
}

void WideInteger::MultiplyByPowerOfTen(int exponent) {
  for (; exponent >= 19; exponent -= 19) MultiplyBy(kTenTo19);
  if (exponent > 0) MultiplyBy(SmallPowerOfTen(exponent));
}

void WideInteger::Increment() {
  for (uint64_t& limb : limbs_) {
    if (++limb != 0) return;
  }
}

uint64_t WideInteger::DivideBy(uint64_t divisor) {
  uint64_t remainder = 0;
  for (int i = kLimbs - 1; i >= 0; --i) {
    const uint128 part = (static_cast<uint128>(remainder) << 64) | limbs_[i];
    limbs_[i] = static_cast<uint64_t>(part / divisor);
    remainder = static_cast<uint64_t>(part % divisor);
  }
  return remainder;
}

uint128 WideInteger::DivideBy(uint128 divisor) {
  if ((divisor >> 64) == 0) return DivideBy(static_cast<uint64_t>(divisor));
  // Bit by bit: divisors beyond 64 bits are rare.
  uint128 remainder = 0;
  for (int i = kLimbs - 1; i >= 0; --i) {
    uint64_t quotient = 0;
    for (int bit = 63; bit >= 0; --bit) {
      const bool carry = (remainder >> 127) != 0;
      remainder = (remainder << 1) | ((limbs_[i] >> bit) & 1);
      quotient <<= 1;
      if (carry || remainder >= divisor) {
        remainder -= divisor;
        quotient |= 1;
      }
    }
    limbs_[i] = quotient;
  }
  return remainder;
}

int WideInteger::DigitCount() const {
  WideInteger rest = *this;
  int digits = 0;
  while (!rest.FitsIn128()) {
    rest.DivideBy(kTenTo19);
    digits += 19;
  }
  for (uint128 low = rest.Low128(); low > 0; low /= 10) ++digits;
  return std::max(digits, 1);
}

}  // namespace adbms::types
