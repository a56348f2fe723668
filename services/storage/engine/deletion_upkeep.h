// Clears away what was deleted. A deletion is an entry of its own, which every scan steps over
// until a compaction has brought it together with what it deletes; RocksDB compacts for size, so
// that the deletions of a queue or of a retention job would stay where scans begin.
//
// Two steps: a memtable full of deletions is written out, when scans ask for it by what they have
// stepped over, or when it has been quiet for a while; and a file with a run of deletions is
// compacted soon (its collector marks it, RocksDB does the rest), level by level, until there is
// nothing below that could be deleted. What an open snapshot sees stays, and goes after it.
//
// It is held to what clearing costs: the next memtable is written out when the time that the
// compactions for the last one may take at a moderate rate has passed. A thread of its own.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "rocksdb/db.h"
#include "rocksdb/listener.h"
#include "rocksdb/options.h"

namespace adbms::storage::engine {

class DeletionUpkeep {
 public:
  DeletionUpkeep();
  ~DeletionUpkeep() { Stop(); }

  // What the engine must be opened with.
  void Configure(rocksdb::Options* options) const;
  // Begins; `db` is borrowed until Stop(). `may_write`: whether the disk takes a file of so many
  // bytes.
  void Start(rocksdb::DB* db, std::function<bool(uint64_t)> may_write);
  void Stop();

  // A scan stepped over so many deletions.
  void NoteSkipped(uint64_t deletions) {
    if (deletions != 0) skipped_.fetch_add(deletions, std::memory_order_relaxed);
  }
  // Keys in [lower, upper) were deleted as a range, and nobody asks for them but through snapshots
  // that are open now: files that hold nothing else go when these are closed soon, otherwise by and
  // by.
  void RangeErased(std::string lower, std::string upper);

  uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }
  // Memtables written out for their deletions; compactions for those of files.
  uint64_t flushes() const { return flushes_.load(std::memory_order_relaxed); }
  uint64_t compactions() const { return compactions_.load(std::memory_order_relaxed); }

 private:
  class Listener;
  struct ErasedRange {
    std::string lower;
    std::string upper;
    uint64_t sequence;  // Of the newest write when it was erased.
    uint64_t sealed;    // Memtables before the one with its deletion.
  };

  void Run();
  bool WantsFlush(absl::Time now);
  void FlushMemtable(absl::Time now);
  void DropFiles();

  std::shared_ptr<rocksdb::EventListener> listener_;
  rocksdb::DB* db_ = nullptr;
  std::function<bool(uint64_t)> may_write_;
  std::atomic<uint64_t> skipped_{0};
  std::atomic<uint64_t> flushes_{0};
  std::atomic<uint64_t> compactions_{0};
  std::atomic<uint64_t> rewritten_bytes_{0};  // By these compactions.
  std::atomic<uint64_t> sealed_{0};           // Memtables.
  std::atomic<uint64_t> erased_{0};           // Ranges, ever.
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<ErasedRange> ranges_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;

  // The thread's own: as it was at the last flush of its, ...
  absl::Time flushed_at_;
  uint64_t skipped_then_ = 0;
  uint64_t rewritten_then_ = 0;
  uint64_t erased_then_ = 0;
  // ... and at the beginning of the present quiet time.
  absl::Time quiet_since_;
  uint64_t deletions_then_ = 0;
};

}  // namespace adbms::storage::engine
