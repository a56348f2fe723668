// Rows told apart by the hash of a key into files, so that rows with equal keys lie in the same:
// what does not fit into memory together is worked on one partition after the other. A partition
// that is still too large is told apart again, by other bits of the hash.
//
// Not thread-safe; lives no longer than the execution.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "services/storage/executor/spooled_rows.h"

namespace adbms::storage::executor {

// A partition's rows; `level` counts how often they were told apart.
struct Partition {
  std::unique_ptr<SpooledRows> rows;
  int level = 0;
};

class RowPartitions {
 public:
  static constexpr size_t kFanout = 16;
  // Rows that are still together after so many times have the same hash, in all likelihood the same
  // key.
  static constexpr int kDeepest = 6;

  // `level` is that of the rows that come in. Errors: 53200 when not even the buffers have room.
  static absl::StatusOr<std::unique_ptr<RowPartitions>> Create(ExecutionContext* context,
                                                               int level);
  ~RowPartitions();
  RowPartitions(const RowPartitions&) = delete;
  RowPartitions& operator=(const RowPartitions&) = delete;

  // Adds the rows `selection` of `rows`; hashes[i] is that of row selection[i]'s key.
  absl::Status Add(const types::Batch& rows, const std::vector<uint32_t>& selection,
                   const std::vector<uint64_t>& hashes);
  // No more rows: kFanout partitions, also those without rows.
  absl::StatusOr<std::vector<Partition>> Finish();

 private:
  RowPartitions(ExecutionContext* context, int level) : context_(context), level_(level) {}

  ExecutionContext* const context_;
  const int level_;
  std::vector<Partition> partitions_;
  std::array<std::vector<uint32_t>, kFanout> selections_;
  int64_t reserved_ = 0;
};

// hashes[i] becomes the hash of row selection[i]'s values: equal rows have equal ones, of whatever
// vectors. Errors: 53200.
absl::Status HashRows(const std::vector<const types::Vector*>& columns,
                      const std::vector<uint32_t>& selection, MemoryBudget* memory,
                      std::vector<uint64_t>* hashes);

}  // namespace adbms::storage::executor
