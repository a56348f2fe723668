// to_char, to_date and to_timestamp templates for dates and times (PostgreSQL's manual, 9.8).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/datetime.h"

namespace adbms::sql::functions {

struct FormattedTime {
  types::CivilTime civil;
  bool has_zone = false;
  int offset_seconds = 0;
  std::string zone_name;
  int precision = 6;  // Digits of the second's fraction to keep, as read by FF1 to FF6.
};

// Errors: 0A000 for a template pattern that is not supported.
absl::StatusOr<std::string> FormatTime(const FormattedTime& time, std::string_view format);
// Reads `text`; fields that the template lacks are 1 January of 1 BC, 00:00. Errors: 22007, 22008,
// 0A000.
absl::StatusOr<FormattedTime> ParseTime(std::string_view text, std::string_view format);

}  // namespace adbms::sql::functions
