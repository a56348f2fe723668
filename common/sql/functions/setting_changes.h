// What set_config() does while a statement runs: kept beside the session's settings for later calls
// of current_setting() in the same statement, and handed to the session at its end. Not
// thread-safe: a statement runs in one thread.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "adbms/common/v1/session.pb.h"

namespace adbms::sql::functions {

// Among a session's settings: how many triggers run in one another. No name of a setting.
inline constexpr char kTriggerDepthSetting[] = "trigger depth";

class SettingChanges {
 public:
  // Takes the place of an earlier change of the setting with the same reach.
  void Add(common::v1::SettingChange change) {
    std::erase_if(changes_, [&change](const common::v1::SettingChange& earlier) {
      return earlier.is_local() == change.is_local() &&
             absl::EqualsIgnoreCase(earlier.name(), change.name());
    });
    changes_.push_back(std::move(change));
  }
  // The last change of the setting; null: none.
  const common::v1::SettingChange* Find(std::string_view name) const {
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      if (absl::EqualsIgnoreCase(change->name(), {name.data(), name.size()})) return &*change;
    }
    return nullptr;
  }
  const std::vector<common::v1::SettingChange>& all() const { return changes_; }

 private:
  std::vector<common::v1::SettingChange> changes_;  // In order.
};

}  // namespace adbms::sql::functions
