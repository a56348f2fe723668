#include "common/telemetry/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>
#include <atomic>

#include <filesystem>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace adbms::telemetry {
namespace {

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};

Level LevelFromName(std::string_view name, Level otherwise) {
  for (int i = 0; i < 4; ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return otherwise;
}

class FileLogger : public Logger {
 public:
  FileLogger(std::string service, std::shared_ptr<spdlog::logger> out, Level least)
      : service_(std::move(service)), out_(std::move(out)), least_(least) {}

  void Log(Level level, std::string_view message, const std::vector<Field>& fields) override {
    if (level < least_.load(std::memory_order_relaxed)) return;
    const std::string time =
        absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
    const std::string_view name = kNames[static_cast<int>(level)];
    std::string line = absl::StrCat(
        "{\"time\":\"", time, "\",\"level\":\"", absl::string_view(name.data(), name.size()),
        "\",\"service\":", JsonQuote(service_), ",\"message\":", JsonQuote(message));
    for (const auto& [key, value] : fields) {
      absl::StrAppend(&line, ",", JsonQuote(key), ":", JsonQuote(value));
    }
    line += '}';
    out_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }
  void SetLevel(std::string_view level) override { least_ = LevelFromName(level, least_); }

 private:
  const std::string service_;
  const std::shared_ptr<spdlog::logger> out_;
  std::atomic<Level> least_;
};

class NullLogger : public Logger {
 public:
  void Log(Level, std::string_view, const std::vector<Field>&) override {}
  void SetLevel(std::string_view) override {}
};

}  // namespace

absl::StatusOr<std::unique_ptr<Logger>> OpenLog(const std::string& directory,
                                                const std::string& service,
                                                std::string_view level) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = absl::StrCat(directory, "/", service, ".log");
  const Level least = LevelFromName(level, Level::kInfo);
  // spdlog reports through exceptions; they end here.
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, 64 << 20, 5);
    auto out = std::make_shared<spdlog::logger>(service, std::move(sink));
    out->set_pattern("%v");
    out->flush_on(spdlog::level::info);
    return std::unique_ptr<Logger>(std::make_unique<FileLogger>(service, std::move(out), least));
  } catch (const spdlog::spdlog_ex& exception) {
    return absl::UnavailableError(
        absl::StrCat("cannot write the log ", path, ": ", exception.what()));
  }
}

std::unique_ptr<Logger> NullLog() { return std::make_unique<NullLogger>(); }

std::string JsonQuote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          absl::StrAppendFormat(&out, "\\u%04x", static_cast<int>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
  return out;
}

std::string NewTraceId() {
  thread_local absl::BitGen generator;
  return absl::StrFormat("%016x%016x", absl::Uniform<uint64_t>(generator),
                         absl::Uniform<uint64_t>(generator));
}

}  // namespace adbms::telemetry
