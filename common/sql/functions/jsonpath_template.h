// The templates of jsonpath's datetime(): to_timestamp's patterns (PostgreSQL's manual, 9.8), read
// as the SQL standard wants it, separators being matched exactly. Immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/functions/jsonpath_time.h"

namespace adbms::sql::functions {

class PathTemplate {
 public:
  enum class Field {
    kText,       // Between double quotes.
    kSeparator,  // One character.
    kYear,
    kShortYear,  // Of fewer than four digits.
    kMonth,
    kMonthName,
    kDay,
    kDayOfYear,
    kHour24,
    kHour12,
    kMinute,
    kSecond,
    kSecondOfDay,
    kMillisecond,
    kFraction,  // Of a second: US, FF1 to FF6.
    kHalfDay,   // AM and PM.
    kEra,       // BC and AD.
    kZoneHour,
    kZoneMinute,
  };
  struct Part {
    Field field = Field::kText;
    int width = 0;         // Of numbers; of kText the bytes.
    std::string text;      // As in the template.
    bool bounded = false;  // A number follows at once.
    bool rounds = false;   // FF1 to FF6: to as many digits.
  };

  // Errors: 22007 for what is no separator, 0A000 for patterns that are not supported.
  static absl::StatusOr<PathTemplate> Parse(std::string_view format);
  // Errors: 22007, 22008, 22009.
  absl::StatusOr<PathTime> Read(std::string_view text) const;

 private:
  std::vector<Part> parts_;
};

}  // namespace adbms::sql::functions
