#include "services/storage/engine/engine_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace adbms::storage::engine {
namespace {

constexpr uint64_t kMaxBytes = 16 << 20;

}  // namespace

EngineLog::EngineLog(const std::string& directory)
    : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), path_(directory + "/LOG") {
  absl::MutexLock lock(&mutex_);
  Open();
}

EngineLog::~EngineLog() {
  absl::MutexLock lock(&mutex_);
  if (fd_ >= 0) ::close(fd_);
}

void EngineLog::Open() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat file {};
  size_ = fd_ >= 0 && ::fstat(fd_, &file) == 0 ? static_cast<uint64_t>(file.st_size) : 0;
}

void EngineLog::Logv(const char* format, va_list arguments) {
  char message[2048];
  if (std::vsnprintf(message, sizeof message, format, arguments) < 0) return;
  const std::string line = absl::StrFormat(
      "%s %s\n", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()),
      message);
  absl::MutexLock lock(&mutex_);
  if (size_ >= kMaxBytes && std::rename(path_.c_str(), (path_ + ".old").c_str()) == 0) Open();
  if (fd_ < 0) return;
  const ssize_t written = ::write(fd_, line.data(), line.size());
  if (written > 0) size_ += static_cast<uint64_t>(written);
}

size_t EngineLog::GetLogFileSize() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

}  // namespace adbms::storage::engine
