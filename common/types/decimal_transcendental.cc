// exp, ln, log and power: in binary fixed point with 64 bits more than the result shows.
#include <algorithm>
#include <cmath>
#include <optional>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/decimal_math.h"
#include "common/types/wide_decimal.h"

namespace adbms::types {
namespace {

constexpr std::string_view kInvalidArgumentForLog = "2201E";
constexpr std::string_view kInvalidArgumentForPower = "2201F";
constexpr double kLog10OfE = 0.434294481903252;
constexpr double kLn10 = 2.302585092994046;
constexpr double kBitsPerDigit = 3.3219280948873626;
// PostgreSQL's own: e^6000 is out of range.
constexpr double kExpLimit = 6000;
constexpr double kPowerLimit = 2000 * 3.01;
constexpr double kWeightLimit = 2000;
constexpr size_t kGuardBits = 64;

size_t BitsOfDigits(double digits) {
  return static_cast<size_t>(std::max(digits, 0.0) * kBitsPerDigit) + kGuardBits;
}

// (a · b) / 2^bits.
BigInteger MultiplyFixed(const BigInteger& a, const BigInteger& b, size_t bits) {
  BigInteger product = a * b;
  product >>= bits;
  return product;
}

// 2^bits · factor · artanh(1 / n).
BigInteger InverseArtanh(int factor, uint64_t n, size_t bits) {
  BigInteger power(factor);
  power <<= bits;
  power.DivideBy(n);
  BigInteger sum = power;
  for (uint64_t i = 3; power.Sign() != 0; i += 2) {
    power.DivideBy(n * n);
    BigInteger term = power;
    term.DivideBy(i);
    sum += term;
  }
  return sum;
}

// 2^bits · ln 2, by Machin's way: 18 artanh 1/26 - 2 artanh 1/4801 + 8 artanh 1/8749.
BigInteger LogOfTwo(size_t bits) {
  const size_t guarded = bits + 16;
  BigInteger sum = InverseArtanh(18, 26, guarded) - InverseArtanh(2, 4801, guarded);
  sum += InverseArtanh(8, 8749, guarded);
  sum >>= 16;
  return sum;
}

// 2^bits · e^(x / 2^bits). REQUIRES: |x| < 4 · 2^bits.
BigInteger ExpFixed(const BigInteger& x, size_t bits) {
  // Halved `halvings` times it has a short series; then it is squared as often.
  const auto halvings = static_cast<size_t>(std::sqrt(static_cast<double>(bits)) / 2) + 4;
  const size_t guarded = bits + 2 * halvings + 16;
  BigInteger part = x;
  part <<= guarded - bits - halvings;
  BigInteger one(1);
  one <<= guarded;
  BigInteger sum = one;
  BigInteger term = one;
  for (uint64_t i = 1; term.Sign() != 0; ++i) {
    term *= part;
    // Towards zero, where the series ends.
    const bool negative = term.Sign() < 0;
    if (negative) term.Negate();
    term >>= guarded;
    term.DivideBy(i);
    if (negative) term.Negate();
    sum += term;
  }
  for (size_t i = 0; i < halvings; ++i) sum = MultiplyFixed(sum, sum, guarded);
  sum >>= guarded - bits;
  return sum;
}

// The value with `bits` binary places, which may be negative.
BigInteger ToFixed(const WideDecimal& value, int64_t bits) {
  BigInteger fixed = value.unscaled;
  if (bits >= 0) {
    fixed <<= static_cast<size_t>(bits);
  } else {
    fixed >>= static_cast<size_t>(-bits);
  }
  fixed.DivideBy(BigInteger::PowerOfTen(value.scale));
  return fixed;
}

// Fixed point, rounded half away from zero to a scale.
absl::StatusOr<Decimal> FromFixed(BigInteger fixed, int64_t bits, int scale) {
  fixed *= BigInteger::PowerOfTen(scale);
  if (bits > 0) {
    BigInteger divisor(1);
    divisor <<= static_cast<size_t>(bits);
    fixed.DivideRounded(divisor);
  } else {
    fixed <<= static_cast<size_t>(-bits);
  }
  return WideDecimal{std::move(fixed), scale}.Finish();
}

// ln(value) in fixed point. REQUIRES: value > 0.
BigInteger LnFixed(const WideDecimal& value, size_t bits) {
  // value = mantissa · 2^exponent, 1/2 <= mantissa <= 2.
  const int64_t exponent = static_cast<int64_t>(value.unscaled.BitCount()) -
                           static_cast<int64_t>(value.scale * kBitsPerDigit);
  const size_t guarded = bits + 32;
  const BigInteger mantissa = ToFixed(value, static_cast<int64_t>(guarded) - exponent);
  int64_t power;
  const double fraction = mantissa.Mantissa(&power);
  const double first = std::log(fraction) +
                       static_cast<double>(power - static_cast<int64_t>(guarded)) * std::log(2.0);
  BigInteger ln(static_cast<int64_t>(std::ldexp(first, 52)));
  size_t precision = 52;
  // Halley's iteration, which trebles the digits: y + 2 (m - e^y) / (m + e^y).
  for (size_t right = 45; right < guarded;) {
    right = std::min(right * 3 - 8, guarded);
    ln <<= guarded - precision;
    precision = guarded;
    const BigInteger exp = ExpFixed(ln, guarded);
    BigInteger change = mantissa - exp;
    change <<= guarded + 1;
    change.DivideBy(mantissa + exp);
    ln += change;
  }
  if (exponent != 0) ln += LogOfTwo(guarded) * BigInteger(exponent);
  ln >>= guarded - bits;
  return ln;
}

// e^(x / 2^bits), x any, rounded to a scale.
absl::StatusOr<Decimal> ExpToScale(BigInteger x, size_t bits, int scale) {
  // e^x = 2^n · e^r
  const BigInteger ln2 = LogOfTwo(bits);
  BigInteger n = x;
  n.DivideBy(ln2);
  x -= n * ln2;
  return FromFixed(ExpFixed(x, bits), static_cast<int64_t>(bits) - n.ToInt64(), scale);
}

// PostgreSQL's estimate of the decimal weight of ln(value).
int LnWeight(const DecimalView& value) {
  constexpr int kDigitsPerGroup = 4;
  constexpr DecimalView kNearLow(9, 1);
  constexpr DecimalView kNearHigh(11, 1);
  if (Compare(value, kNearLow) >= 0 && Compare(value, kNearHigh) <= 0) {
    // ln(1 + x) is about x.
    const auto distance = Subtract(value, Decimal::FromInt(1));
    if (!distance.ok() || distance->is_zero()) return 0;
    const LeadingGroups leading = LeadingGroupsOf(*distance);
    return leading.weight * kDigitsPerGroup + static_cast<int>(std::log10(leading.first));
  }
  const LeadingGroups leading = LeadingGroupsOf(value);
  if (leading.first == 0) return 0;
  double digits = leading.first;
  int weight = leading.weight * kDigitsPerGroup;
  if (!leading.single) {
    digits = digits * 10000 + leading.second;
    weight -= kDigitsPerGroup;
  }
  const double ln = std::log(digits) + weight * kLn10;
  return static_cast<int>(std::log10(std::fabs(ln)));
}

int ClampScale(int scale) { return std::clamp(scale, 0, kMaxResultScale); }

absl::Status CheckLogArgument(const DecimalView& value) {
  if (value.Sign() < 0) {
    return status::Error(kInvalidArgumentForLog, "cannot take logarithm of a negative number");
  }
  if (value.Sign() == 0) {
    return status::Error(kInvalidArgumentForLog, "cannot take logarithm of zero");
  }
  return absl::OkStatus();
}

bool IsOne(const DecimalView& value) { return Compare(value, Decimal::FromInt(1)) == 0; }
bool IsWhole(const DecimalView& value) { return value.is_infinite() || LeastScale(value) == 0; }

// An integer of limited precision: mantissa · 2^exponent.
struct Rounded {
  BigInteger mantissa;
  int64_t exponent = 0;

