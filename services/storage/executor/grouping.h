// Rows grouped by hashing, with the states of the aggregates of each group. Rows whose groups find
// no room in memory wait in partitions on disk, which are grouped one after the other.
//
// Workers that each group some of the rows hand their groups to one who combines them.
//
// Not thread-safe; lives no longer than the execution.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "services/storage/executor/aggregate_states.h"
#include "services/storage/executor/group_table.h"
#include "services/storage/executor/row_partitions.h"

namespace adbms::storage::executor {

struct GroupingSpec {
  std::vector<CompiledExpressionPtr> keys;
  std::vector<types::Type> key_types;
  std::vector<AggregateCall> calls;
  size_t block_bytes = 0;   // Of a group's states.
  bool repeatable = false;  // What is evaluated for a batch.

  // Whether groups that workers have made can be combined.
  bool combinable() const;
};

class Grouping {
 public:
  // kPart: some worker's rows, for Combine. What then does not fit into memory is refused.
  enum class Role { kWhole, kPart };

  Grouping(ExecutionContext* context, const GroupingSpec* spec, Role role);

  // Adds rows. Errors: 53200, and those of expressions and aggregates.
  absl::Status Add(const types::Batch& batch);
  // Adds the groups of a part, which is then only to be destroyed. Errors: IsMemoryRefusal, when
  // they do not fit: this is then to be cleared.
  absl::Status Combine(Grouping* part);
  // No more rows of the input, or of the partition that StartPartition began.
  absl::Status FinishRows();
  // The next rows of the result; false when there are none before the next partition.
  absl::StatusOr<bool> Emit(types::Batch* out);
  // Groups the rows that wait in the next partition; false when none is left.
  absl::StatusOr<bool> GroupPartition();
  void Clear();

 private:
  // The rows that a call takes of a batch.
  struct CallRows {
    types::Batch filtered;
    std::vector<uint32_t> selection;  // Of the batch, where the call has a filter.
    types::Batch arguments;
  };

  void ClearGroups();
  absl::Status AddParts(const types::Batch& batch);
  absl::Status Evaluate(const types::Batch& batch, types::Batch* keys, std::vector<CallRows>* rows);
  absl::StatusOr<bool> PutOff(const types::Batch& batch, const types::Batch& keys);
  absl::Status AddCall(size_t position, const types::Batch& batch, CallRows taken, bool all);
  // The refusal of who does not spill.
  absl::Status NoRoom() const { return context_->memory.account()->Refusal(); }

  ExecutionContext* const context_;
  const GroupingSpec& spec_;
  const Role role_;
  GroupTable table_;
  AggregateStates states_;
  std::vector<uint32_t> groups_;  // Of the rows at hand.
  int level_ = 0;                 // Of the partition at hand.
  std::unique_ptr<RowPartitions> partitions_;
  std::vector<Partition> waiting_;
  uint32_t emitted_ = 0;
};

}  // namespace adbms::storage::executor
