// Functions of numeric beyond the four basic operations, with PostgreSQL's result scales.
// Transcendental ones compute with 113-bit floating point, which covers all digits that PostgreSQL
// shows for ordinary arguments. Pure functions.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/decimal.h"

namespace adbms::types {

using Quad = __float128;

// 22003: the value has more than 38 digits before the point.
absl::Status NumericOverflow();

// 10^exponent. REQUIRES: 0 <= exponent <= 38.
int128 PowerOfTen(int exponent);
// Decimal digits of |value|; 1 for zero.
int DigitCount(int128 value);
// The scale of a / b (PostgreSQL's select_div_scale).
int DivisionScale(const Decimal& a, const Decimal& b);
// a / b rounded half away from zero to `scale` digits (fewer when 38 digits do not suffice).
// Errors: 22003, 22012.
absl::StatusOr<Decimal> DivideToScale(const Decimal& a, const Decimal& b, int scale);

// Rounds to `digits` after the point (negative: before it). Errors: 22003.
absl::StatusOr<Decimal> Round(const Decimal& value, int digits);
absl::StatusOr<Decimal> Truncate(const Decimal& value, int digits);
Decimal Ceiling(const Decimal& value);
Decimal Floor(const Decimal& value);
int Sign(const Decimal& value);

// Errors: 22003 when the result does not fit; 2201F, 2201E as PostgreSQL for arguments outside the
// domain.
absl::StatusOr<Decimal> SquareRoot(const Decimal& value);
absl::StatusOr<Decimal> SquareRootToScale(const Decimal& value, int scale);
absl::StatusOr<Decimal> Exp(const Decimal& value);
absl::StatusOr<Decimal> Ln(const Decimal& value);
absl::StatusOr<Decimal> Log(const Decimal& base, const Decimal& value);
absl::StatusOr<Decimal> Power(const Decimal& base, const Decimal& exponent);
// The same number with the fewest fraction digits.
Decimal TrimScale(const Decimal& value);

Quad ToQuad(const Decimal& value);
// Rounded half away from zero to `scale`, clamped to what 38 digits hold. Errors: 22003.
absl::StatusOr<Decimal> FromQuad(Quad value, int scale);

}  // namespace adbms::types
