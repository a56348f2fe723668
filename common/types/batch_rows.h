// How many rows operators aim at in one batch.
#pragma once

#include <algorithm>
#include <cstdint>

namespace adbms::types {

inline constexpr uint32_t kMostBatchRows = 2048;

namespace internal {
inline uint32_t batch_rows = kMostBatchRows;
}

// One number for the whole process: batches of different makers are put together. Not a promise:
// a batch may hold more rows.
inline uint32_t BatchRows() { return internal::batch_rows; }

// For a process at its start, before there are other threads. Few rows a batch make every operator
// go on from batch to batch with little data, which is what tests want of it.
inline void SetBatchRows(uint32_t rows) {
  internal::batch_rows = std::clamp<uint32_t>(rows, 1, kMostBatchRows);
}

}  // namespace adbms::types
