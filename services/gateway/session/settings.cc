#include "services/gateway/session/settings.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/settings/setting_table.h"
#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/time_zone.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using settings::FindSetting;
using settings::SettingContext;
using settings::SettingDefinition;

absl::Status Unknown(const std::string& name) {
  return status::Error(sqlstate::kUndefinedObject,
                       absl::StrCat("unrecognized configuration parameter \"", name, "\""));
}

bool IsCustom(const std::string& lower) { return lower.find('.') != std::string::npos; }

// Who may set it when.
absl::Status CheckContext(const SettingDefinition& definition, bool superuser, bool starting) {
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

// The names of a list such as "\"$user\", public".
std::vector<std::string> NamesOf(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  bool quoted = false;
  bool was_quoted = false;
  const auto finish = [&] {
    const absl::string_view plain =
        was_quoted ? absl::string_view(name) : absl::StripAsciiWhitespace(name);
    if (!plain.empty()) names.push_back(was_quoted ? name : absl::AsciiStrToLower(plain));
    name.clear();
    was_quoted = false;
  };
  for (size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '"' && quoted && i + 1 < list.size() && list[i + 1] == '"') {
      name.push_back(list[++i]);
    } else if (c == '"') {
      if (!quoted) name.clear();
      quoted = !quoted;
      was_quoted = true;
    } else if (c == ',' && !quoted) {
      finish();
    } else if (quoted || !was_quoted) {
      name.push_back(c);
    }
  }
  finish();
  return names;
}

// Beyond type and bounds, what only some values of a setting can mean here.
absl::StatusOr<std::string> CheckMeaning(const SettingDefinition& definition, std::string value) {
  const absl::string_view name = definition.name;
  const std::string lower = absl::AsciiStrToLower(value);
  if (name == "TimeZone") {
    if (lower == "default" || lower == "localtime") return std::string("UTC");
    ASSIGN_OR_RETURN(const types::NamedZone zone, types::ReadTimeZoneSetting(value));
    return zone.name;
  }
  if (name == "client_encoding") {
    // As PostgreSQL, which looks at letters and digits only.
    std::string plain;
    std::copy_if(lower.begin(), lower.end(), std::back_inserter(plain),
                 [](char c) { return absl::ascii_isalnum(c); });
    if (plain == "utf8" || plain == "unicode") return std::string("UTF8");
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("client encoding \"", value, "\" is not supported"), "",
                         "Use UTF8.");
  }
  if (absl::StrContains(name, "transaction_isolation") && lower == "serializable") {
    return status::NotSupported("isolation level SERIALIZABLE");
  }
  if (name == "adbms.disabled_rules") {
    const auto& known = sql::RewriteRuleNames();
    for (const std::string& rule : NamesOf(value)) {
      if (std::find(known.begin(), known.end(), rule) != known.end()) continue;
      return status::Error(
          sqlstate::kInvalidParameterValue,
          absl::StrCat("invalid value for parameter \"adbms.disabled_rules\": \"", value, "\""),
          absl::StrCat("There is no rewrite rule \"", rule, "\"."),
          absl::StrCat("Rules: ", absl::StrJoin(known, ", "), "."));
    }
    return value;
  }
  if (name == "standard_conforming_strings" && value != "on") {
    return status::NotSupported("standard_conforming_strings = off");
  }
  if (name == "DateStyle") {
    for (absl::string_view word : absl::StrSplit(lower, ',')) {
      word = absl::StripAsciiWhitespace(word);
      if (word == "iso" || word == "mdy" || word == "us" || word == "noneuro" ||
          word == "noneuropean" || word == "default") {
        continue;
      }
      // Taken without doing it, dates would silently be read the wrong way round.
      if (word == "dmy" || word == "ymd" || absl::StartsWith(word, "euro"))
        return status::NotSupported("DateStyle with another order than MDY");
      if (word == "sql" || absl::StartsWith(word, "postgres") || word == "german")
        return status::NotSupported("DateStyle other than ISO");
      return status::Error(
          sqlstate::kInvalidParameterValue,
          absl::StrCat("invalid value for parameter \"DateStyle\": \"", value, "\""),
          "Unrecognized key word: \"" + std::string(word) + "\".");
    }
    return std::string("ISO, MDY");
  }
  return value;
}

// How severe a message is, least first; client_min_messages and notices on one scale.
int RankOf(std::string_view severity) {
  constexpr std::string_view kOrder[] = {"debug5", "debug4", "debug3", "debug2",  "debug1",
                                         "log",    "info",   "notice", "warning", "error"};
  const std::string lower =
      absl::AsciiStrToLower(absl::string_view(severity.data(), severity.size()));
  const auto found = std::find(std::begin(kOrder), std::end(kOrder), lower);
  return static_cast<int>(found - std::begin(kOrder));
}

}  // namespace

