// Sorts its input; top-n where only the first rows are asked for.
#include <algorithm>
#include <utility>

#include "common/status/macros.h"
#include "services/storage/executor/row_sorter.h"
#include "services/storage/executor/sort_keys.h"

namespace adbms::storage::executor {
namespace {

class SortNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  PlanNodePtr input;
  std::vector<CompiledExpressionPtr> computed;  // Keys that are no columns of the input.
  std::vector<types::Type> types;               // Of the input's columns, then of those keys.
  std::vector<SortColumn> columns;
  CompiledExpressionPtr top_n;
};

class Sort : public Operator {
 public:
  Sort(ExecutionContext* context, const SortNode* node)
      : Operator(context, node->id()),
        node_(*node),
        input_(node->input->Open(context)),
        sorter_(context, node->types, node->columns) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (!sorted_) RETURN_IF_ERROR(Compute());
    ASSIGN_OR_RETURN(const bool more, sorter_.Next(out));
    if (more) out->columns.resize(node_.output().size());
    return more;
  }

  absl::Status DoRewind() override {
    sorter_.Clear();
    sorted_ = false;
    return input_->Rewind();
  }

 private:
  absl::Status Compute() {
    sorted_ = true;
    if (node_.top_n != nullptr) {
      ASSIGN_OR_RETURN(const types::Value value, node_.top_n->EvaluateScalar(context_->state));
      if (!value.is_null())
        sorter_.SetLimit(static_cast<uint64_t>(std::max<int64_t>(value.int_value(), 0)));
    }
    while (true) {
      types::Batch batch;
      ASSIGN_OR_RETURN(const bool more, input_->Next(&batch));
      if (!more) break;
      // Once for each row: not every function gives the same again.
      std::vector<types::VectorPtr> keys;
      for (const CompiledExpressionPtr& key : node_.computed) {
        ASSIGN_OR_RETURN(keys.emplace_back(), key->Evaluate(context_->state, batch));
      }
      batch.columns.insert(batch.columns.end(), keys.begin(), keys.end());
      RETURN_IF_ERROR(CheckStrings(batch));
      RETURN_IF_ERROR(sorter_.Add(std::move(batch)));
    }
    return sorter_.Finish();
  }

  const SortNode& node_;
  OperatorPtr input_;
  RowSorter sorter_;
  bool sorted_ = false;
};

OperatorPtr SortNode::Open(ExecutionContext* context) const {
  return std::make_unique<Sort>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileSort(const common::v1::Operator& plan, CompileScope* scope) {
  auto node = std::make_unique<SortNode>(plan);
  ASSIGN_OR_RETURN(node->input, CompileOperator(plan.sort().input(), scope));
  node->types = node->input->output();
  ASSIGN_OR_RETURN(std::vector<SortKeySpec> keys, CompileSortKeys(plan.sort().keys()));
  for (SortKeySpec& key : keys) {
    SortColumn column{node->types.size(), key.descending, key.nulls_first};
    if (key.expression->column() >= 0) {
      column.column = static_cast<size_t>(key.expression->column());
      if (column.column >= node->input->output().size())
        return absl::InvalidArgumentError("malformed plan: no such column to sort by");
    } else {
      node->types.push_back(key.expression->type());
      node->computed.push_back(std::move(key.expression));
    }
    node->columns.push_back(column);
  }
  ASSIGN_OR_RETURN(node->top_n, CompileOptional(plan.sort().has_top_n(), plan.sort().top_n()));
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
