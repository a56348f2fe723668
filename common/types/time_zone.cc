#include "common/types/time_zone.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/text_io.h"

namespace adbms::types {
namespace {

namespace sqlstate = status::sqlstate;

constexpr int kSecondsPerDay = 86400;
// PostgreSQL's, of a plain number of hours.
constexpr int kMaxOffsetHours = 167;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

absl::TimeZone FixedZone(int seconds) {
  return seconds == 0 ? absl::UTCTimeZone() : absl::FixedTimeZone(seconds);
}

struct Abbreviation {
  std::string_view name;
  int seconds;
  std::string_view zone;
};
constexpr Abbreviation kAbbreviations[] = {
#include "common/types/time_zone_abbreviations.inc"
};

constexpr int64_t kUnixEpochUs = kUnixEpochDays * kMicrosecondsPerDay;
// More than any zone has had.
constexpr int kMaxTransitions = 2000;

bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' ||
      name.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return IsAlpha(c) || IsDigit(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

// "europe/berlin" to "Europe/Berlin", "america/port_of_spain" to "America/Port_of_Spain".
std::string Capitalized(std::string_view name) {
  std::string result = Lower(name);
  bool start = true;
  for (size_t i = 0; i < result.size(); ++i) {
    if (start) {
      const std::string_view word = std::string_view(result).substr(i, 3);
      const bool lower_word = i > 0 && (word == "of_" || word == "es_" || word == "au_");
      if (!lower_word) result[i] = static_cast<char>(std::toupper(result[i]));
    }
    start = result[i] == '/' || result[i] == '_' || result[i] == '-';
  }
  return result;
}

std::optional<NamedZone> ZoneOfDatabase(std::string_view name) {
  if (!IsZoneName(name)) return std::nullopt;
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  NamedZone result;
  for (const std::string& spelling : {std::string(name), Capitalized(name), upper}) {
    if (!absl::LoadTimeZone(spelling, &result.zone)) continue;
    result.name = spelling;
    return result;
  }
  return std::nullopt;
}

// std offset, where std may be missing: "UTC+3", "<-05>+05", "+02:00".
std::optional<NamedZone> ZoneOfPosix(std::string_view name) {
  size_t i = 0;
  if (!name.empty() && name[0] == '<') {
    i = name.find('>');
    if (i == std::string_view::npos) return std::nullopt;
    ++i;
  } else {
    while (i < name.size() && IsAlpha(name[i])) ++i;
  }
  if (i == name.size()) return std::nullopt;
  const bool minus = name[i] == '-';
  if (name[i] == '+' || name[i] == '-') ++i;
  int parts[3] = {0, 0, 0};
  for (int part = 0; part < 3; ++part) {
    const size_t start = i;
    while (i < name.size() && IsDigit(name[i]) && i - start < 3) {
      parts[part] = parts[part] * 10 + (name[i++] - '0');
    }
    if (i == start) return std::nullopt;
    if (i == name.size() || name[i] != ':') break;
    ++i;
  }
  if (i != name.size() || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  const int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (seconds > kSecondsPerDay) return std::nullopt;
  return NamedZone{std::string(name), FixedZone(minus ? seconds : -seconds)};
}

absl::Status InvalidZone(std::string_view value, std::string detail = {}) {
  return status::Error(sqlstate::kInvalidParameterValue,
                       "invalid value for parameter \"TimeZone\": \"" + std::string(value) + "\"",
                       detail);
}

// PostgreSQL's name for an offset: "<-05:30>+05:30".
NamedZone ZoneOfOffset(int seconds_east) {
  const int magnitude = std::abs(seconds_east);
  std::string text = absl::StrFormat("%02d", magnitude / 3600);
  if (magnitude % 3600 != 0) absl::StrAppendFormat(&text, ":%02d", magnitude / 60 % 60);
  if (magnitude % 60 != 0) absl::StrAppendFormat(&text, ":%02d", magnitude % 60);
  const bool west = seconds_east < 0;
  return {absl::StrFormat("<%s%s>%s%s", west ? "-" : "+", text, west ? "+" : "-", text),
          FixedZone(seconds_east)};
}

absl::StatusOr<NamedZone> ZoneOfInterval(std::string_view value, std::string_view text) {
  ASSIGN_OR_RETURN(const Value parsed, ParseText(text, {TypeId::kInterval, 0}, TextOptions()));
  const Interval interval = parsed.interval();
  if (interval.months != 0)
    return InvalidZone(value, "Cannot specify months in time zone interval.");
  if (interval.days != 0) return InvalidZone(value, "Cannot specify days in time zone interval.");
  const int64_t seconds = interval.microseconds / 1000000;
  if (std::abs(seconds) > kSecondsPerDay)
    return InvalidZone(value, "UTC timezone offset is out of range.");
  return ZoneOfOffset(static_cast<int>(seconds));
}

}  // namespace

absl::TimeZone ZoneReference::AtUtc(int64_t us) const {
  if (abbreviation.empty() || !IsFiniteTimestamp(us)) return zone;
  const absl::Time time = absl::FromUnixMicros(us + kUnixEpochUs);
  const auto used_at = [&](absl::Time at, int* offset) {
    const absl::TimeZone::CivilInfo info = zone.At(at);
    *offset = info.offset;
    return Lower(info.zone_abbr) == abbreviation;
  };
  int offset = 0;
  if (used_at(time, &offset)) return FixedZone(offset);
  // Its last use before, or else the first one after.
  absl::TimeZone::CivilTransition transition;
  absl::Time at = time;
  for (int i = 0; i < kMaxTransitions && zone.PrevTransition(at, &transition); ++i) {
    at = zone.At(transition.to).trans - absl::Seconds(1);
    if (used_at(at, &offset)) return FixedZone(offset);
  }
  at = time;
  for (int i = 0; i < kMaxTransitions && zone.NextTransition(at, &transition); ++i) {
    at = zone.At(transition.to).trans;
    if (used_at(at, &offset)) return FixedZone(offset);
  }
  return zone;
}

absl::TimeZone ZoneReference::AtLocal(int64_t us) const {
  return abbreviation.empty() ? zone : AtUtc(LocalToUtc(zone, us));
}

std::optional<ZoneReference> ZoneOfAbbreviation(std::string_view lower) {
  for (const Abbreviation& known : kAbbreviations) {
    if (known.name != lower) continue;
    if (known.zone.empty()) return ZoneReference{FixedZone(known.seconds)};
    const auto zone = ZoneOfDatabase(known.zone);
    if (!zone.has_value()) return std::nullopt;
    return ZoneReference{zone->zone, std::string(lower)};
  }
  return std::nullopt;
}

std::optional<std::string> PosixAbbreviation(std::string_view name) {
  if (ZoneOfDatabase(name).has_value() || !ZoneOfPosix(name).has_value()) return std::nullopt;
  if (name[0] == '<') return std::string(name.substr(1, name.find('>') - 1));
  size_t end = 0;
  while (end < name.size() && IsAlpha(name[end])) ++end;
  return std::string(name.substr(0, end));
}

std::optional<NamedZone> LoadZone(std::string_view name) {
  auto zone = ZoneOfDatabase(name);
  return zone.has_value() ? zone : ZoneOfPosix(name);
}

ZoneOffset ReadZoneOffset(std::string_view text, size_t* position, absl::TimeZone* zone) {
  size_t i = *position;
  const bool negative = text[i++] == '-';
  const size_t start = i;
  while (i < text.size() && IsDigit(text[i])) ++i;
  const size_t digits = i - start;
  if (digits == 0 || digits > 6) return ZoneOffset::kMalformed;
  const int number = std::stoi(std::string(text.substr(start, digits)));
  int hour = number;
  int minute = 0;
  int second = 0;
  if (digits > 4) {
    hour = number / 10'000;
    minute = number / 100 % 100;
    second = number % 100;
  } else if (digits > 2) {
    hour = number / 100;
    minute = number % 100;
  } else {
    for (int* part : {&minute, &second}) {
      if (i + 2 >= text.size() || text[i] != ':' || !IsDigit(text[i + 1]) ||
          !IsDigit(text[i + 2])) {
        break;
      }
      *part = (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
      i += 3;
    }
  }
  if (hour > 15 || minute > 59 || second > 59) return ZoneOffset::kOutOfRange;
  const int seconds = hour * 3600 + minute * 60 + second;
  *zone = FixedZone(negative ? -seconds : seconds);
  *position = i;
  return ZoneOffset::kRead;
}

absl::StatusOr<NamedZone> ReadTimeZoneSetting(std::string_view value) {
  constexpr std::string_view kInterval = "INTERVAL '";
  if (value.starts_with(kInterval) && value.ends_with("'")) {
    return ZoneOfInterval(value,
                          value.substr(kInterval.size(), value.size() - kInterval.size() - 1));
  }
  const std::string text(value);
  char* end = nullptr;
  const double hours = std::strtod(text.c_str(), &end);
  if (!text.empty() && end == text.c_str() + text.size()) {
    const double seconds = hours * 3600;
    if (!(std::fabs(seconds) <= kMaxOffsetHours * 3600.0) || std::fabs(seconds) > kSecondsPerDay)
      return InvalidZone(value, "UTC timezone offset is out of range.");
    return ZoneOfOffset(static_cast<int>(seconds));
  }
  if (auto zone = LoadZone(value)) return *std::move(zone);
  return InvalidZone(value);
}

absl::StatusOr<ZoneReference> FindTimeZone(std::string_view name) {
  if (auto zone = ZoneOfAbbreviation(Lower(name))) return *std::move(zone);
  if (auto zone = LoadZone(name)) return ZoneReference{zone->zone};
  return status::Error(sqlstate::kInvalidParameterValue,
                       "time zone \"" + std::string(name) + "\" not recognized");
}

}  // namespace adbms::types
