#include "common/types/decimal_math.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/wide_decimal.h"

namespace adbms::types {
namespace {

constexpr std::string_view kInvalidArgumentForPower = "2201F";
// Rounded to more places before the point nothing is left, or what is out of range.
constexpr int kLeastRoundedDigits = -DecimalView::kMaxIntegralDigits - 1;
// A factorial of more is out of range.
constexpr int64_t kMostFactors = 32177;

int FloorDivide(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// As many as groups are read of; all digits of a long number would take longer than what is
// computed with it.
constexpr int kLeadingDigits = 12;

// Of a value of `count` digits, the first twelve of which `digit_at` gives by their place.
template <typename DigitAt>
LeadingGroups GroupDigits(int count, int scale, DigitAt digit_at) {
  LeadingGroups result;
  const int exponent = count - scale - 1;
  result.weight = FloorDivide(exponent, 4);
  const int in_first = exponent - 4 * result.weight + 1;
  for (int i = 0; i < in_first; ++i) result.first = result.first * 10 + digit_at(i);
  for (int i = in_first; i < in_first + 4; ++i) result.second = result.second * 10 + digit_at(i);
  result.single = true;
  for (int i = in_first; i < std::min(count, kLeadingDigits) && result.single; ++i)
    result.single = digit_at(i) == 0;
  return result;
}

// Floor or ceiling.
absl::StatusOr<Decimal> RoundTowards(const DecimalView& value, int direction) {
  if (!value.is_finite()) return value;
  if (value.is_narrow()) {
    const int128 power = PowerOfTen(value.scale());
    const int128 quotient = value.unscaled() / power;
    const int128 remainder = value.unscaled() % power;
    const bool away = direction < 0 ? remainder < 0 : remainder > 0;
    return Decimal(away ? quotient + direction : quotient, 0);
  }
  WideDecimal wide = WideDecimal::Of(value);
  const BigInteger remainder =
      wide.unscaled.DivideWithRemainder(BigInteger::PowerOfTen(wide.scale));
  if (remainder.Sign() == direction) wide.unscaled += BigInteger(direction);
  wide.scale = 0;
  return wide.Finish();
}

}  // namespace

namespace {

LeadingGroups LeadingGroupsOf(const WideDecimal& value) {
  if (value.unscaled.Sign() == 0) return {};
  const auto count = static_cast<int>(value.unscaled.DigitCount());
  BigInteger first = value.unscaled;
  bool rest = false;
  if (count > kLeadingDigits) {
    const BigInteger power = BigInteger::PowerOfTen(count - kLeadingDigits);
    rest = first.DivideWithRemainder(power).Sign() != 0;
  }
  const std::string digits = first.Digits();
  LeadingGroups result = GroupDigits(count, value.scale, [&](int i) {
    return static_cast<size_t>(i) < digits.size() ? digits[static_cast<size_t>(i)] - '0' : 0;
  });
  result.single &= !rest;
  return result;
}

// Weight and first group alone, which is fast.
LeadingGroups FirstGroupOf(const DecimalView& value) {
  if (!value.is_narrow()) return types::LeadingGroupsOf(value);
  if (value.is_zero()) return {};
  LeadingGroups result;
  result.weight = FloorDivide(DigitCount(value.unscaled()) - value.scale() - 1, 4);
  const uint128 magnitude = value.unscaled() < 0 ? -static_cast<uint128>(value.unscaled())
                                                 : static_cast<uint128>(value.unscaled());
  const int power = value.scale() + 4 * result.weight;
  result.first =
      static_cast<int>(power >= 0 ? magnitude / static_cast<uint128>(PowerOfTen(power))
                                  : magnitude * static_cast<uint128>(PowerOfTen(-power)));
  return result;
}

int QuotientScale(const LeadingGroups& a, const LeadingGroups& b, int least) {
  int weight = a.weight - b.weight;
  if (a.first <= b.first) --weight;
  return std::min(std::max({kMinSignificantDigits - weight * 4, least, 0}), kMaxResultScale);
}

}  // namespace

LeadingGroups LeadingGroupsOf(const DecimalView& value) {
  return LeadingGroupsOf(WideDecimal::Of(value));
}

int DivisionScale(const DecimalView& a, const DecimalView& b) {
  return QuotientScale(FirstGroupOf(a), FirstGroupOf(b), std::max(a.scale(), b.scale()));
}

int DivisionScale(const WideDecimal& a, const WideDecimal& b) {
  return QuotientScale(LeadingGroupsOf(a), LeadingGroupsOf(b), std::max(a.scale, b.scale));
}

absl::StatusOr<Decimal> Round(const DecimalView& value, int digits) {
  if (!value.is_finite()) return value;
  digits = std::clamp(digits, kLeastRoundedDigits, DecimalView::kMaxScale);
  if (digits >= 0) return value.Rescale(digits);
  const int drop = value.scale() - digits;
  if (value.is_narrow() && drop <= DecimalView::kMaxDigits) {
    const int128 power = PowerOfTen(drop);
    int128 kept = value.unscaled() / power;
    const int128 rest = value.unscaled() % power;
    if (rest >= power - rest) ++kept;
    if (-rest >= power + rest) --kept;
    int128 rounded;
    if (!__builtin_mul_overflow(kept, PowerOfTen(-digits), &rounded) &&
        rounded < DecimalView::kLimit && rounded > -DecimalView::kLimit) {
      return Decimal(rounded, 0);
    }
  }
  WideDecimal wide = WideDecimal::Of(value);
  wide.RescaleTo(digits);
  wide.RescaleTo(0);
  return wide.Finish();
}

absl::StatusOr<Decimal> Truncate(const DecimalView& value, int digits) {
  if (!value.is_finite()) return value;
  digits = std::clamp(digits, kLeastRoundedDigits, DecimalView::kMaxScale);
  if (digits >= value.scale()) return value.Rescale(digits);
  const int scale = std::max(digits, 0);
  if (value.is_narrow()) {
    const int drop = value.scale() - digits;
    if (drop > DecimalView::kMaxDigits) return Decimal(0, 0).Rescale(scale);
    const int128 kept = value.unscaled() / PowerOfTen(drop);
    return Decimal(digits < 0 ? kept * PowerOfTen(-digits) : kept, scale);
  }
  WideDecimal wide = WideDecimal::Of(value);
  wide.unscaled.DivideBy(BigInteger::PowerOfTen(value.scale() - digits));
  wide.scale = digits;
  wide.RescaleTo(scale);
  return wide.Finish();
}

absl::StatusOr<Decimal> Floor(const DecimalView& value) { return RoundTowards(value, -1); }
absl::StatusOr<Decimal> Ceiling(const DecimalView& value) { return RoundTowards(value, 1); }

Decimal SignOf(const DecimalView& value) {
  return value.is_nan() ? Decimal(value) : Decimal::FromInt(value.Sign());
}

Decimal Absolute(const DecimalView& value) {
  return value.Sign() < 0 ? Negate(value) : Decimal(value);
}

int LeastScale(const DecimalView& value) {
  int scale = value.scale();
  if (value.is_narrow()) {
    for (int128 rest = value.unscaled(); scale > 0 && rest % 10 == 0; --scale) rest /= 10;
    return scale;
  }
  if (value.is_zero() || !value.is_wide()) return 0;
  const std::string digits = WideDecimal::Of(value).unscaled.Digits();
  const size_t last = digits.find_last_not_of('0');
  return std::max(0, scale - static_cast<int>(digits.size() - 1 - last));
}

Decimal TrimScale(const DecimalView& value) {
  const int least = LeastScale(value);
  if (least == value.scale()) return value;
  if (value.is_narrow()) return {value.unscaled() / PowerOfTen(value.scale() - least), least};
  WideDecimal wide = WideDecimal::Of(value);
  wide.RescaleTo(least);
  // It has fewer digits than before.
  return *wide.Finish();
}

absl::StatusOr<Decimal> SquareRootToScale(const DecimalView& value, int scale) {
  if (value.is_nan()) return value;
  if (value.Sign() < 0) {
    return status::Error(kInvalidArgumentForPower, "cannot take square root of a negative number");
  }
  if (value.is_infinite()) return value;
  WideDecimal square = WideDecimal::Of(value);
  // The root of a number without a fraction has half of its digits.
  const int shift = 2 * scale - value.scale();
  if (shift >= 0) {
    square.unscaled *= BigInteger::PowerOfTen(shift);
  } else {
    square.unscaled.DivideBy(BigInteger::PowerOfTen(-shift));
  }
  WideDecimal root{square.unscaled.SquareRoot(), scale};
  // Half and more: the square is at least root² + root + 1.
  square.unscaled -= root.unscaled * root.unscaled;
  if (BigInteger::Compare(square.unscaled, root.unscaled) > 0) root.unscaled += BigInteger(1);
  return root.Finish();
}

absl::StatusOr<Decimal> SquareRoot(const DecimalView& value) {
  if (!value.is_finite() || value.Sign() < 0) return SquareRootToScale(value, 0);
  const int root_weight = (LeadingGroupsOf(value).weight + 1) * 4 / 2 - 1;
  const int scale = std::max({kMinSignificantDigits - root_weight, value.scale(), 0});
  return SquareRootToScale(value, std::min(scale, kMaxResultScale));
}

absl::StatusOr<Decimal> Factorial(int64_t n) {
  if (n < 0) {
    return status::Error(status::sqlstate::kNumericOutOfRange,
                         "factorial of a negative number is undefined");
  }
  if (n > kMostFactors) return NumericOverflow();
  return WideDecimal{BigInteger::Factorial(static_cast<uint64_t>(n)), 0}.Finish();
}

absl::StatusOr<Decimal> GreatestCommonDivisor(const DecimalView& a, const DecimalView& b) {
  if (!a.is_finite() || !b.is_finite()) return DecimalView::NaN();
  WideDecimal x = WideDecimal::Of(a);
  WideDecimal y = WideDecimal::Of(b);
  const int scale = std::max(a.scale(), b.scale());
  x.RescaleTo(scale);
  y.RescaleTo(scale);
  return WideDecimal{BigInteger::GreatestCommonDivisor(x.unscaled, y.unscaled), scale}.Finish();
}

absl::StatusOr<Decimal> LeastCommonMultiple(const DecimalView& a, const DecimalView& b) {
  if (!a.is_finite() || !b.is_finite()) return DecimalView::NaN();
  WideDecimal x = WideDecimal::Of(a);
  WideDecimal y = WideDecimal::Of(b);
  const int scale = std::max(a.scale(), b.scale());
  if (x.unscaled.Sign() == 0 || y.unscaled.Sign() == 0) return WideDecimal{0, scale}.Finish();
  x.RescaleTo(scale);
  y.RescaleTo(scale);
  y.unscaled.DivideBy(BigInteger::GreatestCommonDivisor(x.unscaled, y.unscaled));
  x.unscaled *= y.unscaled;
  if (x.unscaled.Sign() < 0) x.unscaled.Negate();
  return x.Finish();
}

}  // namespace adbms::types
