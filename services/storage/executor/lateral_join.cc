// A join whose right side is opened again for each left row, which it finds in correlation slots.
#include <algorithm>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

class LateralJoinNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr left;
  PlanNodePtr right;
  bool keeps_left = false;
  std::vector<uint32_t> slots;
  std::vector<CompiledExpressionPtr> correlation;
  CompiledExpressionPtr condition;
};

class LateralJoin : public Operator {
 public:
  LateralJoin(ExecutionContext* context, const LateralJoinNode* node)
      : Operator(context, node->id()),
        node_(*node),
        left_(node->left->Open(context)),
        right_(node->right->Open(context)),
        counted_(context->state.context) {}

  void SetRowGoal(uint64_t rows) override {
    goal_ = static_cast<uint32_t>(std::clamp<uint64_t>(rows, 1, types::BatchRows()));
  }

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    *out = types::Batch();
    if (row_ >= rows_.row_count) {
      ASSIGN_OR_RETURN(const bool more, left_->Next(&rows_));
      if (!more) return false;
      ASSIGN_OR_RETURN(values_, EvaluateAll(node_.correlation, context_, rows_));
      row_ = 0;
      open_ = false;
    }
    source_.clear();
    parts_.clear();
    // Rows of one left batch at most: its columns are gathered for them.
    while (row_ < rows_.row_count && source_.size() < goal_) {
      RETURN_IF_ERROR(context_->call->Check());
      RETURN_IF_ERROR(Step());
    }
    out->row_count = static_cast<uint32_t>(source_.size());
    if (source_.empty()) return true;
    for (const types::VectorPtr& column : rows_.columns)
      out->columns.push_back(types::Gather(*column, source_.data(), out->row_count));
    types::Batch right = Concatenate(parts_, node_.right->output());
    for (types::VectorPtr& column : right.columns) out->columns.push_back(std::move(column));
    parts_.clear();
    return true;
  }

  absl::Status DoRewind() override {
    rows_ = types::Batch();
    row_ = 0;
    open_ = false;
    return left_->Rewind();
  }

 private:
  // The right side's next rows for the current left one.
  absl::Status Step() {
    RETURN_IF_ERROR(SetSlots());
    if (!open_) {
      RETURN_IF_ERROR(right_->Rewind());
      open_ = true;
      matched_ = false;
    }
    types::Batch part;
    ASSIGN_OR_RETURN(const bool more, right_->Next(&part));
    if (more) return Take(std::move(part));
    if (node_.keeps_left && !matched_) {
      types::Batch nulls = NewBatch(node_.right->output(), 1);
      for (const types::VectorPtr& column : nulls.columns) column->SetNull(0);
      nulls.row_count = 1;
      Add(std::move(nulls));
    }
    ++row_;
    open_ = false;
    return absl::OkStatus();
  }

  absl::Status Take(types::Batch part) {
    if (node_.condition != nullptr) {
      const std::vector<uint32_t> left(part.row_count, row_);
      types::Batch pair;
      pair.row_count = part.row_count;
      for (const types::VectorPtr& column : rows_.columns)
        pair.columns.push_back(types::Gather(*column, left.data(), part.row_count));
      pair.columns.insert(pair.columns.end(), part.columns.begin(), part.columns.end());
      std::vector<uint32_t> selection;
      RETURN_IF_ERROR(SelectInParts(*node_.condition, context_, pair, &selection));
      actuals_->rows_removed += part.row_count - selection.size();
      if (selection.empty()) return absl::OkStatus();
      if (selection.size() != part.row_count) {
        const auto count = static_cast<uint32_t>(selection.size());
        // An operator of no columns still has rows.
        part = part.columns.empty() ? types::Batch{{}, count}
                                    : types::Gather(part, selection.data(), count);
      }
    }
    matched_ = true;
    Add(std::move(part));
    return absl::OkStatus();
  }

  void Add(types::Batch part) {
    source_.insert(source_.end(), part.row_count, row_);
    parts_.push_back(std::move(part));
  }

  // Another instance of this join may have set them since.
  absl::Status SetSlots() {
    std::vector<types::Value>& slots = context_->state.correlation_slots;
    size_t bytes = 0;
    for (size_t i = 0; i < node_.slots.size(); ++i) {
      const types::Vector& column = *values_.columns[i];
      if (column.has_strings() && !column.is_null(row_)) bytes += column.string(row_).size();
    }
    if (bytes > std::max(kLongIdentity, counted_bytes_)) {
      RETURN_IF_ERROR(counted_.Take(bytes - counted_bytes_));
      counted_bytes_ = bytes;
    }
    for (size_t i = 0; i < node_.slots.size(); ++i) {
      types::Value& slot = slots[node_.slots[i]];
      slot = values_.columns[i]->Get(row_);
      slot.set_type(values_.columns[i]->type());
    }
    return absl::OkStatus();
  }

  const LateralJoinNode& node_;
  OperatorPtr left_;
  OperatorPtr right_;
  uint32_t goal_ = types::BatchRows();
  types::Batch rows_;    // The left side's.
  types::Batch values_;  // What goes into the slots, for rows_.
  uint32_t row_ = 0;
  bool open_ = false;     // The right side has been opened for the current row, and
  bool matched_ = false;  // ... has had rows.
  // The output under way: the left row of each, and the right side's rows.
  std::vector<uint32_t> source_;
  std::vector<types::Batch> parts_;
  sql::functions::ScratchMemory counted_;
  size_t counted_bytes_ = 0;
};

OperatorPtr LateralJoinNode::Open(ExecutionContext* context) const {
  return std::make_unique<LateralJoin>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileLateralJoin(const common::v1::Operator& plan,
                                               CompileScope* scope) {
  const common::v1::LateralJoin& join = plan.lateral_join();
  auto node = std::make_unique<LateralJoinNode>(plan);
  if (join.type() != common::v1::JOIN_TYPE_INNER && join.type() != common::v1::JOIN_TYPE_LEFT)
    return absl::InvalidArgumentError("malformed plan: a lateral join of this type");
  node->keeps_left = join.type() == common::v1::JOIN_TYPE_LEFT;
  if (join.correlation_size() != join.correlation_slots_size())
    return absl::InvalidArgumentError("malformed plan: correlation of a lateral join");
  node->slots.assign(join.correlation_slots().begin(), join.correlation_slots().end());
  ASSIGN_OR_RETURN(node->left, CompileOperator(join.left(), scope));
  ASSIGN_OR_RETURN(node->right, CompileOperator(join.right(), scope));
  ASSIGN_OR_RETURN(node->correlation, CompileAll(join.correlation()));
  ASSIGN_OR_RETURN(node->condition, CompileOptional(join.has_condition(), join.condition()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
