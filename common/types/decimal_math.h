// Functions of numeric beyond the four basic operations, with PostgreSQL's result scales. Pure
// functions. Each takes milliseconds at most: results that would take longer are out of range.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/decimal.h"

namespace adbms::types {

// 22003 "value overflows numeric format".
absl::Status NumericOverflow();
// 22012.
absl::Status DivisionByZero();

// 10^exponent. REQUIRES: 0 <= exponent <= 38.
int128 PowerOfTen(int exponent);
// Decimal digits of |value|; 1 for zero.
int DigitCount(int128 value);

// PostgreSQL computes in base 10000, and chooses scales by the first groups of four digits.
struct LeadingGroups {
  int weight = 0;  // Groups before the point, less one.
  int first = 0;   // 0: the value is zero.
  int second = 0;
  bool single = true;  // No group but the first is other than zero.
};
// REQUIRES: is_finite().
LeadingGroups LeadingGroupsOf(const DecimalView& value);

// PostgreSQL's bounds of the scale of what is divided or has an infinite fraction.
inline constexpr int kMinSignificantDigits = 16;
inline constexpr int kMaxResultScale = 1000;

// The scale of a / b (PostgreSQL's select_div_scale). REQUIRES: both are finite.
int DivisionScale(const DecimalView& a, const DecimalView& b);
// a / b rounded half away from zero to `scale` digits. Errors: 22003, 22012.
absl::StatusOr<Decimal> DivideToScale(const DecimalView& a, const DecimalView& b, int scale);
// a / b cut off after the point.
absl::StatusOr<Decimal> DivideWhole(const DecimalView& a, const DecimalView& b);

// Rounds to `digits` after the point (negative: before it), at most 16383. Errors: 22003.
absl::StatusOr<Decimal> Round(const DecimalView& value, int digits);
absl::StatusOr<Decimal> Truncate(const DecimalView& value, int digits);
absl::StatusOr<Decimal> Ceiling(const DecimalView& value);
absl::StatusOr<Decimal> Floor(const DecimalView& value);
Decimal SignOf(const DecimalView& value);
Decimal Absolute(const DecimalView& value);

// Errors: 22003 when the result does not fit; 2201F, 2201E as PostgreSQL for arguments outside the
// domain.
absl::StatusOr<Decimal> SquareRoot(const DecimalView& value);
absl::StatusOr<Decimal> SquareRootToScale(const DecimalView& value, int scale);
absl::StatusOr<Decimal> Exp(const DecimalView& value);
absl::StatusOr<Decimal> Ln(const DecimalView& value);
absl::StatusOr<Decimal> Log(const DecimalView& base, const DecimalView& value);
absl::StatusOr<Decimal> Power(const DecimalView& base, const DecimalView& exponent);
absl::StatusOr<Decimal> Factorial(int64_t n);
absl::StatusOr<Decimal> GreatestCommonDivisor(const DecimalView& a, const DecimalView& b);
absl::StatusOr<Decimal> LeastCommonMultiple(const DecimalView& a, const DecimalView& b);

// The fewest fraction digits that hold the value.
int LeastScale(const DecimalView& value);
// The same number with these.
Decimal TrimScale(const DecimalView& value);

}  // namespace adbms::types
