// ISO 8601 weeks: Monday first; week 1 has the year's first Thursday. Pure functions.
#pragma once

#include <cstdint>

#include "common/types/text_io.h"

namespace adbms::sql::functions {

struct IsoWeek {
  int year;     // Astronomical.
  int week;     // 1 to 53
  int weekday;  // 1: Monday, 7: Sunday
};

inline IsoWeek IsoWeekOf(int32_t days) {
  // 2000-01-01 was a Saturday.
  const int64_t since_monday = int64_t{days} + 5;
  const auto weekday = static_cast<int>((since_monday % 7 + 7) % 7) + 1;
  int year;
  int month;
  int day;
  const int32_t thursday = days + 4 - weekday;
  types::CivilFromDays(thursday, &year, &month, &day);
  return {year, (thursday - types::DaysFromCivil(year, 1, 1)) / 7 + 1, weekday};
}

}  // namespace adbms::sql::functions
