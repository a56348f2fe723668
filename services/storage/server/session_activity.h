// What the sessions of clients are doing, for pg_stat_activity.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::server {

class SessionRegistry;

// One session's part. Its own thread changes it, any thread reads it.
class SessionActivity {
 public:
  explicit SessionActivity(SessionRegistry* registry) : registry_(registry) {}
  ~SessionActivity();
  SessionActivity(const SessionActivity&) = delete;
  SessionActivity& operator=(const SessionActivity&) = delete;

  // A client's statement starts; the first one makes the session known. Those of the system's own
  // sessions, without a process id, never are.
  void Started(const api::ExecuteOptions& options);
  void Ended() { active_.store(false, std::memory_order_relaxed); }
  // Nobody is told of it any more. From any thread.
  void Hide() { hidden_.store(true, std::memory_order_relaxed); }
  // Who has logged in; empty before the first statement. From any thread.
  std::string user() const;
  void SetInTransaction(bool value) { in_transaction_.store(value, std::memory_order_relaxed); }

 private:
  friend class SessionRegistry;
  SessionRegistry* const registry_;
  int32_t pid_ = 0;  // 0: not known to the registry. Set once, as what follows.
  std::string user_;
  std::string database_;
  int64_t started_us_ = 0;
  std::atomic<bool> active_{false};
  std::atomic<bool> in_transaction_{false};
  std::atomic<bool> hidden_{false};
  std::atomic<int64_t> query_start_us_{0};
};

// Thread-safe.
class SessionRegistry {
 public:
  struct Row {
    int32_t pid = 0;
    std::string user;
    std::string database;
    const char* state = "";  // As PostgreSQL's.
    bool in_transaction = false;
    int64_t started_us = 0;  // The first statement; microseconds since 2000-01-01 UTC.
    int64_t query_start_us = 0;
  };
  std::vector<Row> Rows() const;

 private:
  friend class SessionActivity;
  void Add(const SessionActivity* session);
  void Remove(const SessionActivity* session);

  mutable absl::Mutex mutex_;
  std::set<const SessionActivity*> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::server
