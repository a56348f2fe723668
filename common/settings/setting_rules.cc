// Who may set a setting when, and what its value can mean here (setting_table.h).
#include <algorithm>
#include <cctype>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/settings/setting_table.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/datetime.h"
#include "common/types/text_search_objects.h"
#include "common/types/time_zone.h"

namespace adbms::settings {

namespace sqlstate = status::sqlstate;

bool IsListed(const SettingDefinition& definition) {
  const std::string_view name = definition.name;
  return name != "role" && name != "session_authorization";
}

bool IsCustom(std::string_view name) {
  bool begins = true;
  for (const char c : name) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '.' ? begins
                 : !std::isalpha(byte) && c != '_' && byte < 0x80 &&
                       (begins || (!std::isdigit(byte) && c != '$')))
      return false;
    begins = c == '.';
  }
  return !begins && name.find('.') != std::string_view::npos;
}

absl::Status CheckCustom(std::string_view name) {
  if (IsCustom(name)) return absl::OkStatus();
  if (name.find('.') == std::string_view::npos) return Unknown(name);
  return status::Error(
      "42602",
      absl::StrCat("invalid configuration parameter name \"",
                   absl::string_view(name.data(), name.size()), "\""),
      "Custom parameter names must be two or more simple identifiers separated by dots.");
}

absl::Status Unknown(std::string_view name) {
  return status::Error(sqlstate::kUndefinedObject,
                       absl::StrCat("unrecognized configuration parameter \"",
                                    absl::string_view(name.data(), name.size()), "\""));
}

absl::Status CheckMaySet(const SettingDefinition& definition, bool superuser, bool starting) {
  const auto refuse = [&](const char* why) {
    return status::Error(sqlstate::kCantChangeRuntimeParam,
                         absl::StrCat("parameter \"", definition.name, "\" ", why));
  };
  switch (definition.context) {
    case SettingContext::kInternal:
      return refuse("cannot be changed");
    case SettingContext::kPostmaster:
      return refuse("cannot be changed without restarting the server");
    case SettingContext::kSighup:
      return refuse("cannot be changed now");
    case SettingContext::kBackend:
    case SettingContext::kSuperuserBackend:
      if (!starting) return refuse("cannot be set after connection start");
      break;
    case SettingContext::kSuperuser:
      break;
    case SettingContext::kUser:
      return absl::OkStatus();
  }
  const bool wants_superuser = definition.context != SettingContext::kBackend;
  if (wants_superuser && !superuser) {
    return status::Error(
        sqlstate::kInsufficientPrivilege,
        absl::StrCat("permission denied to set parameter \"", definition.name, "\""));
  }
  return absl::OkStatus();
}

namespace {

absl::StatusOr<std::string> ReadEncoding(const std::string& value) {
  // As PostgreSQL, which looks at letters and digits only.
  const std::string lower = absl::AsciiStrToLower(value);
  std::string plain;
  std::copy_if(lower.begin(), lower.end(), std::back_inserter(plain),
               [](char c) { return absl::ascii_isalnum(c); });
  if (plain == "utf8" || plain == "unicode") return std::string("UTF8");
  return status::Error(sqlstate::kFeatureNotSupported,
                       absl::StrCat("client encoding \"", value, "\" is not supported"), "",
                       "Use UTF8.");
}

// Known words with commas between.
absl::Status CheckWords(const SettingDefinition& definition, const std::string& value) {
  const std::vector<std::string> known = absl::StrSplit(definition.values, ',');
  for (absl::string_view word : absl::StrSplit(value, ',')) {
    word = absl::StripAsciiWhitespace(word);
    if (word.empty() || std::find(known.begin(), known.end(), word) != known.end()) continue;
    return status::Error(
        sqlstate::kInvalidParameterValue,
        absl::StrCat("invalid value for parameter \"", definition.name, "\": \"", value, "\""),
        absl::StrCat("Unrecognized key word: \"", word, "\"."),
        absl::StrCat("Available values: ", absl::StrJoin(known, ", "), "."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadMeaning(const SettingDefinition& definition, std::string_view text,
                                        std::string_view current, std::string_view reset) {
  ASSIGN_OR_RETURN(std::string value, ReadValue(definition, text));
  const absl::string_view name = definition.name;
  const std::string lower = absl::AsciiStrToLower(value);
  if (name == "TimeZone") {
    if (lower == "default" || lower == "localtime") return std::string("UTC");
    ASSIGN_OR_RETURN(const types::NamedZone zone, types::ReadTimeZoneSetting(value));
    return zone.name;
  }
  if (name == "default_text_search_config") {
    const auto oid = types::ParseTextSearchObject(value, types::TypeId::kRegconfig);
    if (!oid.ok() && !status::HasSqlState(oid.status(), sqlstate::kUndefinedObject))
      return oid.status();
    if (!oid.ok() || types::FindTextSearchConfiguration(*oid) == nullptr)
      return status::Error(
          sqlstate::kInvalidParameterValue,
          absl::StrCat("invalid value for parameter \"", definition.name, "\": \"", value, "\""));
    return absl::StrCat("pg_catalog.",
                        types::FormatTextSearchObject(*oid, types::TypeId::kRegconfig));
  }
  if (name == "client_encoding") return ReadEncoding(value);
  if (name == "standard_conforming_strings" && value != "on") {
    return status::NotSupported("standard_conforming_strings = off");
  }
  if (definition.type == SettingType::kString && *definition.values != '\0')
    RETURN_IF_ERROR(CheckWords(definition, value));
  if (name == "DateStyle") {
    types::DateFormat initial;
    types::DateFormat format;
    RETURN_IF_ERROR(types::ReadDateStyle(reset, {}, &initial));
    RETURN_IF_ERROR(types::ReadDateStyle(current, {}, &format));
    RETURN_IF_ERROR(types::ReadDateStyle(value, initial, &format));
    return types::ShowDateStyle(format);
  }
  return value;
}

}  // namespace adbms::settings
