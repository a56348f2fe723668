#include "clients/cli/durations.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace adbms::clients::cli {
namespace {

constexpr int64_t kMost = 100'000'000;

}  // namespace

absl::StatusOr<absl::Duration> ReadDuration(const std::string& flag, const std::string& text) {
  int64_t count = 0;
  if (text.size() >= 2 && absl::SimpleAtoi(text.substr(0, text.size() - 1), &count) && count > 0 &&
      count < kMost) {
    switch (text.back()) {
      case 's':
        return absl::Seconds(count);
      case 'm':
        return absl::Minutes(count);
      case 'h':
        return absl::Hours(count);
      case 'd':
        return absl::Hours(24 * count);
      default:
        break;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": \"", text, "\" is no time like 30s, 15m, 24h or 90d"));
}

}  // namespace adbms::clients::cli