  void Multiply(const Rounded& other, size_t bits) {
    mantissa *= other.mantissa;
    exponent += other.exponent;
    if (const size_t size = mantissa.BitCount(); size > bits) {
      mantissa >>= size - bits;
      exponent += static_cast<int64_t>(size - bits);
    }
  }
};

Rounded RaiseRounded(const BigInteger& base, uint64_t exponent, size_t bits) {
  Rounded result{1, 0};
  for (Rounded power{base, 0};; power.Multiply(Rounded(power), bits)) {
    if ((exponent & 1) != 0) result.Multiply(power, bits);
    exponent >>= 1;
    if (exponent == 0) return result;
  }
}

// mantissa of `numerator` / `denominator` to `bits` bits, rounded to a scale.
absl::StatusOr<Decimal> QuotientToScale(Rounded numerator, const Rounded& denominator, size_t bits,
                                        int scale, bool negative) {
  const size_t shift = bits + denominator.mantissa.BitCount();
  numerator.mantissa <<= shift;
  numerator.mantissa.DivideBy(denominator.mantissa);
  if (negative) numerator.mantissa.Negate();
  return FromFixed(std::move(numerator.mantissa),
                   static_cast<int64_t>(shift) - numerator.exponent + denominator.exponent, scale);
}

// log10 |value|, roughly. REQUIRES: value != 0.
double RoughLog10(const WideDecimal& value) {
  int64_t exponent;
  const double mantissa = value.unscaled.Mantissa(&exponent);
  return std::log10(std::fabs(mantissa)) + static_cast<double>(exponent) / kBitsPerDigit -
         value.scale;
}

// Powers of more bits than this are not computed exactly.
constexpr double kMostExactBits = 1 << 21;

// REQUIRES: exponent is none of -1 ... 2, base is not 0.
absl::StatusOr<Decimal> RaiseToInteger(const WideDecimal& base, int64_t exponent, int scale) {
  const double weight = static_cast<double>(exponent) * RoughLog10(base);
  if (weight > 3.0 * INT16_MAX * 4) return NumericOverflow();
  if (weight + 1 < -scale || weight + 1 < -kMaxResultScale) return Decimal(0, 0).Rescale(scale);
  const bool negative = base.unscaled.Sign() < 0 && (exponent & 1) != 0;
  const auto times = static_cast<uint64_t>(std::abs(exponent));
  BigInteger magnitude = base.unscaled;
  if (magnitude.Sign() < 0) magnitude.Negate();
  // Rounding errors add up with the exponent.
  size_t bits = BitsOfDigits(weight + scale) + 2 * kGuardBits;
  const double base_bits = static_cast<double>(magnitude.BitCount()) + base.scale * kBitsPerDigit;
  if (base_bits * static_cast<double>(times) < kMostExactBits) {
    bits = static_cast<size_t>(kMostExactBits);
    Rounded power = RaiseRounded(magnitude, times, bits);
    BigInteger denominator = BigInteger::PowerOfTen(static_cast<int64_t>(times) * base.scale);
    if (exponent < 0) std::swap(power.mantissa, denominator);
    if (negative) power.mantissa.Negate();
    power.mantissa *= BigInteger::PowerOfTen(scale);
    power.mantissa.DivideRounded(denominator);
    return WideDecimal{std::move(power.mantissa), scale}.Finish();
  }
  Rounded power = RaiseRounded(magnitude, times, bits);
  Rounded denominator = RaiseRounded(BigInteger::PowerOfTen(base.scale), times, bits);
  if (exponent < 0) std::swap(power, denominator);
  return QuotientToScale(std::move(power), denominator, bits, scale, negative);
}

// unscaled^exponent exactly, in 128 bits; nothing where those do not suffice. REQUIRES: exponent >
// 0.
std::optional<int128> RaiseNarrow(const DecimalView& base, int64_t exponent) {
  if (!base.is_narrow() || base.scale() * exponent > DecimalView::kMaxDigits) return {};
  int128 result = 1;
  for (int128 power = base.unscaled();;) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, power, &result)) return {};
    exponent >>= 1;
    if (exponent == 0) break;
    if (__builtin_mul_overflow(power, power, &power)) return {};
  }
  if (result >= DecimalView::kLimit || result <= -DecimalView::kLimit) return {};
  return result;
}

