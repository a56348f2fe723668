// What a date or time as text says, field by field, before it is a value of a type: PostgreSQL's
// input (manual, appendix B.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/types/datetime.h"
#include "common/types/time_zone.h"

namespace adbms::types {

enum class SpecialDate {
  kNone,
  kInfinity,
  kMinusInfinity,
  kEpoch,
  kNow,
  kToday,
  kTomorrow,
  kYesterday,
};

struct DateTimeFields {
  SpecialDate special = SpecialDate::kNone;
  bool has_date = false;
  int year = 0;
  int month = 0;
  int day = 0;
  bool has_time = false;
  int64_t time_us = 0;  // Up to and including 24:00, plus a leap second.
  std::optional<ZoneReference> zone;
};

// Reads the fields; a date among them is one of the calendar. `type_name` is for messages, `order`
// says what numbers mean that could be more than one. Errors: 22007, 22008, 22009, 22023 for an
// unknown zone.
absl::Status ReadDateTimeFields(std::string_view text, std::string_view type_name, DateOrder order,
                                DateTimeFields* fields);

// 22007: `text` is no input for the type.
absl::Status NoDateTime(std::string_view text, std::string_view type_name);
// 22008: a field of `text` is out of range.
absl::Status DateTimeFieldOverflow(std::string_view text);

}  // namespace adbms::types
