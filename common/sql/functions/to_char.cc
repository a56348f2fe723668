// to_char, to_date and to_timestamp.
#include "common/sql/functions/catalog_builder.h"
#include "common/sql/functions/datetime_format.h"
#include "common/sql/functions/kernel.h"
#include "common/sql/functions/number_format.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/time_zone.h"

namespace adbms::sql::functions {
namespace {

using types::Decimal;
using types::DecimalView;
using types::Interval;
using types::TypeId;
using View = std::string_view;
using Context = EvaluationContext;
using Text = absl::StatusOr<std::optional<std::string>>;

Text FormatLocal(const Context& context, int64_t us, const View& format) {
  if (!types::IsFiniteTimestamp(us)) return std::optional<std::string>();
  FormattedTime time;
  time.civil = types::ToCivil(us);
  ASSIGN_OR_RETURN(std::string text, FormatTime(time, format));
  return std::optional<std::string>(std::move(text));
}
Text FormatZoned(const Context& context, int64_t us, const View& format) {
  if (!types::IsFiniteTimestamp(us)) return std::optional<std::string>();
  const absl::TimeZone zone = ZoneOf(context);
  FormattedTime time;
  time.civil = types::ToCivil(types::UtcToLocal(zone, us));
  time.has_zone = true;
  time.offset_seconds = types::OffsetAt(zone, us);
  const int64_t unix_us = us + types::kUnixEpochDays * types::kMicrosecondsPerDay;
  const std::optional<std::string> posix = types::PosixAbbreviation(context.time_zone);
  time.zone_name =
      posix.has_value() ? *posix : std::string(zone.At(absl::FromUnixMicros(unix_us)).zone_abbr);
  ASSIGN_OR_RETURN(std::string text, FormatTime(time, format));
  return std::optional<std::string>(std::move(text));
}
Text FormatDate(const Context& context, int32_t days, const View& format) {
  if (!types::IsFiniteDate(days)) return std::optional<std::string>();
  return FormatLocal(context, days * types::kMicrosecondsPerDay, format);
}

// Digits that the floating-point types hold for certain.
constexpr int kDoubleDigits = 15;
constexpr int kFloatDigits = 6;

absl::StatusOr<std::string> FormatDecimal(const DecimalView& value, const View& format) {
  return FormatNumber(value, format);
}
absl::StatusOr<std::string> FormatInt4(int32_t value, const View& format) {
  return FormatFloating(value, format, Decimal::kMaxDigits);
}
absl::StatusOr<std::string> FormatInt8(int64_t value, const View& format) {
  return FormatNumber(Decimal::FromInt(value), format);
}
absl::StatusOr<std::string> FormatFloat8(double value, const View& format) {
  return FormatFloating(value, format, kDoubleDigits);
}
absl::StatusOr<std::string> FormatFloat4(float value, const View& format) {
  return FormatFloating(static_cast<double>(value), format, kFloatDigits);
}

absl::StatusOr<Decimal> ToNumber(const View& text, const View& format) {
  return ParseNumber(text, format);
}

absl::StatusOr<int32_t> ToDate(const View& text, const View& format) {
  ASSIGN_OR_RETURN(const FormattedTime time, ParseTime(text, format));
  const int32_t days = types::DaysFromCivil(time.civil.year, time.civil.month, time.civil.day);
  if (!types::IsValidDate(days)) {
    return status::Error(status::sqlstate::kDatetimeOverflow,
                         "date out of range: \"" + std::string(text) + "\"");
  }
  return days;
}
// Half away from zero.
int64_t RoundToPrecision(int64_t us, int precision) {
  int64_t unit = 1;
  for (int i = precision; i < 6; ++i) unit *= 10;
  return us < 0 ? -((-us + unit / 2) / unit * unit) : (us + unit / 2) / unit * unit;
}
absl::StatusOr<int64_t> ToTimestamp(const Context& context, const View& text, const View& format) {
  ASSIGN_OR_RETURN(const FormattedTime time, ParseTime(text, format));
  int64_t us;
  if (!types::FromCivil(time.civil, &us)) {
    return status::Error(status::sqlstate::kDatetimeOverflow,
                         "timestamp out of range: \"" + std::string(text) + "\"");
  }
  us = RoundToPrecision(us, time.precision);
  if (time.has_zone) return us - time.offset_seconds * types::kMicrosecondsPerSecond;
  return types::LocalToUtc(ZoneOf(context), us);
}

}  // namespace

void AddToChar(CatalogBuilder& builder) {
  const TypeId text = TypeId::kText;
  builder.AddFunction("to_char", {TypeId::kTimestamp, text}, text, Map<FormatLocal>, kStable);
  builder.AddFunction("to_char", {TypeId::kTimestamptz, text}, text, Map<FormatZoned>, kStable);
  builder.AddFunction("to_char", {TypeId::kDate, text}, text, Map<FormatDate>, kStable);
  builder.AddFunction("to_char", {TypeId::kNumeric, text}, text, Map<FormatDecimal>, kStable);
  builder.AddFunction("to_char", {TypeId::kInt4, text}, text, Map<FormatInt4>, kStable);
  builder.AddFunction("to_char", {TypeId::kInt8, text}, text, Map<FormatInt8>, kStable);
  builder.AddFunction("to_char", {TypeId::kFloat4, text}, text, Map<FormatFloat4>, kStable);
  builder.AddFunction("to_char", {TypeId::kFloat8, text}, text, Map<FormatFloat8>, kStable);
  // PostgreSQL's own; without it an interval would be called no argument of to_char.
  builder.AddFunction("to_char", {TypeId::kInterval, text}, text,
                      Map<[](const types::Interval&, const View&) -> absl::StatusOr<std::string> {
                        return status::NotSupported("to_char of an interval");
                      }>,
                      kStable);
  builder.AddFunction("to_number", {text, text}, TypeId::kNumeric, Map<ToNumber>, kStable);
  builder.AddFunction("to_date", {text, text}, TypeId::kDate, Map<ToDate>, kStable);
  builder.AddFunction("to_timestamp", {text, text}, TypeId::kTimestamptz, Map<ToTimestamp>,
                      kStable);
}

}  // namespace adbms::sql::functions
