// Audit records that security has not taken yet, in a file of the gateway: in order, bounded, and
// over a restart of the process. What did not fit is counted, exactly, in the file too. One record
// may be delivered twice when the process dies between delivery and Pop(), none is lost. Not
// thread-safe.
//
// The file, integers little-endian: magic "ADBMSQ01", position of the oldest record (8 bytes),
// records that did not fit (8), then records: length (4), FNV-1a of the bytes (4), the bytes of an
// AuditRecord. What follows the last whole record is an unfinished write.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/security/v1/security.pb.h"

namespace adbms::gateway::session {

class AuditSpool {
 public:
  // Opens or makes the file. Errors: UNAVAILABLE, also when another process has it.
  static absl::StatusOr<std::unique_ptr<AuditSpool>> Open(const std::string& path,
                                                          uint64_t capacity_bytes);
  ~AuditSpool();

  bool empty() const { return begin_ == end_; }
  uint64_t size() const { return count_; }
  // How many were given up for want of space and are not reported yet.
  uint64_t missing() const { return missing_; }
  // Appends all of them durably; those beyond the capacity are counted as missing. Errors:
  // UNAVAILABLE when the file cannot be written: none of them is in it.
  absl::Status Append(const std::vector<security::v1::AuditRecord>& records);
  // The oldest records, some MiB at most. They stay until Pop() of the same number.
  absl::StatusOr<std::vector<security::v1::AuditRecord>> Peek();
  absl::Status Pop(size_t count);
  // Gives up what is in the file.
  absl::Status Clear();
  // So many more are missing, or fewer: they are reported.
  absl::Status AddMissing(int64_t missing);

 private:
  AuditSpool(int fd, uint64_t capacity) : fd_(fd), capacity_(capacity) {}
  absl::Status Recover();
  absl::Status WriteHeader();
  // The bytes of the record at `position`; empty at the end or where it is not whole.
  std::string FrameAt(uint64_t position) const;

  const int fd_;
  const uint64_t capacity_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  uint64_t count_ = 0;
  uint64_t missing_ = 0;
};

}  // namespace adbms::gateway::session
