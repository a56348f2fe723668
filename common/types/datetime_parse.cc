// Dates and times from text (datetime_fields.h).
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/datetime_fields.h"
#include "common/types/number_text.h"
#include "common/types/text_io.h"
#include "common/types/time_zone.h"

namespace adbms::types {
namespace {

using status::Error;
namespace sqlstate = status::sqlstate;

int64_t FloorDay(int64_t us) {
  const int64_t rest = us % kMicrosecondsPerDay;
  return us - (rest < 0 ? rest + kMicrosecondsPerDay : rest);
}

// A special's local time; false for those that are no point in time.
bool SpecialLocal(SpecialDate special, const absl::TimeZone& zone, int64_t now_us, int64_t* local) {
  const int64_t now = UtcToLocal(zone, now_us);
  switch (special) {
    case SpecialDate::kNow:
      *local = now;
      return true;
    case SpecialDate::kToday:
      *local = FloorDay(now);
      return true;
    case SpecialDate::kTomorrow:
      *local = FloorDay(now) + kMicrosecondsPerDay;
      return true;
    case SpecialDate::kYesterday:
      *local = FloorDay(now) - kMicrosecondsPerDay;
      return true;
    default:
      return false;
  }
}

absl::TimeZone ZoneOf(const DateTimeFields& fields, const absl::TimeZone& session, int64_t local) {
  return fields.zone.has_value() ? fields.zone->AtLocal(local) : session;
}

absl::Status ParseInstant(std::string_view text, bool with_zone, const DateTimeInput& input,
                          int64_t* us) {
  const std::string_view type_name = with_zone ? "timestamp with time zone" : "timestamp";
  DateTimeFields fields;
  RETURN_IF_ERROR(ReadDateTimeFields(text, type_name, input.order, &fields));
  switch (fields.special) {
    case SpecialDate::kNone:
      break;
    case SpecialDate::kInfinity:
      *us = kTimestampInfinity;
      return absl::OkStatus();
    case SpecialDate::kMinusInfinity:
      *us = kTimestampMinusInfinity;
      return absl::OkStatus();
    case SpecialDate::kEpoch:
      *us = -int64_t{kUnixEpochDays} * kMicrosecondsPerDay;
      return absl::OkStatus();
    default:
      SpecialLocal(fields.special, input.zone, input.now_us, us);
      if (fields.has_time && fields.special != SpecialDate::kNow) *us += fields.time_us;
      if (with_zone) *us = LocalToUtc(ZoneOf(fields, input.zone, *us), *us);
      return absl::OkStatus();
  }
  if (!fields.has_date) return NoDateTime(text, type_name);
  CivilTime civil;
  civil.year = fields.year;
  civil.month = fields.month;
  civil.day = fields.day;
  int64_t total;
  const bool valid = FromCivil(civil, &total) &&
                     !__builtin_add_overflow(total, fields.time_us, &total) &&
                     IsValidTimestamp(total);
  if (valid && with_zone) total = LocalToUtc(ZoneOf(fields, input.zone, total), total);
  if (!valid || !IsValidTimestamp(total)) {
    return Error(sqlstate::kDatetimeOverflow,
                 "timestamp out of range: \"" + std::string(text) + "\"");
  }
  *us = total;
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseDate(std::string_view text, const DateTimeInput& input, int32_t* days) {
  DateTimeFields fields;
  RETURN_IF_ERROR(ReadDateTimeFields(text, "date", input.order, &fields));
  int64_t local;
  switch (fields.special) {
    case SpecialDate::kNone:
      break;
    case SpecialDate::kInfinity:
      *days = kDateInfinity;
      return absl::OkStatus();
    case SpecialDate::kMinusInfinity:
      *days = kDateMinusInfinity;
      return absl::OkStatus();
    case SpecialDate::kEpoch:
      *days = -kUnixEpochDays;
      return absl::OkStatus();
    default:
      SpecialLocal(fields.special, input.zone, input.now_us, &local);
      *days = static_cast<int32_t>(FloorDay(local) / kMicrosecondsPerDay);
      return absl::OkStatus();
  }
  if (!fields.has_date) return NoDateTime(text, "date");
  const bool in_years = fields.year >= -4713 && fields.year <= 5'874'897;
  const int64_t result = in_years ? DaysFromCivil(fields.year, fields.month, fields.day) : 0;
  if (!in_years || !IsValidDate(result)) {
    return Error(sqlstate::kDatetimeOverflow, "date out of range: \"" + std::string(text) + "\"");
  }
  *days = static_cast<int32_t>(result);
  return absl::OkStatus();
}

absl::Status ParseTime(std::string_view text, const DateTimeInput& input, int64_t* us) {
  DateTimeFields fields;
  // Bare digits are a time only here: elsewhere they are a date.
  const std::string_view trimmed = TrimSpaces(text);
  const bool bare = (trimmed.size() == 6 || (trimmed.size() > 7 && trimmed[6] == '.')) &&
                    std::all_of(trimmed.begin(), trimmed.begin() + 6,
                                [](char c) { return c >= '0' && c <= '9'; });
  RETURN_IF_ERROR(ReadDateTimeFields(bare ? "T" + std::string(trimmed) : std::string(text), "time",
                                     input.order, &fields));
  int64_t local;
  if (fields.special == SpecialDate::kNow &&
      SpecialLocal(fields.special, input.zone, input.now_us, &local)) {
    *us = local - FloorDay(local);
    return absl::OkStatus();
  }
  if (!fields.has_time) return NoDateTime(text, "time");
  // A zone whose offset is known only with a date.
  absl::TimeZone::CivilTransition change;
  if (!fields.has_date && fields.zone.has_value() && fields.zone->abbreviation.empty() &&
      fields.zone->zone.NextTransition(absl::InfinitePast(), &change))
    return NoDateTime(text, "time");
  if (fields.time_us > kMicrosecondsPerDay) return DateTimeFieldOverflow(text);
  *us = fields.time_us;
  return absl::OkStatus();
}

absl::Status ParseTimestamp(std::string_view text, const DateTimeInput& input, int64_t* us) {
  return ParseInstant(text, false, input, us);
}

absl::Status ParseTimestamptz(std::string_view text, const DateTimeInput& input, int64_t* us) {
  return ParseInstant(text, true, input, us);
}

}  // namespace adbms::types
