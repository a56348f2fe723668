// The file system as the engine sees it: what happens to the log's files is noted in LogFiles, and
// whoever wants to know is told of an append that failed, before RocksDB is.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "rocksdb/file_system.h"
#include "services/storage/engine/log_files.h"

namespace adbms::storage::engine {

class WatchedFiles : public rocksdb::FileSystemWrapper {
 public:
  using Refused = std::function<void(uint64_t log, const rocksdb::Status&)>;
  // Borrows `logs`.
  WatchedFiles(const std::shared_ptr<rocksdb::FileSystem>& target, LogFiles* logs, Refused refused)
      : FileSystemWrapper(target), logs_(logs), refused_(std::move(refused)) {}

  const char* Name() const override { return "adbms.WatchedFiles"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  LogFiles* const logs_;
  const Refused refused_;
};

}  // namespace adbms::storage::engine
