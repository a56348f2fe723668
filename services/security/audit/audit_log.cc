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
#include "absl/time/clock.h"
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
      ",\"trace_id\":", JsonQuote(record.trace_id()),
      record.role().empty() ? "" : absl::StrCat(",\"role\":", JsonQuote(record.role())));
}

// Splits a line into its body and hash; false when it has none.
bool Split(const std::string& line, std::string* body, std::string* hash) {
  const size_t at = line.rfind(kHashField.data());
  if (at == std::string::npos || !absl::EndsWith(line, "\"}")) return false;
  *body = line.substr(0, at);
  *hash = line.substr(at + kHashField.size(), line.size() - at - kHashField.size() - 2);
  return hash->size() == 64;
}

std::string EventOf(const std::string& body) {
  constexpr absl::string_view kField = ",\"event\":\"";
  const size_t at = body.find(kField.data());
  if (at == std::string::npos) return "";
  const size_t start = at + kField.size();
  return body.substr(start, body.find('"', start) - start);
}

std::string TimeOf(int64_t at_us) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(at_us), absl::UTCTimeZone());
}

// Compares the lines of a log, as they are read, with heads.
class HeadCheck {
 public:
  // `heads` must outlive this.
  explicit HeadCheck(const std::vector<KeptHead>& heads) : heads_(heads) {}
  void Line(uint64_t number, const std::string& hash) {
    for (const KeptHead& kept : heads_) {
      if (kept.head.records == number && kept.head.hash != hash) {
        Found(number, absl::StrCat("the record is another one than that of ", Words(kept),
                                   ": the chain was computed anew"));
      }
    }
  }
  void End(uint64_t records) {
    for (const KeptHead& kept : heads_) {
      if (kept.head.records > records) {
        Found(records + 1, absl::StrCat("the end is missing: ", Words(kept), " counts ",
                                        kept.head.records, " records, the file has ", records));
      }
    }
  }
  uint64_t bad_line() const { return bad_line_; }
  const std::string& problem() const { return problem_; }

 private:
  static std::string Words(const KeptHead& kept) {
    return absl::StrCat("the head signed at ", TimeOf(kept.head.at_us), " and kept in ",
                        kept.where);
  }
  void Found(uint64_t line, std::string problem) {
    if (bad_line_ != 0) return;
    bad_line_ = line;
    problem_ = std::move(problem);
  }

  const std::vector<KeptHead>& heads_;
  uint64_t bad_line_ = 0;
  std::string problem_;
};

}  // namespace

AuditLog::AuditLog(const LogOptions& options)
    : path_(absl::StrCat(options.directory, "/audit.jsonl")),
      head_path_(options.head_path),
      key_(options.key),
      last_hash_(kGenesis) {}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const LogOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  auto log = std::unique_ptr<AuditLog>(new AuditLog(options));
  std::vector<KeptHead> heads = options.kept_heads;
  if (!options.head_path.empty()) {
    const auto head = ReadHead(options.head_path, options.key);
    if (head.ok()) {
      heads.push_back({options.head_path, *head});
    } else if (absl::IsDataLoss(head.status())) {
      log->tampering_ = absl::StrCat(options.head_path, ": ", head.status().message());
    }
  }
  absl::MutexLock lock(&log->mutex_);
  RETURN_IF_ERROR(log->OpenFile());
  RETURN_IF_ERROR(log->Scan(heads));
  if (!log->tampering_.empty()) {
    log->Note("tampered", log->tampering_);
    // What it was compared with is evidence.
    std::filesystem::rename(options.head_path,
                            absl::StrCat(options.head_path, ".", absl::ToUnixSeconds(absl::Now())),
                            error);
  }
  return log;
}

absl::Status AuditLog::OpenFile() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ >= 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot write ", path_, ": ", std::strerror(errno)));
}

absl::Status AuditLog::Scan(const std::vector<KeptHead>& heads) {
  HeadCheck check(heads);
  std::ifstream in(path_);
  std::string line;
  std::string body;
  while (std::getline(in, line)) {
    if (in.eof()) break;  // Without its end: torn by a crash.
    size_ += static_cast<off_t>(line.size()) + 1;
    ++records_;
    // A whole line that is no record is damage: it stays, for the verifier to find.
    std::string hash;
    if (Split(line, &body, &hash)) last_hash_ = hash;
    check.Line(records_, last_hash_);
  }
  check.End(records_);
  if (tampering_.empty() && check.bad_line() != 0) {
    tampering_ = absl::StrCat("line ", check.bad_line(), ": ", check.problem());
  }
  // Only a torn last line may be cut.
  struct stat info {};
  if (::fstat(fd_, &info) != 0 || info.st_size <= size_) return absl::OkStatus();
  return CutTo(size_);
}

