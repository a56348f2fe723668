// What is known of the write-ahead log's files: that they exist, how much of each is synced. It is
// kept beside the database, so that the next start can tell a log that lost something from one that
// was being written when the process ended.
//
// The file `<data_dir>/log_files` has two slots of 4096 bytes, written in turn; the one with the
// higher generation that is whole counts. A slot is text, the rest of it blanks:
//   adbms-log-files 1 <generation> <crc32c of what follows, 8 hex digits>\n
//   <number> <synced> <synced before>\n           for each file
//   end\n
// Sizes only grow between two writes, so an old slot claims too little, never too much: a file is
// named before anything in it is acknowledged, and taken out before it is deleted.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace adbms::storage::engine {

struct LogFileSizes {
  uint64_t synced = 0;
  uint64_t synced_before = 0;  // By the sync before the last one that found something to sync.
};

class LogFiles {
 public:
  // Reads what the last process left; a missing or unreadable file: nothing is known.
  explicit LogFiles(const std::string& data_dir);
  ~LogFiles();
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;

  std::map<uint64_t, LogFileSizes> Known() const;
  // A log was made, is about to be deleted: on disk when they return.
  void Created(uint64_t number);
  void Deleting(uint64_t number);
  // Everything up to `size` is synced. Written at once, a few microseconds beside the sync itself;
  // on disk when this returns for a log's first sync, later when the system likes: an old slot does
  // no harm.
  void Synced(uint64_t number, uint64_t size);

 private:
  void Write(bool sync) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  int fd_ = -1;
  mutable absl::Mutex mutex_;
  std::map<uint64_t, LogFileSizes> files_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

// CRC-32C (Castagnoli).
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace adbms::storage::engine
