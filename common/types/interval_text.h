// Input and output functions of interval. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/interval.h"
#include "common/types/text_io.h"

namespace adbms::types {

// `fields` of the interval's type (time_modifier.h) say what a number without a unit counts, and
// whether "12:34" are hours or minutes. Errors: 22007, 22015.
absl::Status ParseInterval(std::string_view text, int fields, Interval* result);
// "1 year 2 mons 3 days 04:05:06.789" in the style "postgres".
void FormatInterval(const Interval& value, IntervalStyle style, std::string* out);

}  // namespace adbms::types
