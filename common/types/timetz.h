// time with time zone: a time of day and an offset. A value is one integer that orders as
// PostgreSQL compares: first the instant of the day in UTC, then the zone, from east to west. Pure
// functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/datetime.h"

namespace adbms::types {

struct TimeTz {
  int64_t time_us = 0;       // 0 to 24:00
  int32_t west_seconds = 0;  // West of Greenwich, less than 16 hours either way.

  int64_t utc_us() const { return time_us + west_seconds * kMicrosecondsPerSecond; }
};

int64_t PackTimeTz(const TimeTz& value);
TimeTz UnpackTimeTz(int64_t packed);
// Whether the fields are within the ranges above.
bool IsValidTimeTz(int64_t time_us, int64_t west_seconds);

// Errors: 22007, 22008, 22023 as PostgreSQL words them.
absl::Status ParseTimeTz(std::string_view text, const DateTimeInput& input, int64_t* packed);
void FormatTimeTz(int64_t packed, std::string* out);
// As RoundToPrecision.
int64_t RoundTimeTz(int64_t packed, int32_t modifier);

}  // namespace adbms::types
