// Civil date and time: PostgreSQL's ranges, input and output of date, time, timestamp and
// timestamptz, and time zones. Days count from 2000-01-01, microseconds from 2000-01-01 00:00 (UTC
// for timestamptz). Pure functions, but for FindTimeZone, which reads the system's zone database
// and is thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/types/type.h"

namespace adbms::types {

inline constexpr int64_t kMicrosecondsPerSecond = 1'000'000;
inline constexpr int64_t kMicrosecondsPerMinute = 60 * kMicrosecondsPerSecond;
inline constexpr int64_t kMicrosecondsPerHour = 60 * kMicrosecondsPerMinute;
inline constexpr int64_t kMicrosecondsPerDay = 24 * kMicrosecondsPerHour;
// Days between 1970-01-01 and 2000-01-01.
inline constexpr int32_t kUnixEpochDays = 10957;

inline constexpr int32_t kDateInfinity = INT32_MAX;
inline constexpr int32_t kDateMinusInfinity = INT32_MIN;
inline constexpr int64_t kTimestampInfinity = INT64_MAX;
inline constexpr int64_t kTimestampMinusInfinity = INT64_MIN;

inline bool IsFiniteDate(int32_t days) {
  return days != kDateInfinity && days != kDateMinusInfinity;
}
inline bool IsFiniteTimestamp(int64_t us) {
  return us != kTimestampInfinity && us != kTimestampMinusInfinity;
}
// PostgreSQL's ranges: 4714-11-24 BC to 5874897 AD, and to 294276 AD.
bool IsValidDate(int64_t days);
bool IsValidTimestamp(int64_t us);

// Civil fields of a timestamp. `year` is astronomical: 0 is 1 BC.
struct CivilTime {
  int year = 2000;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};
CivilTime ToCivil(int64_t us);
// Microseconds of the fields, which may exceed the civil ranges of hour, minute and second.
// Errors: false on overflow of PostgreSQL's range.
bool FromCivil(const CivilTime& civil, int64_t* us);
int DaysInMonth(int year, int month);

// Seconds east of UTC at an instant.
int OffsetAt(const absl::TimeZone& zone, int64_t utc_us);
// Between local and UTC microseconds; infinities stay. A local time that was skipped is read with
// the offset before the gap, one that occurs twice means the second, as in PostgreSQL.
int64_t LocalToUtc(const absl::TimeZone& zone, int64_t local_us);
int64_t UtcToLocal(const absl::TimeZone& zone, int64_t utc_us);

// The setting DateStyle: how dates are written, and in which order their numbers are read and
// written where the style leaves that open.
enum class DateStyle { kIso, kSql, kPostgres, kGerman };
enum class DateOrder { kMdy, kDmy, kYmd };
struct DateFormat {
  DateStyle style = DateStyle::kIso;
  DateOrder order = DateOrder::kMdy;

  bool operator==(const DateFormat&) const = default;
};
// Reads a list such as "SQL, DMY"; what it leaves out stays as in `*format`, and "DEFAULT" is as in
// `initial`. Errors: 22023 as PostgreSQL's.
absl::Status ReadDateStyle(std::string_view text, const DateFormat& initial, DateFormat* format);
// As SHOW DateStyle prints it: "ISO, MDY".
std::string ShowDateStyle(const DateFormat& format);

// Rounds to `modifier`'s fractional digits (Type::modifier; 0: unchanged), half away from zero.
int64_t RoundToPrecision(int64_t us, int32_t modifier);

// What input of dates and times depends on.
struct DateTimeInput {
  absl::TimeZone zone;
  int64_t now_us = 0;  // For 'now', 'today' and the like.
  DateOrder order = DateOrder::kMdy;
};
// Input functions. Errors: 22007, 22008, 22023 as PostgreSQL words them.
absl::Status ParseDate(std::string_view text, const DateTimeInput& input, int32_t* days);
absl::Status ParseTime(std::string_view text, const DateTimeInput& input, int64_t* us);
absl::Status ParseTimestamp(std::string_view text, const DateTimeInput& input, int64_t* us);
absl::Status ParseTimestamptz(std::string_view text, const DateTimeInput& input, int64_t* us);

// Output functions, appended.
void FormatDate(int32_t days, const DateFormat& format, std::string* out);
void FormatTime(int64_t us, std::string* out);
void FormatTimestamp(int64_t us, const DateFormat& format, std::string* out);
void FormatTimestamptz(int64_t us, const absl::TimeZone& zone, const DateFormat& format,
                       std::string* out);

}  // namespace adbms::types
