// numeric: a 128-bit unscaled integer and a decimal scale. PostgreSQL's results for up to 38 digits;
// beyond that, error 22003. Values only; no allocation.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace adbms::types {

using int128 = __int128;

struct Decimal {
  static constexpr int kMaxDigits = 38;

  int128 unscaled = 0;  // value = unscaled / 10^scale
  int16_t scale = 0;    // Display scale, 0..38; PostgreSQL's dscale.
  bool nan = false;     // NaN: equal to itself, greater than everything else.

  static Decimal FromInt(int64_t value) { return Decimal{value, 0, false}; }
  // Errors: 22P02 when it is no number, 22003 when it has more than 38 digits.
  static absl::StatusOr<Decimal> Parse(std::string_view text);
  // As PostgreSQL's float8::numeric: the shortest text of 15 digits. NaN gives NaN, infinity is 22003.
  static absl::StatusOr<Decimal> FromDouble(double value);
  std::string ToString() const;  // "12.50", "NaN"
  double ToDouble() const;

  // Rounded half away from zero to `scale` digits. Errors: 22003.
  absl::StatusOr<Decimal> Rescale(int scale) const;
  // Rounded to numeric(precision, scale). Errors: 22003 "numeric field overflow" with PostgreSQL's detail.
  absl::StatusOr<Decimal> Fit(int precision, int scale) const;
  // Rounded half away from zero. Errors: 22003.
  absl::StatusOr<int64_t> ToInt64() const;
};

// Result scales as PostgreSQL: max(scales) for + - %, sum for *, select_div_scale for /.
// A result of more than 38 digits gives up fraction digits, rounded half away from zero.
// Errors: 22003 when its integral part does not fit, 22012 on division by zero.
absl::StatusOr<Decimal> Add(const Decimal& a, const Decimal& b);
absl::StatusOr<Decimal> Subtract(const Decimal& a, const Decimal& b);
absl::StatusOr<Decimal> Multiply(const Decimal& a, const Decimal& b);
absl::StatusOr<Decimal> Divide(const Decimal& a, const Decimal& b);
absl::StatusOr<Decimal> Modulo(const Decimal& a, const Decimal& b);
Decimal Negate(const Decimal& a);

// By value: 1.0 equals 1.00; NaN is greatest.
std::strong_ordering Compare(const Decimal& a, const Decimal& b);
// Equal values have equal hashes.
uint64_t Hash(const Decimal& value);

}  // namespace adbms::types
