// Looks at the write-ahead log before the engine opens it. The end of a file may be torn behind
// what had been synced, as a process leaves it that ends in the middle of a write, or a write for
// which the disk had no space, after which the log goes on in another file: it is cut off and told
// of, if the next file's changes follow on what is left. Anything else — a file that is missing,
// ends early, is damaged before its end, or does not follow on the one before — means that
// acknowledged changes are gone, and is an error.
//
// The format is RocksDB's (its wiki, "Write Ahead Log File Format"): blocks of 32 KiB with records
// of checksum, length, type, payload; a record may be cut into fragments; a payload is a write
// batch, which starts with its first sequence number and its count.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/storage/engine/log_files.h"

namespace adbms::storage::engine {

// A file whose end was torn.
struct TornLog {
  std::string file;
  uint64_t bytes = 0;        // Cut off.
  uint64_t lost_synced = 0;  // Of these, bytes that had been synced.
};

// `known`: LogFiles::Known(). Cuts torn ends off. Errors: XX001 with the file's name.
absl::StatusOr<std::vector<TornLog>> CheckLog(const std::string& directory,
                                              const std::map<uint64_t, LogFileSizes>& known);

}  // namespace adbms::storage::engine
