#include "services/storage/executor/window_rows.h"

#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

// Strings of rows that are written, and read, together.
constexpr size_t kPartBytes = 256 << 10;

}  // namespace

absl::Status WindowRows::Add(types::Batch rows) {
  const uint32_t count = rows.row_count;
  if (file_ == nullptr) {
    const int64_t bytes = memory::MemoryOf(rows);
    if (context_->memory.TryReserveSpillable(bytes)) {
      Chunk& chunk = chunks_.emplace_back();
      chunk.first = end_;
      chunk.count = count;
      chunk.held = std::make_shared<const Held>(std::move(rows), &context_->memory, bytes);
      end_ += count;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(MoveToDisk());
  }
  RETURN_IF_ERROR(Write(rows, end_, &chunks_));
  end_ += count;
  return absl::OkStatus();
}

absl::Status WindowRows::MoveToDisk() {
  ASSIGN_OR_RETURN(file_, memory::TemporaryFile::Create(context_->shared->temp_dir));
  std::deque<Chunk> written;
  while (!chunks_.empty()) {
    RETURN_IF_ERROR(context_->call->Check());
    RETURN_IF_ERROR(Write(chunks_.front().held->rows, chunks_.front().first, &written));
    chunks_.pop_front();
  }
  chunks_ = std::move(written);
  return absl::OkStatus();
}

absl::Status WindowRows::Write(const types::Batch& rows, uint64_t first, std::deque<Chunk>* out) {
  std::vector<uint32_t> order(rows.row_count);
  for (uint32_t i = 0; i < rows.row_count; ++i) order[i] = i;
  uint32_t count = 0;
  for (uint32_t begin = 0; begin < rows.row_count; begin += count) {
    count = RowsWithin(rows, order.data(), begin, rows.row_count, kPartBytes);
    if (count == rows.row_count) return WritePart(rows, first, out);
    RETURN_IF_ERROR(
        WritePart(types::Gather(rows, order.data() + begin, count), first + begin, out));
  }
  return absl::OkStatus();
}

absl::Status WindowRows::WritePart(const types::Batch& part, uint64_t first,
                                   std::deque<Chunk>* out) {
  size_t strings = 0;
  for (const types::VectorPtr& column : part.columns) {
    if (!column->has_strings()) continue;
    for (uint32_t row = 0; row < part.row_count; ++row) {
      if (!column->is_null(row)) strings += column->string(row).size();
    }
  }
  // A long value is there once more while it is written; common ones need not be counted.
  const auto buffer = static_cast<int64_t>(std::max(strings, 2 * kPartBytes) - 2 * kPartBytes);
  RETURN_IF_ERROR(context_->memory.Reserve(buffer));
  std::string bytes;
  if (buffer > 0) bytes.reserve(strings + kPartBytes);
  types::EncodeBatch(part, &bytes);
  Chunk chunk;
  chunk.first = first;
  chunk.count = part.row_count;
  chunk.offset = file_->bytes();
  chunk.bytes = static_cast<uint32_t>(bytes.size());
  const absl::Status written = file_->Append(bytes);
  context_->memory.Release(buffer);
  RETURN_IF_ERROR(written);
  context_->spilled_bytes += bytes.size();
  out->push_back(std::move(chunk));
  return absl::OkStatus();
}

absl::StatusOr<WindowRows::HeldPtr> WindowRows::Read(Chunk* chunk) {
  if (chunk->held != nullptr) return chunk->held;
  if (HeldPtr lent = chunk->lent.lock(); lent != nullptr) return lent;
  // Its bytes and its rows.
  memory::MemoryBudget& memory = context_->memory;
  const int64_t reading = 2 * int64_t{chunk->bytes};
  RETURN_IF_ERROR(memory.Reserve(reading));
  const auto read = [&]() -> absl::StatusOr<types::Batch> {
    std::string bytes(chunk->bytes, '\0');
    ASSIGN_OR_RETURN(const size_t size, file_->ReadAt(chunk->offset, bytes.size(), bytes.data()));
    if (size != bytes.size()) return absl::InternalError("a temporary file ends early");
    return types::DecodeBatch(bytes);
  };
  absl::StatusOr<types::Batch> rows = read();
  memory.Release(reading);
  RETURN_IF_ERROR(rows.status());
  rows->row_count = chunk->count;
  const int64_t bytes = memory::MemoryOf(*rows);
  RETURN_IF_ERROR(memory.Reserve(bytes));
  auto held = std::make_shared<const Held>(*std::move(rows), &memory, bytes);
  chunk->lent = held;
  return held;
}

absl::Status WindowRows::DropBefore(uint64_t row) {
  while (!chunks_.empty() && chunks_.front().first + chunks_.front().count <= row)
    chunks_.pop_front();
  if (file_ == nullptr || chunks_.size() > 1) return absl::OkStatus();
  // Little is left: with that in memory, the file starts anew.
  if (!chunks_.empty()) {
    ASSIGN_OR_RETURN(chunks_.front().held, Read(&chunks_.front()));
  }
  file_.reset();
  return absl::OkStatus();
}

void WindowRows::Clear() {
  chunks_.clear();
  file_.reset();
  end_ = 0;
}

absl::Status WindowRows::Cursor::Load(uint64_t row) {
  // What was held goes first: the next rows may need its memory.
  held_.reset();
  const auto after =
      std::upper_bound(rows_.chunks_.begin(), rows_.chunks_.end(), row,
                       [](uint64_t r, const Chunk& chunk) { return r < chunk.first; });
  if (after == rows_.chunks_.begin() || row >= rows_.end_)
    return absl::InternalError("a window function looks at a row that is not there");
  Chunk& chunk = *std::prev(after);
  ASSIGN_OR_RETURN(held_, rows_.Read(&chunk));
  first_ = chunk.first;
  at_ = static_cast<uint32_t>(row - first_);
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
