#include "services/storage/engine/watched_files.h"

#include <atomic>
#include <filesystem>

#include "absl/strings/numbers.h"

namespace adbms::storage::engine {
namespace {

// 0: not a log.
uint64_t LogNumber(const std::string& name) {
  const std::filesystem::path path(name);
  uint64_t number = 0;
  if (path.extension() != ".log" || !absl::SimpleAtoi(path.stem().string(), &number)) return 0;
  return number;
}

class WatchedLog : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  // Borrows all.
  WatchedLog(std::unique_ptr<rocksdb::FSWritableFile> file, uint64_t number, LogFiles* logs,
             const WatchedFiles::Refused* refused)
      : FSWritableFileOwnerWrapper(std::move(file)),
        number_(number),
        logs_(logs),
        refused_(*refused) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    return Count(data.size(), FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* debug) override {
    return Count(data.size(),
                 FSWritableFileOwnerWrapper::Append(data, options, verification, debug));
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    const uint64_t size = size_.load();
    return Note(size, FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    const uint64_t size = size_.load();
    return Note(size, FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  rocksdb::IOStatus Count(size_t bytes, rocksdb::IOStatus status) {
    if (status.ok()) {
      size_.fetch_add(bytes);
    } else {
      refused_(number_, status);
    }
    return status;
  }
  rocksdb::IOStatus Note(uint64_t size, rocksdb::IOStatus status) {
    if (status.ok()) logs_->Synced(number_, size);
    return status;
  }

  const uint64_t number_;
  LogFiles* const logs_;
  const WatchedFiles::Refused& refused_;
  std::atomic<uint64_t> size_{0};
};

}  // namespace

rocksdb::IOStatus WatchedFiles::NewWritableFile(const std::string& path,
                                                const rocksdb::FileOptions& options,
                                                std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
  const uint64_t number = LogNumber(path);
  if (!status.ok() || number == 0) return status;
  logs_->Created(number);
  *file = std::make_unique<WatchedLog>(std::move(*file), number, logs_, &refused_);
  return status;
}

rocksdb::IOStatus WatchedFiles::DeleteFile(const std::string& path,
                                           const rocksdb::IOOptions& options,
                                           rocksdb::IODebugContext* debug) {
  const uint64_t number = LogNumber(path);
  if (number != 0) logs_->Deleting(number);
  return FileSystemWrapper::DeleteFile(path, options, debug);
}

}  // namespace adbms::storage::engine
