#include "services/storage/executor/join_inputs.h"

#include <utility>

#include "common/status/macros.h"
#include "services/storage/executor/join_build.h"
#include "services/storage/executor/join_table.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

// Adds rows to partitions by key; without those that have a NULL in it, unless they are wanted.
absl::Status AddTo(RowPartitions* partitions, const types::Batch& rows, const types::Batch& keys,
                   bool with_nulls, MemoryBudget* memory) {
  std::vector<uint32_t> selection;
  for (uint32_t row = 0; row < rows.row_count; ++row) {
    if (with_nulls || !AnyNull(keys, row)) selection.push_back(row);
  }
  std::vector<uint64_t> hashes;
  RETURN_IF_ERROR(HashRows(Pointers(keys), selection, memory, &hashes));
  return partitions->Add(rows, selection, hashes);
}

}  // namespace

JoinInputs::JoinInputs(ExecutionContext* context, const JoinSpec* spec, const JoinBuild* build)
    : context_(context),
      spec_(*spec),
      build_(build),
      left_(spec->left->Open(context)),
      right_(build == nullptr ? spec->right->Open(context) : nullptr) {}

JoinInputs::~JoinInputs() { Clear(); }

void JoinInputs::DropRound() {
  held_.clear();
  held_keys_.clear();
  right_rows_ = right_keys_ = types::Batch();
  whole_.reset();
  context_->memory.Release(std::exchange(reserved_, 0));
}

void JoinInputs::Clear() {
  DropRound();
  left_reader_.reset();
  right_reader_.reset();
  left_spool_.reset();
  right_spool_.reset();
  waiting_.clear();
  carried_ = types::Batch();
  more_right_ = began_ = false;
  level_ = chunk_ = 0;
}

absl::Status JoinInputs::Rewind() {
  Clear();
  RETURN_IF_ERROR(left_->Rewind());
  return right_ == nullptr ? absl::OkStatus() : right_->Rewind();
}

absl::StatusOr<bool> JoinInputs::NextLeft(types::Batch* out) {
  return left_reader_ != nullptr ? left_reader_->Next(out) : left_->Next(out);
}

absl::StatusOr<bool> JoinInputs::NextRight(types::Batch* out) {
  if (carried_.row_count > 0) {
    *out = std::exchange(carried_, types::Batch());
    return true;
  }
  return right_reader_ != nullptr ? right_reader_->Next(out) : right_->Next(out);
}

absl::StatusOr<bool> JoinInputs::NextRound() {
  DropRound();
  if (build_ != nullptr) {
    if (std::exchange(began_, true)) return false;
    right_rows_ = build_->side->rows;
    right_keys_ = build_->side->keys;
    return true;
  }
  if (more_right_) {
    ++chunk_;
    return Load();
  }
  chunk_ = 0;
  if (!began_) {
    began_ = true;
    ASSIGN_OR_RETURN(whole_, RightSide::LoadTogether(context_, spec_));
    if (whole_ == nullptr) return Load();
    right_rows_ = whole_->rows;
    right_keys_ = whole_->keys;
    return true;
  }
  left_reader_.reset();
  right_reader_.reset();
  left_spool_.reset();
  right_spool_.reset();
  if (waiting_.empty()) return false;
  Task task = std::move(waiting_.back());
  waiting_.pop_back();
  level_ = task.right.level;
  parent_rows_ = task.parent_rows;
  left_spool_ = std::move(task.left.rows);
  right_spool_ = std::move(task.right.rows);
  left_reader_ = std::make_unique<SpooledRows::Reader>(left_spool_.get());
  right_reader_ = std::make_unique<SpooledRows::Reader>(right_spool_.get());
  return Load();
}

bool JoinInputs::MayPartition() const {
  if (spec_.right_keys.empty() || spec_.type == common::v1::JOIN_TYPE_ANTI_NULL_AWARE) return false;
  if (chunk_ > 0 || level_ >= RowPartitions::kDeepest) return false;
  // Rows that stayed together would do so again.
  return right_spool_ == nullptr || right_spool_->row_count() < parent_rows_ / 4 * 3;
}

