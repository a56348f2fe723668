#include "services/gateway/session/settings.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/time_zone.h"

namespace adbms::gateway::session {
namespace {

enum class Kind { kText, kBool, kInteger, kDuration, kFixed, kTimeZone, kEncoding, kIsolation };

struct Definition {
  const char* name;  // As PostgreSQL spells it.
  Kind kind;
  const char* initial;
  const char* description;
  bool reported = false;
};

constexpr Definition kDefinitions[] = {
    {"application_name", Kind::kText, "",
     "Sets the application name to be reported in statistics and logs.", true},
    {"bytea_output", Kind::kText, "hex", "Sets the output format for bytea."},
    {"client_encoding", Kind::kEncoding, "UTF8", "Sets the client's character set encoding.", true},
    {"client_min_messages", Kind::kText, "notice",
     "Sets the message levels that are sent to the client."},
    {"DateStyle", Kind::kText, "ISO, MDY", "Sets the display format for date and time values.",
     true},
    {"default_transaction_isolation", Kind::kIsolation, "read committed",
     "Sets the transaction isolation level of each new transaction."},
    {"default_transaction_read_only", Kind::kBool, "off",
     "Sets the default read-only status of new transactions.", true},
    {"default_table_access_method", Kind::kText, "heap",
     "Sets the default table access method for new tables."},
    {"default_tablespace", Kind::kText, "",
     "Sets the default tablespace to create tables and indexes in."},
    {"extra_float_digits", Kind::kInteger, "1",
     "Sets the number of digits displayed for floating-point values."},
    {"idle_in_transaction_session_timeout", Kind::kDuration, "0",
     "Sets the maximum allowed idle time in a transaction."},
    {"idle_session_timeout", Kind::kDuration, "0",
     "Sets the maximum allowed idle time between queries, when not in a transaction."},
    {"in_hot_standby", Kind::kFixed, "off", "Shows whether hot standby is currently active.", true},
    {"integer_datetimes", Kind::kFixed, "on", "Shows whether datetimes are integer based.", true},
    {"IntervalStyle", Kind::kText, "postgres", "Sets the display format for interval values.",
     true},
    {"is_superuser", Kind::kFixed, "off", "Shows whether the current user is a superuser.", true},
    {"jit", Kind::kBool, "off", "Allow JIT compilation."},
    {"lc_collate", Kind::kFixed, "C", "Shows the collation order locale."},
    {"lc_ctype", Kind::kFixed, "C.UTF-8",
     "Shows the character classification and case conversion locale."},
    {"lock_timeout", Kind::kDuration, "0",
     "Sets the maximum allowed duration of any wait for a lock."},
    {"max_identifier_length", Kind::kFixed, "63", "Shows the maximum identifier length."},
    {"row_security", Kind::kBool, "on", "Enable row security."},
    {"search_path", Kind::kText, "public",
     "Sets the schema search order for names that are not schema-qualified."},
    {"server_encoding", Kind::kFixed, "UTF8", "Shows the server (database) character set encoding.",
     true},
    {"server_version", Kind::kFixed, "15.0", "Shows the server version.", true},
    {"server_version_num", Kind::kFixed, "150000", "Shows the server version as an integer."},
    {"session_authorization", Kind::kFixed, "", "Shows the session user name.", true},
    {"standard_conforming_strings", Kind::kText, "on",
     "Causes '...' strings to treat backslashes literally.", true},
    {"statement_timeout", Kind::kDuration, "0",
     "Sets the maximum allowed duration of any statement."},
    {"synchronize_seqscans", Kind::kBool, "on", "Enable synchronized sequential scans."},
    {"TimeZone", Kind::kTimeZone, "UTC",
     "Sets the time zone for displaying and interpreting time stamps.", true},
    {"transaction_isolation", Kind::kFixed, "read committed",
     "Sets the current transaction's isolation level."},
    {"transaction_read_only", Kind::kFixed, "off",
     "Sets the current transaction's read-only status."},
    {"xmloption", Kind::kText, "content", "Sets how XML data is parsed."},
    {"check_function_bodies", Kind::kBool, "on", "Check routine bodies during creation."},
    {"work_mem", Kind::kText, "4MB",
     "Accepted and ignored: query memory is managed by the system."},
    {"maintenance_work_mem", Kind::kText, "64MB",
     "Accepted and ignored: memory is managed by the system."},
    {"synchronous_commit", Kind::kText, "on", "Accepted and ignored: commits are durable."},
};

const Definition* Find(const std::string& lower) {
  for (const Definition& definition : kDefinitions) {
    if (absl::AsciiStrToLower(definition.name) == lower) return &definition;
  }
  return nullptr;
}

absl::Status Invalid(const std::string& name, const std::string& value) {
  return status::Error(status::sqlstate::kInvalidParameterValue,
                       absl::StrCat("invalid value for parameter \"", name, "\": \"", value, "\""));
}

absl::StatusOr<std::string> CanonicalBool(const std::string& name, const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(value);
  if (lower == "on" || lower == "true" || lower == "yes" || lower == "1") return std::string("on");
  if (lower == "off" || lower == "false" || lower == "no" || lower == "0")
    return std::string("off");
  return status::Error(status::sqlstate::kInvalidParameterValue,
                       absl::StrCat("parameter \"", name, "\" requires a Boolean value"));
}

absl::StatusOr<int64_t> Milliseconds(const std::string& name, const std::string& value) {
  static constexpr struct {
    const char* suffix;
    int64_t factor;
  } kUnits[] = {{"ms", 1}, {"min", 60000}, {"s", 1000}, {"h", 3600000}, {"d", 86400000}};
  absl::string_view digits = value;
  int64_t factor = 1;
  for (const auto& unit : kUnits) {
    if (absl::ConsumeSuffix(&digits, unit.suffix)) {
      factor = unit.factor;
      break;
    }
  }
  int64_t number = 0;
  const bool parsed = absl::SimpleAtoi(absl::StripAsciiWhitespace(digits), &number);
  if (!parsed || number < 0 || number > 2147483647 / factor) return Invalid(name, value);
  return number * factor;
}

std::string FormatMilliseconds(int64_t ms) {
  if (ms == 0) return "0";
  if (ms % 86400000 == 0) return absl::StrCat(ms / 86400000, "d");
  if (ms % 3600000 == 0) return absl::StrCat(ms / 3600000, "h");
  if (ms % 60000 == 0) return absl::StrCat(ms / 60000, "min");
  if (ms % 1000 == 0) return absl::StrCat(ms / 1000, "s");
  return absl::StrCat(ms, "ms");
}

absl::StatusOr<std::string> Canonical(const Definition& definition, const std::string& value) {
  const std::string name = definition.name;
  switch (definition.kind) {
    case Kind::kFixed:
      return status::Error(status::sqlstate::kCantChangeRuntimeParam,
                           absl::StrCat("parameter \"", name, "\" cannot be changed"));
    case Kind::kBool:
      return CanonicalBool(name, value);
    case Kind::kDuration: {
      ASSIGN_OR_RETURN(const int64_t ms, Milliseconds(name, value));
      return FormatMilliseconds(ms);
    }
    case Kind::kInteger: {
      int64_t number = 0;
      if (!absl::SimpleAtoi(value, &number) || number < -15 || number > 3) {
        return Invalid(name, value);
      }
      return absl::StrCat(number);
    }
    case Kind::kTimeZone: {
      if (value == "DEFAULT" || value == "localtime") return std::string("UTC");
      ASSIGN_OR_RETURN(const types::NamedZone zone, types::ReadTimeZoneSetting(value));
      return zone.name;
    }
    case Kind::kEncoding: {
      const std::string lower = absl::AsciiStrToLower(value);
      if (lower == "utf8" || lower == "utf-8" || lower == "unicode") return std::string("UTF8");
      return status::Error(status::sqlstate::kFeatureNotSupported,
                           absl::StrCat("client encoding \"", value, "\" is not supported"), "",
                           "Use UTF8.");
    }
    case Kind::kIsolation: {
      const std::string lower = absl::AsciiStrToLower(value);
      if (lower == "read committed" || lower == "read uncommitted" || lower == "repeatable read") {
        return lower;
      }
      if (lower == "serializable") return status::NotSupported("isolation level SERIALIZABLE");
      return Invalid(name, value);
    }
    case Kind::kText:
      break;
  }
  const std::string lower = absl::AsciiStrToLower(value);
  if (name == "standard_conforming_strings" && lower != "on" && lower != "true") {
    return status::NotSupported("standard_conforming_strings = off");
  }
  if (name == "DateStyle") {
    if (!absl::StartsWith(lower, "iso")) return status::NotSupported("DateStyle other than ISO");
    // Taken without doing it, dates would silently be read the wrong way round.
    if (absl::StrContains(lower, "dmy") || absl::StrContains(lower, "ymd")) {
      return status::NotSupported("DateStyle with another order than MDY");
    }
    return std::string("ISO, MDY");
  }
  if (name == "IntervalStyle" && lower != "postgres") {
    return status::NotSupported("IntervalStyle other than postgres");
  }
  if (name == "bytea_output" && lower != "hex" && lower != "escape") return Invalid(name, value);
  return value;
}

}  // namespace

Settings::Settings() {
  for (const Definition& definition : kDefinitions) {
    values_[absl::AsciiStrToLower(definition.name)] = definition.initial;
  }
  defaults_ = values_;
  for (const auto& [name, value] : values_) Changed(name);
  reports_.clear();
}

void Settings::Changed(const std::string& name) {
  const std::string& value = values_[name];
  if (name == "timezone") {
    const auto zone = types::ReadTimeZoneSetting(value);
    text_options_.time_zone = zone.ok() ? zone->zone : absl::UTCTimeZone();
  } else if (name == "extra_float_digits") {
    (void)absl::SimpleAtoi(value, &text_options_.extra_float_digits);
  } else if (name == "bytea_output") {
    text_options_.bytea_hex = !absl::EqualsIgnoreCase(value, "escape");
  } else if (name == "statement_timeout") {
    statement_timeout_ms_ = Milliseconds(name, value).value_or(0);
  } else if (name == "lock_timeout") {
    lock_timeout_ms_ = Milliseconds(name, value).value_or(0);
  } else if (name == "idle_in_transaction_session_timeout") {
    idle_in_transaction_ms_ = Milliseconds(name, value).value_or(0);
  } else if (name == "idle_session_timeout") {
    idle_session_ms_ = Milliseconds(name, value).value_or(0);
  } else if (name == "search_path") {
    search_path_.clear();
    for (absl::string_view part : absl::StrSplit(value, ',')) {
      part = absl::StripAsciiWhitespace(part);
      if (part.size() >= 2 && part.front() == '"') part = part.substr(1, part.size() - 2);
      if (part.empty() || part == "$user") continue;
      search_path_.emplace_back(part.data(), part.size());
    }
  }
  planning_key_ = absl::StrCat(absl::StrJoin(search_path_, ","), "|", values_["timezone"]);
  const Definition* definition = Find(name);
  if (definition != nullptr && definition->reported) reports_[definition->name] = value;
}

absl::Status Settings::Set(const std::string& name, const std::string& value, bool is_local) {
  const std::string lower = absl::AsciiStrToLower(name);
  const Definition* definition = Find(lower);
  std::string canonical = value;
  if (definition != nullptr) {
    ASSIGN_OR_RETURN(canonical, Canonical(*definition, value));
  } else if (lower.find('.') == std::string::npos) {
    return status::Error(status::sqlstate::kUndefinedObject,
                         absl::StrCat("unrecognized configuration parameter \"", name, "\""));
  }
  KeepForRollback();
  if (is_local && in_transaction_) before_local_.try_emplace(lower, values_[lower]);
  if (is_local && !in_transaction_) return absl::OkStatus();
  if (values_[lower] == canonical) return absl::OkStatus();
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
  const auto found = defaults_.find(lower);
  if (found == defaults_.end()) {
    if (lower.find('.') != std::string::npos) {
      KeepForRollback();
      values_.erase(lower);
      return absl::OkStatus();
    }
    return status::Error(status::sqlstate::kUndefinedObject,
                         absl::StrCat("unrecognized configuration parameter \"", name, "\""));
  }
  if (values_[lower] == found->second) return absl::OkStatus();
  KeepForRollback();
  values_[lower] = found->second;
  Changed(lower);
  return absl::OkStatus();
}

void Settings::ResetAll() {
  KeepForRollback();
  const auto before = values_;
  values_ = defaults_;
  for (const auto& [name, value] : values_) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != value) Changed(name);
  }
}

