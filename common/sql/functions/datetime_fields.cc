// extract, date_part and date_trunc.
#include <cmath>
#include <limits>

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_arithmetic.h"
#include "common/sql/functions/iso_week.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/time_zone.h"

namespace adbms::sql::functions {
namespace {

using status::Error;
using types::CivilTime;
using types::Decimal;
using types::DecimalView;
using types::Interval;
using types::TypeId;
using View = std::string_view;
using Context = EvaluationContext;
namespace sqlstate = status::sqlstate;

enum class Field {
  kMicroseconds,
  kMilliseconds,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kEpoch,
  kDow,
  kIsodow,
  kDoy,
  kIsoyear,
  kJulian,
  kTimezone,
  kTimezoneHour,
  kTimezoneMinute,
};

struct FieldName {
  View name;
  Field field;
};
constexpr FieldName kFields[] = {
    {"microseconds", Field::kMicroseconds},
    {"microsecond", Field::kMicroseconds},
    {"us", Field::kMicroseconds},
    {"usec", Field::kMicroseconds},
    {"usecs", Field::kMicroseconds},
    {"milliseconds", Field::kMilliseconds},
    {"millisecond", Field::kMilliseconds},
    {"ms", Field::kMilliseconds},
    {"msec", Field::kMilliseconds},
    {"msecs", Field::kMilliseconds},
    {"second", Field::kSecond},
    {"seconds", Field::kSecond},
    {"sec", Field::kSecond},
    {"secs", Field::kSecond},
    {"s", Field::kSecond},
    {"minute", Field::kMinute},
    {"minutes", Field::kMinute},
    {"min", Field::kMinute},
    {"mins", Field::kMinute},
    {"m", Field::kMinute},
    {"hour", Field::kHour},
    {"hours", Field::kHour},
    {"hr", Field::kHour},
    {"hrs", Field::kHour},
    {"h", Field::kHour},
    {"day", Field::kDay},
    {"days", Field::kDay},
    {"d", Field::kDay},
    {"week", Field::kWeek},
    {"weeks", Field::kWeek},
    {"w", Field::kWeek},
    {"month", Field::kMonth},
    {"months", Field::kMonth},
    {"mon", Field::kMonth},
    {"mons", Field::kMonth},
    {"quarter", Field::kQuarter},
    {"qtr", Field::kQuarter},
    {"year", Field::kYear},
    {"years", Field::kYear},
    {"yr", Field::kYear},
    {"yrs", Field::kYear},
    {"y", Field::kYear},
    {"decade", Field::kDecade},
    {"decades", Field::kDecade},
    {"dec", Field::kDecade},
    {"century", Field::kCentury},
    {"centuries", Field::kCentury},
    {"cent", Field::kCentury},
    {"c", Field::kCentury},
    {"millennium", Field::kMillennium},
    {"millennia", Field::kMillennium},
    {"mil", Field::kMillennium},
    {"epoch", Field::kEpoch},
    {"dow", Field::kDow},
    {"isodow", Field::kIsodow},
    {"doy", Field::kDoy},
    {"isoyear", Field::kIsoyear},
    {"julian", Field::kJulian},
    {"timezone", Field::kTimezone},
    {"timezone_hour", Field::kTimezoneHour},
    {"timezone_minute", Field::kTimezoneMinute},
};

absl::Status Unsupported(View unit, TypeId type) {
  return Error(
      sqlstate::kFeatureNotSupported,
      "unit \"" + std::string(unit) + "\" not supported for type " + types::Format({type, 0}));
}

absl::Status Unrecognized(View unit, TypeId type) {
  return Error(
      sqlstate::kInvalidParameterValue,
      "unit \"" + std::string(unit) + "\" not recognized for type " + types::Format({type, 0}));
}

absl::StatusOr<Field> FindField(View unit, TypeId type, std::string* lower) {
  lower->assign(unit);
  for (char& c : *lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const auto& [name, field] : kFields) {
    if (name == *lower) return field;
  }
  return Unrecognized(*lower, type);
}

Decimal Whole(int64_t value) { return Decimal::FromInt(value); }
Decimal Scaled(int64_t value, int16_t scale) { return Decimal(value, scale); }

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Centuries and millennia have no year 0.
int64_t PeriodOf(int year, int length) {
  return year > 0 ? (year + length - 1) / length : -((length - 1 - (year - 1)) / length);
}

int64_t YearNumber(int year) { return year > 0 ? year : year - 1; }

// Fields of the time of day; nullopt when `field` is none.
std::optional<Decimal> TimeField(Field field, int64_t time) {
  const int64_t in_minute = time % types::kMicrosecondsPerMinute;
  switch (field) {
    case Field::kMicroseconds:
      return Whole(in_minute);
    case Field::kMilliseconds:
      return Scaled(in_minute, 3);
    case Field::kSecond:
      return Scaled(in_minute, 6);
    case Field::kMinute:
      return Whole(time / types::kMicrosecondsPerMinute % 60);
    case Field::kHour:
      return Whole(time / types::kMicrosecondsPerHour);
    default:
      return std::nullopt;
  }
}

std::optional<Decimal> DateField(Field field, const CivilTime& civil) {
  const int32_t days = types::DaysFromCivil(civil.year, civil.month, civil.day);
  const IsoWeek week = IsoWeekOf(days);
  switch (field) {
    case Field::kDay:
      return Whole(civil.day);
    case Field::kWeek:
      return Whole(week.week);
    case Field::kMonth:
      return Whole(civil.month);
    case Field::kQuarter:
      return Whole((civil.month - 1) / 3 + 1);
    case Field::kYear:
      return Whole(YearNumber(civil.year));
    case Field::kDecade:
      return Whole(FloorDivide(civil.year, 10));
    case Field::kCentury:
      return Whole(PeriodOf(civil.year, 100));
    case Field::kMillennium:
      return Whole(PeriodOf(civil.year, 1000));
    case Field::kDow:
      return Whole(week.weekday % 7);
    case Field::kIsodow:
      return Whole(week.weekday);
    case Field::kDoy:
      return Whole(days - types::DaysFromCivil(civil.year, 1, 1) + 1);
    case Field::kIsoyear:
      return Whole(YearNumber(week.year));
    default:
      return std::nullopt;
  }
}

using Result = absl::StatusOr<std::optional<Decimal>>;

// Of an infinity, fields that only grow are infinite and the others NULL.
bool OnlyGrows(Field field) {
  return field == Field::kYear || field == Field::kDecade || field == Field::kCentury ||
         field == Field::kMillennium || field == Field::kEpoch || field == Field::kIsoyear ||
         field == Field::kJulian;
}

Result OfInfinity(Field field, bool positive) {
  if (OnlyGrows(field)) return std::optional<Decimal>(DecimalView::Infinity(!positive));
  return std::optional<Decimal>();
}

Result ExtractInstant(View unit, int64_t us, int64_t utc_us, int offset, TypeId type) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, type, &lower));
  if (!types::IsFiniteTimestamp(us)) return OfInfinity(field, us > 0);
  const CivilTime civil = types::ToCivil(us);
  const int64_t day = FloorDivide(us, types::kMicrosecondsPerDay);
  if (auto value = TimeField(field, us - day * types::kMicrosecondsPerDay)) return value;
  if (auto value = DateField(field, civil)) return value;
  switch (field) {
    case Field::kEpoch: {
      const types::int128 epoch =
          static_cast<types::int128>(utc_us) +
          static_cast<types::int128>(types::kUnixEpochDays) * types::kMicrosecondsPerDay;
      return std::optional<Decimal>(Decimal(epoch, 6));
    }
    case Field::kJulian: {
      const Decimal whole = Whole(day + 2'451'545);
      const int64_t time = us - day * types::kMicrosecondsPerDay;
      ASSIGN_OR_RETURN(const Decimal fraction,
                       types::Divide(Whole(time), Whole(types::kMicrosecondsPerDay)));
      ASSIGN_OR_RETURN(const Decimal sum, types::Add(whole, fraction));
      return std::optional<Decimal>(sum);
    }
    case Field::kTimezone:
      if (type == TypeId::kTimestamptz) return std::optional<Decimal>(Whole(offset));
      break;
    case Field::kTimezoneHour:
      if (type == TypeId::kTimestamptz) return std::optional<Decimal>(Whole(offset / 3600));
      break;
    case Field::kTimezoneMinute:
      if (type == TypeId::kTimestamptz) return std::optional<Decimal>(Whole(offset / 60 % 60));
      break;
    default:
      break;
  }
  return Unsupported(lower, type);
}

