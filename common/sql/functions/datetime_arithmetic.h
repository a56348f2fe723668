// Arithmetic of timestamps and intervals (PostgreSQL's manual, 9.9). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/types/decimal.h"
#include "common/types/interval.h"
#include "common/types/type.h"

namespace adbms::sql::functions {

// Months are added in civil time, clamped to the month's end; then days, then the time part; for a
// timestamptz days and months count in `zone`. Errors: 22008 "timestamp out of range".
absl::StatusOr<int64_t> AddToTimestamp(int64_t us, const types::Interval& interval);
absl::StatusOr<int64_t> AddToTimestamptz(int64_t us, const types::Interval& interval,
                                         const absl::TimeZone& zone);
// Errors: 22008 "interval out of range".
absl::StatusOr<types::Interval> NegateInterval(const types::Interval& interval);
absl::StatusOr<types::Interval> AddIntervals(const types::Interval& a, const types::Interval& b);
// `factor` times; fractions of months become days, those of days time.
absl::StatusOr<types::Interval> MultiplyInterval(const types::Interval& interval, double factor);
// Divided by `divisor`, likewise. Errors: 22012, 22008.
absl::StatusOr<types::Interval> DivideInterval(const types::Interval& interval, double divisor);
// 24 hours become a day; 30 days a month; both with one sign.
absl::StatusOr<types::Interval> JustifyHours(types::Interval interval);
absl::StatusOr<types::Interval> JustifyDays(types::Interval interval);
absl::StatusOr<types::Interval> JustifyInterval(types::Interval interval);
// a - b: days and time.
absl::StatusOr<types::Interval> TimestampDifference(int64_t a, int64_t b);
// a - b in years, months and days.
types::Interval Age(int64_t a, int64_t b);
// A field of a time of day; `type` is for messages. Errors: 22023, 0A000.
absl::StatusOr<std::optional<types::Decimal>> ExtractFromTime(std::string_view unit, int64_t us,
                                                              types::TypeId type);

}  // namespace adbms::sql::functions
