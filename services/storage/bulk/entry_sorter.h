// Sorting more entries than memory holds: full buffers are sorted and written out as runs, which
// are read together (entry_merge.h). Keys come without their space's four bytes.
//
// One thread adds; after Finish() any number may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/storage/bulk/entry_buffer.h"
#include "services/storage/memory/temporary_file.h"

namespace adbms::storage::bulk {

// Sorted entries of the temporary file: for each the sizes of key (2 bytes) and value (4 bytes),
// key, value.
struct SpilledRun {
  struct Block {
    uint64_t offset;
    std::string first_key;
  };
  uint64_t end = 0;
  std::vector<Block> blocks;  // Where an entry starts, 64 KiB apart and less.
};

class EntrySorter {
 public:
  // `bytes`: what the entries in memory may take. Writes to `directory`.
  EntrySorter(std::string directory, size_t bytes);

  // Errors: 58030, 53100.
  absl::Status Add(std::string_view key, std::string_view value) {
    ++count_;
    if (buffer_->Add(key, value)) [[likely]]
      return absl::OkStatus();
    return Overflow(key, value);
  }
  // No more come. What was written out leaves nothing in memory.
  absl::Status Finish();

  uint64_t count() const { return count_; }
  uint64_t spilled_bytes() const { return file_ == nullptr ? 0 : file_->bytes(); }
  // After Finish(): sorted, or null when there are spilled runs.
  const EntryBuffer* buffer() const { return buffer_.get(); }
  const memory::TemporaryFile* file() const { return file_.get(); }
  const std::vector<SpilledRun>& runs() const { return runs_; }

 private:
  absl::Status Overflow(std::string_view key, std::string_view value);
  absl::Status Spill();

  const std::string directory_;
  const size_t block_bytes_;
  uint64_t count_ = 0;
  std::unique_ptr<EntryBuffer> buffer_;
  std::unique_ptr<memory::TemporaryFile> file_;
  std::vector<SpilledRun> runs_;
};

// At most `parts` - 1 keys, ascending, that cut what the sorters hold into parts of about one size.
std::vector<std::string> SplitKeys(const std::vector<const EntrySorter*>& sorters, size_t parts);

}  // namespace adbms::storage::bulk
