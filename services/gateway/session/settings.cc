#include "services/gateway/session/settings.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/settings/setting_table.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/time_zone.h"

namespace adbms::gateway::session {
namespace {

using settings::FindSetting;
using settings::SettingDefinition;

// How severe a message is, least first; client_min_messages and notices on one scale.
int RankOf(std::string_view severity) {
  constexpr std::string_view kOrder[] = {"debug5", "debug4", "debug3", "debug2",  "debug1",
                                         "log",    "info",   "notice", "warning", "error"};
  const std::string lower =
      absl::AsciiStrToLower(absl::string_view(severity.data(), severity.size()));
  const auto found = std::find(std::begin(kOrder), std::end(kOrder), lower);
  return static_cast<int>(found - std::begin(kOrder));
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

}  // namespace

Settings::Settings() {
  for (const SettingDefinition* definition : settings::AllSettings())
    if (definition->effect != nullptr) Changed(absl::AsciiStrToLower(definition->name));
  reports_.clear();
}

void Settings::ReadSearchPath(std::vector<std::string> names) {
  search_path_.clear();
  bool temporary = false;
  for (std::string& name : names) {
    // The system's schema is nobody's own, whatever the superuser is called.
    if (name == "$user") name = user_ == "adbms" ? "" : user_;
    if (sql::IsTemporarySchema(name)) {
      // Those of other sessions are not looked into.
      if (temporary || (name != sql::kTemporaryAlias && name != temporary_schema_)) continue;
      temporary = true;
      name = temporary_schema_.empty() ? std::string(sql::kTemporaryAlias) : temporary_schema_;
    }
    if (!name.empty()) search_path_.push_back(std::move(name));
  }
  path_key_ = absl::StrJoin(search_path_, ",");
  if (!temporary && !temporary_schema_.empty())
    search_path_.insert(search_path_.begin(), temporary_schema_);
}

void Settings::SetTemporarySchema(const std::string& schema) {
  if (schema == temporary_schema_) return;
  temporary_schema_ = schema;
  Changed("search_path");
}

void Settings::SetRole(const std::string& user, bool superuser) {
  user_ = user;
  superuser_ = superuser;
  Changed("search_path");
}

std::string Settings::Value(const std::string& lower) const {
  const auto found = values_.find(lower);
  if (found != values_.end()) return found->second.text;
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
  } else if (lower == "datestyle") {
    (void)types::ReadDateStyle(value, {}, &text_options_.date_format);
  } else if (lower == "statement_timeout") {
    statement_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "lock_timeout") {
    lock_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "idle_in_transaction_session_timeout") {
    idle_in_transaction_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "idle_session_timeout") {
    idle_session_timeout_ms_ = settings::Milliseconds(*definition, value);
  } else if (lower == "role") {
    role_ = value;
    ++identity_changes_;
  } else if (lower == "session_authorization") {
    session_authorization_ = value;
    ++identity_changes_;
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
  } else if (lower == "enable_bitmapscan") {
    switches_.set_no_bitmap_scan(off);
  } else if (lower == "enable_hashjoin") {
    switches_.set_no_hash_join(off);
  } else if (lower == "enable_nestloop") {
    switches_.set_no_nested_loop(off);
  } else if (lower == "session_replication_role") {
    switches_.set_is_replica(value == "replica");
  } else if (lower == "row_security") {
    switches_.set_no_row_security(off);
  } else if (lower == "adbms.disabled_rules") {
    switches_.clear_disabled_rules();
    for (std::string& name : NamesOf(value)) switches_.add_disabled_rules(std::move(name));
  } else if (lower == "adbms.plan_alternative") {
    (void)absl::SimpleAtoi(value, &plan_alternative_);
  } else if (lower == "adbms.plan_guard") {
    plan_guard_ = !off;
  } else if (lower == "adbms.plan_trials") {
    plan_trials_ = !off;
  } else if (lower == "search_path") {
    ReadSearchPath(NamesOf(value));
  }
  planning_key_ = absl::StrCat(path_key_, "|", time_zone_, "|",
                               static_cast<int>(text_options_.date_format.order), "|",
                               plan_alternative_, "|", switches_.SerializeAsString());
  if (definition != nullptr && definition->reported)
    reports_[definition->name] = settings::ShowValue(*definition, value);
}

std::string Settings::ResetValue(const std::string& lower) const {
  const auto found = defaults_.find(lower);
  if (found != defaults_.end()) return found->second.text;
  const SettingDefinition* definition = FindSetting(lower);
  return definition == nullptr ? std::string() : definition->initial;
}

absl::StatusOr<std::string> Settings::Check(const std::string& name, const std::string& value,
                                            bool starting) const {
  const SettingDefinition* definition = FindSetting(name);
  if (definition == nullptr) {
    RETURN_IF_ERROR(settings::CheckCustom(name));
    return value;
  }
  RETURN_IF_ERROR(settings::CheckMaySet(*definition, superuser_, starting));
  const std::string lower = absl::AsciiStrToLower(name);
  return settings::ReadMeaning(*definition, value, Value(lower), ResetValue(lower));
}

void Settings::KeepBefore(const std::string& lower, bool is_local) {
  KeepForRollback();
  if (is_local) {
    const auto before = values_.find(lower);
    before_local_.try_emplace(
        lower, before == values_.end() ? std::nullopt : std::optional<Setting>(before->second));
  } else {
    before_local_.erase(lower);
  }
}

absl::Status Settings::Set(const std::string& name, const std::string& value, bool is_local) {
  const std::string lower = absl::AsciiStrToLower(name);
  ASSIGN_OR_RETURN(std::string canonical, Check(name, value, /*starting=*/false));
  if (is_local && !in_transaction()) {
    // It begins and ends at once, which leaves a custom one empty.
    if (FindSetting(lower) == nullptr && !values_.contains(lower)) Restore(lower, std::nullopt);
    return absl::OkStatus();
  }
  KeepBefore(lower, is_local);
  Put(lower, {std::move(canonical), "session"});
  return absl::OkStatus();
}

void Settings::Put(const std::string& lower, Setting setting) {
  const bool changed = Value(lower) != setting.text;
  values_[lower] = std::move(setting);
  if (changed) Changed(lower);
}

absl::StatusOr<Settings::Override> Settings::BeginOverride(const std::string& name,
                                                           const std::string& value) {
  Override override;
  override.lower_ = absl::AsciiStrToLower(name);
  ASSIGN_OR_RETURN(std::string canonical, Check(name, value, /*starting=*/false));
  KeepForRollback();
  const auto before = values_.find(override.lower_);
  if (before != values_.end()) override.before_ = before->second;
  // Unlike what SET puts there.
  override.set_ = {std::move(canonical), "interactive"};
  Put(override.lower_, override.set_);
  return override;
}

void Settings::EndOverride(const Override& override) {
  const auto now = values_.find(override.lower_);
  if (now != values_.end() && now->second == override.set_)
    Restore(override.lower_, override.before_);
}

absl::Status Settings::Start(const std::string& name, const std::string& value,
                             const std::string& source) {
  const std::string lower = absl::AsciiStrToLower(name);
  ASSIGN_OR_RETURN(std::string canonical, Check(name, value, /*starting=*/true));
  Put(lower, {std::move(canonical), source});
  return absl::OkStatus();
}

void Settings::Force(const std::string& name, const std::string& value) {
  const std::string lower = absl::AsciiStrToLower(name);
  const bool changed = Value(lower) != value;
  values_[lower] = {value, "override"};
  defaults_[lower] = values_[lower];
  if (changed) Changed(lower);
}

void Settings::FreezeDefaults() { defaults_ = values_; }

absl::Status Settings::Reset(const std::string& name, bool is_local) {
  const std::string lower = absl::AsciiStrToLower(name);
  const SettingDefinition* definition = FindSetting(lower);
  if (definition == nullptr && !settings::IsCustom(lower)) return settings::Unknown(name);
  if (definition != nullptr) RETURN_IF_ERROR(settings::CheckMaySet(*definition, superuser_, false));
  if (is_local && !in_transaction()) {
    if (definition == nullptr && !values_.contains(lower)) Restore(lower, std::nullopt);
    return absl::OkStatus();
  }
  KeepBefore(lower, is_local);
  const auto initial = defaults_.find(lower);
  Restore(lower, initial == defaults_.end() ? std::nullopt : std::optional(initial->second));
  return absl::OkStatus();
}

void Settings::Restore(const std::string& lower, const std::optional<Setting>& setting) {
  if (setting.has_value()) {
    values_[lower] = *setting;
  } else if (FindSetting(lower) == nullptr) {
    // As in PostgreSQL, what was once named stays, and is empty.
    values_[lower] = {"", "session"};
  } else {
    values_.erase(lower);
  }
  Changed(lower);
}

void Settings::Replace(const Values& values) {
  const Values before = values_;
  for (const auto& [name, setting] : before) {
    const auto kept = values.find(name);
    if (kept == values.end()) {
      Restore(name, std::nullopt);
    } else if (kept->second != setting) {
      Restore(name, kept->second);
    }
  }
  for (const auto& [name, setting] : values) {
    if (!before.contains(name)) Restore(name, setting);
  }
}

void Settings::ResetAll() {
  KeepForRollback();
  Values target = defaults_;
  LocalValues kept;
  for (const char* name : {"role", "session_authorization"}) {
    if (const auto value = values_.find(name); value != values_.end()) target[name] = value->second;
    if (auto local = before_local_.extract(name); !local.empty()) kept.insert(std::move(local));
  }
  before_local_ = std::move(kept);
  Replace(target);
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
  if (found == values_.end()) return settings::Unknown(name);
  return found->second.text;
}

std::vector<std::vector<std::string>> Settings::All() const {
  std::vector<std::vector<std::string>> rows;
  for (const SettingDefinition* definition : settings::AllSettings()) {
    if (!settings::IsListed(*definition)) continue;
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
    setting->set_value(shown(value.text));
    setting->set_source(value.source);
    const auto initial = defaults_.find(lower);
    if (initial != defaults_.end()) {
      setting->set_reset_value(shown(initial->second.text));
    } else if (definition != nullptr) {
      setting->set_reset_value(shown(definition->initial));
    }
  }
}

bool Settings::Wants(std::string_view severity) const {
  // What was asked for is told in any case.
  if (severity == "INFO") return true;
  return RankOf(severity == "DEBUG" ? "debug1" : severity) >= least_severity_;
}

void Settings::Begin() {
  levels_.assign(1, std::nullopt);
  before_local_.clear();
}

void Settings::KeepForRollback() {
  if (in_transaction() && !levels_.back().has_value()) levels_.back() = {values_, before_local_};
}

void Settings::Savepoint() { levels_.emplace_back(); }

void Settings::Release(size_t savepoint) {
  // What was so before the first of the levels that end is so before the one that goes on.
  while (levels_.size() > savepoint + 1) {
    std::optional<Kept> top = std::move(levels_.back());
    levels_.pop_back();
    if (!levels_.back().has_value()) levels_.back() = std::move(top);
  }
}

void Settings::RollbackTo(size_t savepoint) {
  std::optional<Kept> kept;
  while (levels_.size() > savepoint + 1) {
    if (levels_.back().has_value()) kept = std::move(levels_.back());
    levels_.pop_back();
  }
  levels_.emplace_back();
  if (!kept.has_value()) return;
  Replace(kept->values);
  before_local_ = std::move(kept->before_local);
}

void Settings::Commit() {
  const auto before = std::exchange(before_local_, {});
  for (const auto& [name, setting] : before) Restore(name, setting);
  levels_.clear();
}

void Settings::Rollback() {
  for (const std::optional<Kept>& level : levels_) {
    if (!level.has_value()) continue;
    Replace(level->values);
    break;
  }
  before_local_.clear();
  levels_.clear();
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