absl::StatusOr<bool> JoinInputs::Load() {
  more_right_ = false;
  while (true) {
    types::Batch rows;
    ASSIGN_OR_RETURN(const bool more, NextRight(&rows));
    if (!more) break;
    types::Batch keys;
    int64_t bytes = MemoryOf(rows);
    if (!spec_.right_keys.empty()) {
      ASSIGN_OR_RETURN(keys, EvaluateAll(spec_.right_keys, context_, rows));
      bytes += JoinTable::BytesFor(keys);
    }
    if (!context_->memory.TryReserveSpillable(bytes)) {
      if (spec_.repeatable && MayPartition()) {
        RETURN_IF_ERROR(Divide(std::move(rows), std::move(keys)));
        return NextRound();
      }
      if (spec_.repeatable && !held_.empty()) {
        carried_ = std::move(rows);
        more_right_ = true;
        break;
      }
      RETURN_IF_ERROR(context_->memory.Reserve(bytes));
    }
    reserved_ += bytes;
    held_.push_back(std::move(rows));
    held_keys_.push_back(std::move(keys));
  }
  right_rows_ = Concatenate(held_, spec_.right->output());
  right_keys_ = ConcatenateKeys(held_keys_, spec_.right_keys);
  held_.clear();
  held_keys_.clear();
  if (more_right_ || chunk_ > 0) RETURN_IF_ERROR(StartChunks());
  return true;
}

// Makes the left rows such as can be read again, and begins with the first.
absl::Status JoinInputs::StartChunks() {
  if (left_spool_ == nullptr) {
    left_spool_ = std::make_unique<SpooledRows>(context_);
    types::Batch rows;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, left_->Next(&rows));
      if (!more) break;
      RETURN_IF_ERROR(left_spool_->Add(std::move(rows)));
    }
    RETURN_IF_ERROR(left_spool_->Finish());
  }
  left_reader_ = std::make_unique<SpooledRows::Reader>(left_spool_.get());
  return absl::OkStatus();
}

// Tells both sides apart, `rows` being the first that found no room.
absl::Status JoinInputs::Divide(types::Batch rows, types::Batch keys) {
  const uint64_t parent_rows = right_spool_ != nullptr ? right_spool_->row_count() : UINT64_MAX;
  std::vector<Partition> rights;
  {
    ASSIGN_OR_RETURN(auto partitions, RowPartitions::Create(context_, level_));
    for (size_t i = 0; i < held_.size(); ++i) {
      RETURN_IF_ERROR(
          AddTo(partitions.get(), held_[i], held_keys_[i], spec_.keeps_right(), &context_->memory));
      held_[i] = held_keys_[i] = types::Batch();
    }
    DropRound();
    bool more = true;
    while (more) {
      RETURN_IF_ERROR(AddTo(partitions.get(), rows, keys, spec_.keeps_right(), &context_->memory));
      ASSIGN_OR_RETURN(more, NextRight(&rows));
      if (more) {
        ASSIGN_OR_RETURN(keys, EvaluateAll(spec_.right_keys, context_, rows));
      }
    }
    ASSIGN_OR_RETURN(rights, partitions->Finish());
  }
  rows = keys = types::Batch();
  right_reader_.reset();
  right_spool_.reset();
  ASSIGN_OR_RETURN(std::vector<Partition> lefts, DivideLeft());
  for (size_t i = 0; i < rights.size(); ++i) {
    const bool left = lefts[i].rows->row_count() > 0;
    const bool right = rights[i].rows->row_count() > 0;
    if ((left && right) || (left && spec_.keeps_left()) || (right && spec_.keeps_right()))
      waiting_.push_back({std::move(lefts[i]), std::move(rights[i]), parent_rows});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Partition>> JoinInputs::DivideLeft() {
  ASSIGN_OR_RETURN(auto partitions, RowPartitions::Create(context_, level_));
  while (true) {
    types::Batch rows;
    ASSIGN_OR_RETURN(const bool more, NextLeft(&rows));
    if (!more) break;
    ASSIGN_OR_RETURN(const types::Batch keys, EvaluateAll(spec_.left_keys, context_, rows));
    RETURN_IF_ERROR(AddTo(partitions.get(), rows, keys, spec_.keeps_left(), &context_->memory));
  }
  return partitions->Finish();
}

}  // namespace adbms::storage::executor
