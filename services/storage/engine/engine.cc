#include "services/storage/engine/engine.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/debug.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "services/storage/engine/engine_log.h"
#include "services/storage/engine/log_check.h"
#include "services/storage/engine/watched_files.h"

namespace adbms::storage::engine {
namespace {

namespace sqlstate = status::sqlstate;

constexpr uint64_t kSpareDiskBytes = 16 << 20;

rocksdb::ReadOptions ReadAt(const Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot == nullptr ? nullptr : snapshot->get();
  options.verify_checksums = true;
  return options;
}

absl::Status Found(const rocksdb::Status& status, bool* found) {
  *found = status.ok();
  if (status.ok() || status.IsNotFound()) return absl::OkStatus();
  return ToStatus(status);
}

rocksdb::Options MakeOptions(const EngineOptions& options, std::shared_ptr<rocksdb::Cache> cache,
                             std::shared_ptr<rocksdb::WriteBufferManager> write_buffers,
                             std::shared_ptr<rocksdb::Statistics> statistics) {
  rocksdb::Options result;
  result.create_if_missing = true;
  // With all files open and no log there, RocksDB opens for reading in a way that does not survive
  // a key which is not there.
  result.max_open_files = options.read_only ? 4096 : -1;
  result.max_background_jobs = options.max_background_jobs;
  // Space that is set aside for a log counts as used on a small disk, and is asked for again just
  // when there is none.
  result.allow_fallocate = false;
  result.bytes_per_sync = 1 << 20;
  result.wal_bytes_per_sync = 0;
  result.statistics = std::move(statistics);
  result.write_buffer_manager = std::move(write_buffers);
  result.write_buffer_size = 64 << 20;
  result.max_write_buffer_number = 6;
  result.level_compaction_dynamic_level_bytes = true;
  // The log has been looked at (log_check.h); for reading only, what comes before a damage counts.
  result.wal_recovery_mode = options.read_only ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                               : rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  result.enable_pipelined_write = false;
  result.compression = rocksdb::kLZ4Compression;
  result.merge_operator = CounterMergeOperator();
  result.memtable_whole_key_filtering = true;
  result.memtable_prefix_bloom_size_ratio = 0.02;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.block_size = 8 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.format_version = 5;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // A whole file's filter or index does not fit into a shard of a small cache: it would be read and
  // checked again for every key looked up.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = 4096;
  table.pin_top_level_index_and_filter = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

}  // namespace

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  if (status.IsBusy() || status.IsTryAgain()) {
    return status::Error(sqlstate::kSerializationFailure,
                         "could not serialize access due to concurrent update", {},
                         "Run the transaction again.");
  }
  if (status.IsNoSpace() || status.IsMemoryLimit() ||
      text.find("No space left") != std::string::npos) {
    return status::Error(
        sqlstate::kDiskFull, "could not write to the data directory: no space left on device", text,
        "Free disk space: writing then goes on by itself. Until then data can be read only.");
  }
  if (status.IsCorruption()) {
    return status::Error(sqlstate::kDataCorrupted, "data in the data directory is corrupted", text,
                         "Restore from a backup.");
  }
  if (status.IsIOError()) {
    return status::Error(sqlstate::kIoError, "I/O error in the data directory", text,
                         "Check the disk, then restart the server.");
  }
  return status::Error(sqlstate::kInternalError, "storage engine: " + text);
}

absl::Status Transaction::Validate(std::string_view key) {
  if (!changes_->ChangedSince(key, validated_from_)) return absl::OkStatus();
  std::vector<rocksdb::KeyVersion> newest;
  const rocksdb::Status status =
      rocksdb::GetAllKeyVersions(db_, column_family_, ToSlice(key), ToSlice(key), 1, &newest);
  if (!status.ok()) return ToStatus(status);
  if (newest.empty() || newest.front().sequence <= validated_from_) return absl::OkStatus();
  return status::Error(sqlstate::kSerializationFailure,
                       "could not serialize access due to concurrent update", {},
                       "Run the transaction again.");
}

absl::Status Transaction::Get(const Snapshot* snapshot, std::string_view key, PinnableSlice* value,
                              bool* found) {
  return Found(
      writes_.GetFromBatchAndDB(db_, ReadAt(snapshot), column_family_, ToSlice(key), value), found);
}

void Transaction::ForEachWrittenKey(const std::function<void(std::string_view)>& visit) const {
  struct Keys : rocksdb::WriteBatch::Handler {
    explicit Keys(const std::function<void(std::string_view)>& visit) : visit(visit) {}
    rocksdb::Status PutCF(uint32_t, const Slice& key, const Slice&) override { return Tell(key); }
    rocksdb::Status MergeCF(uint32_t, const Slice& key, const Slice&) override { return Tell(key); }
    rocksdb::Status DeleteCF(uint32_t, const Slice& key) override { return Tell(key); }
    rocksdb::Status Tell(const Slice& key) {
      visit(ToView(key));
      return rocksdb::Status::OK();
    }
    const std::function<void(std::string_view)>& visit;
  };
  Keys keys(visit);
  const rocksdb::Status status = batch()->Iterate(&keys);
  (void)status;  // The batch is this transaction's own, and its keys are put and deleted only.
}

absl::Status Transaction::Repeat(std::string_view bytes) {
  struct Again : rocksdb::WriteBatch::Handler {
    explicit Again(Transaction* transaction) : transaction(transaction) {}
    rocksdb::Status PutCF(uint32_t, const Slice& key, const Slice& value) override {
      transaction->Put(ToView(key), ToView(value));
      return rocksdb::Status::OK();
    }
    rocksdb::Status DeleteCF(uint32_t, const Slice& key) override {
      transaction->Delete(ToView(key));
      return rocksdb::Status::OK();
    }
    Transaction* const transaction;
  };
  Again again(this);
  const rocksdb::Status status = rocksdb::WriteBatch(std::string(bytes)).Iterate(&again);
  return status.ok()
             ? absl::OkStatus()
             : status::Error(sqlstate::kDataCorrupted, "malformed writes: " + status.ToString());
}

absl::Status Transaction::Commit() {
  const rocksdb::Status status = db_->Write(rocksdb::WriteOptions(), writes_.GetWriteBatch());
  changes_->Note(spaces_, db_->GetLatestSequenceNumber());
  Clear();
  return ToStatus(status);
}

std::unique_ptr<Iterator> Transaction::NewIterator(SnapshotPtr snapshot, KeyRange range,
                                                   const IteratorOptions& options) {
  auto result = std::make_unique<Iterator>();
  result->range_ = std::move(range);
  result->lower_ = result->range_.lower;
  result->upper_ = result->range_.upper;
  result->snapshot_ = std::move(snapshot);
  result->check_bounds_ = true;
  rocksdb::ReadOptions read = ReadAt(result->snapshot_.get());
  read.iterate_lower_bound = &result->lower_;
  read.iterate_upper_bound = &result->upper_;
  read.fill_cache = options.fill_cache;
  read.readahead_size = options.readahead_bytes;
  result->it_.reset(
      writes_.NewIteratorWithBase(column_family_, db_->NewIterator(read, column_family_), &read));
  return result;
}

void Transaction::Put(std::string_view key, std::string_view value) {
  spaces_.Add(key);
  writes_.Put(ToSlice(key), ToSlice(value));
}

void Transaction::Delete(std::string_view key) {
  spaces_.Add(key);
  writes_.Delete(ToSlice(key));
}

namespace {

// Pools start their threads with their first work, and end the process where the system refuses
// one: now there is room, later connections may have taken it.
void StartBackgroundThreads() {
  for (const auto pool : {rocksdb::Env::LOW, rocksdb::Env::HIGH}) {
    rocksdb::Env::Default()->Schedule([](void*) {}, nullptr, pool);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.data_dir, error);
  if (error) {
    return status::Error(sqlstate::kIoError, "could not create data directory \"" +
                                                 options.data_dir + "\": " + error.message());
  }
  auto engine = std::unique_ptr<Engine>(new Engine());
  rocksdb::LRUCacheOptions cache_options;
  cache_options.capacity = options.block_cache_bytes;
  cache_options.num_shard_bits = 5;
  cache_options.high_pri_pool_ratio = 0.2;
  engine->cache_ = rocksdb::NewLRUCache(cache_options);
  engine->write_buffers_ = std::make_shared<rocksdb::WriteBufferManager>(options.memtable_bytes);
  engine->statistics_ = rocksdb::CreateDBStatistics();
  engine->statistics_->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);

