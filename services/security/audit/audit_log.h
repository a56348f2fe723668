// The audit log: JSON lines, each carrying the SHA-256 of the line before, so that a change or a
// gap shows. The file is <directory>/audit.jsonl; every line ends with "hash", computed over the
// previous hash and the line without it. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/security/v1/security.pb.h"

namespace adbms::security::audit {

class AuditLog {
 public:
  // Opens or makes the log and goes on with its chain. A last line torn by a crash is cut off.
  // Errors: DATA_LOSS when the end of the chain does not fit, UNAVAILABLE when the file cannot be
  // written.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const std::string& directory);
  ~AuditLog();

  // Appends and hands the bytes to the operating system.
  absl::Status Append(const std::vector<security::v1::AuditRecord>& records);
  const std::string& path() const { return path_; }

 private:
  explicit AuditLog(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) = -1;
  std::string last_hash_ ABSL_GUARDED_BY(mutex_);
};

// What a check of a log found.
struct Verification {
  uint64_t records = 0;
  uint64_t first_bad_line = 0;  // From 1; 0: the chain is whole.
  std::string problem;
};
// Reads the whole file. Errors: NOT_FOUND.
absl::StatusOr<Verification> Verify(const std::string& path);

}  // namespace adbms::security::audit
