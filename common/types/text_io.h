// Values from text and to text, and PostgreSQL's binary format: the input and output functions of
// every type. Pure functions; time zones come in as an argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/types/datetime.h"
#include "common/types/value.h"
#include "common/types/vector.h"

namespace adbms::types {

// How an interval is written; values are those of the setting IntervalStyle.
enum class IntervalStyle { kPostgres, kPostgresVerbose, kSqlStandard, kIso8601 };

// What input and output depend on.
struct TextOptions {
  absl::TimeZone time_zone = absl::UTCTimeZone();
  // For 'now', 'today' and the like; microseconds since 2000-01-01 UTC.
  int64_t now_us = 0;
  // extra_float_digits: 1 and more prints the shortest exact form, 0 and less 15 (6) + n digits.
  int extra_float_digits = 1;
  // bytea_output: true hex, false escape.
  bool bytea_hex = true;
  IntervalStyle interval_style = IntervalStyle::kPostgres;
  DateFormat date_format;
};

// The type's input function. The result has `type`, modifier applied (char(n) padded, numeric
// rounded; too long a string is 22001 unless the excess is blanks). Errors as PostgreSQL: 22P02,
// 22003, 22007, 22008, 22021…
absl::StatusOr<Value> ParseText(std::string_view text, const Type& type,
                                const TextOptions& options);
// As ParseText, into row `row` of `vector` (type taken from it). The hot path of COPY.
absl::Status ParseTextInto(std::string_view text, const TextOptions& options, Vector* vector,
                           uint32_t row);

// The type's output function, appended to `out`. REQUIRES: not NULL.
void FormatText(const Value& value, const TextOptions& options, std::string* out);
void FormatText(const Vector& vector, uint32_t row, const TextOptions& options, std::string* out);

// PostgreSQL's binary wire format (send and receive functions), appended to `out` without length.
void FormatBinary(const Vector& vector, uint32_t row, std::string* out);
// Errors: 22P03; 0A000 for a type without a binary format here.
absl::StatusOr<Value> ParseBinary(std::string_view bytes, const Type& type);

// Civil time. Days and microseconds count from 2000-01-01.
int32_t DaysFromCivil(int year, int month, int day);
void CivilFromDays(int32_t days, int* year, int* month, int* day);

}  // namespace adbms::types
