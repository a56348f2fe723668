// Emits literal rows.
#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {
namespace {

class ValuesNode : public PlanNode {
 public:
  using PlanNode::PlanNode;
  OperatorPtr Open(ExecutionContext* context) const override;
  std::vector<std::vector<CompiledExpressionPtr>> rows;
};

class ValuesOperator : public Operator {
 public:
  ValuesOperator(ExecutionContext* context, const ValuesNode* node)
      : Operator(context, node->id()), node_(*node) {}

 protected:
  absl::StatusOr<bool> DoNext(types::Batch* out) override {
    if (next_ >= node_.rows.size()) return false;
    const size_t count = std::min<size_t>(node_.rows.size() - next_, types::BatchRows());
    *out = NewBatch(node_.output(), static_cast<uint32_t>(count));
    for (uint32_t row = 0; row < count; ++row) {
      const std::vector<CompiledExpressionPtr>& columns = node_.rows[next_ + row];
      for (size_t i = 0; i < columns.size(); ++i) {
        ASSIGN_OR_RETURN(const types::Value value, columns[i]->EvaluateScalar(context_->state));
        if (value.is_null()) {
          out->columns[i]->SetNull(row);
        } else {
          out->columns[i]->Set(row, value);
        }
      }
    }
    next_ += count;
    return true;
  }
  absl::Status DoRewind() override {
    next_ = 0;
    return absl::OkStatus();
  }

 private:
  const ValuesNode& node_;
  size_t next_ = 0;
};

OperatorPtr ValuesNode::Open(ExecutionContext* context) const {
  return std::make_unique<ValuesOperator>(context, this);
}

}  // namespace

absl::StatusOr<PlanNodePtr> CompileValues(const common::v1::Operator& plan, CompileScope*) {
  auto node = std::make_unique<ValuesNode>(plan);
  for (const common::v1::Values::Row& row : plan.values().rows()) {
    if (row.columns_size() != plan.output_size())
      return absl::InvalidArgumentError("malformed plan: row width");
    ASSIGN_OR_RETURN(std::vector<CompiledExpressionPtr> columns, CompileAll(row.columns()));
    node->rows.push_back(std::move(columns));
  }
  return PlanNodePtr(std::move(node));
}

}  // namespace adbms::storage::executor
