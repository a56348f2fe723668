// Audit records on their way to security: a bounded queue and a thread that sends what has gathered
// in 50 ms, or sooner when much has. Sessions do not wake it for each record: that would cost them
// more than the record does. While security does not answer, records go to a file (audit_spool.h)
// and from there to security, in order, when it is back. What exceeds queue and file is counted,
// and the next record that goes through says how many are missing. Thread-safe.
//
// Beside them go the rows that were read, summed up by role: every one of them is counted, whatever
// statement it was of.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/security/v1/security.pb.h"
#include "services/gateway/session/audit_spool.h"
#include "services/security/api/security.h"

namespace adbms::gateway::session {

enum class AuditLevel { kNone, kWrite, kAll };

// The rows that one session has read since they were last collected.
class ReadCounter {
 public:
  void Add(uint64_t rows) { rows_.fetch_add(rows, std::memory_order_relaxed); }
  uint64_t Take() { return rows_.exchange(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> rows_{0};
};

struct AuditQueueOptions {
  AuditLevel level = AuditLevel::kWrite;
  std::string spool_path;  // Empty: what security does not take stays in memory.
  uint64_t spool_bytes = 64 << 20;
  size_t memory_records = 65536;
  absl::Duration reads_interval = absl::Seconds(1);
};

class AuditQueue {
 public:
  // `security` must outlive this.
  AuditQueue(security::api::Security* security, const AuditQueueOptions& options);
  // Sends what is left, or leaves it in the file.
  ~AuditQueue();

  // Whether a statement is to be recorded. Logins, denials, catalog and role changes always are.
  bool Wants(bool read_only) const {
    return options_.level == AuditLevel::kAll ||
           (options_.level == AuditLevel::kWrite && !read_only);
  }
  void Add(security::v1::AuditRecord record);
  // The same, and waits until security has it or the file does: for what must not be lost with the
  // process once it is acknowledged. At most a second: the query path depends on nobody's answer.
  void AddAndSettle(security::v1::AuditRecord record);
  // For one session of `role`, which adds what it reads.
  std::shared_ptr<ReadCounter> CountReads(const std::string& role);
  // Records that are missing for ever, and those that wait in the file.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  uint64_t spooled() const { return spooled_.load(std::memory_order_relaxed); }

 private:
  using Records = std::vector<security::v1::AuditRecord>;
  static constexpr size_t kBatch = 4096;
  struct Reader {
    std::string role;
    std::shared_ptr<ReadCounter> counter;
  };

  // Returns the record's number.
  uint64_t Push(security::v1::AuditRecord record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  // One round of the thread: `fresh` are the records that have come since the last.
  void Deliver(Records fresh);
  bool Send(Records records);
  bool DrainSpool();
  // Puts what could not be sent where it keeps.
  void Keep(Records records);
  bool ReportMissing();
  void CollectReads();

  security::api::Security* const security_;
  const AuditQueueOptions options_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<uint64_t> spooled_{0};
  absl::Mutex mutex_;
  Records records_ ABSL_GUARDED_BY(mutex_);
  uint64_t overflowed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Reader> readers_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t added_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 0;  // So many of them are delivered or kept.
  bool urgent_ ABSL_GUARDED_BY(mutex_) = false;   // Somebody waits for that.
  absl::CondVar hurry_;

  // Of the thread.
  std::unique_ptr<AuditSpool> spool_;  // Null without a file.
  Records kept_;                       // What even the file does not take.
  uint64_t missing_ = 0;               // Not told yet, beside the file's.
  std::map<std::string, uint64_t> reads_;
  absl::Time reads_due_;
  absl::Time retry_ = absl::InfinitePast();
  std::thread thread_;
};

}  // namespace adbms::gateway::session