  const std::string directory = options.data_dir + "/db";
  RETURN_IF_ERROR(engine->LookAtLog(options, directory));
  rocksdb::Options settings =
      MakeOptions(options, engine->cache_, engine->write_buffers_, engine->statistics_);
  settings.env = engine->env_.get();
  std::filesystem::create_directories(directory, error);  // Where not, opening says why.
  settings.info_log = std::make_shared<EngineLog>(directory);
  settings.listeners.push_back(engine->recovery_->listener());
  engine->upkeep_.Configure(&settings);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = options.read_only
                                     ? rocksdb::DB::OpenForReadOnly(settings, directory, &db)
                                     : rocksdb::DB::Open(settings, directory, &db);
  if (!opened.ok()) {
    if (opened.IsIOError() && opened.ToString().find("lock") != std::string::npos) {
      return status::Error(
          sqlstate::kObjectInUse,
          "data directory \"" + options.data_dir + "\" is in use by another server",
          opened.ToString(), "Stop the other server, or choose another data directory.");
    }
    status::SqlError failure = status::FromStatus(ToStatus(opened));
    failure.message =
        "could not open data directory \"" + options.data_dir + "\": " + failure.message;
    return status::ToStatus(failure);
  }
  engine->db_.reset(db);
  StartBackgroundThreads();
  if (!options.read_only) engine->StartUpkeep(directory);
  return engine;
}

void Engine::StartUpkeep(const std::string& directory) {
  rocksdb::FileSystem* const files = env_->GetFileSystem().get();
  recovery_->Start(db_.get(), files, directory);
  // What could fill the disk up waits: it would stop the writing that still fits.
  upkeep_.Start(db_.get(), [this, files, directory](uint64_t bytes) {
    uint64_t free = 0;
    return recovery_->failure().empty() &&
           (!files->GetFreeSpace(directory, rocksdb::IOOptions(), &free, nullptr).ok() ||
            free >= 2 * bytes + kSpareDiskBytes);
  });
}

absl::Status Engine::LookAtLog(const EngineOptions& options, const std::string& directory) {
  read_only_ = options.read_only;
  recovery_ = std::make_unique<WriteRecovery>(options.warn);
  std::shared_ptr<rocksdb::FileSystem> files =
      options.file_system != nullptr ? options.file_system : rocksdb::FileSystem::Default();
  if (!options.read_only) {
    log_files_ = std::make_unique<LogFiles>(options.data_dir);
    ASSIGN_OR_RETURN(const std::vector<TornLog> logs, CheckLog(directory, log_files_->Known()));
    for (const TornLog& log : logs) {
      torn_bytes_ += log.bytes;
      if (!options.warn) continue;
      options.warn(
          absl::StrCat("the end of log file \"", log.file, "\" was torn: ", log.bytes,
                       " bytes of an unfinished write are gone",
                       log.lost_synced == 0
                           ? ""
                           : ", which had been reported as written: the last commits are lost"));
    }
    files = std::make_shared<WatchedFiles>(
        files, log_files_.get(),
        [recovery = recovery_.get()](uint64_t log, const rocksdb::Status& error) {
          recovery->LogRefused(log, error);
        });
  }
  env_ = rocksdb::NewCompositeEnv(files);
  return absl::OkStatus();
}

Engine::~Engine() {
  if (db_ == nullptr) return;
  upkeep_.Stop();
  recovery_->Stop();
  // A log whose write failed must not be touched again: Debian's build asserts that.
  if (!read_only_ && recovery_->failure().empty()) db_->SyncWAL();
  rocksdb::CancelAllBackgroundWork(db_.get(), true);
}

absl::Status Engine::Get(const Snapshot* snapshot, std::string_view key, PinnableSlice* value,
                         bool* found) {
  return Found(db_->Get(ReadAt(snapshot), db_->DefaultColumnFamily(), ToSlice(key), value), found);
}

absl::Status Engine::MultiGet(const Snapshot* snapshot, const std::vector<Slice>& keys, bool sorted,
                              std::vector<PinnableSlice>* values, std::vector<bool>* found) {
  values->clear();
  values->resize(keys.size());
  found->assign(keys.size(), false);
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(ReadAt(snapshot), db_->DefaultColumnFamily(), keys.size(), keys.data(),
                values->data(), statuses.data(), sorted);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      (*found)[i] = true;
    } else if (!statuses[i].IsNotFound()) {
      return ToStatus(statuses[i]);
    }
  }
  return absl::OkStatus();
}

