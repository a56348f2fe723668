// The modifiers of time, timestamp, timestamptz and interval: how many digits of seconds are kept,
// and for intervals which fields (PostgreSQL's datatype/timestamp.h, interval typmod). Pure
// functions.
#pragma once

#include <optional>
#include <string>

#include "common/types/interval.h"
#include "common/types/type.h"

namespace adbms::types {

constexpr int kMaxTimePrecision = 6;

// time(n), timestamp(n) and timestamptz(n). REQUIRES: 0 <= precision <= kMaxTimePrecision.
Type TimeType(TypeId id, int precision);
// Digits of the seconds; nullopt where the type does not say, or is of another kind.
std::optional<int> TimePrecisionOf(const Type& type);

// Fields of an interval, as bits of a mask.
enum IntervalField : int {
  kMonthField = 1 << 1,
  kYearField = 1 << 2,
  kDayField = 1 << 3,
  kHourField = 1 << 10,
  kMinuteField = 1 << 11,
  kSecondField = 1 << 12,
  kAllIntervalFields = 0x7FFF,
};
// `interval day to second(3)`. nullopt where no such interval can be declared (`year to day`).
std::optional<Type> IntervalType(int fields, std::optional<int> precision);
// The fields of an interval type; kAllIntervalFields where it does not say.
int IntervalFieldsOf(const Type& type);
// What stands behind the word "interval": " day to second(3)".
std::string IntervalModifierText(const Type& type);
// Cuts the fields below the lowest one that the type has, and rounds its seconds.
void FitInterval(const Type& type, Interval* value);

}  // namespace adbms::types
