#include "common/types/timetz.h"

#include <algorithm>

#include "common/status/macros.h"
#include "common/types/datetime_fields.h"

namespace adbms::types {
namespace {

constexpr int kZoneBits = 17;
constexpr int64_t kZoneBias = int64_t{1} << (kZoneBits - 1);
constexpr int64_t kFarthestSeconds = 16 * 3600 - 1;
// Makes every instant positive.
constexpr int64_t kInstantBias = (kFarthestSeconds + 1) * kMicrosecondsPerSecond;

void PutTwo(int64_t value, std::string* out) {
  out->push_back(static_cast<char>('0' + value / 10));
  out->push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

int64_t PackTimeTz(const TimeTz& value) {
  return ((value.utc_us() + kInstantBias) << kZoneBits) | (value.west_seconds + kZoneBias);
}

TimeTz UnpackTimeTz(int64_t packed) {
  TimeTz value;
  value.west_seconds = static_cast<int32_t>((packed & ((int64_t{1} << kZoneBits) - 1)) - kZoneBias);
  value.time_us =
      (packed >> kZoneBits) - kInstantBias - value.west_seconds * kMicrosecondsPerSecond;
  return value;
}

bool IsValidTimeTz(int64_t time_us, int64_t west_seconds) {
  return time_us >= 0 && time_us <= kMicrosecondsPerDay && west_seconds >= -kFarthestSeconds &&
         west_seconds <= kFarthestSeconds;
}

absl::Status ParseTimeTz(std::string_view text, const DateTimeInput& input, int64_t* packed) {
  constexpr std::string_view kName = "time with time zone";
  DateTimeFields fields;
  // Bare digits are a time here, before a zone too.
  const auto digits = static_cast<size_t>(
      std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; }) -
      text.begin());
  const bool bare = digits == 6 || digits == 4;
  RETURN_IF_ERROR(ReadDateTimeFields(bare ? "T" + std::string(text) : std::string(text), kName,
                                     input.order, &fields));
  TimeTz value;
  if (fields.special == SpecialDate::kNow) {
    const int64_t local = UtcToLocal(input.zone, input.now_us);
    const int64_t rest = local % kMicrosecondsPerDay;
    value.time_us = rest < 0 ? rest + kMicrosecondsPerDay : rest;
    value.west_seconds = -OffsetAt(input.zone, input.now_us);
    *packed = PackTimeTz(value);
    return absl::OkStatus();
  }
  if (!fields.has_time) return NoDateTime(text, kName);
  if (fields.time_us > kMicrosecondsPerDay) return DateTimeFieldOverflow(text);
  value.time_us = fields.time_us;
  const bool abbreviated = fields.zone.has_value() && !fields.zone->abbreviation.empty();
  absl::TimeZone::CivilTransition change;
  if (fields.has_date) {
    CivilTime civil;
    civil.year = fields.year;
    civil.month = fields.month;
    civil.day = fields.day;
    int64_t local = 0;
    if (!FromCivil(civil, &local)) return DateTimeFieldOverflow(text);
    local += fields.time_us;
    const absl::TimeZone zone = fields.zone.has_value() ? fields.zone->AtLocal(local) : input.zone;
    value.west_seconds = -OffsetAt(zone, LocalToUtc(zone, local));
  } else if (!fields.zone.has_value()) {
    value.west_seconds = -OffsetAt(input.zone, input.now_us);
  } else if (!abbreviated && fields.zone->zone.NextTransition(absl::InfinitePast(), &change)) {
    return NoDateTime(text, kName);  // A zone whose offset is known only with a date.
  } else {
    const absl::TimeZone zone = fields.zone->AtUtc(input.now_us);
    value.west_seconds = -OffsetAt(zone, input.now_us);
  }
  *packed = PackTimeTz(value);
  return absl::OkStatus();
}

void FormatTimeTz(int64_t packed, std::string* out) {
  const TimeTz value = UnpackTimeTz(packed);
  FormatTime(value.time_us, out);
  out->push_back(value.west_seconds <= 0 ? '+' : '-');
  const int64_t offset = value.west_seconds < 0 ? -value.west_seconds : value.west_seconds;
  PutTwo(offset / 3600, out);
  if (offset % 3600 == 0) return;
  out->push_back(':');
  PutTwo(offset / 60 % 60, out);
  if (offset % 60 == 0) return;
  out->push_back(':');
  PutTwo(offset % 60, out);
}

int64_t RoundTimeTz(int64_t packed, int32_t modifier) {
  if (modifier == 0) return packed;
  TimeTz value = UnpackTimeTz(packed);
  value.time_us = RoundToPrecision(value.time_us, modifier);
  return PackTimeTz(value);
}

}  // namespace adbms::types
