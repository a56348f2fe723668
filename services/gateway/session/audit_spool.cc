#include "services/gateway/session/audit_spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/base/internal/endian.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace adbms::gateway::session {
namespace {

constexpr char kMagic[] = "ADBMSQ01";
constexpr uint64_t kHeaderBytes = 24;
constexpr uint64_t kFrameHeaderBytes = 8;
constexpr size_t kPeekBytes = 4 << 20;

uint32_t Checksum(const std::string& bytes) {
  uint32_t hash = 2166136261u;
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash;
}

absl::Status Failed(absl::string_view what) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " the audit spool: ", std::strerror(errno)));
}

bool WriteAll(int fd, const std::string& bytes, uint64_t at) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t put = ::pwrite(fd, bytes.data() + written, bytes.size() - written,
                                 static_cast<off_t>(at + written));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    written += put;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditSpool>> AuditSpool::Open(const std::string& path,
                                                             uint64_t capacity_bytes) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {  // Another gateway's on the same directory.
    const absl::Status failed = Failed("lock");
    ::close(fd);
    return failed;
  }
  auto spool = std::unique_ptr<AuditSpool>(new AuditSpool(fd, capacity_bytes));
  RETURN_IF_ERROR(spool->Recover());
  return spool;
}

AuditSpool::~AuditSpool() { ::close(fd_); }

absl::Status AuditSpool::Recover() {
  char header[kHeaderBytes];
  const bool whole = ::pread(fd_, header, sizeof(header), 0) == sizeof(header) &&
                     std::memcmp(header, kMagic, 8) == 0;
  begin_ = end_ = kHeaderBytes;
  if (!whole) return WriteHeader();
  begin_ = end_ = absl::little_endian::Load64(header + 8);
  missing_ = absl::little_endian::Load64(header + 16);
  for (std::string frame; !(frame = FrameAt(end_)).empty();) {
    end_ += kFrameHeaderBytes + frame.size();
    ++count_;
  }
  return ::ftruncate(fd_, static_cast<off_t>(end_)) == 0 ? absl::OkStatus() : Failed("cut");
}

absl::Status AuditSpool::WriteHeader() {
  std::string header(kHeaderBytes, '\0');
  std::memcpy(header.data(), kMagic, 8);
  absl::little_endian::Store64(header.data() + 8, begin_);
  absl::little_endian::Store64(header.data() + 16, missing_);
  return WriteAll(fd_, header, 0) ? absl::OkStatus() : Failed("write");
}

std::string AuditSpool::FrameAt(uint64_t position) const {
  char header[kFrameHeaderBytes];
  if (::pread(fd_, header, sizeof(header), static_cast<off_t>(position)) != sizeof(header)) {
    return "";
  }
  const uint32_t size = absl::little_endian::Load32(header);
  if (size > capacity_) return "";
  std::string bytes(size, '\0');
  if (::pread(fd_, bytes.data(), size, static_cast<off_t>(position + sizeof(header))) !=
      static_cast<ssize_t>(size)) {
    return "";
  }
  return Checksum(bytes) == absl::little_endian::Load32(header + 4) ? bytes : "";
}

absl::Status AuditSpool::Append(const std::vector<security::v1::AuditRecord>& records) {
  std::string frames;
  uint64_t taken = 0;
  uint64_t missing = 0;
  for (const security::v1::AuditRecord& record : records) {
    const std::string bytes = record.SerializeAsString();
    // From the first that did not fit, all are missing until there is room again: one gap.
    const bool full = missing_ + missing > 0 ||
                      end_ + frames.size() + kFrameHeaderBytes + bytes.size() > capacity_;
    if (full) {
      ++missing;
      continue;
    }
    char header[kFrameHeaderBytes];
    absl::little_endian::Store32(header, static_cast<uint32_t>(bytes.size()));
    absl::little_endian::Store32(header + 4, Checksum(bytes));
    frames.append(header, sizeof(header));
    frames += bytes;
    ++taken;
  }
  if (!frames.empty() && !WriteAll(fd_, frames, end_)) {
    const absl::Status failed = Failed("write");
    (void)::ftruncate(fd_, static_cast<off_t>(end_));
    return failed;
  }
  end_ += frames.size();
  count_ += taken;
  missing_ += missing;
  if (missing > 0) RETURN_IF_ERROR(WriteHeader());
  return ::fdatasync(fd_) == 0 ? absl::OkStatus() : Failed("sync");
}

absl::StatusOr<std::vector<security::v1::AuditRecord>> AuditSpool::Peek() {
  std::vector<security::v1::AuditRecord> records;
  uint64_t position = begin_;
  while (position < end_ && position - begin_ < kPeekBytes) {
    const std::string frame = FrameAt(position);
    security::v1::AuditRecord record;
    if (frame.empty() || !record.ParseFromString(frame)) {
      return absl::DataLossError("the audit spool is damaged");
    }
    position += kFrameHeaderBytes + frame.size();
    records.push_back(std::move(record));
  }
  return records;
}

absl::Status AuditSpool::Pop(size_t count) {
  for (; count > 0; --count, --count_) begin_ += kFrameHeaderBytes + FrameAt(begin_).size();
  return empty() ? Clear() : WriteHeader();
}

absl::Status AuditSpool::Clear() {
  begin_ = end_ = kHeaderBytes;
  count_ = 0;
  RETURN_IF_ERROR(WriteHeader());
  return ::ftruncate(fd_, static_cast<off_t>(end_)) == 0 ? absl::OkStatus() : Failed("cut");
}

absl::Status AuditSpool::AddMissing(int64_t missing) {
  missing_ += static_cast<uint64_t>(missing);
  return WriteHeader();
}

}  // namespace adbms::gateway::session