std::string Settings::NameOf(const std::string& name) {
  const Definition* definition = Find(absl::AsciiStrToLower(name));
  return definition == nullptr ? name : definition->name;
}

absl::StatusOr<std::string> Settings::Show(const std::string& name) const {
  const auto found = values_.find(absl::AsciiStrToLower(name));
  if (found == values_.end()) {
    return status::Error(status::sqlstate::kUndefinedObject,
                         absl::StrCat("unrecognized configuration parameter \"", name, "\""));
  }
  return found->second;
}

std::vector<std::vector<std::string>> Settings::All() const {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : values_) {
    const Definition* definition = Find(name);
    rows.push_back({definition == nullptr ? name : definition->name, value,
                    definition == nullptr ? "" : definition->description});
  }
  return rows;
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
    values_[name] = value;
    Changed(name);
  }
  before_local_.clear();
  in_transaction_ = false;
}

void Settings::Rollback() {
  if (in_transaction_ && at_begin_.has_value()) {
    const auto before = values_;
    values_ = *std::move(at_begin_);
    for (const auto& [name, value] : values_) {
      const auto old = before.find(name);
      if (old == before.end() || old->second != value) Changed(name);
    }
  }
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
  for (const Definition& definition : kDefinitions) {
    if (!definition.reported) continue;
    reported.emplace_back(definition.name, values_.at(absl::AsciiStrToLower(definition.name)));
  }
  return reported;
}

bool Settings::default_read_only() const {
  return values_.at("default_transaction_read_only") == "on";
}

}  // namespace adbms::gateway::session
