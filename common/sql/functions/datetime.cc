// Operators and constructors of date, time, timestamp, timestamptz and interval.
#include "common/types/datetime.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_arithmetic.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/time_zone.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::Interval;
using types::kMicrosecondsPerDay;
using types::TypeId;
using types::Vector;
using View = std::string_view;
using Context = EvaluationContext;
namespace sqlstate = status::sqlstate;

const TypeId kDate = TypeId::kDate;
const TypeId kTime = TypeId::kTime;
const TypeId kLocal = TypeId::kTimestamp;
const TypeId kZoned = TypeId::kTimestamptz;
const TypeId kSpan = TypeId::kInterval;
const TypeId kInt4 = TypeId::kInt4;
const TypeId kFloat8 = TypeId::kFloat8;
const TypeId kText = TypeId::kText;

// The last years of dates are none of timestamps.
absl::StatusOr<int64_t> Midnight(int32_t days) {
  if (days == types::kDateInfinity) return types::kTimestampInfinity;
  if (days == types::kDateMinusInfinity) return types::kTimestampMinusInfinity;
  int64_t us = 0;
  if (__builtin_mul_overflow(int64_t{days}, kMicrosecondsPerDay, &us) ||
      !types::IsValidTimestamp(us)) {
    return Error(sqlstate::kDatetimeOverflow, "date out of range for timestamp");
  }
  return us;
}
int64_t TimeOfDay(int64_t us) {
  const int64_t rest = us % kMicrosecondsPerDay;
  return rest < 0 ? rest + kMicrosecondsPerDay : rest;
}

