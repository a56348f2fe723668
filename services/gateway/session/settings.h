// A session's settings (SET, SHOW): the ones clients use. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/text_io.h"

namespace adbms::gateway::session {

class Settings {
 public:
  Settings();

  // Errors: 42704 for an unknown name, 22023 for a bad value, 55P02 for one that cannot be changed.
  // Names with a dot are custom settings and always accepted. `is_local` ends with the transaction.
  absl::Status Set(const std::string& name, const std::string& value, bool is_local);
  absl::Status Reset(const std::string& name);
  void ResetAll();
  // A setting's name as PostgreSQL writes it: "TimeZone".
  static std::string NameOf(const std::string& name);
  absl::StatusOr<std::string> Show(const std::string& name) const;
  // name, value, description.
  std::vector<std::vector<std::string>> All() const;

  // Transaction borders: a rollback takes back what was set inside.
  void Begin();
  void Commit();
  void Rollback();

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
  const std::vector<std::string>& search_path() const { return search_path_; }
  int64_t statement_timeout_ms() const { return statement_timeout_ms_; }
  int64_t lock_timeout_ms() const { return lock_timeout_ms_; }
  int64_t idle_in_transaction_session_timeout_ms() const { return idle_in_transaction_ms_; }
  int64_t idle_session_timeout_ms() const { return idle_session_ms_; }
  const std::string& time_zone() const { return values_.at("timezone"); }
  bool default_read_only() const;
  const std::string& default_isolation() const {
    return values_.at("default_transaction_isolation");
  }
  // Changes with every setting that planning depends on.
  const std::string& planning_key() const { return planning_key_; }

 private:
  void Changed(const std::string& name);
  // Before a change.
  void KeepForRollback();

  std::map<std::string, std::string> values_;    // By lower-case name.
  std::map<std::string, std::string> defaults_;  // What RESET restores.
  // At the first change inside a transaction, which most do not have.
  std::optional<std::map<std::string, std::string>> at_begin_;
  std::map<std::string, std::string> before_local_;
  bool in_transaction_ = false;
  std::map<std::string, std::string> reports_;

  types::TextOptions text_options_;
  std::vector<std::string> search_path_;
  int64_t statement_timeout_ms_ = 0;
  int64_t lock_timeout_ms_ = 0;
  int64_t idle_in_transaction_ms_ = 0;
  int64_t idle_session_ms_ = 0;
  std::string planning_key_;
};

}  // namespace adbms::gateway::session
