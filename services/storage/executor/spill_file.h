// A temporary file of batches, written once and read once; gone with the object, also after a crash
// (the file has no name any more while it is used). Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/vector.h"
#include "services/storage/executor/temporary_file.h"

namespace adbms::storage::executor {

class SpillFile {
 public:
  // Errors: 58030, 53100.
  static absl::StatusOr<std::unique_ptr<SpillFile>> Create(const std::string& directory);
  absl::Status Write(const types::Batch& batch);
  absl::Status StartReading();
  // What the next batch takes in the file; 0 at the end. Read takes twice as much for a moment.
  absl::StatusOr<size_t> NextBytes();
  // False at the end.
  absl::StatusOr<bool> Read(types::Batch* batch);
  uint64_t bytes() const { return file_->bytes(); }

 private:
  explicit SpillFile(std::unique_ptr<TemporaryFile> file) : file_(std::move(file)) {}
  absl::Status Flush();
  absl::StatusOr<bool> Fill(size_t needed);
  // Long batches leave no long buffer behind: there may be many files.
  void ShrinkBuffer();

  const std::unique_ptr<TemporaryFile> file_;
  uint64_t read_ = 0;  // Up to where.
  std::string buffer_;
  size_t at_ = 0;
};

}  // namespace adbms::storage::executor
