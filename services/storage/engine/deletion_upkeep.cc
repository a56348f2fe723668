#include "services/storage/engine/deletion_upkeep.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "rocksdb/convenience.h"
#include "rocksdb/perf_context.h"
#include "services/storage/engine/deletion_runs.h"
#include "services/storage/engine/skipped_deletions.h"

namespace adbms::storage::engine {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(250);
// A run of so many deletions, seven in eight entries, makes a file worth compacting. Fewer cost a
// scan less than a tenth of a millisecond; and keys that are deleted and written in turn, as
// updates of an indexed column make them, are no run.
constexpr size_t kWindow = 256;
constexpr size_t kRun = 224;
// A memtable with fewer deletions is left alone.
constexpr uint64_t kWorthwhile = 256;
// Scans ask for it when they have stepped over so many deletions: some ten milliseconds of work.
constexpr uint64_t kAsked = 50000;
constexpr absl::Duration kAskedPause = absl::Seconds(1);
constexpr double kAskedBytesPerSecond = 20 << 20;
// Nobody asks: fewer new deletions than are worthwhile in this time.
constexpr absl::Duration kQuiet = absl::Seconds(10);
constexpr double kQuietBytesPerSecond = 4 << 20;
// Every look-up passes the memtable's erased ranges.
constexpr uint64_t kManyRanges = 64;

}  // namespace

uint64_t SkippedDeletions::Now() {
  // Counted at RocksDB's default level of the thread's figures.
  return rocksdb::get_perf_context()->internal_delete_skipped_count;
}

class DeletionUpkeep::Listener : public rocksdb::EventListener {
 public:
  explicit Listener(DeletionUpkeep* owner) : owner_(owner) {}
  void OnMemTableSealed(const rocksdb::MemTableInfo&) override {
    owner_->sealed_.fetch_add(1, std::memory_order_relaxed);
  }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) override {
    if (job.compaction_reason != rocksdb::CompactionReason::kFilesMarkedForCompaction &&
        job.compaction_reason != rocksdb::CompactionReason::kBottommostFiles)
      return;
    owner_->compactions_.fetch_add(1, std::memory_order_relaxed);
    owner_->rewritten_bytes_.fetch_add(job.stats.total_output_bytes, std::memory_order_relaxed);
  }

 private:
  DeletionUpkeep* const owner_;
};

DeletionUpkeep::DeletionUpkeep() : listener_(std::make_shared<Listener>(this)) {}

void DeletionUpkeep::Configure(rocksdb::Options* options) const {
  options->table_properties_collector_factories.push_back(
      NewDeletionRunCollectorFactory(kWindow, kRun));
  options->listeners.push_back(listener_);
}

void DeletionUpkeep::Start(rocksdb::DB* db, std::function<bool(uint64_t)> may_write) {
  db_ = db;
  may_write_ = std::move(may_write);
  flushed_at_ = absl::InfinitePast();
  quiet_since_ = absl::Now();
  thread_ = std::thread([this] { Run(); });
}

void DeletionUpkeep::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void DeletionUpkeep::RangeErased(std::string lower, std::string upper) {
  erased_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t sequence = db_->GetLatestSequenceNumber();
  const uint64_t sealed = sealed_.load(std::memory_order_relaxed);
  absl::MutexLock lock(&mutex_);
  ranges_.push_back({std::move(lower), std::move(upper), sequence, sealed});
}

void DeletionUpkeep::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kTick);
      if (stopping_) return;
    }
    DropFiles();
    const absl::Time now = absl::Now();
    if (WantsFlush(now)) FlushMemtable(now);
  }
}

bool DeletionUpkeep::WantsFlush(absl::Time now) {
  if (erased_.load(std::memory_order_relaxed) - erased_then_ >= kManyRanges) return true;
  uint64_t deletions = 0;
  if (!db_->GetIntProperty(rocksdb::DB::Properties::kNumDeletesActiveMemTable, &deletions))
    return false;
  const bool new_memtable = deletions < deletions_then_;
  if (new_memtable || deletions - deletions_then_ >= kWorthwhile) {
    deletions_then_ = deletions;
    quiet_since_ = now;
  }
  if (deletions < kWorthwhile) return false;
  const double rewritten =
      static_cast<double>(rewritten_bytes_.load(std::memory_order_relaxed) - rewritten_then_);
  if (skipped() - skipped_then_ >= kAsked) {
    return now - flushed_at_ >=
           std::max(kAskedPause, absl::Seconds(rewritten / kAskedBytesPerSecond));
  }
  return now - quiet_since_ >= kQuiet &&
         now - flushed_at_ >= std::max(kQuiet, absl::Seconds(rewritten / kQuietBytesPerSecond));
}

void DeletionUpkeep::FlushMemtable(absl::Time now) {
  uint64_t bytes = 0;
  (void)db_->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  flushed_at_ = now;
  if (!may_write_(bytes)) return;
  skipped_then_ = skipped();
  rewritten_then_ = rewritten_bytes_.load(std::memory_order_relaxed);
  erased_then_ = erased_.load(std::memory_order_relaxed);
  // After an error WriteRecovery goes on.
  if (db_->Flush(rocksdb::FlushOptions()).ok()) flushes_.fetch_add(1, std::memory_order_relaxed);
}

void DeletionUpkeep::DropFiles() {
  std::vector<ErasedRange> unseen;
  {
    absl::MutexLock lock(&mutex_);
    if (ranges_.empty()) return;
    // Once the deletion of the range is in a file, that one would go with the others, and keys of
    // the range that share a file with other ones would be back.
    const uint64_t sealed = sealed_.load(std::memory_order_relaxed);
    ranges_.erase(std::remove_if(ranges_.begin(), ranges_.end(),
                                 [&](const ErasedRange& range) { return range.sealed != sealed; }),
                  ranges_.end());
    uint64_t oldest = 0;  // 0: no snapshot is open.
    if (!db_->GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest)) return;
    const auto seen = [&](const ErasedRange& range) {
      return oldest != 0 && oldest < range.sequence;
    };
    const auto first = std::stable_partition(ranges_.begin(), ranges_.end(), seen);
    unseen.assign(std::make_move_iterator(first), std::make_move_iterator(ranges_.end()));
    ranges_.erase(first, ranges_.end());
  }
  if (unseen.empty()) return;
  std::vector<rocksdb::Slice> bounds;
  for (const ErasedRange& range : unseen) {
    bounds.emplace_back(range.lower);
    bounds.emplace_back(range.upper);
  }
  std::vector<rocksdb::RangePtr> ranges;
  for (size_t i = 0; i < bounds.size(); i += 2) ranges.emplace_back(&bounds[i], &bounds[i + 1]);
  // An error only leaves them to the compactions.
  (void)rocksdb::DeleteFilesInRanges(db_, db_->DefaultColumnFamily(), ranges.data(), ranges.size(),
                                     /*include_end=*/false);
}

}  // namespace adbms::storage::engine