absl::Status AuditLog::CutTo(off_t size) {
  struct stat info {};
  (void)::fstat(fd_, &info);
  if (::ftruncate(fd_, size) != 0) {
    torn_ = true;
    return absl::UnavailableError(
        absl::StrCat("cannot cut the torn end of ", path_, ": ", std::strerror(errno)));
  }
  torn_ = false;
  Note("repaired", absl::StrCat("an unfinished write of ", info.st_size - size,
                                " bytes was cut from the end of the log"));
  return absl::OkStatus();
}

void AuditLog::Note(const std::string& event, const std::string& what) {
  security::v1::AuditRecord note;
  note.set_at_us(absl::ToUnixMicros(absl::Now()));
  note.set_event(event);
  note.set_statement(what);
  note.set_sqlstate("00000");
  notes_.push_back(std::move(note));
}

absl::Status AuditLog::LookAtFile() {
  struct stat there {};
  struct stat held {};
  if (torn_) RETURN_IF_ERROR(CutTo(size_));
  if (::fstat(fd_, &held) != 0) return absl::UnavailableError("the audit log cannot be looked at");
  if (::stat(path_.c_str(), &there) != 0 || there.st_ino != held.st_ino ||
      there.st_dev != held.st_dev) {
    const int old = fd_;
    const absl::Status opened = OpenFile();
    if (!opened.ok()) {
      fd_ = old;
      return opened;
    }
    ::close(old);
    (void)::fstat(fd_, &held);
    Note("tampered", "the file was removed or another one put in its place");
  } else if (held.st_size != size_) {
    Note("tampered",
         absl::StrCat("the file had ", held.st_size, " bytes where ", size_, " were written"));
  }
  size_ = held.st_size;
  return absl::OkStatus();
}

AuditLog::~AuditLog() {
  (void)Append({});
  (void)WriteHead();
  absl::MutexLock lock(&mutex_);
  if (fd_ >= 0) ::close(fd_);
}

absl::Status AuditLog::Append(const std::vector<security::v1::AuditRecord>& records) {
  absl::MutexLock lock(&mutex_);
  if (fd_ < 0) return absl::UnavailableError("the audit log is not open");
  RETURN_IF_ERROR(LookAtFile());
  if (records.empty() && notes_.empty()) return absl::OkStatus();
  std::string lines;
  std::string hash = last_hash_;
  TimeText time;
  const auto add = [&](const security::v1::AuditRecord& record) {
    const std::string body = Body(record, &time);
    hash = Sha256Hex(absl::StrCat(hash, body));
    absl::StrAppend(&lines, body, kHashField, hash, "\"}\n");
  };
  for (const security::v1::AuditRecord& note : notes_) add(note);
  for (const security::v1::AuditRecord& record : records) add(record);
  size_t written = 0;
  while (written < lines.size()) {
    const ssize_t put = ::write(fd_, lines.data() + written, lines.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const std::string why = std::strerror(errno);
      if (written > 0) (void)CutTo(size_);
      return absl::UnavailableError(absl::StrCat("cannot write ", path_, ": ", why));
    }
    written += put;
  }
  size_ += static_cast<off_t>(lines.size());
  records_ += notes_.size() + records.size();
  notes_.clear();
  last_hash_ = hash;
  return absl::OkStatus();
}

absl::StatusOr<Head> AuditLog::WriteHead() {
  absl::MutexLock lock(&mutex_);
  if (head_path_.empty() || records_ == head_.records) return head_;
  Head now;
  now.records = records_;
  now.bytes = static_cast<uint64_t>(size_);
  now.hash = last_hash_;
  now.at_us = absl::ToUnixMicros(absl::Now());
  // A head must not outlive, in a crash of the machine, what it is the head of.
  if (::fdatasync(fd_) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot sync ", path_, ": ", std::strerror(errno)));
  }
  RETURN_IF_ERROR(audit::WriteHead(head_path_, now, key_));
  head_ = now;
  return head_;
}

absl::StatusOr<Verification> Verify(const std::string& path, const std::vector<KeptHead>& heads) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("no audit log at ", path));
  Verification found;
  const auto bad = [&found](std::string problem) {
    found.first_bad_line = found.records;
    found.problem = std::move(problem);
    return found;
  };
  HeadCheck check(heads);
  std::string previous = kGenesis;
  std::string line;
  std::string body;
  std::string hash;
  while (std::getline(in, line)) {
    ++found.records;
    if (!Split(line, &body, &hash)) return bad("the line is not a complete record");
    if (Sha256Hex(absl::StrCat(previous, body)) != hash) {
      return bad("the line does not follow from the one before it");
    }
    if (EventOf(body) == "tampered") return bad(absl::StrCat("the log says: ", body));
    check.Line(found.records, hash);
    previous = hash;
  }
  check.End(found.records);
  found.first_bad_line = check.bad_line();
  found.problem = check.problem();
  return found;
}

}  // namespace adbms::security::audit
