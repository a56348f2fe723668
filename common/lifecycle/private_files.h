// Takes from others what earlier versions, copies or restores have left them: data are 0600 in
// 0700. What the process makes itself is so by its umask.
#pragma once

#include <string>

namespace adbms::lifecycle {

// `directory` and all below it that belongs to this user. Links are not followed; what cannot be
// changed stays.
void CloseToOthers(const std::string& directory);
// Logs and reports in `directory`, which may be another program's too and itself stays as it is.
void CloseLogsToOthers(const std::string& directory);

}  // namespace adbms::lifecycle
