// Sorted rows in a temporary file, in parts of some rows that are read back together.
//
// In the file, for each part: its length (8 bytes, little endian), the batch as in
// common/types/vector_codec.cc. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/storage/executor/normalized_key.h"
#include "services/storage/executor/operator.h"
#include "services/storage/memory/temporary_file.h"

namespace adbms::storage::executor {

using memory::TemporaryFile;

struct SortedRun {
  std::shared_ptr<TemporaryFile> file;  // Shared with other runs.
  uint64_t begin = 0;
  uint64_t end = 0;
  // What holding one of its parts takes at most, its keys and the reading of it included.
  int64_t part_memory = 0;
};

class RunWriter {
 public:
  // Appends to `file`, to which nobody else does until Finish(). Borrows the others.
  RunWriter(ExecutionContext* context, const KeyEncoder* encoder,
            std::shared_ptr<TemporaryFile> file);

  // The next rows in order, as one part. Errors: 53200 when a long value finds no memory to be
  // copied to, 58030, 53100.
  absl::Status Write(const types::Batch& part);
  // Counts it as spilled.
  SortedRun Finish();

 private:
  absl::Status Append(const types::Batch& part);

  ExecutionContext* const context_;
  const KeyEncoder& encoder_;
  SortedRun run_;
  std::string buffer_;
};

// Reads a run once, from its beginning.
class RunReader {
 public:
  explicit RunReader(SortedRun run) : run_(std::move(run)), at_(run_.begin) {}

  // The next part; false at the end. Uses `buffer`, which several may share, and which is left
  // short. Errors: 58030.
  absl::StatusOr<bool> Read(std::string* buffer, types::Batch* part);
  const SortedRun& run() const { return run_; }

 private:
  SortedRun run_;
  uint64_t at_;
};

}  // namespace adbms::storage::executor
