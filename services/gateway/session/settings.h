// A session's settings: the values of common/settings' table, and custom ones ("app.user"). Not
// thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/session.pb.h"
#include "common/types/text_io.h"

namespace adbms::gateway::session {

// The value of the setting "role" where SET ROLE names none.
inline constexpr char kNoRole[] = "none";

class Settings {
 public:
  Settings();
  // For "$user", and for what only a superuser may set.
  void SetRole(const std::string& user, bool superuser);

  // Errors: 42704 for an unknown name, 22023 for a bad value, 55P02 for one that a session cannot
  // change, 42501 for what is the superuser's. Names with a dot are custom settings and always
  // accepted. `is_local` ends with the transaction, and does nothing outside of one.
  absl::Status Set(const std::string& name, const std::string& value, bool is_local);
  absl::Status Reset(const std::string& name, bool is_local = false);
  // All but the session's roles.
  void ResetAll();
  // What Reset would restore.
  std::string ResetOf(const std::string& lower) const { return ResetValue(lower); }
  // What Set would make of the value, with its errors. `starting`: where a session begins.
  absl::StatusOr<std::string> Check(const std::string& name, const std::string& value,
                                    bool starting) const;
  // While the session begins. `source`: as pg_settings.source names it.
  absl::Status Start(const std::string& name, const std::string& value, const std::string& source);
  // A setting's name as PostgreSQL writes it: "TimeZone".
  static std::string NameOf(const std::string& name);
  // Whether its value is a list of names, which SET takes apart.
  static bool IsNameList(std::string_view name);
  absl::StatusOr<std::string> Show(const std::string& name) const;
  // name, value, description.
  std::vector<std::vector<std::string>> All() const;
  // Those whose value is not the initial one, for storage.
  void Describe(common::v1::SessionDetails* details) const;

  // A value for one statement, which EndOverride() takes back unless the statement has set another.
  // Errors: Set's.
  class Override;
  absl::StatusOr<Override> BeginOverride(const std::string& name, const std::string& value);
  void EndOverride(const Override& override);

  // Transaction borders: a rollback takes back what was set inside.
  void Begin();
  void Commit();
  void Rollback();
  // One more savepoint. Those before it are numbered from 0.
  void Savepoint();
  // Forgets the savepoint of the number and later ones; what was set since stays.
  void Release(size_t savepoint);
  // Takes back what was set since the savepoint of the number, which stays.
  void RollbackTo(size_t savepoint);

  // Settings whose value changed since the last call and that clients are told of: canonical name,
  // value.
  std::vector<std::pair<std::string, std::string>> TakeReports();
  // All settings that clients are told of at start-up.
  std::vector<std::pair<std::string, std::string>> Reported() const;
  // Values set at start-up become the ones that RESET restores.
  void FreezeDefaults();
  // For values that the server fixes.
  void Force(const std::string& name, const std::string& value);

  const types::TextOptions& text_options() const { return text_options_; }
  // Where unqualified names are looked for: with the session's schema of temporary objects, once
  // it has one.
  const std::vector<std::string>& search_path() const { return search_path_; }
  void SetTemporarySchema(const std::string& schema);
  const std::string& temporary_schema() const { return temporary_schema_; }
  int64_t statement_timeout_ms() const { return statement_timeout_ms_; }
  // adbms.plan_alternative: which alternative plan is run; 0: the default one.
  uint32_t plan_alternative() const { return plan_alternative_; }
  // adbms.plan_guard, adbms.plan_trials
  bool plan_guard() const { return plan_guard_; }
  bool plan_trials() const { return plan_trials_; }
  int64_t lock_timeout_ms() const { return lock_timeout_ms_; }
  int64_t idle_in_transaction_timeout_ms() const { return idle_in_transaction_timeout_ms_; }
  int64_t idle_session_timeout_ms() const { return idle_session_timeout_ms_; }
  // Who the session acts as, by the settings role and session_authorization.
  const std::string& role() const { return role_; }
  const std::string& session_authorization() const { return session_authorization_; }
  // Grows when one of the two may have changed.
  uint64_t identity_changes() const { return identity_changes_; }
  const std::string& time_zone() const { return time_zone_; }
  bool default_read_only() const { return default_read_only_; }
  const std::string& default_isolation() const { return default_isolation_; }
  const common::v1::PlannerSwitches& switches() const { return switches_; }
  // Whether the client wants to see notices of the severity ("NOTICE", "WARNING").
  bool Wants(std::string_view severity) const;
  // Changes with every setting that planning depends on; what is temporary is not in it.
  const std::string& planning_key() const { return planning_key_; }

 private:
  struct Setting {
    std::string text;    // In canonical form.
    std::string source;  // As pg_settings.source names it.

    bool operator==(const Setting&) const = default;
  };
  using Values = std::map<std::string, Setting>;  // By lower-case name.
  using LocalValues = std::map<std::string, std::optional<Setting>>;
  struct Kept {
    Values values;
    LocalValues before_local;
  };
  // In canonical form; the initial one where nothing was set. Empty for what is not there.
  std::string Value(const std::string& lower) const;
  std::string ResetValue(const std::string& lower) const;
  void Put(const std::string& lower, Setting setting);
  // Puts back what was there before; nothing: the initial value.
  void Restore(const std::string& lower, const std::optional<Setting>& setting);
  bool in_transaction() const { return !levels_.empty(); }
  void Changed(const std::string& lower);
  void ReadSearchPath(std::vector<std::string> names);
  // Restores every one that differs.
  void Replace(const Values& values);
  // Before a change.
  void KeepForRollback();
  // The same, and before SET LOCAL what COMMIT brings back.
  void KeepBefore(const std::string& lower, bool is_local);

  Values values_;    // Only those that were set.
  Values defaults_;  // What RESET restores, where that is not the initial value.
  // For the transaction and each of its savepoints: what was so before the first change since,
  // which most do not have. Empty outside of a transaction.
  std::vector<std::optional<Kept>> levels_;
  LocalValues before_local_;
  std::map<std::string, std::string> reports_;
  std::string user_;
  bool superuser_ = false;

  // What the values mean.
  types::TextOptions text_options_;
  std::vector<std::string> search_path_;
  std::string path_key_;  // Without a temporary schema that it does not name.
  std::string temporary_schema_;
  int64_t statement_timeout_ms_ = 0;
  uint32_t plan_alternative_ = 0;
  bool plan_guard_ = true;
  bool plan_trials_ = true;
  int64_t lock_timeout_ms_ = 0;
  int64_t idle_in_transaction_timeout_ms_ = 0;
  int64_t idle_session_timeout_ms_ = 0;
  std::string role_ = kNoRole;
  std::string session_authorization_;
  uint64_t identity_changes_ = 0;
  std::string time_zone_;
  std::string default_isolation_;
  bool default_read_only_ = false;
  int least_severity_ = 0;
  common::v1::PlannerSwitches switches_;
  std::string planning_key_;
};

class Settings::Override {
 private:
  friend class Settings;
  std::string lower_;
  Setting set_;
  std::optional<Setting> before_;
};

}  // namespace adbms::gateway::session
