// Subqueries: run once when nothing of them depends on the row, once for each row otherwise.
#include "common/sql/expression/node.h"
#include "common/status/macros.h"

namespace adbms::sql::expression {
namespace {

using common::v1::SubqueryExpression;
using types::Batch;
using types::Type;
using types::Value;
using types::Vector;
using types::VectorPtr;

class SubqueryNode : public Node {
 public:
  SubqueryNode(const SubqueryExpression& subquery, NodeList correlation, NodeList operands,
               Type type)
      : Node(type),
        subquery_(subquery),
        correlation_(std::move(correlation)),
        operands_(std::move(operands)) {
    for (const auto& node : correlation_) Adopt(*node);
    for (const auto& node : operands_) Adopt(*node);
    if (subquery.kind() == SubqueryExpression::KIND_EXISTS && !operands_.empty()) {
      hashed_ = std::move(operands_.front());
      operands_.clear();
    }
    fixed_ = constant();
    MarkCareful();
    MarkOnce();
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    if (state.subqueries == nullptr) {
      return absl::InternalError("expression: a subquery cannot run here");
    }
    if (fixed_ && input.row_count > 0) {
      std::vector<Value> correlation;
      std::vector<Value> operands;
      RETURN_IF_ERROR(Scalars(state, correlation_, &correlation));
      RETURN_IF_ERROR(Scalars(state, operands_, &operands));
      ASSIGN_OR_RETURN(const Value value,
                       state.subqueries->Run(subquery_, type(), correlation, operands));
      return Broadcast(value, type(), input.row_count);
    }
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    std::vector<VectorPtr> correlation;
    std::vector<VectorPtr> operands;
    RETURN_IF_ERROR(Columns(state, input, correlation_, &correlation));
    RETURN_IF_ERROR(Columns(state, input, operands_, &operands));
    for (uint32_t row = 0; row < input.row_count; ++row) {
      if (hashed_ != nullptr && state.subqueries->PrefersHashed(subquery_)) {
        absl::StatusOr<VectorPtr> all = hashed_->Evaluate(state, input);
        if (all.ok()) return all;
        if (state.context.check_interrupts) RETURN_IF_ERROR(state.context.check_interrupts());
        state.subqueries->GiveUpHashed(subquery_);
      }
      ASSIGN_OR_RETURN(
          const Value value,
          state.subqueries->Run(subquery_, type(), Row(correlation, row), Row(operands, row)));
      result->Set(row, value);
    }
    return result;
  }

 private:
  static absl::Status Scalars(EvaluationState& state, const NodeList& nodes,
                              std::vector<Value>* values) {
    for (const auto& node : nodes) {
      ASSIGN_OR_RETURN(Value value, node->EvaluateScalar(state));
      values->push_back(std::move(value));
    }
    return absl::OkStatus();
  }
  static absl::Status Columns(EvaluationState& state, const Batch& input, const NodeList& nodes,
                              std::vector<VectorPtr>* columns) {
    for (const auto& node : nodes) {
      ASSIGN_OR_RETURN(VectorPtr column, node->Evaluate(state, input));
      columns->push_back(std::move(column));
    }
    return absl::OkStatus();
  }
  static std::vector<Value> Row(const std::vector<VectorPtr>& columns, uint32_t row) {
    std::vector<Value> values;
    values.reserve(columns.size());
    for (const auto& column : columns) values.push_back(column->Get(row));
    return values;
  }

  SubqueryExpression subquery_;
  NodeList correlation_;
  NodeList operands_;
  NodePtr hashed_;  // Of EXISTS; null: none.
  bool fixed_;
};

}  // namespace

NodePtr MakeSubquery(const SubqueryExpression& subquery, NodeList correlation, NodeList operands,
                     Type type) {
  return std::make_unique<SubqueryNode>(subquery, std::move(correlation), std::move(operands),
                                        type);
}

}  // namespace adbms::sql::expression
