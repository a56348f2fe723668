#include "common/types/time_modifier.h"

#include "absl/strings/str_cat.h"
#include "common/types/datetime.h"

namespace adbms::types {
namespace {

// PostgreSQL's for "not given".
constexpr int kFullPrecision = 0xFFFF;

struct FieldsName {
  int fields;
  const char* name;
};
constexpr FieldsName kFieldsNames[] = {
    {kYearField, " year"},
    {kMonthField, " month"},
    {kDayField, " day"},
    {kHourField, " hour"},
    {kMinuteField, " minute"},
    {kSecondField, " second"},
    {kYearField | kMonthField, " year to month"},
    {kDayField | kHourField, " day to hour"},
    {kDayField | kHourField | kMinuteField, " day to minute"},
    {kDayField | kHourField | kMinuteField | kSecondField, " day to second"},
    {kHourField | kMinuteField, " hour to minute"},
    {kHourField | kMinuteField | kSecondField, " hour to second"},
    {kMinuteField | kSecondField, " minute to second"},
    {kAllIntervalFields, ""},
};

const char* NameOf(int fields) {
  for (const FieldsName& row : kFieldsNames) {
    if (row.fields == fields) return row.name;
  }
  return nullptr;
}

}  // namespace

Type TimeType(TypeId id, int precision) { return {id, precision + 1}; }

std::optional<int> TimePrecisionOf(const Type& type) {
  const bool of_time = type.id == TypeId::kTime || type.id == TypeId::kTimetz ||
                       type.id == TypeId::kTimestamp || type.id == TypeId::kTimestamptz;
  if ((!of_time && type.id != TypeId::kInterval) || type.modifier == 0) return std::nullopt;
  const int precision = PgTypmod(type) & kFullPrecision;
  return precision > kMaxTimePrecision ? std::nullopt : std::optional(precision);
}

std::optional<Type> IntervalType(int fields, std::optional<int> precision) {
  if (NameOf(fields) == nullptr) return std::nullopt;
  if (fields == kAllIntervalFields && !precision.has_value()) return Type{TypeId::kInterval, 0};
  return Type{TypeId::kInterval, ((fields << 16) | precision.value_or(kFullPrecision)) + 1};
}

int IntervalFieldsOf(const Type& type) {
  return type.modifier == 0 ? kAllIntervalFields : (PgTypmod(type) >> 16) & kAllIntervalFields;
}

std::string IntervalModifierText(const Type& type) {
  const char* fields = NameOf(IntervalFieldsOf(type));
  const std::optional<int> precision = TimePrecisionOf(type);
  return absl::StrCat(fields == nullptr ? "" : fields,
                      precision.has_value() ? absl::StrCat("(", *precision, ")") : "");
}

void FitInterval(const Type& type, Interval* value) {
  if (type.modifier == 0) return;
  const auto cut = [&](int64_t unit) { value->microseconds = value->microseconds / unit * unit; };
  const int fields = IntervalFieldsOf(type);
  if (fields == kYearField) value->months = value->months / 12 * 12;
  if (fields != kAllIntervalFields && (fields & ~(kYearField | kMonthField)) == 0) value->days = 0;
  if ((fields & (kHourField | kMinuteField | kSecondField)) == 0) {
    value->microseconds = 0;
  } else if ((fields & (kMinuteField | kSecondField)) == 0) {
    cut(3600 * kMicrosecondsPerSecond);
  } else if ((fields & kSecondField) == 0) {
    cut(60 * kMicrosecondsPerSecond);
  }
  value->microseconds = RoundToPrecision(value->microseconds, type.modifier);
}

}  // namespace adbms::types
