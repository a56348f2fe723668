#include "services/security/audit/audit_log.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/status/macros.h"
#include "common/telemetry/log.h"

namespace adbms::security::audit {
namespace {

const std::string kGenesis(64, '0');
constexpr absl::string_view kHashField = ",\"hash\":\"";

std::string Sha256Hex(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), sizeof(digest)));
}

// Times of records, of which many fall into one second.
class TimeText {
 public:
  std::string Of(int64_t at_us) {
    const int64_t second = at_us / kMicros;
    if (second != second_) {
      second_ = second;
      text_ =
          absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(second), absl::UTCTimeZone());
    }
    return absl::StrCat(text_, ".", absl::Dec(at_us % kMicros, absl::kZeroPad6), "Z");
  }

 private:
  static constexpr int64_t kMicros = 1000000;
  int64_t second_ = -1;
  std::string text_;
};

std::string Body(const security::v1::AuditRecord& record, TimeText* time) {
  using telemetry::JsonQuote;
  return absl::StrCat(
      "{\"time\":\"", time->Of(record.at_us()), "\",\"event\":", JsonQuote(record.event()),
      ",\"user\":", JsonQuote(record.user()), ",\"peer\":", JsonQuote(record.peer()),
      ",\"session\":", record.session_id(), ",\"statement\":", JsonQuote(record.statement()),
      ",\"rows\":", record.rows(), ",\"sqlstate\":", JsonQuote(record.sqlstate()),
      ",\"trace_id\":", JsonQuote(record.trace_id()));
}

// Splits a line into its body and hash; false when it has none.
bool Split(const std::string& line, std::string* body, std::string* hash) {
  const size_t at = line.rfind(kHashField.data());
  if (at == std::string::npos || !absl::EndsWith(line, "\"}")) return false;
  *body = line.substr(0, at);
  *hash = line.substr(at + kHashField.size(), line.size() - at - kHashField.size() - 2);
  return hash->size() == 64;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  auto log = std::unique_ptr<AuditLog>(new AuditLog(absl::StrCat(directory, "/audit.jsonl")));
  absl::MutexLock lock(&log->mutex_);
  log->fd_ = ::open(log->path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log->fd_ < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot write ", log->path_, ": ", std::strerror(errno)));
  }
  log->last_hash_ = kGenesis;
  std::ifstream in(log->path_);
  std::string line;
  std::string body;
  off_t complete = 0;
  while (std::getline(in, line)) {
    if (in.eof()) break;  // Without its end: torn by a crash.
    complete += static_cast<off_t>(line.size()) + 1;
    // A whole line that is no record is damage: it stays, for the verifier to find.
    std::string hash;
    if (Split(line, &body, &hash)) log->last_hash_ = hash;
  }
  // Only a torn last line may be cut.
  struct stat info {};
  if (::fstat(log->fd_, &info) == 0 && info.st_size > complete &&
      ::ftruncate(log->fd_, complete) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot cut the torn end of ", log->path_, ": ", std::strerror(errno)));
  }
  return log;
}

AuditLog::~AuditLog() {
  absl::MutexLock lock(&mutex_);
  if (fd_ >= 0) ::close(fd_);
}

absl::Status AuditLog::Append(const std::vector<security::v1::AuditRecord>& records) {
  absl::MutexLock lock(&mutex_);
  std::string lines;
  std::string hash = last_hash_;
  TimeText time;
  for (const security::v1::AuditRecord& record : records) {
    const std::string body = Body(record, &time);
    hash = Sha256Hex(absl::StrCat(hash, body));
    absl::StrAppend(&lines, body, kHashField, hash, "\"}\n");
  }
  size_t written = 0;
  while (written < lines.size()) {
    const ssize_t put = ::write(fd_, lines.data() + written, lines.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot write ", path_, ": ", std::strerror(errno)));
    }
    written += put;
  }
  last_hash_ = hash;
  return absl::OkStatus();
}

absl::StatusOr<Verification> Verify(const std::string& path) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("no audit log at ", path));
  Verification found;
  std::string previous = kGenesis;
  std::string line;
  std::string body;
  std::string hash;
  while (std::getline(in, line)) {
    ++found.records;
    if (!Split(line, &body, &hash)) {
      found.first_bad_line = found.records;
      found.problem = "the line is not a complete record";
      return found;
    }
    if (Sha256Hex(absl::StrCat(previous, body)) != hash) {
      found.first_bad_line = found.records;
      found.problem = "the line does not follow from the one before it";
      return found;
    }
    previous = hash;
  }
  return found;
}

}  // namespace adbms::security::audit