Result ExtractLocal(const View& unit, int64_t us) {
  return ExtractInstant(unit, us, us, 0, TypeId::kTimestamp);
}
Result ExtractZoned(const Context& context, const View& unit, int64_t us) {
  const absl::TimeZone zone = ZoneOf(context);
  return ExtractInstant(unit, types::UtcToLocal(zone, us), us, types::OffsetAt(zone, us),
                        TypeId::kTimestamptz);
}
Result ExtractDate(const View& unit, int32_t days) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, TypeId::kDate, &lower));
  const bool finite = types::IsFiniteDate(days);
  CivilTime civil;
  types::CivilFromDays(finite ? days : 0, &civil.year, &civil.month, &civil.day);
  if (auto value = DateField(field, civil))
    return finite ? Result(value) : OfInfinity(field, days > 0);
  if (!finite && OnlyGrows(field)) return OfInfinity(field, days > 0);
  if (field == Field::kEpoch) {
    return std::optional<Decimal>(Whole((int64_t{days} + types::kUnixEpochDays) * 86'400));
  }
  if (field == Field::kJulian) return std::optional<Decimal>(Whole(int64_t{days} + 2'451'545));
  return Unsupported(lower, TypeId::kDate);
}
Result ExtractTime(const View& unit, int64_t us) {
  return ExtractFromTime(unit, us, TypeId::kTime);
}
Result ExtractInterval(const View& unit, const Interval& span) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, TypeId::kInterval, &lower));
  if (auto value = TimeField(field, span.microseconds)) return value;
  const int32_t years = span.months / 12;
  switch (field) {
    case Field::kDay:
      return std::optional<Decimal>(Whole(span.days));
    case Field::kMonth:
      return std::optional<Decimal>(Whole(span.months % 12));
    case Field::kQuarter:
      return std::optional<Decimal>(Whole(span.months % 12 / 3 + 1));
    case Field::kYear:
      return std::optional<Decimal>(Whole(years));
    case Field::kDecade:
      return std::optional<Decimal>(Whole(years / 10));
    case Field::kCentury:
      return std::optional<Decimal>(Whole(years / 100));
    case Field::kMillennium:
      return std::optional<Decimal>(Whole(years / 1000));
    case Field::kEpoch: {
      // A year counts 365.25 days, a month 30.
      const __int128 seconds = static_cast<__int128>(years) * 31'557'600 +
                               static_cast<__int128>(span.months % 12) * 2'592'000 +
                               static_cast<__int128>(span.days) * 86'400;
      return std::optional<Decimal>(
          Decimal(seconds * types::kMicrosecondsPerSecond + span.microseconds, 6));
    }
    default:
      return Unsupported(lower, TypeId::kInterval);
  }
}

