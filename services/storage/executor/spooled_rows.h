// Rows that are written once and read any number of times: in memory while there is some, in a
// temporary file otherwise. For whatever must hold rows whose number nobody knows.
//
// Not thread-safe; lives no longer than the execution, and its readers no longer than it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "services/storage/executor/operator.h"
#include "services/storage/memory/spill_file.h"

namespace adbms::storage::executor {

using memory::SpillFile;
using memory::SpillReader;

class SpooledRows {
 public:
  // With `to_disk` nothing is held in memory but a buffer of so many bytes, which the owner counts.
  explicit SpooledRows(ExecutionContext* context, size_t to_disk = 0)
      : context_(context), to_disk_(to_disk) {}
  ~SpooledRows() { Clear(); }
  SpooledRows(const SpooledRows&) = delete;
  SpooledRows& operator=(const SpooledRows&) = delete;

  // Errors: 58030, 53100; 53200 when there is no memory to write one long row.
  absl::Status Add(types::Batch rows);
  // No more rows; before the first reader.
  absl::Status Finish();
  // Empty again, and may be filled again. No reader may be left.
  void Clear();
  uint64_t row_count() const { return row_count_; }
  bool on_disk() const { return file_ != nullptr; }

  class Reader {
   public:
    explicit Reader(const SpooledRows* rows);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    // The next rows, in the order in which they were added; false at the end. What they take is
    // counted until the next call. Errors: 53200, 58030.
    absl::StatusOr<bool> Next(types::Batch* out);
    void Rewind();

   private:
    absl::StatusOr<bool> NextFromFile(types::Batch* out);
    void Release();

    const SpooledRows& rows_;
    size_t next_ = 0;
    std::optional<SpillReader> reader_;
    int64_t reserved_ = 0;
  };

 private:
  absl::Status MoveToDisk();
  absl::Status Write(const types::Batch& rows);

  ExecutionContext* const context_;
  const size_t to_disk_;
  std::vector<types::Batch> batches_;
  std::unique_ptr<SpillFile> file_;
  uint64_t row_count_ = 0;
  int64_t reserved_ = 0;
};

}  // namespace adbms::storage::executor
