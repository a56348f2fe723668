// Rows gathered from among many batches, as a sort wants them: from anywhere, in any order. What
// the batches' strings cost is paid once for each batch, not once for each result.
//
// Not thread-safe. What was gathered keeps the strings it needs alive by itself, those of all
// batches.
#pragma once

#include <cstdint>
#include <vector>

#include "common/types/vector.h"
#include "services/storage/executor/normalized_key.h"

namespace adbms::storage::executor {

class RowGather {
 public:
  explicit RowGather(const std::vector<types::Type>& types);

  // Returns the batch's number, from 0. REQUIRES: columns of the types; nothing was gathered since
  // the last Clear().
  uint32_t Add(types::Batch batch);
  void Clear();

  const std::vector<types::Batch>& batches() const { return batches_; }
  // What the row takes, its strings included.
  size_t RowBytes(RowPosition position) const;
  types::Batch Gather(const RowPosition* positions, uint32_t count) const;

 private:
  struct Column {
    types::Type type;
    std::vector<const char*> data;  // By batch.
    bool may_have_nulls = false;
    types::VectorPtr strings;  // No values: keeps the strings of all batches.
  };

  bool IsNull(size_t column, RowPosition position) const;

  std::vector<types::Batch> batches_;
  std::vector<Column> columns_;
  std::vector<size_t> string_columns_;
  size_t fixed_bytes_ = 0;
};

}  // namespace adbms::storage::executor