// date_part: the same as double precision. Seconds are summed of whole and fraction, as PostgreSQL
// does.
absl::StatusOr<std::optional<double>> AsDouble(Result result, View unit, TypeId type) {
  if (!result.ok()) return result.status();
  if (!result->has_value()) return std::optional<double>();
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, type, &lower));
  if (field == Field::kSecond) {
    const auto us = static_cast<int64_t>((*result)->unscaled());
    return std::optional<double>(static_cast<double>(us / 1'000'000) +
                                 static_cast<double>(us % 1'000'000) / 1e6);
  }
  return std::optional<double>((*result)->ToDouble());
}
// Of an infinity.
absl::StatusOr<std::optional<double>> PartOfInfinity(View unit, bool positive, TypeId type) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, type, &lower));
  if (!OnlyGrows(field)) return std::optional<double>();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return std::optional<double>(positive ? kInfinity : -kInfinity);
}
absl::StatusOr<std::optional<double>> PartOfLocal(const View& unit, int64_t us) {
  if (!types::IsFiniteTimestamp(us)) return PartOfInfinity(unit, us > 0, TypeId::kTimestamp);
  return AsDouble(ExtractLocal(unit, us), unit, TypeId::kTimestamp);
}
absl::StatusOr<std::optional<double>> PartOfZoned(const Context& context, const View& unit,
                                                  int64_t us) {
  if (!types::IsFiniteTimestamp(us)) return PartOfInfinity(unit, us > 0, TypeId::kTimestamptz);
  return AsDouble(ExtractZoned(context, unit, us), unit, TypeId::kTimestamptz);
}
absl::StatusOr<std::optional<double>> PartOfDate(const View& unit, int32_t days) {
  if (!types::IsFiniteDate(days)) return PartOfInfinity(unit, days > 0, TypeId::kTimestamp);
  return AsDouble(ExtractLocal(unit, days * types::kMicrosecondsPerDay), unit, TypeId::kTimestamp);
}
absl::StatusOr<std::optional<double>> PartOfTime(const View& unit, int64_t us) {
  return AsDouble(ExtractTime(unit, us), unit, TypeId::kTime);
}
absl::StatusOr<std::optional<double>> PartOfInterval(const View& unit, const Interval& span) {
  return AsDouble(ExtractInterval(unit, span), unit, TypeId::kInterval);
}

