// What is done when the disk takes no writes: RocksDB then refuses all of them until it is told to
// go on, which writes what is in memory out to new files. It is told so again and again, less and
// less often, until it succeeds: once there is space again, writing goes on by itself. A thread of
// its own. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "rocksdb/db.h"
#include "rocksdb/file_system.h"
#include "rocksdb/listener.h"

namespace adbms::storage::engine {

class WriteRecovery {
 public:
  // `warn` is told when writing stops and when it goes on; may be null.
  explicit WriteRecovery(std::function<void(const std::string&)> warn);
  ~WriteRecovery() { Stop(); }

  // For the engine's options.
  std::shared_ptr<rocksdb::EventListener> listener() const { return listener_; }
  // Begins; all are borrowed until Stop(). `directory`: of the database.
  void Start(rocksdb::DB* db, rocksdb::FileSystem* files, std::string directory);
  void Stop();
  // Called when everything written before is in files, before writing counts as going on; must not
  // call back. Null: nobody any more, when it returns.
  void OnRecovered(std::function<void()> then);

  // The log of that number has not taken what was appended to it, and RocksDB is about to hear of
  // it. From then on the log must not be synced: RocksDB with assertions, as Debian's is, ends the
  // process. When this returns nobody is syncing any more.
  void LogRefused(uint64_t log, const rocksdb::Status& error);
  // Whoever syncs logs shares it, from before asking for failure() until it is done.
  absl::Mutex* syncing() ABSL_LOCK_RETURNED(syncing_) { return &syncing_; }

  // Why writing has stopped, and what is to be done where it does not go on by itself; empty: it
  // goes on.
  std::string failure() const;
  uint64_t stops() const { return stops_.load(std::memory_order_relaxed); }

 private:
  class Listener;
  void Failed(const rocksdb::Status& error);
  void Run();
  void TryAgain(absl::Duration* pause, absl::Time* next);
  // Whether what is in memory would fit. A try that fails half-way may be the last one that RocksDB
  // survives (it asserts that a memtable is made ready for its file once).
  bool HasSpace() const;
  // Whether a flush or a compaction is still at work. Should it fail while RocksDB is told to go
  // on, RocksDB forgets about that, and waits for ever for a flush that it does not begin.
  bool IsBusy() const;
  // Whether RocksDB would go on with a log that has refused a write, which its assertions end the
  // process for: it has begun no other one, and does so only with another memtable, and this one
  // has nothing in it.
  bool WouldKeepRefusedLog() const;
  void Stay() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<void(const std::string&)> warn_;
  std::shared_ptr<rocksdb::EventListener> listener_;
  rocksdb::DB* db_ = nullptr;
  rocksdb::FileSystem* files_ = nullptr;
  std::string directory_;
  std::atomic<uint64_t> stops_{0};
  mutable absl::Mutex mutex_;
  absl::Mutex syncing_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::string failure_ ABSL_GUARDED_BY(mutex_);
  // What LogRefused was told; RocksDB tells of it, too, but later.
  std::string refused_ ABSL_GUARDED_BY(mutex_);
  absl::Time refused_at_ ABSL_GUARDED_BY(mutex_);
  uint64_t refused_log_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;  // Reports of either.
  uint64_t refusals_ ABSL_GUARDED_BY(mutex_) = 0;  // Calls of LogRefused.
  bool final_ ABSL_GUARDED_BY(mutex_) = false;     // Until the next start.
  bool warned_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> recovered_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace adbms::storage::engine