Settings::Settings() {
  for (const SettingDefinition* definition : settings::AllSettings())
    if (definition->effect != nullptr) Changed(absl::AsciiStrToLower(definition->name));
  reports_.clear();
}

void Settings::SetRole(const std::string& user, bool superuser) {
  user_ = user;
  superuser_ = superuser;
  Changed("search_path");
}

std::string Settings::Value(const std::string& lower) const {
  const auto found = values_.find(lower);
  if (found != values_.end()) return found->second;
  const SettingDefinition* definition = FindSetting(lower);
  return definition == nullptr ? std::string() : definition->initial;
}

void Settings::Changed(const std::string& lower) {
  const std::string value = Value(lower);
  const SettingDefinition* definition = FindSetting(lower);
  const bool off = value == "off";
  if (lower == "timezone") {
    const auto zone = types::ReadTimeZoneSetting(value);
    text_options_.time_zone = zone.ok() ? zone->zone : absl::UTCTimeZone();
    time_zone_ = value;
  } else if (lower == "extra_float_digits") {
    (void)absl::SimpleAtoi(value, &text_options_.extra_float_digits);
  } else if (lower == "bytea_output") {
    text_options_.bytea_hex = value != "escape";
  } else if (lower == "intervalstyle") {
    text_options_.interval_style = value == "postgres_verbose"
                                       ? types::IntervalStyle::kPostgresVerbose
                                   : value == "sql_standard" ? types::IntervalStyle::kSqlStandard
                                   : value == "iso_8601"     ? types::IntervalStyle::kIso8601
                                                             : types::IntervalStyle::kPostgres;
  } else if (lower == "statement_timeout") {
    statement_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "lock_timeout") {
    lock_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "idle_in_transaction_session_timeout") {
    idle_in_transaction_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "idle_session_timeout") {
    idle_session_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "default_transaction_isolation") {
    default_isolation_ = value == "read uncommitted" ? "read committed" : value;
  } else if (lower == "default_transaction_read_only") {
    default_read_only_ = !off;
  } else if (lower == "client_min_messages") {
    least_severity_ = RankOf(value);
  } else if (lower == "enable_seqscan") {
    switches_.set_no_sequential_scan(off);
  } else if (lower == "enable_indexscan") {
    switches_.set_no_index_scan(off);
  } else if (lower == "enable_indexonlyscan") {
    switches_.set_no_index_only_scan(off);
  } else if (lower == "enable_hashjoin") {
    switches_.set_no_hash_join(off);
  } else if (lower == "enable_nestloop") {
    switches_.set_no_nested_loop(off);
  } else if (lower == "adbms.disabled_rules") {
    switches_.clear_disabled_rules();
    for (std::string& name : NamesOf(value)) switches_.add_disabled_rules(std::move(name));
  } else if (lower == "search_path") {
    search_path_.clear();
    for (std::string& name : NamesOf(value)) {
      // The system's schema is nobody's own, whatever the superuser is called.
      if (name == "$user") name = user_ == "adbms" ? "" : user_;
      if (!name.empty()) search_path_.push_back(std::move(name));
    }
  }
  planning_key_ = absl::StrCat(absl::StrJoin(search_path_, ","), "|", time_zone_, "|",
                               switches_.SerializeAsString());
  if (definition != nullptr && definition->reported)
    reports_[definition->name] = settings::ShowValue(*definition, value);
}

absl::Status Settings::Set(const std::string& name, const std::string& value, bool is_local,
                           bool starting) {
  const std::string lower = absl::AsciiStrToLower(name);
  const SettingDefinition* definition = FindSetting(lower);
  std::string canonical = value;
  if (definition != nullptr) {
    RETURN_IF_ERROR(CheckContext(*definition, superuser_, starting));
    ASSIGN_OR_RETURN(canonical, settings::ReadValue(*definition, value));
    ASSIGN_OR_RETURN(canonical, CheckMeaning(*definition, std::move(canonical)));
  } else if (!IsCustom(lower)) {
    return Unknown(name);
  }
  KeepForRollback();
  if (is_local && !in_transaction_) return absl::OkStatus();
  const auto before = values_.find(lower);
  if (is_local) {
    before_local_.try_emplace(
        lower, before == values_.end() ? std::nullopt : std::optional<std::string>(before->second));
  } else {
    before_local_.erase(lower);
  }
  if (before != values_.end() && before->second == canonical) return absl::OkStatus();
  values_[lower] = canonical;
  Changed(lower);
  return absl::OkStatus();
}