absl::StatusOr<int64_t> Truncate(View unit, int64_t us, TypeId type) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, type, &lower));
  if (!types::IsFiniteTimestamp(us)) return us;
  const auto to_multiple = [us](int64_t length) { return FloorDivide(us, length) * length; };
  CivilTime civil = types::ToCivil(us);
  CivilTime start;
  start.year = civil.year;
  switch (field) {
    case Field::kMicroseconds:
      return us;
    case Field::kMilliseconds:
      return to_multiple(1000);
    case Field::kSecond:
      return to_multiple(types::kMicrosecondsPerSecond);
    case Field::kMinute:
      return to_multiple(types::kMicrosecondsPerMinute);
    case Field::kHour:
      return to_multiple(types::kMicrosecondsPerHour);
    case Field::kDay:
      return to_multiple(types::kMicrosecondsPerDay);
    case Field::kWeek: {
      const auto day = static_cast<int32_t>(FloorDivide(us, types::kMicrosecondsPerDay));
      return (int64_t{day} - IsoWeekOf(day).weekday + 1) * types::kMicrosecondsPerDay;
    }
    case Field::kMonth:
      start.month = civil.month;
      break;
    case Field::kQuarter:
      start.month = (civil.month - 1) / 3 * 3 + 1;
      break;
    case Field::kYear:
      break;
    case Field::kDecade:
      start.year = static_cast<int>(FloorDivide(civil.year, 10) * 10);
      break;
    case Field::kCentury:
      start.year = static_cast<int>(FloorDivide(civil.year - 1, 100) * 100 + 1);
      break;
    case Field::kMillennium:
      start.year = static_cast<int>(FloorDivide(civil.year - 1, 1000) * 1000 + 1);
      break;
    default:
      return Unrecognized(lower, type);
  }
  int64_t result;
  if (!types::FromCivil(start, &result)) {
    return Error(sqlstate::kDatetimeOverflow, "timestamp out of range");
  }
  return result;
}

