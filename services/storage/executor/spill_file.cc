#include "services/storage/executor/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::executor {
namespace {

constexpr size_t kBufferBytes = 1 << 18;

absl::Status FileError(const char* what) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  return status::Error(
      full ? status::sqlstate::kDiskFull : status::sqlstate::kIoError,
      std::string("could not ") + what + " temporary file: " + std::strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpillFile>> SpillFile::Create(const std::string& directory) {
  std::string name = directory + "/spill-XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return FileError("create");
  ::unlink(name.c_str());
  return std::unique_ptr<SpillFile>(new SpillFile(file));
}

SpillFile::~SpillFile() { ::close(file_); }

absl::Status SpillFile::Write(const types::Batch& batch) {
  size_t strings = 0;
  for (const types::VectorPtr& column : batch.columns) {
    if (column->physical() != types::Physical::kString) continue;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (!column->is_null(row)) strings += column->data<std::string_view>()[row].size();
    }
  }
  if (strings > kBufferBytes) {
    // One long value: exactly, not what a string that grows would take.
    RETURN_IF_ERROR(Flush());
    buffer_.reserve(strings + kBufferBytes);
  }
  const size_t start = buffer_.size();
  buffer_.append(4, '\0');
  types::EncodeBatch(batch, &buffer_);
  const auto size = static_cast<uint32_t>(buffer_.size() - start - 4);
  std::memcpy(buffer_.data() + start, &size, 4);
  return buffer_.size() >= kBufferBytes ? Flush() : absl::OkStatus();
}

absl::Status SpillFile::Flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t written = ::write(file_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0) {
      if (errno == EINTR) continue;
      return FileError("write");
    }
    done += static_cast<size_t>(written);
  }
  bytes_ += buffer_.size();
  buffer_.clear();
  ShrinkBuffer();
  return absl::OkStatus();
}

void SpillFile::ShrinkBuffer() {
  if (buffer_.capacity() <= 4 * kBufferBytes) return;
  std::string rest = buffer_.substr(at_);
  at_ = 0;
  buffer_.swap(rest);  // What is short enough to lie in the string itself is not moved but copied.
}

absl::Status SpillFile::StartReading() {
  RETURN_IF_ERROR(Flush());
  if (::lseek(file_, 0, SEEK_SET) < 0) return FileError("rewind");
  at_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<bool> SpillFile::Fill(size_t needed) {
  if (buffer_.size() - at_ >= needed) return true;
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.reserve(std::max(needed, kBufferBytes));
  while (buffer_.size() < needed) {
    const size_t have = buffer_.size();
    // Ahead while that is little.
    const size_t want = needed > kBufferBytes ? needed - have : kBufferBytes - have;
    buffer_.resize(have + want);
    const ssize_t count = ::read(file_, buffer_.data() + have, want);
    buffer_.resize(have + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) {
      if (errno == EINTR) continue;
      return FileError("read");
    }
    if (count == 0) return false;
  }
  return true;
}

absl::StatusOr<size_t> SpillFile::NextBytes() {
  ASSIGN_OR_RETURN(const bool more, Fill(4));
  if (!more) return 0;
  uint32_t size = 0;
  std::memcpy(&size, buffer_.data() + at_, 4);
  return size_t{size};
}

absl::StatusOr<bool> SpillFile::Read(types::Batch* batch) {
  ASSIGN_OR_RETURN(const size_t size, NextBytes());
  if (size == 0) return false;
  at_ += 4;
  ASSIGN_OR_RETURN(const bool whole, Fill(size));
  if (!whole)
    return status::Error(status::sqlstate::kIoError, "a temporary file is shorter than it was");
  ASSIGN_OR_RETURN(*batch, types::DecodeBatch(std::string_view(buffer_).substr(at_, size)));
  at_ += size;
  ShrinkBuffer();
  return true;
}

}  // namespace adbms::storage::executor
