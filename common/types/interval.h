// interval: months, days and microseconds, as in PostgreSQL.
#pragma once

#include <compare>
#include <cstdint>

namespace adbms::types {

struct Interval {
  int64_t microseconds = 0;
  int32_t days = 0;
  int32_t months = 0;
};

// PostgreSQL's order: a month counts 30 days, a day 24 hours.
std::strong_ordering Compare(const Interval& a, const Interval& b);
uint64_t Hash(const Interval& value);

}  // namespace adbms::types