std::unique_ptr<Iterator> Engine::NewIterator(SnapshotPtr snapshot, KeyRange range,
                                              const IteratorOptions& options) {
  auto result = std::make_unique<Iterator>();
  result->range_ = std::move(range);
  result->lower_ = result->range_.lower;
  result->upper_ = result->range_.upper;
  result->snapshot_ = std::move(snapshot);
  rocksdb::ReadOptions read = ReadAt(result->snapshot_.get());
  read.iterate_lower_bound = &result->lower_;
  read.iterate_upper_bound = &result->upper_;
  read.fill_cache = options.fill_cache;
  read.readahead_size = options.readahead_bytes;
  result->it_.reset(db_->NewIterator(read));
  return result;
}

std::unique_ptr<Transaction> Engine::Begin(std::unique_ptr<Transaction> reuse) {
  if (reuse == nullptr) {
    reuse = std::make_unique<Transaction>();
    reuse->db_ = db_.get();
    reuse->changes_ = &changes_;
    reuse->column_family_ = db_->DefaultColumnFamily();
  }
  reuse->Clear();
  return reuse;
}

absl::Status Engine::Write(WriteBatch* batch) {
  if (read_only_) {
    return status::Error(sqlstate::kReadOnlyTransaction,
                         "the server was started for reading only (storage.read_only)");
  }
  const rocksdb::Status status = db_->Write(rocksdb::WriteOptions(), &batch->batch_);
  changes_.Note(batch->spaces_, db_->GetLatestSequenceNumber());
  return ToStatus(status);
}

