// Input and output functions of interval. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/interval.h"
#include "common/types/text_io.h"

namespace adbms::types {

// Errors: 22007, 22015.
absl::Status ParseInterval(std::string_view text, Interval* result);
// "1 year 2 mons 3 days 04:05:06.789" in the style "postgres".
void FormatInterval(const Interval& value, IntervalStyle style, std::string* out);

}  // namespace adbms::types