absl::StatusOr<Decimal> IntegerPower(const DecimalView& base, int64_t exponent) {
  const int scale = ClampScale(std::max(kMinSignificantDigits, base.scale()));
  switch (exponent) {
    case 0:
      return Decimal::FromInt(1).Rescale(scale);
    case 1:
      return base.Rescale(scale);
    case -1:
      return DivideToScale(Decimal::FromInt(1), base, scale);
    case 2: {
      WideDecimal square = WideDecimal::Of(base);
      square.unscaled *= BigInteger(square.unscaled);
      square.scale *= 2;
      square.RescaleTo(scale);
      return square.Finish();
    }
    default:
      break;
  }
  if (base.is_zero()) {
    if (exponent < 0) return DivisionByZero();
    return Decimal().Rescale(scale);
  }
  if (exponent > 0) {
    if (const auto narrow = RaiseNarrow(base, exponent)) {
      return Decimal(*narrow, base.scale() * static_cast<int>(exponent)).Rescale(scale);
    }
  }
  return RaiseToInteger(WideDecimal::Of(base), exponent, scale);
}

// REQUIRES: both are finite, base > 0.
absl::StatusOr<Decimal> FractionalPower(const DecimalView& base, const DecimalView& exponent,
                                        bool negative) {
  // Enough to choose the scale.
  constexpr size_t kRoughBits = 128;
  const int ln_weight = LnWeight(base);
  const WideDecimal wide_base = WideDecimal::Of(base);
  const WideDecimal wide_exponent = WideDecimal::Of(exponent);
  const size_t rough_bits = kRoughBits + static_cast<size_t>(4 * std::max(-ln_weight, 0));
  WideDecimal rough{LnFixed(wide_base, rough_bits) * wide_exponent.unscaled, 0};
  rough.unscaled.DivideBy(BigInteger::PowerOfTen(wide_exponent.scale));
  int64_t binary;
  double ln = rough.unscaled.Mantissa(&binary);
  ln = std::ldexp(ln, static_cast<int>(std::clamp<int64_t>(
                          binary - static_cast<int64_t>(rough_bits), -1000, 1000)));
  if (std::fabs(ln) > kPowerLimit) {
    if (ln > 0) return NumericOverflow();
    return Decimal().Rescale(kMaxResultScale);
  }
  const double weight = ln * kLog10OfE;
  const int scale = ClampScale(
      std::max({kMinSignificantDigits - static_cast<int>(weight), base.scale(), exponent.scale()}));
  if (ln >= kExpLimit) return NumericOverflow();
  if (ln <= -kExpLimit) return Decimal().Rescale(scale);
  const size_t bits = BitsOfDigits(scale + weight) + kGuardBits;
  const double exponent_size =
      static_cast<double>(wide_exponent.unscaled.BitCount()) - wide_exponent.scale * kBitsPerDigit;
  const size_t exponent_bits = exponent_size > 0 ? static_cast<size_t>(exponent_size) + 1 : 1;
  BigInteger x = LnFixed(wide_base, bits + exponent_bits) * wide_exponent.unscaled;
  x.DivideBy(BigInteger::PowerOfTen(wide_exponent.scale));
  x >>= exponent_bits;
  ASSIGN_OR_RETURN(Decimal power, ExpToScale(std::move(x), bits, scale));
  return negative ? Negate(power) : power;
}

