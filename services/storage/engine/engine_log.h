// RocksDB's own log `<data_dir>/db/LOG`. RocksDB would write it as it writes data files, and
// Debian's build of it asserts that a file whose write failed is not written again: with the disk
// full, the second warning about that would end the process. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rocksdb/env.h"

namespace adbms::storage::engine {

// Lines that do not fit on the disk are dropped.
class EngineLog : public rocksdb::Logger {
 public:
  // Goes on in the directory's LOG; one that has become too large becomes LOG.old.
  explicit EngineLog(const std::string& directory);
  ~EngineLog() override;

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  size_t GetLogFileSize() const override;

 private:
  void Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  mutable absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) = -1;
  uint64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::storage::engine
