// Sorts rows by some of their columns, in memory while there is some, in runs on disk otherwise,
// which are merged, in several passes where they are many. Stable: rows with equal keys stay in
// the order in which they came.
//
// Keys are made when the rows are sorted, rows stay in the batches they came in until they are
// gathered into those that are handed out. What is kept is counted with the execution's memory;
// the rows that Next gave last are as well, so far as they share what is kept.
//
// Not thread-safe; lives no longer than the execution.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/storage/executor/normalized_key.h"
#include "services/storage/executor/operator.h"
#include "services/storage/executor/row_gather.h"
#include "services/storage/executor/run_merge.h"
#include "services/storage/executor/sorted_run.h"

namespace adbms::storage::executor {

class RowSorter {
 public:
  // Rows of these `types`; `columns` in order of weight. Borrows the context.
  RowSorter(ExecutionContext* context, std::vector<types::Type> types,
            std::vector<SortColumn> columns);
  ~RowSorter() { Clear(); }
  RowSorter(const RowSorter&) = delete;
  RowSorter& operator=(const RowSorter&) = delete;

  // Only so many first rows are wanted (top-n): others are dropped as soon as that is known. Before
  // the first Add.
  void SetLimit(uint64_t rows) { limit_ = rows; }
  // Keeps the rows, whose vectors must not change any more. Errors: 53200 when not even one batch
  // fits; 54000 for a key of more than 4 GiB; 58030, 53100 of files; INTERNAL for columns of other
  // types.
  absl::Status Add(types::Batch rows);
  // No more rows; before the first Next. Errors: as Add, and 57014.
  absl::Status Finish();
  // The next rows in order, at least one; false at the end. Errors: as Finish.
  absl::StatusOr<bool> Next(types::Batch* out);
  // Empty again, without a limit: gives back memory and files.
  void Clear();

 private:
  absl::Status CheckColumns(const types::Batch& rows) const;
  // Room for the rows, for which others may have to go to disk.
  absl::Status Reserve(int64_t bytes);
  void Keep(types::Batch rows, int64_t key_bytes);
  // Drops rows that are not among the first `limit_`, as far as is known.
  void DropBeyondThreshold(types::Batch* rows);
  // Sorts the rows in memory by their items, of which there are the first `limit_` afterwards.
  void SortInMemory();
  absl::Status Spill();
  absl::Status WriteRun();
  void Prune();
  void SetThreshold(RowPosition position);
  void ClearThreshold();
  void ClearRows();
  // Merges runs until all that are left can be read at once, and starts to.
  absl::Status StartMerge();
  absl::Status MergeSome(size_t count);
  absl::StatusOr<std::shared_ptr<TemporaryFile>> FileForRun();

  ExecutionContext* const context_;
  const std::vector<types::Type> types_;
  const KeyEncoder encoder_;
  uint64_t limit_ = UINT64_MAX;

  // The rows in memory.
  RowGather rows_;
  size_t row_count_ = 0;
  std::vector<int64_t> key_bytes_;     // By batch.
  int64_t reserved_ = 0;               // For them, their items and keys.
  std::unique_ptr<SortItem[]> items_;  // Once sorted.
  size_t item_count_ = 0;
  size_t next_ = 0;

  // A key that is beyond the last that is wanted, once as many rows are known.
  bool has_threshold_ = false;
  SortItem threshold_ = {};
  std::unique_ptr<char[]> threshold_key_;
  int64_t threshold_reserved_ = 0;

  // The rows on disk.
  std::vector<SortedRun> runs_;  // In order of arrival.
  size_t part_bytes_ = 0;        // Of a run, about.
  std::unique_ptr<RunMerge> merge_;
};

}  // namespace adbms::storage::executor
