// The right side of a join as a whole, in memory: loaded by several workers, or once for several
// that probe it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "services/storage/executor/join_inputs.h"
#include "services/storage/executor/join_table.h"

namespace adbms::storage::executor {

// Its rows and their keys, counted with the execution for as long as it lives. Not thread-safe.
struct RightSide {
  explicit RightSide(ExecutionContext* context) : context(context) {}
  ~RightSide() { context->memory.Release(reserved); }
  RightSide(const RightSide&) = delete;
  RightSide& operator=(const RightSide&) = delete;

  // Null when it is not to be read by several workers, or does not fit. Errors: those of inputs.
  static absl::StatusOr<std::unique_ptr<RightSide>> LoadTogether(ExecutionContext* context,
                                                                 const JoinSpec& spec);
  // In one thread. Null when it does not fit.
  static absl::StatusOr<std::unique_ptr<RightSide>> LoadAlone(ExecutionContext* context,
                                                              const JoinSpec& spec);

  ExecutionContext* const context;
  types::Batch rows;
  types::Batch keys;  // Without rows, where the join has no keys.
  int64_t reserved = 0;
};

// The same with a table over its keys. Immutable once made: any number of workers probe it.
struct JoinBuild {
  // Null when it does not fit into memory. Errors: those of inputs.
  static absl::StatusOr<std::unique_ptr<JoinBuild>> Make(ExecutionContext* context,
                                                         const JoinSpec& spec);
  std::unique_ptr<const RightSide> side;
  std::shared_ptr<const JoinTable> table;
};

types::Batch ConcatenateKeys(const std::vector<types::Batch>& keys,
                             const std::vector<CompiledExpressionPtr>& expressions);

}  // namespace adbms::storage::executor
