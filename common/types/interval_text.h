// Input and output functions of interval. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/interval.h"

namespace adbms::types {

// Errors: 22007, 22015.
absl::Status ParseInterval(std::string_view text, Interval* result);
// The "postgres" style: "1 year 2 mons 3 days 04:05:06.789".
void FormatInterval(const Interval& value, std::string* out);

}  // namespace adbms::types
