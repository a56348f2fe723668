// What a join works on, in rounds: right rows that are in memory, and the left rows to be paired
// with them. There is one round while all right rows fit. Otherwise rows of both sides are told
// apart by their keys into partitions on disk, a round for each; and where keys do not tell them
// apart (there are none, all are equal, NOT IN), several rounds read the same left rows again, with
// other right rows.
//
// Not thread-safe; lives no longer than the execution.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "services/storage/executor/operator.h"
#include "services/storage/executor/row_partitions.h"
#include "services/storage/executor/spooled_rows.h"

namespace adbms::storage::executor {

struct JoinSpec {
  common::v1::JoinType type = common::v1::JOIN_TYPE_INNER;
  PlanNodePtr left;
  PlanNodePtr right;
  // Pairwise; none in a nested loop.
  std::vector<CompiledExpressionPtr> left_keys;
  std::vector<CompiledExpressionPtr> right_keys;
  bool repeatable = true;  // The keys are.
  CompiledExpressionPtr residual;
  std::vector<types::Type> output;

  // Whether rows that match none are emitted.
  bool keeps_left() const {
    return type == common::v1::JOIN_TYPE_LEFT || type == common::v1::JOIN_TYPE_FULL ||
           type == common::v1::JOIN_TYPE_ANTI;
  }
  bool keeps_right() const {
    return type == common::v1::JOIN_TYPE_RIGHT || type == common::v1::JOIN_TYPE_FULL;
  }
};

struct JoinBuild;
struct RightSide;

class JoinInputs {
 public:
  // `build`: the right side, which is there already, in one round; null: it is to be read.
  JoinInputs(ExecutionContext* context, const JoinSpec* spec, const JoinBuild* build);
  ~JoinInputs();
  JoinInputs(const JoinInputs&) = delete;
  JoinInputs& operator=(const JoinInputs&) = delete;

  // Starts the next round; false when there is none. Errors: 53200, those of files and of inputs.
  absl::StatusOr<bool> NextRound();
  // The right rows of the round and their keys. Until the next round.
  const types::Batch& right_rows() const { return right_rows_; }
  const types::Batch& right_keys() const { return right_keys_; }
  // The next left rows of the round; false at their end.
  absl::StatusOr<bool> NextLeft(types::Batch* out);

  // Whether the same left rows have been in the round before, or will be in the next.
  bool left_was_here() const { return chunk_ > 0; }
  bool left_comes_again() const { return more_right_; }
  // Their number; only when they come several times.
  uint64_t left_row_count() const { return left_spool_->row_count(); }
  // From the round's first left row again. REQUIRES: they come several times.
  void RewindLeft() { left_reader_->Rewind(); }

  absl::Status Rewind();

 private:
  struct Task {
    Partition left;
    Partition right;
    uint64_t parent_rows = 0;  // Right rows of the round that was told apart.
  };

  void Clear();
  void DropRound();
  absl::StatusOr<bool> NextRight(types::Batch* out);
  absl::StatusOr<bool> Load();
  absl::Status StartChunks();
  bool MayPartition() const;
  absl::Status Divide(types::Batch rows, types::Batch keys);
  absl::StatusOr<std::vector<Partition>> DivideLeft();

  ExecutionContext* const context_;
  const JoinSpec& spec_;
  const JoinBuild* const build_;
  const OperatorPtr left_;
  const OperatorPtr right_;  // Null with a build.
  bool began_ = false;
  std::vector<Task> waiting_;
  // Where the rows of the round come from: a partition, or (null) the operator.
  std::unique_ptr<SpooledRows> left_spool_;
  std::unique_ptr<SpooledRows> right_spool_;
  std::unique_ptr<SpooledRows::Reader> left_reader_;
  std::unique_ptr<SpooledRows::Reader> right_reader_;
  int level_ = 0;
  uint64_t parent_rows_ = 0;
  std::unique_ptr<RightSide> whole_;
  // Right rows that were read and found no room.
  types::Batch carried_;
  bool more_right_ = false;
  int chunk_ = 0;
  std::vector<types::Batch> held_;
  std::vector<types::Batch> held_keys_;
  types::Batch right_rows_;
  types::Batch right_keys_;
  int64_t reserved_ = 0;
};

}  // namespace adbms::storage::executor