absl::StatusOr<int32_t> ShiftDate(int32_t days, int64_t by) {
  if (!types::IsFiniteDate(days)) return days;
  if (!types::IsValidDate(days + by)) {
    return Error(sqlstate::kDatetimeOverflow, "date out of range");
  }
  return static_cast<int32_t>(days + by);
}
absl::StatusOr<int32_t> DatePlus(int32_t days, int32_t by) { return ShiftDate(days, by); }
absl::StatusOr<int32_t> PlusDate(int32_t by, int32_t days) { return ShiftDate(days, by); }
absl::StatusOr<int32_t> DateMinus(int32_t days, int32_t by) {
  return ShiftDate(days, -int64_t{by});
}
absl::StatusOr<int32_t> DateDifference(int32_t a, int32_t b) {
  if (!types::IsFiniteDate(a) || !types::IsFiniteDate(b)) {
    return Error(sqlstate::kDatetimeOverflow, "cannot subtract infinite dates");
  }
  return a - b;
}
absl::StatusOr<int64_t> DatePlusSpan(int32_t days, const Interval& span) {
  ASSIGN_OR_RETURN(const int64_t midnight, Midnight(days));
  return AddToTimestamp(midnight, span);
}
absl::StatusOr<int64_t> SpanPlusDate(const Interval& span, int32_t days) {
  return DatePlusSpan(days, span);
}
absl::StatusOr<int64_t> DateMinusSpan(int32_t days, const Interval& span) {
  ASSIGN_OR_RETURN(const Interval negated, NegateInterval(span));
  return DatePlusSpan(days, negated);
}
absl::StatusOr<int64_t> DatePlusTime(int32_t days, int64_t time) {
  ASSIGN_OR_RETURN(const int64_t midnight, Midnight(days));
  if (!types::IsFiniteDate(days)) return midnight;
  if (!types::IsValidTimestamp(midnight + time)) {
    return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  return midnight + time;
}
absl::StatusOr<int64_t> TimePlusDate(int64_t time, int32_t days) {
  return DatePlusTime(days, time);
}

absl::StatusOr<int64_t> LocalPlus(int64_t us, const Interval& span) {
  return AddToTimestamp(us, span);
}
absl::StatusOr<int64_t> PlusLocal(const Interval& span, int64_t us) {
  return AddToTimestamp(us, span);
}
absl::StatusOr<int64_t> LocalMinus(int64_t us, const Interval& span) {
  ASSIGN_OR_RETURN(const Interval negated, NegateInterval(span));
  return AddToTimestamp(us, negated);
}
absl::StatusOr<int64_t> ZonedPlus(const Context& context, int64_t us, const Interval& span) {
  return AddToTimestamptz(us, span, ZoneOf(context));
}
absl::StatusOr<int64_t> PlusZoned(const Context& context, const Interval& span, int64_t us) {
  return ZonedPlus(context, us, span);
}
absl::StatusOr<int64_t> ZonedMinus(const Context& context, int64_t us, const Interval& span) {
  ASSIGN_OR_RETURN(const Interval negated, NegateInterval(span));
  return ZonedPlus(context, us, negated);
}
absl::StatusOr<Interval> Difference(int64_t a, int64_t b) {
  if (!types::IsFiniteTimestamp(a) || !types::IsFiniteTimestamp(b)) {
    return Error(sqlstate::kDatetimeOverflow, "cannot subtract infinite timestamps");
  }
  return TimestampDifference(a, b);
}
absl::StatusOr<Interval> AgeOf(int64_t a, int64_t b) {
  if (!types::IsFiniteTimestamp(a) || !types::IsFiniteTimestamp(b)) {
    return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  return Age(a, b);
}
absl::StatusOr<Interval> ZonedAge(const Context& context, int64_t a, int64_t b) {
  const absl::TimeZone zone = ZoneOf(context);
  return AgeOf(types::UtcToLocal(zone, a), types::UtcToLocal(zone, b));
}
int64_t Today(const Context& context) {
  const int64_t now = types::UtcToLocal(ZoneOf(context), context.transaction_timestamp_us);
  return now - TimeOfDay(now);
}
absl::StatusOr<Interval> LocalAgeNow(const Context& context, int64_t us) {
  return AgeOf(Today(context), us);
}
absl::StatusOr<Interval> ZonedAgeNow(const Context& context, int64_t us) {
  return AgeOf(Today(context), types::UtcToLocal(ZoneOf(context), us));
}

int64_t TimePlus(int64_t time, const Interval& span) {
  return TimeOfDay(time + span.microseconds % kMicrosecondsPerDay);
}
int64_t PlusTime(const Interval& span, int64_t time) { return TimePlus(time, span); }
int64_t TimeMinus(int64_t time, const Interval& span) {
  return TimeOfDay(time - span.microseconds % kMicrosecondsPerDay);
}
Interval TimeDifference(int64_t a, int64_t b) { return Interval{a - b, 0, 0}; }

absl::StatusOr<Interval> SubtractIntervals(const Interval& a, const Interval& b) {
  ASSIGN_OR_RETURN(const Interval negated, NegateInterval(b));
  return AddIntervals(a, negated);
}
absl::StatusOr<Interval> TimesInterval(double factor, const Interval& span) {
  return MultiplyInterval(span, factor);
}

absl::Status FieldOutOfRange(View kind, const std::string& text) {
  return Error(sqlstate::kDatetimeOverflow,
               std::string(kind) + " field value out of range: " + text);
}

absl::StatusOr<int32_t> MakeDate(int32_t year, int32_t month, int32_t day) {
  const bool bc = year < 0;
  const int32_t astronomical = bc ? year + 1 : year;
  if (year == 0 || year > 5'874'897 || year < -4714 || month < 1 || month > 12 || day < 1 ||
      day > types::DaysInMonth(astronomical, month)) {
    char text[48];
    std::snprintf(text, sizeof(text), "%d-%02d-%02d", year, month, day);
    return FieldOutOfRange("date", text);
  }
  return types::DaysFromCivil(astronomical, month, day);
}

absl::StatusOr<int64_t> MakeTime(int32_t hour, int32_t minute, double second) {
  const bool valid = hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && second >= 0 &&
                     second <= 60 && !(hour == 24 && (minute > 0 || second > 0));
  if (!valid) {
    char text[64];
    std::snprintf(text, sizeof(text), "%d:%02d:%02g", hour, minute, second);
    return FieldOutOfRange("time", text);
  }
  return hour * types::kMicrosecondsPerHour + minute * types::kMicrosecondsPerMinute +
         std::llrint(second * 1e6);
}

absl::StatusOr<int64_t> MakeTimestamp(int32_t year, int32_t month, int32_t day, int32_t hour,
                                      int32_t minute, double second) {
  ASSIGN_OR_RETURN(const int32_t days, MakeDate(year, month, day));
  ASSIGN_OR_RETURN(const int64_t time, MakeTime(hour, minute, second));
  const auto midnight = Midnight(days);
  if (!midnight.ok() || !types::IsValidTimestamp(*midnight + time)) {
    char text[96];
    std::snprintf(text, sizeof(text), "timestamp out of range: %d-%02d-%02d %d:%02d:%02g", year,
                  month, day, hour, minute, second);
    return Error(sqlstate::kDatetimeOverflow, text);
  }
  return *midnight + time;
}
absl::StatusOr<int64_t> InRange(int64_t us) {
  if (types::IsFiniteTimestamp(us) && !types::IsValidTimestamp(us)) {
    return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  return us;
}

// AT TIME ZONE: a local time becomes an instant and the other way round.
absl::StatusOr<int64_t> LocalAtZone(const View& name, int64_t us) {
  ASSIGN_OR_RETURN(const types::ZoneReference zone, types::FindTimeZone(name));
  return InRange(types::LocalToUtc(zone.AtLocal(us), us));
}
absl::StatusOr<int64_t> ZonedAtZone(const View& name, int64_t us) {
  ASSIGN_OR_RETURN(const types::ZoneReference zone, types::FindTimeZone(name));
  return InRange(types::UtcToLocal(zone.AtUtc(us), us));
}
absl::StatusOr<int64_t> LocalAtOffset(const Interval& offset, int64_t us) {
  if (!types::IsFiniteTimestamp(us)) return us;
  if (__builtin_sub_overflow(us, offset.microseconds, &us)) return InRange(INT64_MAX - 1);
  return InRange(us);
}
absl::StatusOr<int64_t> ZonedAtOffset(const Interval& offset, int64_t us) {
  if (!types::IsFiniteTimestamp(us)) return us;
  if (__builtin_add_overflow(us, offset.microseconds, &us)) return InRange(INT64_MAX - 1);
  return InRange(us);
}

absl::StatusOr<int64_t> MakeTimestamptz(const Context& context, int32_t year, int32_t month,
                                        int32_t day, int32_t hour, int32_t minute, double second) {
  ASSIGN_OR_RETURN(const int64_t local, MakeTimestamp(year, month, day, hour, minute, second));
  return InRange(types::LocalToUtc(ZoneOf(context), local));
}
absl::StatusOr<int64_t> MakeTimestamptzIn(int32_t year, int32_t month, int32_t day, int32_t hour,
                                          int32_t minute, double second, const View& zone) {
  ASSIGN_OR_RETURN(const int64_t local, MakeTimestamp(year, month, day, hour, minute, second));
  // An offset counts to the east here, unlike in a zone's name.
  if (!zone.empty() && (zone[0] == '+' || zone[0] == '-')) {
    size_t position = 0;
    absl::TimeZone fixed;
    const types::ZoneOffset read = types::ReadZoneOffset(zone, &position, &fixed);
    if (read == types::ZoneOffset::kOutOfRange) {
      return Error(sqlstate::kInvalidParameterValue,
                   "numeric time zone \"" + std::string(zone) + "\" out of range");
    }
    if (read == types::ZoneOffset::kMalformed || position != zone.size()) {
      return Error(sqlstate::kInvalidParameterValue,
                   "invalid input syntax for type time zone: \"" + std::string(zone) + "\"", {},
                   "Numeric time zones must have \"-\" or \"+\" as first character.");
    }
    return InRange(types::LocalToUtc(fixed, local));
  }
  if (!zone.empty() && zone[0] >= '0' && zone[0] <= '9') {
    return Error(sqlstate::kInvalidParameterValue,
                 "invalid input syntax for type numeric time zone: \"" + std::string(zone) + "\"",
                 {}, "Numeric time zones must have \"-\" or \"+\" as first character.");
  }
  return LocalAtZone(zone, local);
}

// date_bin(stride, source, origin): the beginning of the stride that holds the source.
absl::StatusOr<int64_t> DateBin(const Interval& stride, int64_t source, int64_t origin) {
  if (!types::IsFiniteTimestamp(source)) return source;
  if (!types::IsFiniteTimestamp(origin)) {
    return Error(sqlstate::kDatetimeOverflow, "origin out of range");
  }
  if (stride.months != 0) {
    return status::NotSupported("a timestamp binned into intervals containing months or years");
  }
  int64_t width;
  if (__builtin_mul_overflow(int64_t{stride.days}, kMicrosecondsPerDay, &width) ||
      __builtin_add_overflow(width, stride.microseconds, &width)) {
    return Error(sqlstate::kDatetimeOverflow, "interval out of range");
  }
  if (width <= 0) {
    return Error(sqlstate::kDatetimeOverflow, "stride must be greater than zero");
  }
  int64_t distance;
  if (__builtin_sub_overflow(source, origin, &distance)) {
    return Error(sqlstate::kDatetimeOverflow, "interval out of range");
  }
  int64_t result = origin + (distance - distance % width);
  if (distance % width < 0 && __builtin_sub_overflow(result, width, &result)) {
    return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  return InRange(result);
}

// (start, end) OVERLAPS (start, end), each end maybe NULL and before its start.
absl::StatusOr<bool> PeriodsOverlap(std::optional<int64_t> start1, std::optional<int64_t> end1,
                                    std::optional<int64_t> start2, std::optional<int64_t> end2,
                                    bool* null) {
  const auto order = [](std::optional<int64_t>* start, std::optional<int64_t>* end) {
    if (!start->has_value() || (end->has_value() && **end < **start)) std::swap(*start, *end);
  };
  order(&start1, &end1);
  order(&start2, &end2);
  *null = !start1.has_value() || !start2.has_value();
  if (*null) return false;
  if (*start1 == *start2) {
    *null = !end1.has_value() || !end2.has_value();
    return true;
  }
  const bool first_later = *start1 > *start2;
  const std::optional<int64_t>& earlier_end = first_later ? end2 : end1;
  const std::optional<int64_t>& later_end = first_later ? end1 : end2;
  const int64_t later_start = first_later ? *start1 : *start2;
  const bool overlap = earlier_end.has_value() && later_start < *earlier_end;
  *null = !earlier_end.has_value() || (!overlap && !later_end.has_value());
  return overlap;
}

template <typename T>
absl::Status Overlaps(const Context& context, const std::vector<const Vector*>& arguments,
                      uint32_t row, Vector* result) {
  const auto value = [&](size_t i) {
    return arguments[i]->is_null(row) ? std::nullopt
                                      : std::optional<int64_t>(arguments[i]->data<T>()[row]);
  };
  bool null = false;
  ASSIGN_OR_RETURN(const bool overlap,
                   PeriodsOverlap(value(0), value(1), value(2), value(3), &null));
  if (null) {
    result->SetNull(row);
  } else {
    result->data<uint8_t>()[row] = overlap ? 1 : 0;
  }
  return absl::OkStatus();
}

// make_interval(years, months, weeks, days, hours, mins, secs), any number of them.
absl::Status MakeInterval(const Context& context, const std::vector<const Vector*>& arguments,
                          uint32_t row, Vector* result) {
  int64_t parts[6] = {};
  double seconds = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i == 6) {
      seconds = arguments[i]->data<double>()[row];
    } else {
      parts[i] = arguments[i]->data<int32_t>()[row];
    }
  }
  const int64_t months = parts[0] * 12 + parts[1];
  const int64_t days = parts[2] * 7 + parts[3];
  const double us = static_cast<double>(parts[4]) * 3.6e9 + static_cast<double>(parts[5]) * 6e7 +
                    std::rint(seconds * 1e6);
  if (months != static_cast<int32_t>(months) || days != static_cast<int32_t>(days) ||
      !(std::fabs(us) < 9.2e18)) {
    return Error(sqlstate::kDatetimeOverflow, "interval out of range");
  }
  result->data<Interval>()[row] = {static_cast<int64_t>(us), static_cast<int32_t>(days),
                                   static_cast<int32_t>(months)};
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ToTimestamp(double seconds) {
  if (std::isnan(seconds)) return Error(sqlstate::kDatetimeOverflow, "timestamp cannot be NaN");
  if (std::isinf(seconds)) {
    return seconds > 0 ? types::kTimestampInfinity : types::kTimestampMinusInfinity;
  }
  const double us = std::rint((seconds - types::kUnixEpochDays * 86'400.0) * 1e6);
  if (!(std::fabs(us) < 9.2e18) || !types::IsValidTimestamp(static_cast<int64_t>(us))) {
    char text[64];
    std::snprintf(text, sizeof(text), "timestamp out of range: \"%g\"", seconds);
    return Error(sqlstate::kDatetimeOverflow, text);
  }
  return static_cast<int64_t>(us);
}

int64_t Now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count() -
         types::kUnixEpochDays * kMicrosecondsPerDay;
}

std::string TimeOfDayText(const Context& context) {
  const absl::TimeZone zone = ZoneOf(context);
  return absl::FormatTime("%a %b %d %H:%M:%E6S %Y %Z", absl::Now(), zone);
}

void AddDates(CatalogBuilder& builder) {
  builder.AddOperator("+", {kDate, kInt4}, kDate, Map<DatePlus>, "+");
  builder.AddOperator("+", {kInt4, kDate}, kDate, Map<PlusDate>, "+");
  builder.AddOperator("-", {kDate, kInt4}, kDate, Map<DateMinus>);
  builder.AddOperator("-", {kDate, kDate}, kInt4, Map<DateDifference>);
  builder.AddOperator("+", {kDate, kSpan}, kLocal, Map<DatePlusSpan>, "+");
  builder.AddOperator("+", {kSpan, kDate}, kLocal, Map<SpanPlusDate>, "+");
  builder.AddOperator("-", {kDate, kSpan}, kLocal, Map<DateMinusSpan>);
  builder.AddOperator("+", {kDate, kTime}, kLocal, Map<DatePlusTime>, "+");
  builder.AddOperator("+", {kTime, kDate}, kLocal, Map<TimePlusDate>, "+");
  builder.AddOperator("+", {kTime, kSpan}, kTime, Map<TimePlus>, "+");
  builder.AddOperator("+", {kSpan, kTime}, kTime, Map<PlusTime>, "+");
  builder.AddOperator("-", {kTime, kSpan}, kTime, Map<TimeMinus>);
  builder.AddOperator("-", {kTime, kTime}, kSpan, Map<TimeDifference>);
}

void AddTimestamps(CatalogBuilder& builder) {
  builder.AddOperator("+", {kLocal, kSpan}, kLocal, Map<LocalPlus>, "+");
  builder.AddOperator("+", {kSpan, kLocal}, kLocal, Map<PlusLocal>, "+");
  builder.AddOperator("-", {kLocal, kSpan}, kLocal, Map<LocalMinus>);
  builder.AddOperator("-", {kLocal, kLocal}, kSpan, Map<Difference>);
  builder.AddOperator("+", {kZoned, kSpan}, kZoned, Map<ZonedPlus>, "+", {}, kStable);
  builder.AddOperator("+", {kSpan, kZoned}, kZoned, Map<PlusZoned>, "+", {}, kStable);
  builder.AddOperator("-", {kZoned, kSpan}, kZoned, Map<ZonedMinus>, {}, {}, kStable);
  builder.AddOperator("-", {kZoned, kZoned}, kSpan, Map<Difference>);
  builder.AddFunction("age", {kLocal, kLocal}, kSpan, Map<AgeOf>);
  builder.AddFunction("age", {kZoned, kZoned}, kSpan, Map<ZonedAge>, kStable);
  builder.AddFunction("age", {kLocal}, kSpan, Map<LocalAgeNow>, kStable);
  builder.AddFunction("age", {kZoned}, kSpan, Map<ZonedAgeNow>, kStable);
}

void AddIntervalOperators(CatalogBuilder& builder) {
  builder.AddOperator("+", {kSpan, kSpan}, kSpan, Map<AddIntervals>, "+");
  builder.AddOperator("-", {kSpan, kSpan}, kSpan, Map<SubtractIntervals>);
  builder.AddOperator("-", {kSpan}, kSpan, Map<NegateInterval>);
  builder.AddOperator("*", {kSpan, kFloat8}, kSpan, Map<MultiplyInterval>, "*");
  builder.AddOperator("*", {kFloat8, kSpan}, kSpan, Map<TimesInterval>, "*");
  builder.AddOperator("/", {kSpan, kFloat8}, kSpan, Map<DivideInterval>);
  builder.AddFunction("justify_hours", {kSpan}, kSpan, Map<JustifyHours>);
  builder.AddFunction("justify_days", {kSpan}, kSpan, Map<JustifyDays>);
  builder.AddFunction("justify_interval", {kSpan}, kSpan, Map<JustifyInterval>);
}

void AddConstructors(CatalogBuilder& builder) {
  builder.AddFunction("make_date", {kInt4, kInt4, kInt4}, kDate, Map<MakeDate>);
  builder.AddFunction("make_time", {kInt4, kInt4, kFloat8}, kTime, Map<MakeTime>);
  const std::vector<TypeId> fields = {kInt4, kInt4, kInt4, kInt4, kInt4, kFloat8};
  builder.AddFunction("make_timestamp", fields, kLocal, Map<MakeTimestamp>);
  builder.AddFunction("make_timestamptz", fields, kZoned, Map<MakeTimestamptz>, kStable);
  std::vector<TypeId> fields_and_zone = fields;
  fields_and_zone.push_back(kText);
  builder.AddFunction("make_timestamptz", fields_and_zone, kZoned, Map<MakeTimestamptzIn>, kStable);
  builder.AddFunction("date_bin", {kSpan, kLocal, kLocal}, kLocal, Map<DateBin>);
  builder.AddFunction("date_bin", {kSpan, kZoned, kZoned}, kZoned, Map<DateBin>);
  for (const TypeId period : {kTime, kLocal, kZoned}) {
    builder.AddFunction("overlaps", {period, period, period, period}, TypeId::kBool,
                        MapAny<Overlaps<int64_t>>, kNotStrict);
  }
  for (size_t count = 0; count <= 7; ++count) {
    std::vector<TypeId> arguments(count, kInt4);
    if (count == 7) arguments.back() = kFloat8;
    builder.AddFunction("make_interval", arguments, kSpan, MapAny<MakeInterval>);
  }
  builder.AddFunction("to_timestamp", {kFloat8}, kZoned, Map<ToTimestamp>);
  builder.AddFunction("timezone", {kText, kLocal}, kZoned, Map<LocalAtZone>);
  builder.AddFunction("timezone", {kText, kZoned}, kLocal, Map<ZonedAtZone>);
  builder.AddFunction("timezone", {kSpan, kLocal}, kZoned, Map<LocalAtOffset>);
  builder.AddFunction("timezone", {kSpan, kZoned}, kLocal, Map<ZonedAtOffset>);
  builder.AddFunction("clock_timestamp", {}, kZoned, Map<Now>, kVolatile);
  builder.AddFunction("timeofday", {}, kText, Map<TimeOfDayText>, kVolatile);
  builder.AddFunction("isfinite", {kDate}, TypeId::kBool, Map<types::IsFiniteDate>);
  builder.AddFunction("isfinite", {kLocal}, TypeId::kBool, Map<types::IsFiniteTimestamp>);
  builder.AddFunction("isfinite", {kZoned}, TypeId::kBool, Map<types::IsFiniteTimestamp>);
  builder.AddFunction("isfinite", {kSpan}, TypeId::kBool,
                      Map<[](const Interval&) { return true; }>);
}

}  // namespace

void AddDatetime(CatalogBuilder& builder) {
  AddDates(builder);
  AddTimestamps(builder);
  AddIntervalOperators(builder);
  AddConstructors(builder);
}

}  // namespace adbms::sql::functions
