// The audit log: JSON lines, each carrying the SHA-256 of the line before, so that a change or a
// gap shows. The file is <directory>/audit.jsonl; every line ends with "hash", computed over the
// previous hash and the line without it. Its head is signed and written apart (head.h). What
// happened to the file itself is told by records of its own: `repaired` when an unfinished line was
// cut, `tampered` when the file is not what its head says. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/security/v1/security.pb.h"
#include "services/security/audit/head.h"

namespace adbms::security::audit {

// A head and where it was kept, in words: "the database", "/data/audit_head".
struct KeptHead {
  std::string where;
  Head head;
};

struct LogOptions {
  std::string directory;
  std::string head_path;             // Empty: none is written.
  std::string key;                   // Of the signature.
  std::vector<KeptHead> kept_heads;  // From elsewhere, to compare with.
};

class AuditLog {
 public:
  // Opens or makes the log and goes on with its chain. A last line torn by a crash is cut off; a
  // log that does not go with its heads goes on too, and says so. Errors: UNAVAILABLE when the file
  // cannot be written.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const LogOptions& options);
  // Writes the head.
  ~AuditLog();

  // Appends and hands the bytes to the operating system: all of them or, with UNAVAILABLE, none.
  absl::Status Append(const std::vector<security::v1::AuditRecord>& records);
  // Makes what was appended durable, then its head, which it returns. Errors: UNAVAILABLE.
  absl::StatusOr<Head> WriteHead();
  const std::string& path() const { return path_; }
  // Why the log was not what its heads say when it was opened; empty: it was.
  const std::string& tampering() const { return tampering_; }

 private:
  explicit AuditLog(const LogOptions& options);
  absl::Status Scan(const std::vector<KeptHead>& heads) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status OpenFile() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Looks whether the file is still the one that was written.
  absl::Status LookAtFile() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CutTo(off_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Note(const std::string& event, const std::string& what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const std::string head_path_;
  const std::string key_;
  std::string tampering_;  // Set while it is opened.
  absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) = -1;
  uint64_t records_ ABSL_GUARDED_BY(mutex_) = 0;
  off_t size_ ABSL_GUARDED_BY(mutex_) = 0;  // Of what is complete.
  bool torn_ ABSL_GUARDED_BY(mutex_) = false;
  std::string last_hash_ ABSL_GUARDED_BY(mutex_);
  Head head_ ABSL_GUARDED_BY(mutex_);  // As last written.
  // What is to be said of the file itself by the next append.
  std::vector<security::v1::AuditRecord> notes_ ABSL_GUARDED_BY(mutex_);
};

// What a check of a log found.
struct Verification {
  uint64_t records = 0;
  uint64_t first_bad_line = 0;  // From 1; 0: the chain is whole and goes with its heads.
  std::string problem;
};
// Reads the whole file. Errors: NOT_FOUND.
absl::StatusOr<Verification> Verify(const std::string& path,
                                    const std::vector<KeptHead>& heads = {});

}  // namespace adbms::security::audit
