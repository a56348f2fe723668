#include "services/storage/memory/spill_file.h"

#include <cstring>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::memory {
namespace {

// Long batches leave no long buffer behind: there may be many files.
void Shrink(size_t usual, size_t* at, std::string* buffer) {
  if (buffer->capacity() <= 4 * usual) return;
  std::string rest = buffer->substr(*at);
  *at = 0;
  buffer->swap(rest);  // What is short enough to lie in the string itself is not moved but copied.
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpillFile>> SpillFile::Create(const std::string& directory,
                                                             size_t buffer_bytes) {
  ASSIGN_OR_RETURN(auto file, TemporaryFile::Create(directory));
  return std::unique_ptr<SpillFile>(new SpillFile(std::move(file), buffer_bytes));
}

absl::Status SpillFile::Write(const types::Batch& batch) {
  size_t strings = 0;
  for (const types::VectorPtr& column : batch.columns) {
    if (!column->has_strings()) continue;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (!column->is_null(row)) strings += column->string(row).size();
    }
  }
  if (strings > buffer_bytes_) {
    // One long value: exactly, not what a string that grows would take.
    RETURN_IF_ERROR(Flush());
    buffer_.reserve(strings + buffer_bytes_);
  }
  const size_t start = buffer_.size();
  buffer_.append(4, '\0');
  types::EncodeBatch(batch, &buffer_);
  const auto size = static_cast<uint32_t>(buffer_.size() - start - 4);
  std::memcpy(buffer_.data() + start, &size, 4);
  return buffer_.size() >= buffer_bytes_ ? Flush() : absl::OkStatus();
}

absl::Status SpillFile::Flush() {
  RETURN_IF_ERROR(file_->Append(buffer_));
  buffer_.clear();
  size_t start = 0;
  Shrink(buffer_bytes_, &start, &buffer_);
  return absl::OkStatus();
}

absl::Status SpillFile::Finish() {
  RETURN_IF_ERROR(Flush());
  std::string().swap(buffer_);
  return absl::OkStatus();
}

absl::Status SpillFile::StartReading() {
  RETURN_IF_ERROR(Finish());
  reader_.emplace(file_.get(), buffer_bytes_);
  return absl::OkStatus();
}

absl::StatusOr<bool> SpillReader::Fill(size_t needed) {
  if (buffer_.size() - at_ >= needed) return true;
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.reserve(std::max(needed, buffer_bytes_));
  while (buffer_.size() < needed) {
    const size_t have = buffer_.size();
    // Ahead while that is little.
    const size_t want = needed > buffer_bytes_ ? needed - have : buffer_bytes_ - have;
    buffer_.resize(have + want);
    const absl::StatusOr<size_t> count = file_.ReadAt(read_, want, buffer_.data() + have);
    buffer_.resize(have + (count.ok() ? *count : 0));
    RETURN_IF_ERROR(count.status());
    if (*count == 0) return false;
    read_ += *count;
  }
  return true;
}

absl::StatusOr<size_t> SpillReader::NextBytes() {
  ASSIGN_OR_RETURN(const bool more, Fill(4));
  if (!more) return 0;
  uint32_t size = 0;
  std::memcpy(&size, buffer_.data() + at_, 4);
  return size_t{size};
}

absl::StatusOr<bool> SpillReader::Read(types::Batch* batch) {
  ASSIGN_OR_RETURN(const size_t size, NextBytes());
  if (size == 0) return false;
  at_ += 4;
  ASSIGN_OR_RETURN(const bool whole, Fill(size));
  if (!whole)
    return status::Error(status::sqlstate::kIoError, "a temporary file is shorter than it was");
  ASSIGN_OR_RETURN(*batch, types::DecodeBatch(std::string_view(buffer_).substr(at_, size)));
  at_ += size;
  Shrink(buffer_bytes_, &at_, &buffer_);
  return true;
}

}  // namespace adbms::storage::memory
