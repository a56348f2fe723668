#include "services/storage/executor/sorted_run.h"

#include <algorithm>
#include <cstring>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::executor {
namespace {

// A buffer up to this is so common that it is not counted, and kept for the next part.
constexpr size_t kCommonBytes = 1 << 19;
constexpr size_t kLengthBytes = sizeof(uint64_t);
constexpr size_t kLeastArena = 4096;

struct PartSize {
  size_t strings = 0;
  size_t decoded = 64;  // Once it is read back.
};

PartSize SizeOf(const types::Batch& part) {
  PartSize size;
  for (const types::VectorPtr& column : part.columns) {
    size.decoded += sizeof(types::Vector) + 32 + part.row_count / 8 +
                    part.row_count * types::WidthOf(column->physical());
    if (!column->has_strings()) continue;
    size_t strings = 0;
    for (uint32_t row = 0; row < part.row_count; ++row) {
      if (!column->is_null(row)) strings += column->string(row).size();
    }
    size.strings += strings;
    size.decoded += std::max(strings, kLeastArena);
  }
  return size;
}

void Shrink(std::string* buffer) {
  buffer->clear();
  if (buffer->capacity() > 2 * kCommonBytes) std::string().swap(*buffer);
}

}  // namespace

RunWriter::RunWriter(ExecutionContext* context, const KeyEncoder* encoder,
                     std::shared_ptr<TemporaryFile> file)
    : context_(context), encoder_(*encoder) {
  run_.begin = run_.end = file->bytes();
  run_.file = std::move(file);
}

absl::Status RunWriter::Write(const types::Batch& part) {
  const PartSize size = SizeOf(part);
  const int64_t counted = size.strings > kCommonBytes ? static_cast<int64_t>(size.strings) : 0;
  RETURN_IF_ERROR(context_->memory.Reserve(counted));
  // One long value: exactly, not what a string that grows would take.
  if (counted > 0) buffer_.reserve(size.decoded);
  const absl::Status written = Append(part);
  const size_t keys = part.row_count * sizeof(SortItem) + encoder_.Bytes(part);
  run_.part_memory = std::max(run_.part_memory,
                              static_cast<int64_t>(size.decoded + std::max(keys, buffer_.size())));
  Shrink(&buffer_);
  context_->memory.Release(counted);
  return written;
}

absl::Status RunWriter::Append(const types::Batch& part) {
  buffer_.assign(kLengthBytes, '\0');
  types::EncodeBatch(part, &buffer_);
  const uint64_t length = buffer_.size() - kLengthBytes;
  std::memcpy(buffer_.data(), &length, kLengthBytes);
  return run_.file->Append(buffer_);
}

SortedRun RunWriter::Finish() {
  run_.end = run_.file->bytes();
  context_->spilled_bytes += run_.end - run_.begin;
  return run_;
}

absl::StatusOr<bool> RunReader::Read(std::string* buffer, types::Batch* part) {
  if (at_ == run_.end) return false;
  const auto missing = [] {
    return status::Error(status::sqlstate::kIoError, "a temporary file is shorter than it was");
  };
  uint64_t length = 0;
  ASSIGN_OR_RETURN(const size_t head,
                   run_.file->ReadAt(at_, kLengthBytes, reinterpret_cast<char*>(&length)));
  if (head < kLengthBytes || length > run_.end - at_ - kLengthBytes) return missing();
  buffer->resize(length);
  ASSIGN_OR_RETURN(const size_t count,
                   run_.file->ReadAt(at_ + kLengthBytes, length, buffer->data()));
  if (count < length) return missing();
  ASSIGN_OR_RETURN(*part, types::DecodeBatch(*buffer));
  at_ += kLengthBytes + length;
  Shrink(buffer);
  return true;
}

}  // namespace adbms::storage::executor