void Settings::Force(const std::string& name, const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(name);
  values_[lower] = value;
  defaults_[lower] = value;
}

void Settings::FreezeDefaults() { defaults_ = values_; }

absl::Status Settings::Reset(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  const SettingDefinition* definition = FindSetting(lower);
  if (definition == nullptr && !IsCustom(lower)) return Unknown(name);
  if (definition != nullptr) RETURN_IF_ERROR(CheckContext(*definition, superuser_, false));
  KeepForRollback();
  const auto initial = defaults_.find(lower);
  if (initial != defaults_.end()) {
    values_[lower] = initial->second;
  } else {
    values_.erase(lower);
  }
  Changed(lower);
  return absl::OkStatus();
}

void Settings::Replace(Values values) {
  const Values before = std::exchange(values_, std::move(values));
  for (const auto& [name, value] : values_) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != value) Changed(name);
  }
  for (const auto& [name, value] : before) {
    if (!values_.contains(name)) Changed(name);
  }
}

void Settings::ResetAll() {
  KeepForRollback();
  Replace(defaults_);
}

std::string Settings::NameOf(const std::string& name) {
  const SettingDefinition* definition = FindSetting(name);
  return definition == nullptr ? name : definition->name;
}

bool Settings::IsNameList(std::string_view name) {
  return name == "search_path" || name == "temp_tablespaces" || name == "local_preload_libraries" ||
         name == "session_preload_libraries";
}

absl::StatusOr<std::string> Settings::Show(const std::string& name) const {
  const std::string lower = absl::AsciiStrToLower(name);
  const SettingDefinition* definition = FindSetting(lower);
  if (definition != nullptr) return settings::ShowValue(*definition, Value(lower));
  const auto found = values_.find(lower);
  if (found == values_.end()) return Unknown(name);
  return found->second;
}

std::vector<std::vector<std::string>> Settings::All() const {
  std::vector<std::vector<std::string>> rows;
  for (const SettingDefinition* definition : settings::AllSettings()) {
    const std::string lower = absl::AsciiStrToLower(definition->name);
    rows.push_back({definition->name, settings::ShowValue(*definition, Value(lower)),
                    definition->effect == nullptr ? "" : definition->effect});
  }
  return rows;
}

void Settings::Describe(common::v1::SessionDetails* details) const {
  for (const auto& [lower, value] : values_) {
    common::v1::SettingValue* setting = details->add_settings();
    const SettingDefinition* definition = FindSetting(lower);
    const auto shown = [&](const std::string& canonical) {
      return definition == nullptr ? canonical : settings::ShowValue(*definition, canonical);
    };
    setting->set_name(definition == nullptr ? lower : definition->name);
    setting->set_value(shown(value));
    const auto initial = defaults_.find(lower);
    if (initial != defaults_.end()) {
      setting->set_reset_value(shown(initial->second));
    } else if (definition != nullptr) {
      setting->set_reset_value(shown(definition->initial));
    }
  }
}

bool Settings::Wants(std::string_view severity) const {
  return RankOf(severity) >= least_severity_;
}

void Settings::Begin() {
  at_begin_.reset();
  before_local_.clear();
  in_transaction_ = true;
}

void Settings::KeepForRollback() {
  if (in_transaction_ && !at_begin_.has_value()) at_begin_ = values_;
}

void Settings::Commit() {
  for (const auto& [name, value] : before_local_) {
    if (value.has_value()) {
      values_[name] = *value;
    } else {
      values_.erase(name);
    }
    Changed(name);
  }
  before_local_.clear();
  in_transaction_ = false;
}

void Settings::Rollback() {
  if (in_transaction_ && at_begin_.has_value()) Replace(*std::move(at_begin_));
  at_begin_.reset();
  before_local_.clear();
  in_transaction_ = false;
}

std::vector<std::pair<std::string, std::string>> Settings::TakeReports() {
  std::vector<std::pair<std::string, std::string>> taken(reports_.begin(), reports_.end());
  reports_.clear();
  return taken;
}

std::vector<std::pair<std::string, std::string>> Settings::Reported() const {
  std::vector<std::pair<std::string, std::string>> reported;
  for (const SettingDefinition* definition : settings::AllSettings()) {
    if (!definition->reported) continue;
    reported.emplace_back(
        definition->name,
        settings::ShowValue(*definition, Value(absl::AsciiStrToLower(definition->name))));
  }
  return reported;
}

}  // namespace adbms::gateway::session
