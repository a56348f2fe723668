// Structured logs: one JSON object a line, one file a service. Thread-safe; writing never fails the
// caller.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace adbms::telemetry {

enum class Level { kDebug, kInfo, kWarn, kError };

// A field is a name and a value; values are written as JSON strings.
using Field = std::pair<std::string_view, std::string>;

class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(Level level, std::string_view message, const std::vector<Field>& fields) = 0;
  // From now on only lines of `level` ("info") and above are written; unknown names change nothing.
  virtual void SetLevel(std::string_view level) = 0;

  void Debug(std::string_view message, const std::vector<Field>& fields = {}) {
    Log(Level::kDebug, message, fields);
  }
  void Info(std::string_view message, const std::vector<Field>& fields = {}) {
    Log(Level::kInfo, message, fields);
  }
  void Warn(std::string_view message, const std::vector<Field>& fields = {}) {
    Log(Level::kWarn, message, fields);
  }
  void Error(std::string_view message, const std::vector<Field>& fields = {}) {
    Log(Level::kError, message, fields);
  }
};

// Appends to <directory>/<service>.log, rotated at 64 MiB with five old files kept. The directory
// is made.
absl::StatusOr<std::unique_ptr<Logger>> OpenLog(const std::string& directory,
                                                const std::string& service, std::string_view level);

// Drops everything; for tests.
std::unique_ptr<Logger> NullLog();

// A quoted JSON string.
std::string JsonQuote(std::string_view text);

// 32 hexadecimal digits, unique.
std::string NewTraceId();

}  // namespace adbms::telemetry
