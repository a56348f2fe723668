#include "services/gateway/session/row_buffer.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {

uint64_t BytesOf(const types::Batch& batch) {
  uint64_t bytes = 0;
  for (const types::VectorPtr& column : batch.columns) {
    bytes += uint64_t{batch.row_count} * types::WidthOf(column->physical());
    if (!column->has_strings()) continue;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      if (!column->is_null(row)) bytes += column->string(row).size();
    }
  }
  return bytes;
}

types::Batch CopyOf(const types::Batch& batch, uint32_t begin) {
  std::vector<uint32_t> selection(batch.row_count - begin);
  std::iota(selection.begin(), selection.end(), begin);
  return types::Gather(batch, selection.data(), static_cast<uint32_t>(selection.size()));
}

absl::Status RowBuffer::Append(const types::Batch& batch, uint32_t begin) {
  if (begin >= batch.row_count) return absl::OkStatus();
  types::Batch copy = CopyOf(batch, begin);
  bytes_ += BytesOf(copy);
  if (bytes_ > kMaxBytes) {
    return status::Error(
        status::sqlstate::kOutOfMemory,
        absl::StrCat("the rows of an open cursor or portal take more than ", kMaxBytes >> 20,
                     " MiB"),
        {}, "Fetch all of them before the next statement, or declare the cursor without SCROLL.");
  }
  starts_.push_back(size_);
  size_ += copy.row_count;
  batches_.push_back(std::move(copy));
  return absl::OkStatus();
}

absl::Status RowBuffer::SendPart(const types::Batch& batch, uint64_t begin, uint64_t end,
                                 bool backward, ResultSink* sink) const {
  std::vector<uint32_t> selection(end - begin);
  std::iota(selection.begin(), selection.end(), static_cast<uint32_t>(begin));
  if (backward) std::reverse(selection.begin(), selection.end());
  return sink->Rows(
      types::Gather(batch, selection.data(), static_cast<uint32_t>(selection.size())));
}

absl::Status RowBuffer::Send(uint64_t begin, uint64_t end, bool backward, ResultSink* sink) const {
  if (begin >= end) return absl::OkStatus();
  const auto batch_of = [this](uint64_t row) {
    return static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), row) -
                               starts_.begin()) -
           1;
  };
  const size_t first = batch_of(begin);
  const size_t last = batch_of(end - 1);
  for (size_t i = 0; i <= last - first; ++i) {
    const size_t at = backward ? last - i : first + i;
    const uint64_t from = std::max(begin, starts_[at]) - starts_[at];
    const uint64_t to = std::min<uint64_t>(end - starts_[at], batches_[at].row_count);
    RETURN_IF_ERROR(SendPart(batches_[at], from, to, backward, sink));
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
