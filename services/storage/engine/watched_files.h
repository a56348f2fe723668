// The file system as the engine sees it: what happens to the log's files is noted in LogFiles.
// Thread-safe.
#pragma once

#include <memory>

#include "rocksdb/file_system.h"
#include "services/storage/engine/log_files.h"

namespace adbms::storage::engine {

class WatchedFiles : public rocksdb::FileSystemWrapper {
 public:
  // Borrows `logs`.
  WatchedFiles(const std::shared_ptr<rocksdb::FileSystem>& target, LogFiles* logs)
      : FileSystemWrapper(target), logs_(logs) {}

  const char* Name() const override { return "adbms.WatchedFiles"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  LogFiles* const logs_;
};

}  // namespace adbms::storage::engine
