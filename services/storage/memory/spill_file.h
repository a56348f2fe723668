// A temporary file of batches, written once; gone with the object, also after a crash (the file has
// no name any more while it is used).
//
// One thread writes. After Finish any number of SpillReaders may read, each on a thread of its own;
// they live no longer than the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/vector.h"
#include "services/storage/memory/temporary_file.h"

namespace adbms::storage::memory {

class SpillReader {
 public:
  SpillReader(const TemporaryFile* file, size_t buffer_bytes)
      : file_(*file), buffer_bytes_(buffer_bytes) {}
  // What the next batch takes in the file; 0 at the end. Read takes twice as much for a moment.
  absl::StatusOr<size_t> NextBytes();
  // False at the end. Errors: 58030.
  absl::StatusOr<bool> Read(types::Batch* batch);

 private:
  absl::StatusOr<bool> Fill(size_t needed);

  const TemporaryFile& file_;
  const size_t buffer_bytes_;
  uint64_t read_ = 0;  // Up to where.
  std::string buffer_;
  size_t at_ = 0;
};

class SpillFile {
 public:
  static constexpr size_t kBufferBytes = 256 << 10;

  // Errors: 58030, 53100.
  static absl::StatusOr<std::unique_ptr<SpillFile>> Create(const std::string& directory,
                                                           size_t buffer_bytes = kBufferBytes);
  absl::Status Write(const types::Batch& batch);
  // Nothing more is written.
  absl::Status Finish();
  SpillReader NewReader() const { return {file_.get(), buffer_bytes_}; }
  // For one who reads it once: Finish, and a reader of the file's own.
  absl::Status StartReading();
  absl::StatusOr<size_t> NextBytes() { return reader_->NextBytes(); }
  absl::StatusOr<bool> Read(types::Batch* batch) { return reader_->Read(batch); }
  uint64_t bytes() const { return file_->bytes(); }

 private:
  SpillFile(std::unique_ptr<TemporaryFile> file, size_t buffer_bytes)
      : file_(std::move(file)), buffer_bytes_(buffer_bytes) {}
  absl::Status Flush();

  const std::unique_ptr<TemporaryFile> file_;
  const size_t buffer_bytes_;
  std::string buffer_;
  std::optional<SpillReader> reader_;
};

}  // namespace adbms::storage::memory
