#include "common/sql/functions/jsonpath_time.h"

#include <cstdio>

#include "common/sql/functions/jsonpath_template.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"

namespace adbms::sql::functions {
namespace {

using Kind = PathTime::Kind;
using View = std::string_view;
namespace sqlstate = status::sqlstate;

constexpr int64_t kSecond = types::kMicrosecondsPerSecond;

void AppendOffset(int seconds, std::string* out) {
  const int absolute = seconds < 0 ? -seconds : seconds;
  char text[16];
  std::snprintf(text, sizeof(text), "%c%02d:%02d", seconds < 0 ? '-' : '+', absolute / 3600,
                absolute / 60 % 60);
  *out += text;
  if (absolute % 60 == 0) return;
  std::snprintf(text, sizeof(text), ":%02d", absolute % 60);
  *out += text;
}

// A timestamp's parts are joined by T; what follows the year's end stays behind.
std::string Timestamp(int64_t local_us, int offset_seconds, bool zoned) {
  std::string text;
  types::FormatTimestamp(local_us, types::DateFormat(), &text);
  const size_t blank = text.find(' ');
  if (blank != std::string::npos) text[blank] = 'T';
  if (!zoned) return text;
  std::string offset;
  AppendOffset(offset_seconds, &offset);
  const size_t era = text.find(" BC");
  text.insert(era == std::string::npos ? text.size() : era, offset);
  return text;
}

absl::Status NeedsZone(Kind from, Kind to) {
  return status::Error(sqlstate::kFeatureNotSupported,
                       "cannot convert value from " + std::string(ShortNameOf(from)) + " to " +
                           std::string(ShortNameOf(to)) + " without time zone usage",
                       {}, "Use *_tz() function for time zone support.");
}

int Order(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

bool IsTimeOfDay(Kind kind) { return kind == Kind::kTime || kind == Kind::kTimetz; }
bool IsZoned(Kind kind) { return kind == Kind::kTimetz || kind == Kind::kTimestamptz; }

}  // namespace

std::string_view ShortNameOf(Kind kind) {
  switch (kind) {
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "time";
    case Kind::kTimetz:
      return "timetz";
    case Kind::kTimestamp:
      return "timestamp";
    case Kind::kTimestamptz:
      break;
  }
  return "timestamptz";
}

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kDate:
      return "date";
    case Kind::kTime:
      return "time without time zone";
    case Kind::kTimetz:
      return "time with time zone";
    case Kind::kTimestamp:
      return "timestamp without time zone";
    case Kind::kTimestamptz:
      break;
  }
  return "timestamp with time zone";
}

std::string FormatPathTime(const PathTime& time) {
  std::string text;
  switch (time.kind) {
    case Kind::kDate:
      types::FormatDate(time.days, types::DateFormat(), &text);
      return text;
    case Kind::kTime:
    case Kind::kTimetz:
      types::FormatTime(time.us, &text);
      if (time.kind == Kind::kTimetz) AppendOffset(time.offset_seconds, &text);
      return text;
    case Kind::kTimestamp:
      return Timestamp(time.us, 0, false);
    case Kind::kTimestamptz:
      break;
  }
  return Timestamp(time.us + time.offset_seconds * kSecond, time.offset_seconds, true);
}

std::optional<PathTime> ReadPathTime(View text) {
  const size_t colon = text.find(':');
  const bool timed = colon != View::npos;
  const bool dated = !timed || text.substr(1, colon).find('-') < colon;
  std::string format = dated ? "YYYY-MM-DD" : "";
  if (timed) {
    if (dated) format += text.find('T') != View::npos ? "\"T\"" : " ";
    format += text.find('.') != View::npos ? "HH24:MI:SS.US" : "HH24:MI:SS";
  }
  for (const char* zone : {"TZH:TZM", "TZH", ""}) {
    if (!timed && *zone != '\0') continue;
    const absl::StatusOr<PathTemplate> known = PathTemplate::Parse(format + zone);
    const absl::StatusOr<PathTime> time = known.ok() ? known->Read(text) : known.status();
    if (time.ok()) return *time;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<int>> ComparePathTimes(const PathTime& a, const PathTime& b,
                                                    const std::optional<PathZone>& zone) {
  if (IsTimeOfDay(a.kind) != IsTimeOfDay(b.kind)) return std::optional<int>();
  if (IsZoned(a.kind) != IsZoned(b.kind) && !zone.has_value()) {
    const Kind from = IsZoned(a.kind) ? b.kind : a.kind;
    return NeedsZone(from, IsTimeOfDay(from) ? Kind::kTimetz : Kind::kTimestamptz);
  }
  if (a.kind == Kind::kDate && b.kind == Kind::kDate)
    return std::optional<int>(Order(a.days, b.days));
  const bool zoned = IsZoned(a.kind) || IsZoned(b.kind);
  if (!IsTimeOfDay(a.kind)) {
    const auto instant = [&](const PathTime& time) {
      return zoned && !IsZoned(time.kind) ? types::LocalToUtc(zone->zone, time.us) : time.us;
    };
    return std::optional<int>(Order(instant(a), instant(b)));
  }
  if (!zoned) return std::optional<int>(Order(a.us, b.us));
  // By the time in UTC, then by the zone, the more western one being greater.
  const auto offset = [&](const PathTime& time) -> int64_t {
    return IsZoned(time.kind) ? time.offset_seconds : types::OffsetAt(zone->zone, zone->now_us);
  };
  const int order = Order(a.us - offset(a) * kSecond, b.us - offset(b) * kSecond);
  return std::optional<int>(order != 0 ? order : Order(-offset(a), -offset(b)));
}

}  // namespace adbms::sql::functions
