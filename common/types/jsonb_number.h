// Numbers in jsonb: decimal, of PostgreSQL's range (131072 digits before the point, 16383 after),
// exact. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/decimal.h"

namespace adbms::types {

// What numeric holds in PostgreSQL.
inline constexpr int kMostJsonbScale = 16383;
inline constexpr int kMostJsonbExponent = 131072;

// ±0.d1d2… · 10^exponent; the digits are ASCII, neither the first nor the last is 0, and belong to
// somebody else. No digits: zero, whose exponent is 0 and which is not negative.
struct JsonbNumber {
  std::string_view digits;
  int32_t exponent = 0;
  uint16_t scale = 0;  // Digits after the point, as written.
  bool negative = false;

  bool IsZero() const { return digits.empty(); }
};

// A JSON number. Its digits are in `storage`. Errors: 22003 "value overflows numeric format".
// REQUIRES: the token is a number by JSON's grammar.
absl::StatusOr<JsonbNumber> ReadJsonbNumber(std::string_view token, std::string* storage);

// By value: 1.0 equals 1.00. Negative, 0 or positive.
int CompareJsonbNumbers(const JsonbNumber& a, const JsonbNumber& b);

// As PostgreSQL's numeric writes it: no exponent, all digits of the scale.
void FormatJsonbNumber(const JsonbNumber& number, std::string* out);
// How long that is.
size_t JsonbNumberLength(const JsonbNumber& number);

absl::StatusOr<Decimal> ToDecimal(const JsonbNumber& number);
// The nearest; 22003 when out of the type's range, as numeric's cast.
absl::StatusOr<double> ToDouble(const JsonbNumber& number);
// Rounded half away from zero. Errors: 22003.
absl::StatusOr<int64_t> ToInteger(const JsonbNumber& number);

}  // namespace adbms::types
