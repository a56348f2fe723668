// Notations of to_char that no digits of a template make: EEEE and RN. Pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/types/decimal.h"

namespace adbms::sql::functions {

// As numeric's to_char: " 1.23e+03". `integral`: the template's digits before the point, of which
// what is not finite has as many '#'.
absl::StatusOr<std::string> ScientificNotation(const types::DecimalView& value, int integral,
                                               int fraction);
// As that of integer and the floating-point types, which round as C does.
std::string ScientificNotation(double value, int integral, int fraction);

// As wide as the longest numeral, but in fill mode; '#' for what has none, 0 or above 3999.
std::string RomanNumeral(int64_t value, bool fill_mode, bool lower);

}  // namespace adbms::sql::functions
