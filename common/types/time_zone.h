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

// "est", "cest": fixed offsets, by lower-case name.
std::optional<absl::TimeZone> ZoneOfAbbreviation(std::string_view lower);

// The value of the setting TimeZone: as LoadZone, and hours east of Greenwich ("-5", "5.5") or
// "INTERVAL '…'". Errors: 22023.
absl::StatusOr<NamedZone> ReadTimeZoneSetting(std::string_view value);

// "+05", "-0530", "+05:30:15" at `*position`, east of Greenwich; moves behind it.
enum class ZoneOffset { kRead, kMalformed, kOutOfRange };
ZoneOffset ReadZoneOffset(std::string_view text, size_t* position, absl::TimeZone* zone);

}  // namespace adbms::types
