// The one table of a session's settings: PostgreSQL 15's names, types, bounds and contexts, and
// what each means here. SET, SHOW, pg_settings, current_setting and start-up read it;
// deploy/config/SETTINGS.md is made of it. Immutable, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::settings {

enum class SettingType { kBool, kInteger, kReal, kString, kEnum };

// Who may change it when; as pg_settings.context.
enum class SettingContext {
  kInternal,
  kPostmaster,
  kSighup,
  kSuperuserBackend,
  kBackend,
  kSuperuser,
  kUser,
};

struct SettingDefinition {
  const char* name;  // As PostgreSQL spells it: "TimeZone".
  SettingType type;
  SettingContext context;
  const char* unit;  // Of a number: "ms", "8kB", …; empty: none.
  double minimum;    // Numbers, in that unit.
  double maximum;
  const char* values;   // kEnum: "a,b,c"; kString: the words of a list, empty: any text.
  const char* initial;  // In canonical form.
  const char* category;
  const char* effect;  // What it does here; null: accepted and shown, without effect.
  bool reported;       // Clients are told of changes.
};

// By lower-case name.
const std::vector<const SettingDefinition*>& AllSettings();
// Null when there is none of the name, in any case.
const SettingDefinition* FindSetting(std::string_view name);

const char* TypeName(SettingType type);
const char* ContextName(SettingContext context);

// Whether a session may set it. `superuser`: one does; `starting`: the session begins. Errors:
// 55P02 for what no session can change now, 42501 for what is the superuser's.
absl::Status CheckMaySet(const SettingDefinition& definition, bool superuser, bool starting);
// As ReadValue, and what only some values can mean here. `current` and `reset` are the values that
// it has and that RESET restores, for settings of which a part can be set. Errors: also 0A000.
absl::StatusOr<std::string> ReadMeaning(const SettingDefinition& definition, std::string_view text,
                                        std::string_view current, std::string_view reset);
// Whether SHOW ALL and pg_settings have it; SHOW has the others too.
bool IsListed(const SettingDefinition& definition);
// Identifiers with dots between them are anybody's own settings.
bool IsCustom(std::string_view name);
// Of a name that is to be set and is not in the table. Errors: 42602 for one that is not custom but
// has a dot, 42704 for any other.
absl::Status CheckCustom(std::string_view name);
// 42704
absl::Status Unknown(std::string_view name);

// The value in canonical form: numbers in the setting's unit, on and off, values of an enum as
// listed. Errors: 22023 with PostgreSQL's messages and hints.
absl::StatusOr<std::string> ReadValue(const SettingDefinition& definition, std::string_view text);
// As SHOW shows a canonical value: in the largest unit that divides it.
std::string ShowValue(const SettingDefinition& definition, std::string_view canonical);
// A number in milliseconds. REQUIRES: a canonical value of a setting with a unit of time.
int64_t Milliseconds(const SettingDefinition& definition, std::string_view canonical);

// deploy/config/SETTINGS.md.
std::string Reference();

}  // namespace adbms::settings
