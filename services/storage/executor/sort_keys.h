// Orderings as bytes: rows compare as their encoded keys do.
#pragma once

#include <string>
#include <vector>

#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

struct SortKeySpec {
  CompiledExpressionPtr expression;
  bool descending = false;
  bool nulls_first = false;
};

absl::StatusOr<std::vector<SortKeySpec>> CompileSortKeys(
    const google::protobuf::RepeatedPtrField<common::v1::SortKey>& keys);

// One key for each row of `rows`, appended. Their memory is reserved before, and added to
// `reserved` (null: not reserved). Errors: 53200, with keys that are not to be used.
absl::Status EncodeSortKeys(const std::vector<SortKeySpec>& specs, ExecutionContext* context,
                            const types::Batch& rows, std::vector<std::string>* keys,
                            int64_t* reserved);

}  // namespace adbms::storage::executor
