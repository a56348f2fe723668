// RocksDB behind the shape that the rest of storage needs: ordered bytes, snapshots, transactions,
// group-synced WAL. The only folder that includes RocksDB; its errors become SQL
// errors here.
//
// Threading: Engine is thread-safe; Iterator, Transaction and WriteBatch belong to one thread at a
// time. Everything made by an Engine must be destroyed before it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/iterator.h"
#include "rocksdb/slice.h"
#include "rocksdb/snapshot.h"
#include "rocksdb/statistics.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "rocksdb/write_batch.h"
#include "rocksdb/write_buffer_manager.h"
#include "services/storage/engine/counter.h"
#include "services/storage/engine/deletion_upkeep.h"
#include "services/storage/engine/log_files.h"
#include "services/storage/engine/sorted_files.h"
#include "services/storage/engine/space_changes.h"
#include "services/storage/engine/write_recovery.h"

namespace adbms::storage::engine {

using Slice = rocksdb::Slice;
using PinnableSlice = rocksdb::PinnableSlice;

inline Slice ToSlice(std::string_view bytes) { return Slice(bytes.data(), bytes.size()); }
inline std::string_view ToView(const Slice& slice) { return {slice.data(), slice.size()}; }

struct EngineOptions {
  std::string data_dir;
  uint64_t block_cache_bytes = uint64_t{1} << 30;
  uint64_t memtable_bytes = uint64_t{512} << 20;
  int max_background_jobs = 4;
  // Opens what is there for reading, even with a damaged log, and changes nothing on disk.
  bool read_only = false;
  // Told in a sentence when writing stops or goes on, and of a torn log; may be null.
  std::function<void(const std::string&)> warn;
  std::shared_ptr<rocksdb::FileSystem> file_system;  // Null: the machine's.
};

// SQLSTATE-carrying status of a RocksDB status: 53100 disk full, XX001 corruption, 58030 other I/O,
// 40001 write conflict.
absl::Status ToStatus(const rocksdb::Status& status);

// A fixed view of all data. Shared: the group commit publishes one that many readers use.
class Snapshot {
 public:
  Snapshot(rocksdb::DB* db, const rocksdb::Snapshot* snapshot) : db_(db), snapshot_(snapshot) {}
  ~Snapshot() { db_->ReleaseSnapshot(snapshot_); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  uint64_t sequence() const { return snapshot_->GetSequenceNumber(); }
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB* db_;
  const rocksdb::Snapshot* snapshot_;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Keys in [lower, upper).
struct KeyRange {
  std::string lower;
  std::string upper;
};

// Ordered walk over a KeyRange; keeps its snapshot alive.
class Iterator {
 public:
  void SeekToFirst() { it_->Seek(range_.lower); }
  void SeekToLast() {
    it_->SeekForPrev(range_.upper);
    SkipUpper();
  }
  void Seek(std::string_view key) { it_->Seek(ToSlice(key)); }
  void SeekForPrev(std::string_view key) {
    it_->SeekForPrev(ToSlice(key));
    SkipUpper();
  }
  void Next() { it_->Next(); }
  void Prev() { it_->Prev(); }
  bool Valid() const { return it_->Valid() && (!check_bounds_ || InBounds()); }
  Slice key() const { return it_->key(); }
  Slice value() const { return it_->value(); }
  absl::Status status() const {
    return it_->status().ok() ? absl::OkStatus() : ToStatus(it_->status());
  }

 private:
  friend class Engine;
  friend class Transaction;
  bool InBounds() const {
    const Slice key = it_->key();
    return key.compare(range_.lower) >= 0 && key.compare(range_.upper) < 0;
  }
  void SkipUpper() {
    while (check_bounds_ && it_->Valid() && it_->key().compare(range_.upper) >= 0) it_->Prev();
  }

  KeyRange range_;
  Slice lower_;
  Slice upper_;
  SnapshotPtr snapshot_;
  bool check_bounds_ = false;
  std::unique_ptr<rocksdb::Iterator> it_;
};

struct IteratorOptions {
  bool fill_cache = true;
  size_t readahead_bytes = 0;
};

// Writes that are applied at once, without locks.
class WriteBatch {
 public:
  void Put(std::string_view key, std::string_view value) {
    spaces_.Add(key);
    batch_.Put(ToSlice(key), ToSlice(value));
  }
  void Delete(std::string_view key) {
    spaces_.Add(key);
    batch_.Delete(ToSlice(key));
  }
  void DeleteRange(std::string_view lower, std::string_view upper) {
    spaces_.AddAny();
    batch_.DeleteRange(ToSlice(lower), ToSlice(upper));
  }
  void AddToCounter(std::string_view key, int64_t value) {
    batch_.Merge(ToSlice(key), EncodeCounter({value, false}));
  }
  size_t bytes() const { return batch_.GetDataSize(); }
  void Clear() {
    spaces_.Clear();
    batch_.Clear();
  }

 private:
  friend class Engine;
  WrittenSpaces spaces_;
  rocksdb::WriteBatch batch_;
};

// Buffered writes, readable by whoever makes them. It locks nothing: that is storage/txn's.
class Transaction {
 public:
  // Errors: 40001 when the key was changed after SetSnapshot.
  absl::Status Validate(std::string_view key);
  // Own value or the one at `snapshot` (null: the latest committed).
  absl::Status Get(const Snapshot* snapshot, std::string_view key, PinnableSlice* value,
                   bool* found);
  std::unique_ptr<Iterator> NewIterator(SnapshotPtr snapshot, KeyRange range,
                                        const IteratorOptions& options);
  // The caller holds the key's lock or needs none.
  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Not seen by Get here: call it when all else is written.
  void AddToCounter(std::string_view key, int64_t value) {
    batch()->Merge(column_family_, ToSlice(key), EncodeCounter({value, false}));
  }
  // First-committer-wins counts from now.
  void SetSnapshot() { validated_from_ = db_->GetLatestSequenceNumber(); }
  void SetSavePoint() { writes_.SetSavePoint(); }
  absl::Status RollbackToSavePoint() { return ToStatus(writes_.RollbackToSavePoint()); }
  absl::Status PopSavePoint() { return ToStatus(writes_.PopSavePoint()); }
  // Into WAL and memtable, unsynced. Nothing stays after an error.
  absl::Status Commit();
  void Rollback() { Clear(); }
  // Every key that the commit would write, some more than once.
  void ForEachWrittenKey(const std::function<void(std::string_view)>& visit) const;
  size_t bytes() const { return batch()->GetDataSize(); }
  // All of it, for Repeat() to write again; until the next change. REQUIRES: no counters in it.
  std::string_view Bytes() const { return batch()->Data(); }
  // Errors: XX001 for what Bytes() has not told.
  absl::Status Repeat(std::string_view bytes);
  bool empty() const { return batch()->Count() == 0; }

 private:
  friend class Engine;
  void Clear() {
    writes_.Clear();
    spaces_.Clear();
  }
  // The index gives its batch away for changing only; it is not changed here.
  rocksdb::WriteBatch* batch() const {
    return const_cast<rocksdb::WriteBatchWithIndex&>(writes_).GetWriteBatch();
  }

  rocksdb::DB* db_ = nullptr;  // Of the engine, as the next two.
  SpaceChanges* changes_ = nullptr;
  rocksdb::ColumnFamilyHandle* column_family_ = nullptr;
  uint64_t validated_from_ = 0;
  WrittenSpaces spaces_;
  rocksdb::WriteBatchWithIndex writes_{rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true};
};

struct EngineCounters {
  uint64_t block_cache_hits = 0, block_cache_misses = 0, block_cache_used = 0,
           block_cache_capacity = 0;
  uint64_t memtable_used = 0, memtable_capacity = 0;
  uint64_t flushes = 0, compaction_read = 0, compaction_write = 0, bytes_written = 0, stall_us = 0;
  uint64_t wal_syncs = 0, wal_bytes = 0, live_file_bytes = 0;
  uint64_t write_stops = 0, log_torn_bytes = 0;
  uint64_t deletions_skipped = 0, deletion_flushes = 0, deletion_compactions = 0;
};

class Engine {
 public:
  // Errors: 55006 when another process has the directory open; XX001 when the log has lost
  // something (log_check.h); as ToStatus.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const EngineOptions& options);
  ~Engine();

  SnapshotPtr TakeSnapshot() { return std::make_shared<Snapshot>(db_.get(), db_->GetSnapshot()); }
  uint64_t LatestSequence() const { return db_->GetLatestSequenceNumber(); }
  // Whether something may have been written into the key's space since `snapshot`. Who asks under
  // the key's lock and is told no need not read the key again.
  bool ChangedSince(std::string_view key, const Snapshot& snapshot) const {
    return changes_.ChangedSince(key, snapshot.sequence());
  }

  // `snapshot` null: the latest. `found` false when absent.
  absl::Status Get(const Snapshot* snapshot, std::string_view key, PinnableSlice* value,
                   bool* found);
  // One value and flag for each key; keys sorted ascending when `sorted`.
  absl::Status MultiGet(const Snapshot* snapshot, const std::vector<Slice>& keys, bool sorted,
                        std::vector<PinnableSlice>* values, std::vector<bool>* found);
  std::unique_ptr<Iterator> NewIterator(SnapshotPtr snapshot, KeyRange range,
                                        const IteratorOptions& options);

  // Starts a transaction, reusing the memory of a finished one when given.
  std::unique_ptr<Transaction> Begin(std::unique_ptr<Transaction> reuse);
  // Applies a batch without locks: the caller knows that nobody else writes these keys. Unsynced.
  absl::Status Write(WriteBatch* batch);
  // Makes everything written before the call durable.
  absl::Status SyncWal();

  // Writes files named `prefix`-<number>.sst, on the data directory's disk. `looked_up`: their keys
  // will be asked for one by one, not only walked over.
  std::unique_ptr<SortedFileWriter> NewSortedFiles(const std::string& prefix, bool looked_up) const;
  // Takes files in, all or none: durable when it returns, and seen by all snapshots, older ones
  // too. What was written before is made durable first. REQUIRES: nothing is or was in the
  // spaces of their keys. Errors: as ToStatus; the files stay their owner's.
  absl::Status Ingest(SortedFiles* files);

  // A scan stepped over so many deletions (skipped_deletions.h).
  void NoteSkipped(uint64_t deletions) { upkeep_.NoteSkipped(deletions); }
  // DeletionUpkeep::RangeErased, after the range's deletion has been written.
  void RangeErased(std::string lower, std::string upper) {
    upkeep_.RangeErased(std::move(lower), std::move(upper));
  }

  // Approximate bytes of a range, memtables included.
  uint64_t ApproximateSize(std::string_view lower, std::string_view upper) const;
  // Writes memtables out (tests, clean shutdown).
  absl::Status Flush();
  EngineCounters Counters() const;
  bool read_only() const { return read_only_; }
  // Why the disk takes no writes at present; empty: it does.
  std::string write_failure() const { return recovery_->failure(); }
  // Called each time that writing goes on after a failure: all that was written before is durable.
  void OnRecovered(std::function<void()> then) { recovery_->OnRecovered(std::move(then)); }

  void SetBlockCacheBytes(uint64_t bytes);
  void SetMemtableBytes(uint64_t bytes);
  // A RocksDB DBOptions / ColumnFamilyOptions setting.
  absl::Status SetDbOption(const std::string& name, const std::string& value);
  absl::Status SetOption(const std::string& name, const std::string& value);

 private:
  Engine() = default;
  // Before opening: checks the log, and makes what watches it.
  absl::Status LookAtLog(const EngineOptions& options, const std::string& directory);
  // Begins what goes on beside the statements.
  void StartUpkeep(const std::string& directory);

  bool read_only_ = false;
  SpaceChanges changes_;
  uint64_t torn_bytes_ = 0;
  // Outlive the database.
  std::unique_ptr<LogFiles> log_files_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<WriteRecovery> recovery_;
  DeletionUpkeep upkeep_;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  std::shared_ptr<rocksdb::Statistics> statistics_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace adbms::storage::engine
