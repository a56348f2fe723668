// A finite decimal as an integer of any size and a scale: what is computed with where 128 bits do
// not suffice. Values.
#pragma once

#include "absl/status/statusor.h"
#include "common/types/big_integer.h"
#include "common/types/decimal.h"

namespace adbms::types {

struct WideDecimal {
  BigInteger unscaled;
  int scale = 0;

  // REQUIRES: value.is_finite().
  static WideDecimal Of(const DecimalView& value);
  // Rounded half away from zero. REQUIRES: to >= 0 or what is meant is a multiple of 10^-to.
  void RescaleTo(int to);
  // Narrow where it can be. Errors: 22003 when out of numeric's range. REQUIRES: scale >= 0.
  absl::StatusOr<Decimal> Finish() const;
};

// As of decimals, of what may be beyond numeric's range. REQUIRES: b is not 0.
int DivisionScale(const WideDecimal& a, const WideDecimal& b);
absl::StatusOr<Decimal> DivideToScale(WideDecimal a, const WideDecimal& b, int scale);

}  // namespace adbms::types
