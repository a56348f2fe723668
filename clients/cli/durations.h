// Times on the command line: 30s, 15m, 24h, 90d.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace adbms::clients::cli {

// Errors: INVALID_ARGUMENT, which names the flag.
absl::StatusOr<absl::Duration> ReadDuration(const std::string& flag, const std::string& text);

}  // namespace adbms::clients::cli