absl::Status Engine::SyncWal() {
  absl::ReaderMutexLock lock(recovery_->syncing());
  const std::string failure = recovery_->failure();
  if (!failure.empty()) {
    const bool full = failure.find("No space left") != std::string::npos;
    return status::Error(full ? sqlstate::kDiskFull : sqlstate::kIoError,
                         "the disk takes no writes at present", failure);
  }
  return ToStatus(db_->SyncWAL());
}

uint64_t Engine::ApproximateSize(std::string_view lower, std::string_view upper) const {
  rocksdb::Range range(ToSlice(lower), ToSlice(upper));
  rocksdb::SizeApproximationOptions options;
  options.include_files = true;
  options.include_memtables = true;
  uint64_t size = 0;
  const rocksdb::Status status =
      db_->GetApproximateSizes(options, db_->DefaultColumnFamily(), &range, 1, &size);
  return status.ok() ? size : 0;
}

absl::Status Engine::Flush() { return ToStatus(db_->Flush(rocksdb::FlushOptions())); }

EngineCounters Engine::Counters() const {
  using namespace rocksdb;  // NOLINT: the tickers' names.
  EngineCounters c;
  c.block_cache_hits = statistics_->getTickerCount(BLOCK_CACHE_HIT);
  c.block_cache_misses = statistics_->getTickerCount(BLOCK_CACHE_MISS);
  c.block_cache_used = cache_->GetUsage();
  c.block_cache_capacity = cache_->GetCapacity();
  c.memtable_used = write_buffers_->memory_usage();
  c.memtable_capacity = write_buffers_->buffer_size();
  uint64_t value = 0;
  c.compaction_read = statistics_->getTickerCount(COMPACT_READ_BYTES);
  c.compaction_write = statistics_->getTickerCount(COMPACT_WRITE_BYTES);
  std::map<std::string, std::string> stats;
  if (db_->GetMapProperty(DB::Properties::kCFStats, &stats)) {
    const auto it = stats.find("compaction.L0.CompCount");
    if (it != stats.end())
      c.flushes = static_cast<uint64_t>(std::strtod(it->second.c_str(), nullptr));
  }
  c.bytes_written = statistics_->getTickerCount(BYTES_WRITTEN);
  c.stall_us = statistics_->getTickerCount(STALL_MICROS);
  c.wal_syncs = statistics_->getTickerCount(WAL_FILE_SYNCED);
  c.wal_bytes = statistics_->getTickerCount(WAL_FILE_BYTES);
  if (db_->GetIntProperty(DB::Properties::kLiveSstFilesSize, &value)) c.live_file_bytes = value;
  c.write_stops = recovery_->stops();
  c.log_torn_bytes = torn_bytes_;
  c.deletions_skipped = upkeep_.skipped();
  c.deletion_flushes = upkeep_.flushes();
  c.deletion_compactions = upkeep_.compactions();
  return c;
}

void Engine::SetBlockCacheBytes(uint64_t bytes) { cache_->SetCapacity(bytes); }
void Engine::SetMemtableBytes(uint64_t bytes) { write_buffers_->SetBufferSize(bytes); }

absl::Status Engine::SetDbOption(const std::string& name, const std::string& value) {
  return ToStatus(db_->SetDBOptions({{name, value}}));
}
absl::Status Engine::SetOption(const std::string& name, const std::string& value) {
  return ToStatus(db_->SetOptions({{name, value}}));
}

}  // namespace adbms::storage::engine