absl::StatusOr<int64_t> TruncateLocal(const View& unit, int64_t us) {
  return Truncate(unit, us, TypeId::kTimestamp);
}
absl::StatusOr<int64_t> TruncateIn(View unit, int64_t us, const absl::TimeZone& zone) {
  ASSIGN_OR_RETURN(const int64_t local,
                   Truncate(unit, types::UtcToLocal(zone, us), TypeId::kTimestamptz));
  return types::LocalToUtc(zone, local);
}
absl::StatusOr<int64_t> TruncateZoned(const Context& context, const View& unit, int64_t us) {
  return TruncateIn(unit, us, ZoneOf(context));
}
absl::StatusOr<int64_t> TruncateNamed(const View& unit, int64_t us, const View& name) {
  ASSIGN_OR_RETURN(const types::ZoneReference zone, types::FindTimeZone(name));
  return TruncateIn(unit, us, zone.AtUtc(us));
}

absl::StatusOr<Interval> TruncateInterval(const View& unit, const Interval& span) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, TypeId::kInterval, &lower));
  const auto months = [&](int32_t length) { return Interval{0, 0, span.months / length * length}; };
  const auto time = [&](int64_t length) {
    return Interval{span.microseconds / length * length, span.days, span.months};
  };
  switch (field) {
    case Field::kMillennium:
      return months(12'000);
    case Field::kCentury:
      return months(1200);
    case Field::kDecade:
      return months(120);
    case Field::kYear:
      return months(12);
    case Field::kQuarter:
      return months(3);
    case Field::kMonth:
      return months(1);
    case Field::kDay:
      return Interval{0, span.days, span.months};
    case Field::kHour:
      return time(types::kMicrosecondsPerHour);
    case Field::kMinute:
      return time(types::kMicrosecondsPerMinute);
    case Field::kSecond:
      return time(types::kMicrosecondsPerSecond);
    case Field::kMilliseconds:
      return time(1000);
    case Field::kMicroseconds:
      return span;
    case Field::kWeek:
      return Unsupported(lower, TypeId::kInterval);
    default:
      return Unrecognized(lower, TypeId::kInterval);
  }
}

}  // namespace

absl::StatusOr<std::optional<Decimal>> ExtractFromTime(std::string_view unit, int64_t us,
                                                       TypeId type) {
  std::string lower;
  ASSIGN_OR_RETURN(const Field field, FindField(unit, type, &lower));
  if (auto value = TimeField(field, us)) return value;
  if (field == Field::kEpoch) return std::optional<Decimal>(Scaled(us, 6));
  return Unsupported(lower, type);
}

void AddDatetimeFields(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  const TypeId numeric = TypeId::kNumeric;
  const TypeId float8 = TypeId::kFloat8;
  const TypeId local = TypeId::kTimestamp;
  const TypeId zoned = TypeId::kTimestamptz;
  const TypeId span = TypeId::kInterval;
  builder.AddFunction("extract", {text, local}, numeric, Map<ExtractLocal>);
  builder.AddFunction("extract", {text, zoned}, numeric, Map<ExtractZoned>, kStable);
  builder.AddFunction("extract", {text, TypeId::kDate}, numeric, Map<ExtractDate>);
  builder.AddFunction("extract", {text, TypeId::kTime}, numeric, Map<ExtractTime>);
  builder.AddFunction("extract", {text, span}, numeric, Map<ExtractInterval>);
  builder.AddFunction("date_part", {text, local}, float8, Map<PartOfLocal>);
  builder.AddFunction("date_part", {text, zoned}, float8, Map<PartOfZoned>, kStable);
  builder.AddFunction("date_part", {text, TypeId::kDate}, float8, Map<PartOfDate>);
  builder.AddFunction("date_part", {text, TypeId::kTime}, float8, Map<PartOfTime>);
  builder.AddFunction("date_part", {text, span}, float8, Map<PartOfInterval>);
  builder.AddFunction("date_trunc", {text, local}, local, Map<TruncateLocal>);
  builder.AddFunction("date_trunc", {text, zoned}, zoned, Map<TruncateZoned>, kStable);
  builder.AddFunction("date_trunc", {text, zoned, text}, zoned, Map<TruncateNamed>);
  builder.AddFunction("date_trunc", {text, span}, span, Map<TruncateInterval>);
}

}  // namespace adbms::sql::functions
