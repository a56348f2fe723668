#include "services/storage/engine/write_recovery.h"

#include <algorithm>

namespace adbms::storage::engine {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr absl::Duration kUntold = absl::Seconds(1);
constexpr uint64_t kSpareBytes = 4 << 20;

}  // namespace

class WriteRecovery::Listener : public rocksdb::EventListener {
 public:
  explicit Listener(WriteRecovery* owner) : owner_(owner) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    owner_->Failed(*error);
    // A write that the log did not take is reported a second time, as if memory had diverged from
    // the log, which would be past recovery; but nothing went into memory.
    if (reason == rocksdb::BackgroundErrorReason::kMemTable && error->IsIOError())
      *error = rocksdb::Status::OK();
  }
  // RocksDB would look for free space every five seconds, and let nobody else try meanwhile.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  WriteRecovery* const owner_;
};

WriteRecovery::WriteRecovery(std::function<void(const std::string&)> warn)
    : warn_(std::move(warn)), listener_(std::make_shared<Listener>(this)) {}

void WriteRecovery::Start(rocksdb::DB* db, rocksdb::FileSystem* files, std::string directory) {
  db_ = db;
  files_ = files;
  directory_ = std::move(directory);
  thread_ = std::thread([this] { Run(); });
}

void WriteRecovery::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void WriteRecovery::OnRecovered(std::function<void()> then) {
  absl::MutexLock lock(&mutex_);
  recovered_ = std::move(then);
}

std::string WriteRecovery::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_.empty() ? refused_ : failure_;
}

void WriteRecovery::LogRefused(uint64_t log, const rocksdb::Status& error) {
  {
    absl::MutexLock lock(&mutex_);
    ++failures_;
    ++refusals_;
    if (refused_.empty()) refused_at_ = absl::Now();
    refused_ = error.ToString();
    refused_log_ = log;
  }
  absl::WriterMutexLock none_syncs(&syncing_);
}

void WriteRecovery::Failed(const rocksdb::Status& error) {
  const bool is_final = error.severity() >= rocksdb::Status::Severity::kFatalError;
  absl::MutexLock lock(&mutex_);
  ++failures_;
  if (failure_.empty()) stops_.fetch_add(1, std::memory_order_relaxed);
  if (final_) return;  // What comes after it only follows from it.
  failure_ = error.ToString();
  if (is_final) Stay();
}

void WriteRecovery::Stay() {
  final_ = true;
  warned_ = false;
  failure_ += ". Nothing can be written until a restart: check the disk, then restart the server";
}

void WriteRecovery::Run() {
  absl::Duration pause = kFirstPause;
  absl::Time next = absl::InfinitePast();
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kTick);
      if (stopping_) return;
    }
    TryAgain(&pause, &next);
  }
}

bool WriteRecovery::HasSpace() const {
  uint64_t free = 0;
  if (!files_->GetFreeSpace(directory_, rocksdb::IOOptions(), &free, nullptr).ok()) return true;
  uint64_t memtables = 0;
  (void)db_->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &memtables);
  return free >= memtables + kSpareBytes;
}

bool WriteRecovery::IsBusy() const {
  using Properties = rocksdb::DB::Properties;
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  (void)db_->GetIntProperty(Properties::kNumRunningFlushes, &flushes);
  (void)db_->GetIntProperty(Properties::kNumRunningCompactions, &compactions);
  return flushes + compactions > 0;
}

bool WriteRecovery::WouldKeepRefusedLog() const {
  uint64_t refused = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (refused_.empty()) return false;
    refused = refused_log_;
  }
  std::unique_ptr<rocksdb::LogFile> current;
  if (db_->GetCurrentWalFile(&current).ok() && current->LogNumber() != refused) return false;
  uint64_t entries = 0;
  return db_->GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries) &&
         entries == 0;
}

void WriteRecovery::TryAgain(absl::Duration* pause, absl::Time* next) {
  uint64_t failures = 0;
  uint64_t refusals = 0;
  {
    absl::MutexLock lock(&mutex_);
    failures = failures_;
    refusals = refusals_;
    // Should RocksDB have found that nothing has failed.
    if (failure_.empty() && !refused_.empty() && absl::Now() > refused_at_ + kUntold) {
      failure_ = refused_;
      stops_.fetch_add(1, std::memory_order_relaxed);
    }
    if (failure_.empty() || absl::Now() < *next) return;
    if (!warned_ && warn_)
      warn_((final_ ? "writing has stopped: "
                    : "writing has stopped, trying again until it succeeds: ") +
            failure_);
    warned_ = true;
    if (final_) return;
  }
  // Nothing new begins while writing has stopped.
  if (!HasSpace() || IsBusy()) {
    *next = absl::Now() + kFirstPause;
    return;
  }
  if (WouldKeepRefusedLog()) {
    absl::MutexLock lock(&mutex_);
    return Stay();
  }
  if (!db_->Resume().ok()) {
    *next = absl::Now() + *pause;
    *pause = std::min(*pause * 2, kLongestPause);
    return;
  }
  *pause = kFirstPause;
  *next = absl::InfinitePast();
  absl::MutexLock lock(&mutex_);
  if (refusals_ == refusals) refused_.clear();  // The log has a successor.
  if (failures_ != failures) return;            // It has failed again.
  if (recovered_) recovered_();
  failure_.clear();
  warned_ = false;
  if (warn_) warn_("writing goes on");
}

}  // namespace adbms::storage::engine
