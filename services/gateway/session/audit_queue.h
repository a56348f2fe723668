// Audit records on their way to security: a bounded queue and a thread that sends what has gathered
// in 50 ms, or sooner when much has. Sessions do not wake it for each record: that would cost them
// more than the record does. A full queue drops and counts, and says so in the next record that
// goes through. Thread-safe.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/security/v1/security.pb.h"
#include "services/security/api/security.h"

namespace adbms::gateway::session {

enum class AuditLevel { kNone, kWrite, kAll };

class AuditQueue {
 public:
  // `security` must outlive this.
  AuditQueue(security::api::Security* security, AuditLevel level);
  // Sends what is left.
  ~AuditQueue();

  // Whether a statement is to be recorded. Logins, denials, catalog and role changes always are.
  bool Wants(bool read_only) const {
    return level_ == AuditLevel::kAll || (level_ == AuditLevel::kWrite && !read_only);
  }
  void Add(security::v1::AuditRecord record);
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kCapacity = 65536;
  static constexpr size_t kBatch = 4096;
  void Run();

  security::api::Security* const security_;
  const AuditLevel level_;
  absl::Mutex mutex_;
  std::vector<security::v1::AuditRecord> records_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::CondVar hurry_;
  std::atomic<uint64_t> dropped_{0};
  std::thread thread_;
};

}  // namespace adbms::gateway::session
