// A file for what does not fit into memory: written at its end, read anywhere; gone with the
// object, also after a crash (it has no name any more while it is used). One thread writes;
// afterwards any number may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace adbms::storage::memory {

class TemporaryFile {
 public:
  // Errors: 58030, 53100.
  static absl::StatusOr<std::unique_ptr<TemporaryFile>> Create(const std::string& directory);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  absl::Status Append(std::string_view bytes);
  // Up to `size` bytes into `out`; fewer, and none, only at the end.
  absl::StatusOr<size_t> ReadAt(uint64_t offset, size_t size, char* out) const;
  uint64_t bytes() const { return bytes_; }

 private:
  explicit TemporaryFile(int file) : file_(file) {}

  const int file_;
  uint64_t bytes_ = 0;
};

}  // namespace adbms::storage::memory
