// time with time zone: operators, casts and fields.
#include "common/types/timetz.h"

#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_arithmetic.h"
#include "common/sql/functions/kernel.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/time_zone.h"

namespace adbms::sql::functions {
namespace {

using types::Interval;
using types::kMicrosecondsPerDay;
using types::kMicrosecondsPerSecond;
using types::PackTimeTz;
using types::TimeTz;
using types::TypeId;
using types::UnpackTimeTz;
using types::Vector;
using View = std::string_view;
using Context = EvaluationContext;
namespace sqlstate = status::sqlstate;

int64_t WithinDay(int64_t us) {
  const int64_t rest = us % kMicrosecondsPerDay;
  return rest < 0 ? rest + kMicrosecondsPerDay : rest;
}

int64_t Plus(int64_t packed, const Interval& span) {
  TimeTz value = UnpackTimeTz(packed);
  value.time_us = WithinDay(value.time_us + span.microseconds % kMicrosecondsPerDay);
  return PackTimeTz(value);
}
int64_t PlusOn(const Interval& span, int64_t packed) { return Plus(packed, span); }
int64_t Minus(int64_t packed, const Interval& span) {
  TimeTz value = UnpackTimeTz(packed);
  value.time_us = WithinDay(value.time_us - span.microseconds % kMicrosecondsPerDay);
  return PackTimeTz(value);
}

absl::StatusOr<int64_t> DatePlus(int32_t days, int64_t packed) {
  if (days == types::kDateInfinity) return types::kTimestampInfinity;
  if (days == types::kDateMinusInfinity) return types::kTimestampMinusInfinity;
  int64_t us = 0;
  if (__builtin_mul_overflow(int64_t{days}, kMicrosecondsPerDay, &us) ||
      !types::IsValidTimestamp(us + UnpackTimeTz(packed).utc_us()))
    return status::Error(sqlstate::kDatetimeOverflow, "date out of range for timestamp");
  return us + UnpackTimeTz(packed).utc_us();
}
absl::StatusOr<int64_t> PlusDate(int64_t packed, int32_t days) { return DatePlus(days, packed); }

// The same instant of the day in another zone.
int64_t MoveTo(int64_t packed, int64_t west_seconds) {
  TimeTz value;
  value.time_us = WithinDay(UnpackTimeTz(packed).utc_us() - west_seconds * kMicrosecondsPerSecond);
  value.west_seconds = static_cast<int32_t>(west_seconds);
  return PackTimeTz(value);
}
absl::StatusOr<int64_t> AtZone(const Context& context, const View& name, int64_t packed) {
  ASSIGN_OR_RETURN(const types::ZoneReference zone, types::FindTimeZone(name));
  const int64_t now = context.transaction_timestamp_us;
  return MoveTo(packed, -types::OffsetAt(zone.AtUtc(now), now));
}
absl::StatusOr<int64_t> AtOffset(const Interval& offset, int64_t packed) {
  if (offset.months != 0 || offset.days != 0)
    return status::Error(sqlstate::kInvalidParameterValue,
                         "interval time zone must not include months or days");
  return MoveTo(packed, -offset.microseconds / kMicrosecondsPerSecond);
}

enum class Field { kZone, kZoneHour, kZoneMinute, kEpoch, kTime };

absl::StatusOr<std::optional<types::Decimal>> Extract(const View& unit, int64_t packed) {
  const TimeTz value = UnpackTimeTz(packed);
  std::string lower(unit);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const int64_t east = -value.west_seconds;
  const auto whole = [](int64_t number) {
    return std::optional<types::Decimal>(types::Decimal::FromInt(number));
  };
  if (lower == "timezone") return whole(east);
  if (lower == "timezone_hour") return whole(east / 3600);
  if (lower == "timezone_minute") return whole(east / 60 % 60);
  if (lower == "epoch") return std::optional<types::Decimal>(types::Decimal(value.utc_us(), 6));
  return ExtractFromTime(unit, value.time_us, TypeId::kTimetz);
}
absl::StatusOr<std::optional<double>> Part(const View& unit, int64_t packed) {
  ASSIGN_OR_RETURN(const auto value, Extract(unit, packed));
  if (!value.has_value()) return std::optional<double>();
  return std::optional<double>(value->ToDouble());
}

template <auto F>
absl::Status Cast(const EvaluationContext& context, const Vector& input, bool is_explicit,
                  Vector* result) {
  return Map<F>(context, {&input}, input.size(), result);
}

int64_t FromTime(const Context& context, int64_t us) {
  const absl::TimeZone zone = ZoneOf(context);
  return PackTimeTz({us, -types::OffsetAt(zone, context.transaction_timestamp_us)});
}
int64_t ToTime(int64_t packed) { return UnpackTimeTz(packed).time_us; }
std::optional<int64_t> FromInstant(const Context& context, int64_t us) {
  if (!types::IsFiniteTimestamp(us)) return std::nullopt;
  const absl::TimeZone zone = ZoneOf(context);
  return PackTimeTz({WithinDay(types::UtcToLocal(zone, us)), -types::OffsetAt(zone, us)});
}

}  // namespace

void AddTimeTz(CatalogBuilder& builder) {
  constexpr TypeId kTimetz = TypeId::kTimetz;
  constexpr TypeId kSpan = TypeId::kInterval;
  constexpr TypeId kText = TypeId::kText;
  builder.AddOperator("+", {kTimetz, kSpan}, kTimetz, Map<Plus>, "+");
  builder.AddOperator("+", {kSpan, kTimetz}, kTimetz, Map<PlusOn>, "+");
  builder.AddOperator("-", {kTimetz, kSpan}, kTimetz, Map<Minus>);
  builder.AddOperator("+", {TypeId::kDate, kTimetz}, TypeId::kTimestamptz, Map<DatePlus>, "+");
  builder.AddOperator("+", {kTimetz, TypeId::kDate}, TypeId::kTimestamptz, Map<PlusDate>, "+");
  builder.AddFunction("timezone", {kText, kTimetz}, kTimetz, Map<AtZone>, kStable);
  builder.AddFunction("timezone", {kSpan, kTimetz}, kTimetz, Map<AtOffset>);
  builder.AddFunction("extract", {kText, kTimetz}, TypeId::kNumeric, Map<Extract>);
  builder.AddFunction("date_part", {kText, kTimetz}, TypeId::kFloat8, Map<Part>);
  builder.AddCast(TypeId::kTime, kTimetz, CastContext::kImplicit, Cast<FromTime>);
  builder.AddCast(kTimetz, TypeId::kTime, CastContext::kAssignment, Cast<ToTime>);
  builder.AddCast(TypeId::kTimestamptz, kTimetz, CastContext::kAssignment, Cast<FromInstant>);
}

}  // namespace adbms::sql::functions
