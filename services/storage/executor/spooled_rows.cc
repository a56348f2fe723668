#include "services/storage/executor/spooled_rows.h"

#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

// Rows that go to a file and come back together have about so many bytes.
constexpr size_t kPartBytes = 1 << 20;

size_t StringBytes(const types::Batch& batch) {
  size_t bytes = 0;
  for (const types::VectorPtr& column : batch.columns) {
    if (!column->has_strings()) continue;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (!column->is_null(row)) bytes += column->string(row).size();
    }
  }
  return bytes;
}

}  // namespace

absl::Status SpooledRows::Add(types::Batch rows) {
  row_count_ += rows.row_count;
  if (to_disk_ == 0 && file_ == nullptr) {
    const int64_t bytes = MemoryOf(rows);
    if (context_->memory.TryReserveSpillable(bytes)) {
      reserved_ += bytes;
      batches_.push_back(std::move(rows));
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(MoveToDisk());
  }
  return Write(rows);
}

absl::Status SpooledRows::MoveToDisk() {
  ASSIGN_OR_RETURN(file_, SpillFile::Create(context_->shared->temp_dir));
  for (types::Batch& batch : batches_) {
    RETURN_IF_ERROR(context_->call->Check());
    RETURN_IF_ERROR(Write(batch));
    batch = types::Batch();
  }
  batches_.clear();
  context_->memory.Release(std::exchange(reserved_, 0));
  return absl::OkStatus();
}

absl::Status SpooledRows::Write(const types::Batch& rows) {
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(file_, SpillFile::Create(context_->shared->temp_dir, to_disk_));
  }
  const size_t strings = StringBytes(rows);
  if (strings <= kPartBytes) return file_->Write(rows);
  std::vector<uint32_t> order(rows.row_count);
  for (uint32_t i = 0; i < rows.row_count; ++i) order[i] = i;
  uint32_t count = 0;
  for (uint32_t begin = 0; begin < rows.row_count; begin += count) {
    count = RowsWithin(rows, order.data(), begin, rows.row_count, kPartBytes);
    const types::Batch part = types::Gather(rows, order.data() + begin, count);
    // The file's buffer is as long as the part. One of common length need not be counted.
    const auto bytes =
        static_cast<int64_t>(std::max(StringBytes(part), 2 * kPartBytes) - 2 * kPartBytes);
    RETURN_IF_ERROR(context_->memory.Reserve(bytes));
    const absl::Status written = file_->Write(part);
    context_->memory.Release(bytes);
    RETURN_IF_ERROR(written);
  }
  return absl::OkStatus();
}

absl::Status SpooledRows::Finish() {
  if (file_ == nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(file_->Finish());
  context_->spilled_bytes += file_->bytes();
  return absl::OkStatus();
}

void SpooledRows::Clear() {
  batches_.clear();
  file_.reset();
  row_count_ = 0;
  context_->memory.Release(std::exchange(reserved_, 0));
}

SpooledRows::Reader::Reader(const SpooledRows* rows) : rows_(*rows) { Rewind(); }

SpooledRows::Reader::~Reader() { Release(); }

void SpooledRows::Reader::Release() { rows_.context_->memory.Release(std::exchange(reserved_, 0)); }

void SpooledRows::Reader::Rewind() {
  Release();
  next_ = 0;
  if (rows_.file_ != nullptr) reader_.emplace(rows_.file_->NewReader());
}

absl::StatusOr<bool> SpooledRows::Reader::Next(types::Batch* out) {
  if (reader_) return NextFromFile(out);
  if (next_ == rows_.batches_.size()) return false;
  *out = rows_.batches_[next_++];
  return true;
}

// Small batches, as partitions get them, are put together.
absl::StatusOr<bool> SpooledRows::Reader::NextFromFile(types::Batch* out) {
  Release();
  *out = types::Batch();
  MemoryBudget& memory = rows_.context_->memory;
  std::vector<types::Batch> parts;
  std::vector<types::Type> types;
  uint32_t rows = 0;
  size_t bytes = 0;
  while (rows < types::BatchRows() / 2 && bytes < kPartBytes) {
    ASSIGN_OR_RETURN(const size_t size, reader_->NextBytes());
    if (size == 0 || (rows > 0 && size > kPartBytes)) break;
    // A long value is in the reader's buffer as well while it is read.
    const auto reading = static_cast<int64_t>(size > kPartBytes ? 2 * size : size);
    RETURN_IF_ERROR(memory.Reserve(reading));
    reserved_ += reading;
    types::Batch part;
    ASSIGN_OR_RETURN(const bool more, reader_->Read(&part));
    if (!more) return absl::InternalError("a temporary file ends early");
    if (types.empty()) {
      for (const types::VectorPtr& column : part.columns) types.push_back(column->type());
    }
    rows += part.row_count;
    bytes += size;
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return false;
  *out = Concatenate(parts, types);
  out->row_count = rows;
  const int64_t held = MemoryOf(*out);
  if (held > reserved_) {
    RETURN_IF_ERROR(memory.Reserve(held - reserved_));
  } else {
    memory.Release(reserved_ - held);
  }
  reserved_ = held;
  return true;
}

}  // namespace adbms::storage::executor