// One of the two is not finite.
absl::StatusOr<Decimal> SpecialPower(const DecimalView& base, const DecimalView& exponent) {
  const Decimal one = Decimal::FromInt(1);
  if (base.is_nan()) return exponent.is_zero() ? one : Decimal(base);
  if (exponent.is_nan()) return IsOne(base) ? one : Decimal(exponent);
  if (base.Sign() == 0 && exponent.Sign() < 0) {
    return status::Error(kInvalidArgumentForPower, "zero raised to a negative power is undefined");
  }
  if (base.Sign() < 0 && !IsWhole(exponent)) {
    return status::Error(kInvalidArgumentForPower,
                         "a negative number raised to a non-integer power yields a complex result");
  }
  if (IsOne(base) || exponent.Sign() == 0) return one;
  if (base.Sign() == 0) return Decimal();
  if (exponent.is_infinite()) {
    const auto order = Compare(Absolute(base), one);
    if (order == 0) return one;
    const bool grows = (order > 0) == (exponent.Sign() > 0);
    return grows ? Decimal(DecimalView::Infinity(false)) : Decimal();
  }
  if (exponent.Sign() < 0) return Decimal();
  ASSIGN_OR_RETURN(const Decimal rest, Modulo(exponent, Decimal::FromInt(2)));
  return DecimalView::Infinity(base.Sign() < 0 && !rest.is_zero());
}

}  // namespace

