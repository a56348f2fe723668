// Building and combining batches: what several operators need. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/types/vector.h"
#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// Stands for a row of NULLs in a selection.
inline constexpr uint32_t kNullRow = UINT32_MAX;

// Fresh vectors of these types with `row_count` valid rows.
types::Batch NewBatch(const std::vector<types::Type>& types, uint32_t row_count);
// As types::Gather, where kNullRow yields NULL.
types::VectorPtr GatherNullable(const types::Vector& input, const uint32_t* selection,
                                uint32_t count);
// All rows of the batches, in order, in one.
types::Batch Concatenate(const std::vector<types::Batch>& batches,
                         const std::vector<types::Type>& types);
// Rows [begin, begin + count).
types::Batch Slice(const types::Batch& batch, uint32_t begin, uint32_t count);
// One value, `count` times.
types::VectorPtr Repeat(const types::Value& value, types::Type type, uint32_t count);

// Appends the row's columns in a form in which equal rows have equal bytes (NULL equals NULL).
void AppendRowIdentity(const std::vector<const types::Vector*>& columns, uint32_t row,
                       std::string* out);
void AppendIdentity(const types::Value& value, std::string* out);

// Evaluates expressions over a batch.
absl::StatusOr<types::Batch> EvaluateAll(const std::vector<CompiledExpressionPtr>& expressions,
                                         ExecutionContext* context, const types::Batch& input);

// The rows for which `filter` is true, as Select has them; where it makes so many strings that they
// are too much at once, it is evaluated on smaller parts of the batch.
absl::Status SelectInParts(const sql::expression::CompiledExpression& filter,
                           ExecutionContext* context, const types::Batch& input,
                           std::vector<uint32_t>* selection);

// Rows of `batch` from `begin` that together have about `bytes` of strings, one at least and a
// batch's rows at most.
uint32_t RowsWithin(const types::Batch& batch, const uint32_t* order, size_t begin, size_t end,
                    size_t bytes);

// Whether all of them may be evaluated again.
bool AllRepeatable(const std::vector<CompiledExpressionPtr>& expressions);

std::vector<const types::Vector*> Pointers(const types::Batch& batch);

}  // namespace adbms::storage::executor
