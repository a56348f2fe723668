// Names of time zones, as PostgreSQL reads them: zones of the system's database, abbreviations,
// offsets and POSIX specifications. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace adbms::types {

struct NamedZone {
  std::string name;  // As SHOW TimeZone prints it.
  absl::TimeZone zone;
};

// A zone of the database in any case ("europe/berlin"), or a POSIX specification without daylight
// saving time ("UTC+3", "<-05>+05", "+02:00"), whose offset counts to the west.
std::optional<NamedZone> LoadZone(std::string_view name);

// A zone, or one of its abbreviations ("MSK"), which stands for the offset that the zone itself
// gave it at the time in question, at its last use before that, or else at its first one after.
struct ZoneReference {
  absl::TimeZone zone;
  std::string abbreviation = {};  // Lower case; empty: the zone itself.

  // For a time in UTC, or a local one; microseconds since 2000-01-01.
  absl::TimeZone AtUtc(int64_t us) const;
  absl::TimeZone AtLocal(int64_t us) const;
};

// PostgreSQL's default set, by lower-case name.
std::optional<ZoneReference> ZoneOfAbbreviation(std::string_view lower);

// What AT TIME ZONE takes: an abbreviation, or as LoadZone. Errors: 22023.
absl::StatusOr<ZoneReference> FindTimeZone(std::string_view name);

// What to_char's TZ shows in a zone that only a POSIX specification describes: "UTC" of "UTC+3", ""
// of "-1:30". Nothing for a zone of the database.
std::optional<std::string> PosixAbbreviation(std::string_view name);

// The value of the setting TimeZone: as LoadZone, and hours east of Greenwich ("-5", "5.5") or
// "INTERVAL '…'". Errors: 22023.
absl::StatusOr<NamedZone> ReadTimeZoneSetting(std::string_view value);

// "+05", "-0530", "+05:30:15" at `*position`, east of Greenwich; moves behind it.
enum class ZoneOffset { kRead, kMalformed, kOutOfRange };
ZoneOffset ReadZoneOffset(std::string_view text, size_t* position, absl::TimeZone* zone);

}  // namespace adbms::types
