#include "common/types/decimal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"
#include "common/types/wide_integer.h"

namespace adbms::types {
namespace {

constexpr std::array<int128, Decimal::kMaxDigits + 1> MakePowers() {
  std::array<int128, Decimal::kMaxDigits + 1> powers{};
  powers[0] = 1;
  for (int i = 1; i <= Decimal::kMaxDigits; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<int128, Decimal::kMaxDigits + 1> kPowers = MakePowers();
constexpr int128 kLimit = kPowers[Decimal::kMaxDigits];  // |unscaled| stays below.

constexpr Decimal kNan = {0, 0, true};

uint128 Magnitude(int128 value) {
  return value < 0 ? -static_cast<uint128>(value) : static_cast<uint128>(value);
}

bool FitsInt64(int128 value) { return value == static_cast<int64_t>(value); }

absl::Status DivisionByZero() {
  return status::Error(status::sqlstate::kDivisionByZero, "division by zero");
}

// value / 10^digits, rounded half away from zero; digits may exceed 38.
int128 DropDigits(int128 value, int digits) {
  if (digits <= 0) return value;
  if (digits > Decimal::kMaxDigits) return 0;
  const int128 power = kPowers[digits];
  if (FitsInt64(value) && digits <= 18) {
    const auto narrow = static_cast<int64_t>(value);
    const auto divisor = static_cast<int64_t>(power);
    const int64_t remainder = narrow % divisor;
    const int64_t quotient = narrow / divisor;
    if (std::abs(remainder) >= divisor - std::abs(remainder)) {
      return quotient + (narrow < 0 ? -1 : 1);
    }
    return quotient;
  }
  const int128 quotient = value / power;
  const int128 remainder = value % power;
  const int128 distance = remainder < 0 ? -remainder : remainder;
  if (distance >= power - distance) return quotient + (value < 0 ? -1 : 1);
  return quotient;
}

// Rounds fraction digits away until `value` has at most 38 digits and scale at most 38.
absl::StatusOr<Decimal> FromWide(WideInteger value, int scale, bool negative) {
  const int excess =
      std::max(value.DigitCount() - Decimal::kMaxDigits, scale - Decimal::kMaxDigits);
  if (excess > 0) {
    if (excess > scale) return NumericOverflow();
    for (int left = excess; left > 1; --left) value.DivideBy(uint64_t{10});
    if (value.DivideBy(uint64_t{10}) >= 5) value.Increment();
    scale -= excess;
  }
  if (!value.FitsIn128() || value.Low128() >= static_cast<uint128>(kLimit)) {
    if (scale == 0 || !value.FitsIn128()) return NumericOverflow();
    return FromWide(value, scale, negative);
  }
  const auto magnitude = static_cast<int128>(value.Low128());
  return Decimal{negative ? -magnitude : magnitude, static_cast<int16_t>(scale), false};
}

// a at b's larger scale, when that fits.
bool Align(const Decimal& a, int scale, int128* aligned) {
  if (scale == a.scale) {
    *aligned = a.unscaled;
    return true;
  }
  return !__builtin_mul_overflow(a.unscaled, kPowers[scale - a.scale], aligned);
}

absl::StatusOr<Decimal> AddSigned(const Decimal& a, const Decimal& b, bool subtract) {
  if (a.nan || b.nan) return kNan;
  const int scale = std::max(a.scale, b.scale);
  int128 left;
  int128 right;
  int128 sum;
  if (Align(a, scale, &left) && Align(b, scale, &right) &&
      !(subtract ? __builtin_sub_overflow(left, right, &sum)
                 : __builtin_add_overflow(left, right, &sum)) &&
      sum < kLimit && sum > -kLimit) [[likely]] {
    return Decimal{sum, static_cast<int16_t>(scale), false};
  }
  // More than 38 digits: give up fraction digits.
  if (scale == 0) return NumericOverflow();
  for (int fewer = scale - 1; fewer >= 0; --fewer) {
    const Decimal x = a.scale > fewer
                          ? Decimal{DropDigits(a.unscaled, a.scale - fewer), int16_t(fewer), false}
                          : a;
    const Decimal y = b.scale > fewer
                          ? Decimal{DropDigits(b.unscaled, b.scale - fewer), int16_t(fewer), false}
                          : b;
    if (Align(x, fewer, &left) && Align(y, fewer, &right) &&
        !(subtract ? __builtin_sub_overflow(left, right, &sum)
                   : __builtin_add_overflow(left, right, &sum)) &&
        sum < kLimit && sum > -kLimit) {
      return Decimal{sum, static_cast<int16_t>(fewer), false};
    }
  }
  return NumericOverflow();
}

// Weight and first digit of PostgreSQL's base-10000 representation.
struct LeadingDigit {
  int weight = 0;
  int digit = 0;
};

LeadingDigit LeadingDigitOf(const Decimal& value) {
  if (value.unscaled == 0) return {};
  const uint128 magnitude = Magnitude(value.unscaled);
  const int exponent = DigitCount(value.unscaled) - value.scale - 1;
  const int weight = exponent >= 0 ? exponent / 4 : -((-exponent + 3) / 4);
  const int power = value.scale + 4 * weight;
  const uint128 digit = power >= 0 ? magnitude / static_cast<uint128>(kPowers[power])
                                   : magnitude * static_cast<uint128>(kPowers[-power]);
  return {weight, static_cast<int>(digit)};
}

}  // namespace

absl::Status NumericOverflow() {
  return status::Error(status::sqlstate::kNumericOutOfRange, "value overflows numeric format",
                       "A numeric has at most 38 digits.",
                       "double precision holds greater values, with 15 digits.");
}

int128 PowerOfTen(int exponent) { return kPowers[exponent]; }

int DigitCount(int128 value) {
  const uint128 magnitude = Magnitude(value);
  int low = 0;
  int high = Decimal::kMaxDigits;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (magnitude >= static_cast<uint128>(kPowers[middle])) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::max(low, 1);
}

int DivisionScale(const Decimal& a, const Decimal& b) {
  constexpr int kMinSignificantDigits = 16;
  const LeadingDigit x = LeadingDigitOf(a);
  const LeadingDigit y = LeadingDigitOf(b);
  int weight = x.weight - y.weight;
  if (x.digit <= y.digit) --weight;
  return std::max({kMinSignificantDigits - weight * 4, int{a.scale}, int{b.scale}, 0});
}

absl::StatusOr<Decimal> Decimal::FromDouble(double value) {
  if (std::isnan(value)) return kNan;
  if (std::isinf(value)) {
    return status::Error(status::sqlstate::kNumericOutOfRange,
                         "cannot convert infinity to numeric");
  }
  char text[40];
  const int length = std::snprintf(text, sizeof(text), "%.15g", value);
  return Parse(std::string_view(text, length));
}

double Decimal::ToDouble() const {
  if (nan) return std::nan("");
  if (scale == 0) return static_cast<double>(unscaled);
  // Both exact in a double: one correctly rounded division.
  if (scale <= 22 && Magnitude(unscaled) <= (uint128{1} << 53)) {
    return static_cast<double>(static_cast<int64_t>(unscaled)) /
           static_cast<double>(kPowers[scale]);
  }
  return static_cast<double>(static_cast<Quad>(unscaled) / static_cast<Quad>(kPowers[scale]));
}

absl::StatusOr<Decimal> Decimal::Rescale(int target) const {
  if (nan || target == scale) return *this;
  if (target < 0 || target > kMaxDigits) return NumericOverflow();
  Decimal result{0, static_cast<int16_t>(target), false};
  if (target < scale) {
    result.unscaled = DropDigits(unscaled, scale - target);
    return result;
  }
  if (__builtin_mul_overflow(unscaled, kPowers[target - scale], &result.unscaled) ||
      result.unscaled >= kLimit || result.unscaled <= -kLimit) {
    return NumericOverflow();
  }
  return result;
}

absl::StatusOr<Decimal> Decimal::Fit(int precision, int target) const {
  if (nan) return *this;
  const auto overflow = [&] {
    const int integral = precision - target;
    return status::Error(
        status::sqlstate::kNumericOutOfRange, "numeric field overflow",
        "A field with precision " + std::to_string(precision) + ", scale " +
            std::to_string(target) + " must round to an absolute value less than " +
            (integral != 0 ? "10^" + std::to_string(integral) : std::string("1")) + ".");
  };
  Decimal result{0, static_cast<int16_t>(std::max(target, 0)), false};
  if (target >= scale) {
    if (target > kMaxDigits ||
        __builtin_mul_overflow(unscaled, kPowers[target - scale], &result.unscaled) ||
        result.unscaled >= kLimit || result.unscaled <= -kLimit) {
      return unscaled == 0 && target > kMaxDigits ? absl::StatusOr<Decimal>(NumericOverflow())
                                                  : absl::StatusOr<Decimal>(overflow());
    }
  } else {
    result.unscaled = DropDigits(unscaled, scale - target);
  }
  if (precision < kMaxDigits && Magnitude(result.unscaled) >= Magnitude(kPowers[precision])) {
    return overflow();
  }
  if (target < 0) {
    if (-target > kMaxDigits ||
        __builtin_mul_overflow(result.unscaled, kPowers[-target], &result.unscaled) ||
        Magnitude(result.unscaled) >= Magnitude(kLimit)) {
      return NumericOverflow();
    }
  }
  return result;
}

absl::StatusOr<int64_t> Decimal::ToInt64() const {
  if (nan) {
    return status::Error(status::sqlstate::kFeatureNotSupported, "cannot convert NaN to bigint");
  }
  const int128 rounded = DropDigits(unscaled, scale);
  if (!FitsInt64(rounded)) {
    return status::Error(status::sqlstate::kNumericOutOfRange, "bigint out of range");
  }
  return static_cast<int64_t>(rounded);
}

absl::StatusOr<Decimal> Add(const Decimal& a, const Decimal& b) { return AddSigned(a, b, false); }

absl::StatusOr<Decimal> Subtract(const Decimal& a, const Decimal& b) {
  return AddSigned(a, b, true);
}

absl::StatusOr<Decimal> Multiply(const Decimal& a, const Decimal& b) {
  if (a.nan || b.nan) return kNan;
  const int scale = a.scale + b.scale;
  int128 product;
  if (FitsInt64(a.unscaled) && FitsInt64(b.unscaled)) [[likely]] {
    product = a.unscaled * b.unscaled;
    if (scale <= Decimal::kMaxDigits && product < kLimit && product > -kLimit) {
      return Decimal{product, static_cast<int16_t>(scale), false};
    }
  } else if (scale <= Decimal::kMaxDigits &&
             !__builtin_mul_overflow(a.unscaled, b.unscaled, &product) && product < kLimit &&
             product > -kLimit) {
    return Decimal{product, static_cast<int16_t>(scale), false};
  }
  WideInteger wide(Magnitude(a.unscaled));
  wide.MultiplyBy(Magnitude(b.unscaled));
  return FromWide(wide, scale, (a.unscaled < 0) != (b.unscaled < 0));
}

absl::StatusOr<Decimal> DivideToScale(const Decimal& a, const Decimal& b, int scale) {
  if (a.nan || b.nan) return kNan;
  if (b.unscaled == 0) return DivisionByZero();
  const bool negative = (a.unscaled < 0) != (b.unscaled < 0);
  // The quotient has about as many digits as the operands' distance tells: cap the scale early, so
  // that the dividend stays within the wide integer.
  const int integral = (DigitCount(a.unscaled) - a.scale) - (DigitCount(b.unscaled) - b.scale) + 1;
  if (integral > Decimal::kMaxDigits + 1 && a.unscaled != 0) return NumericOverflow();
  scale = std::clamp(scale, 0, Decimal::kMaxDigits);
  if (integral > 0) scale = std::min(scale, std::max(Decimal::kMaxDigits - integral + 1, 0));
  const int shift = scale + b.scale - a.scale;
  const uint128 divisor = Magnitude(b.unscaled);
  if (shift < 0) {
    // Fewer digits than the dividend has: divide by more instead; the quotient is small.
    WideInteger quotient(Magnitude(a.unscaled));
    uint128 remainder = quotient.DivideBy(divisor);
    Decimal exact{static_cast<int128>(quotient.Low128()), static_cast<int16_t>(-shift), false};
    const int128 dropped = DropDigits(exact.unscaled, -shift);
    (void)remainder;  // Below the last digit kept: it can't reach a half that DropDigits missed.
    return Decimal{negative ? -dropped : dropped, static_cast<int16_t>(scale), false};
  }
  int128 dividend;
  if (shift <= Decimal::kMaxDigits &&
      !__builtin_mul_overflow(a.unscaled, kPowers[shift], &dividend)) [[likely]] {
    const uint128 numerator = Magnitude(dividend);
    uint128 quotient;
    uint128 remainder;
    if ((numerator >> 64) == 0 && (divisor >> 64) == 0) {
      quotient = static_cast<uint64_t>(numerator) / static_cast<uint64_t>(divisor);
      remainder = static_cast<uint64_t>(numerator) % static_cast<uint64_t>(divisor);
    } else {
      quotient = numerator / divisor;
      remainder = numerator - quotient * divisor;
    }
    if (remainder >= divisor - remainder) ++quotient;
    return FromWide(WideInteger(quotient), scale, negative);
  }
  WideInteger wide(Magnitude(a.unscaled));
  wide.MultiplyByPowerOfTen(shift);
  const uint128 remainder = wide.DivideBy(divisor);
  if (remainder >= divisor - remainder) wide.Increment();
  return FromWide(wide, scale, negative);
}

absl::StatusOr<Decimal> Divide(const Decimal& a, const Decimal& b) {
  if (a.nan || b.nan) return kNan;
  if (b.unscaled == 0) return DivisionByZero();
  return DivideToScale(a, b, DivisionScale(a, b));
}

absl::StatusOr<Decimal> Modulo(const Decimal& a, const Decimal& b) {
  if (a.nan || b.nan) return kNan;
  if (b.unscaled == 0) return DivisionByZero();
  const auto scale = static_cast<int16_t>(std::max(a.scale, b.scale));
  int128 left;
  int128 right;
  if (!Align(b, scale, &right)) {
    // |b| is beyond anything that a can be.
    return a.scale == scale ? absl::StatusOr<Decimal>(a) : a.Rescale(scale);
  }
  if (Align(a, scale, &left)) return Decimal{left % right, scale, false};
  WideInteger wide(Magnitude(a.unscaled));
  wide.MultiplyByPowerOfTen(scale - a.scale);
  const auto remainder = static_cast<int128>(wide.DivideBy(Magnitude(right)));
  return Decimal{a.unscaled < 0 ? -remainder : remainder, scale, false};
}

Decimal Negate(const Decimal& a) { return Decimal{-a.unscaled, a.scale, a.nan}; }

std::strong_ordering Compare(const Decimal& a, const Decimal& b) {
  using Order = std::strong_ordering;
  if (a.nan || b.nan) {
    if (a.nan && b.nan) return Order::equal;
    return a.nan ? Order::greater : Order::less;
  }
  const int scale = std::max(a.scale, b.scale);
  int128 left;
  int128 right;
  // A value that overflows when aligned is farther from zero than the other can be.
  if (!Align(a, scale, &left)) return a.unscaled < 0 ? Order::less : Order::greater;
  if (!Align(b, scale, &right)) return b.unscaled < 0 ? Order::greater : Order::less;
  if (left < right) return Order::less;
  return left > right ? Order::greater : Order::equal;
}

uint64_t Hash(const Decimal& value) {
  if (value.nan) return 0x7ff8'0000'dead'0000ULL;
  int128 unscaled = value.unscaled;
  int scale = value.scale;
  while (scale > 0 && !FitsInt64(unscaled) && unscaled % 10 == 0) {
    unscaled /= 10;
    --scale;
  }
  if (FitsInt64(unscaled)) {
    auto narrow = static_cast<int64_t>(unscaled);
    while (scale > 0 && narrow % 10 == 0) {
      narrow /= 10;
      --scale;
    }
    unscaled = narrow;
  }
  const auto bits = static_cast<uint128>(unscaled);
  uint64_t hash =
      (static_cast<uint64_t>(bits) + static_cast<uint64_t>(scale)) * 0x9e3779b97f4a7c15ULL;
  hash ^= static_cast<uint64_t>(bits >> 64) * 0xc2b2ae3d27d4eb4fULL;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 32);
}

}  // namespace adbms::types