absl::StatusOr<Decimal> Exp(const DecimalView& value) {
  if (!value.is_finite()) return value.Sign() < 0 ? Decimal() : Decimal(value);
  const double number = value.ToDouble();
  const double weight = std::clamp(number * kLog10OfE, -kWeightLimit, kWeightLimit);
  const int scale =
      ClampScale(std::max(kMinSignificantDigits - static_cast<int>(weight), value.scale()));
  if (number >= kExpLimit) return NumericOverflow();
  if (number <= -kExpLimit) return Decimal().Rescale(scale);
  const size_t bits = BitsOfDigits(scale + number * kLog10OfE) + kGuardBits;
  return ExpToScale(ToFixed(WideDecimal::Of(value), static_cast<int64_t>(bits)), bits, scale);
}

absl::StatusOr<Decimal> Ln(const DecimalView& value) {
  if (value.is_nan()) return value;
  RETURN_IF_ERROR(CheckLogArgument(value));
  if (value.is_infinite()) return value;
  const int scale = ClampScale(std::max(kMinSignificantDigits - LnWeight(value), value.scale()));
  const size_t bits = BitsOfDigits(scale) + kGuardBits;
  return FromFixed(LnFixed(WideDecimal::Of(value), bits), static_cast<int64_t>(bits), scale);
}

absl::StatusOr<Decimal> Log(const DecimalView& base, const DecimalView& value) {
  if (base.is_nan() || value.is_nan()) return DecimalView::NaN();
  RETURN_IF_ERROR(CheckLogArgument(base));
  RETURN_IF_ERROR(CheckLogArgument(value));
  if (base.is_infinite()) return value.is_infinite() ? DecimalView::NaN() : DecimalView();
  if (value.is_infinite()) return value;
  if (IsOne(base)) return DivisionByZero();
  const int base_weight = LnWeight(base);
  const int weight = LnWeight(value) - base_weight;
  const int scale =
      ClampScale(std::max({kMinSignificantDigits - weight, base.scale(), value.scale()}));
  // The quotient has as many good digits as each of the two.
  const size_t bits =
      BitsOfDigits(scale + std::abs(weight) + 2.0 * std::abs(base_weight)) + kGuardBits;
  BigInteger quotient = LnFixed(WideDecimal::Of(value), bits);
  quotient <<= bits;
  quotient.DivideBy(LnFixed(WideDecimal::Of(base), bits));
  return FromFixed(std::move(quotient), static_cast<int64_t>(bits), scale);
}

absl::StatusOr<Decimal> Power(const DecimalView& base, const DecimalView& exponent) {
  if (!base.is_finite() || !exponent.is_finite()) return SpecialPower(base, exponent);
  if (base.is_zero() && exponent.Sign() < 0) {
    return status::Error(kInvalidArgumentForPower, "zero raised to a negative power is undefined");
  }
  const bool whole = IsWhole(exponent);
  if (whole) {
    const auto number = exponent.ToInt64();
    if (number.ok() && *number >= INT32_MIN && *number <= INT32_MAX) {
      return IntegerPower(base, *number);
    }
  }
  if (base.Sign() < 0 && !whole) {
    return status::Error(kInvalidArgumentForPower,
                         "a negative number raised to a non-integer power yields a complex result");
  }
  if (base.is_zero()) return Decimal(0, kMinSignificantDigits);
  ASSIGN_OR_RETURN(const Decimal rest, Modulo(exponent, Decimal::FromInt(2)));
  return FractionalPower(Absolute(base), exponent, base.Sign() < 0 && !rest.is_zero());
}

}  // namespace adbms::types
