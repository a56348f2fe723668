#include "common/sql/functions/datetime_arithmetic.h"

#include <algorithm>
#include <cmath>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/text_io.h"

namespace adbms::sql::functions {
namespace {

using types::CivilTime;
using types::Interval;

absl::Status TimestampOutOfRange() {
  return status::Error(status::sqlstate::kDatetimeOverflow, "timestamp out of range");
}
absl::Status IntervalOutOfRange() {
  return status::Error(status::sqlstate::kDatetimeOverflow, "interval out of range");
}

// Adds months, clamping the day, and days, to a local time.
absl::StatusOr<int64_t> AddCalendar(int64_t us, const Interval& interval) {
  if (interval.months != 0) {
    CivilTime civil = types::ToCivil(us);
    const int64_t months = int64_t{civil.year} * 12 + civil.month - 1 + interval.months;
    int64_t year = months / 12;
    int64_t month = months % 12;
    if (month < 0) {
      month += 12;
      --year;
    }
    if (year < -5000 || year > 300'000) return TimestampOutOfRange();
    civil.year = static_cast<int>(year);
    civil.month = static_cast<int>(month) + 1;
    civil.day = std::min(civil.day, types::DaysInMonth(civil.year, civil.month));
    if (!types::FromCivil(civil, &us)) return TimestampOutOfRange();
  }
  int64_t days;
  if (__builtin_mul_overflow(int64_t{interval.days}, types::kMicrosecondsPerDay, &days) ||
      __builtin_add_overflow(us, days, &us) || !types::IsValidTimestamp(us)) {
    return TimestampOutOfRange();
  }
  return us;
}

double RoundToMicro(double value) { return std::rint(value * 1e6) / 1e6; }

// `scale` maps a part of the interval to the wanted multiple.
template <typename Scale>
absl::StatusOr<Interval> ScaleInterval(const Interval& interval, Scale scale) {
  constexpr double kSecondsPerDay = 86'400;
  const auto fits = [](double value) {
    return value >= static_cast<double>(INT32_MIN) && value <= static_cast<double>(INT32_MAX);
  };
  Interval result;
  const double months = scale(interval.months);
  const double days = scale(interval.days);
  if (!fits(months) || !fits(days)) return IntervalOutOfRange();
  result.months = static_cast<int32_t>(months);
  result.days = static_cast<int32_t>(days);
  const double month_days = RoundToMicro((months - result.months) * 30);
  double seconds = RoundToMicro((days - result.days + month_days - static_cast<int>(month_days)) *
                                kSecondsPerDay);
  if (std::fabs(seconds) >= kSecondsPerDay) {
    const int whole = static_cast<int>(seconds / kSecondsPerDay);
    if (__builtin_add_overflow(result.days, whole, &result.days)) return IntervalOutOfRange();
    seconds -= whole * kSecondsPerDay;
  }
  if (__builtin_add_overflow(result.days, static_cast<int32_t>(month_days), &result.days)) {
    return IntervalOutOfRange();
  }
  const double us = std::rint(scale(static_cast<double>(interval.microseconds)) + seconds * 1e6);
  if (!(us >= -9.2233720368547758e18 && us < 9.2233720368547758e18)) return IntervalOutOfRange();
  result.microseconds = static_cast<int64_t>(us);
  return result;
}

}  // namespace

absl::StatusOr<int64_t> AddToTimestamp(int64_t us, const Interval& interval) {
  if (!types::IsFiniteTimestamp(us)) return us;
  ASSIGN_OR_RETURN(us, AddCalendar(us, interval));
  if (__builtin_add_overflow(us, interval.microseconds, &us) || !types::IsValidTimestamp(us)) {
    return TimestampOutOfRange();
  }
  return us;
}

absl::StatusOr<int64_t> AddToTimestamptz(int64_t us, const Interval& interval,
                                         const absl::TimeZone& zone) {
  if (!types::IsFiniteTimestamp(us)) return us;
  if (interval.months != 0 || interval.days != 0) {
    ASSIGN_OR_RETURN(const int64_t local, AddCalendar(types::UtcToLocal(zone, us), interval));
    us = types::LocalToUtc(zone, local);
  }
  if (__builtin_add_overflow(us, interval.microseconds, &us) || !types::IsValidTimestamp(us)) {
    return TimestampOutOfRange();
  }
  return us;
}

absl::StatusOr<Interval> NegateInterval(const Interval& interval) {
  return AddIntervals(Interval{}, interval).ok() && interval.microseconds != INT64_MIN &&
                 interval.days != INT32_MIN && interval.months != INT32_MIN
             ? absl::StatusOr<Interval>(
                   Interval{-interval.microseconds, -interval.days, -interval.months})
             : absl::StatusOr<Interval>(IntervalOutOfRange());
}

absl::StatusOr<Interval> AddIntervals(const Interval& a, const Interval& b) {
  Interval sum;
  if (__builtin_add_overflow(a.microseconds, b.microseconds, &sum.microseconds) ||
      __builtin_add_overflow(a.days, b.days, &sum.days) ||
      __builtin_add_overflow(a.months, b.months, &sum.months)) {
    return IntervalOutOfRange();
  }
  return sum;
}

absl::StatusOr<Interval> MultiplyInterval(const Interval& interval, double factor) {
  return ScaleInterval(interval, [factor](double part) { return part * factor; });
}

absl::StatusOr<Interval> DivideInterval(const Interval& interval, double divisor) {
  if (divisor == 0) {
    return status::Error(status::sqlstate::kDivisionByZero, "division by zero");
  }
  return ScaleInterval(interval, [divisor](double part) { return part / divisor; });
}

absl::StatusOr<Interval> JustifyHours(Interval interval) {
  const int64_t whole = interval.microseconds / types::kMicrosecondsPerDay;
  interval.microseconds -= whole * types::kMicrosecondsPerDay;
  if (__builtin_add_overflow(interval.days, static_cast<int32_t>(whole), &interval.days)) {
    return IntervalOutOfRange();
  }
  if (interval.days > 0 && interval.microseconds < 0) {
    interval.microseconds += types::kMicrosecondsPerDay;
    --interval.days;
  } else if (interval.days < 0 && interval.microseconds > 0) {
    interval.microseconds -= types::kMicrosecondsPerDay;
    ++interval.days;
  }
  return interval;
}

absl::StatusOr<Interval> JustifyDays(Interval interval) {
  const int32_t whole = interval.days / 30;
  interval.days -= whole * 30;
  if (__builtin_add_overflow(interval.months, whole, &interval.months)) {
    return IntervalOutOfRange();
  }
  if (interval.months > 0 && interval.days < 0) {
    interval.days += 30;
    --interval.months;
  } else if (interval.months < 0 && interval.days > 0) {
    interval.days -= 30;
    ++interval.months;
  }
  return interval;
}

absl::StatusOr<Interval> JustifyInterval(Interval interval) {
  int64_t months = interval.months;
  int64_t days = interval.days + interval.microseconds / types::kMicrosecondsPerDay;
  interval.microseconds %= types::kMicrosecondsPerDay;
  months += days / 30;
  if (months != static_cast<int32_t>(months)) return IntervalOutOfRange();
  interval.days = static_cast<int32_t>(days % 30);
  interval.months = static_cast<int32_t>(months);
  const bool days_up = interval.days > 0 || (interval.days == 0 && interval.microseconds > 0);
  const bool days_down = interval.days < 0 || (interval.days == 0 && interval.microseconds < 0);
  if (interval.months > 0 && days_down) {
    interval.days += 30;
    --interval.months;
  } else if (interval.months < 0 && days_up) {
    interval.days -= 30;
    ++interval.months;
  }
  if (interval.days > 0 && interval.microseconds < 0) {
    interval.microseconds += types::kMicrosecondsPerDay;
    --interval.days;
  } else if (interval.days < 0 && interval.microseconds > 0) {
    interval.microseconds -= types::kMicrosecondsPerDay;
    ++interval.days;
  }
  return interval;
}

absl::StatusOr<Interval> TimestampDifference(int64_t a, int64_t b) {
  int64_t difference;
  if (__builtin_sub_overflow(a, b, &difference)) return IntervalOutOfRange();
  return JustifyHours(Interval{difference, 0, 0});
}

Interval Age(int64_t a, int64_t b) {
  const bool negative = a < b;
  const CivilTime x = types::ToCivil(negative ? b : a);
  const CivilTime y = types::ToCivil(negative ? a : b);
  const auto time_of = [](const CivilTime& civil) {
    return civil.hour * types::kMicrosecondsPerHour + civil.minute * types::kMicrosecondsPerMinute +
           civil.second * types::kMicrosecondsPerSecond + civil.microsecond;
  };
  int64_t time = time_of(x) - time_of(y);
  int days = x.day - y.day;
  int months = (x.year - y.year) * 12 + x.month - y.month;
  if (time < 0) {
    time += types::kMicrosecondsPerDay;
    --days;
  }
  if (days < 0) {
    // The month that the earlier of the two arguments' dates lies in.
    const CivilTime& reference = y;
    days += types::DaysInMonth(reference.year, reference.month);
    --months;
  }
  const int sign = negative ? -1 : 1;
  return Interval{time * sign, days * sign, months * sign};
}

}  // namespace adbms::sql::functions
