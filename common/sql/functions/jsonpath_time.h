// Dates and times in a path: what datetime() reads, and how they compare (PostgreSQL's manual,
// 9.16.2). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace adbms::sql::functions {

struct PathTime {
  enum class Kind { kDate, kTime, kTimetz, kTimestamp, kTimestamptz };

  Kind kind = Kind::kDate;
  // Microseconds: of a day for times, since 2000-01-01 otherwise; UTC for kTimestamptz, local for
  // the rest. Infinity for a date beyond all timestamps.
  int64_t us = 0;
  int32_t days = 0;        // Since 2000-01-01; of kDate.
  int offset_seconds = 0;  // East of UTC; of kTimetz and kTimestamptz.
};

// "time with time zone"; "timetz".
std::string_view NameOf(PathTime::Kind kind);
std::string_view ShortNameOf(PathTime::Kind kind);
// ISO 8601, as PostgreSQL writes them into JSON.
std::string FormatPathTime(const PathTime& time);

// By the formats of ISO 8601; nothing where none fits.
std::optional<PathTime> ReadPathTime(std::string_view text);

// What comparisons across time zones need to know.
struct PathZone {
  absl::TimeZone zone;
  int64_t now_us = 0;
};
// Negative, 0 or positive; nothing for what does not compare. Errors: 0A000 where it depends on the
// time zone and there is none.
absl::StatusOr<std::optional<int>> ComparePathTimes(const PathTime& a, const PathTime& b,
                                                    const std::optional<PathZone>& zone);

}  // namespace adbms::sql::functions
