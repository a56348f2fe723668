// Rows of a result kept in memory: of a cursor that moves both ways or outlives its transaction,
// and of a result that was still open when its session went on to something else. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "services/gateway/session/result_sink.h"

namespace adbms::gateway::session {

// What the rows take, their strings included.
uint64_t BytesOf(const types::Batch& batch);
// Rows [begin, batch.row_count) that outlive the batch, whose maker uses its vectors again.
types::Batch CopyOf(const types::Batch& batch, uint32_t begin);

class RowBuffer {
 public:
  // What one buffer may take.
  static constexpr uint64_t kMaxBytes = uint64_t{256} << 20;

  // Keeps a copy of the rows [begin, batch.row_count). Errors: 53200 beyond kMaxBytes.
  absl::Status Append(const types::Batch& batch, uint32_t begin = 0);
  uint64_t size() const { return size_; }
  uint64_t bytes() const { return bytes_; }
  // Hands rows [begin, end) to the sink, the last one first when `backward`.
  absl::Status Send(uint64_t begin, uint64_t end, bool backward, ResultSink* sink) const;

 private:
  absl::Status SendPart(const types::Batch& batch, uint64_t begin, uint64_t end, bool backward,
                        ResultSink* sink) const;

  std::vector<types::Batch> batches_;
  std::vector<uint64_t> starts_;  // Of each batch: the number of rows before it.
  uint64_t size_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace adbms::gateway::session
