// CASE, COALESCE and the tests that never yield NULL.
#include <algorithm>
#include <numeric>

#include "common/sql/expression/node.h"
#include "common/status/macros.h"

namespace adbms::sql::expression {
namespace {

using common::v1::TestExpression;
using types::Batch;
using types::Type;
using types::Vector;
using types::VectorPtr;

std::vector<uint32_t> AllRows(uint32_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

class CaseNode : public Node {
 public:
  CaseNode(NodeList when, NodeList then, NodePtr otherwise, Type type)
      : Node(type),
        when_(std::move(when)),
        then_(std::move(then)),
        otherwise_(std::move(otherwise)) {
    for (const auto& node : when_) Adopt(*node);
    for (const auto& node : then_) Adopt(*node);
    if (otherwise_ != nullptr) Adopt(*otherwise_);
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    std::vector<uint32_t> open = AllRows(input.row_count);
    std::vector<uint32_t> matched;
    std::vector<uint32_t> rest;
    for (size_t i = 0; i < when_.size() && !open.empty(); ++i) {
      matched = open;
      RETURN_IF_ERROR(when_[i]->Refine(state, input, &matched));
      if (matched.empty()) continue;
      ASSIGN_OR_RETURN(const VectorPtr values, EvaluateOn(*then_[i], state, input, matched));
      Scatter(*values, matched, result.get());
      rest.clear();
      std::set_difference(open.begin(), open.end(), matched.begin(), matched.end(),
                          std::back_inserter(rest));
      open.swap(rest);
    }
    if (open.empty()) return result;
    if (otherwise_ == nullptr) {
      for (const uint32_t row : open) result->SetNull(row);
      return result;
    }
    ASSIGN_OR_RETURN(const VectorPtr values, EvaluateOn(*otherwise_, state, input, open));
    Scatter(*values, open, result.get());
    return result;
  }

 private:
  NodeList when_;
  NodeList then_;
  NodePtr otherwise_;  // Null: NULL.
};

class CoalesceNode : public Node {
 public:
  CoalesceNode(NodeList items, Type type) : Node(type), items_(std::move(items)) {
    for (const auto& item : items_) Adopt(*item);
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(VectorPtr first, items_[0]->Evaluate(state, input));
    if (!first->may_have_nulls() && first->type().id == type().id) return first;
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    std::vector<uint32_t> open = AllRows(input.row_count);
    VectorPtr values = std::move(first);
    for (size_t i = 0; i < items_.size() && !open.empty(); ++i) {
      if (i > 0) {
        for (const uint32_t row : open) result->SetValid(row);
        ASSIGN_OR_RETURN(values, EvaluateOn(*items_[i], state, input, open));
      }
      Scatter(*values, open, result.get());
      std::erase_if(open, [&](uint32_t row) { return !result->is_null(row); });
    }
    return result;
  }

 private:
  NodeList items_;
};

class TestNode : public Node {
 public:
  TestNode(TestExpression::Kind kind, NodeList arguments, Type type)
      : Node(type), kind_(kind), arguments_(std::move(arguments)) {
    for (const auto& argument : arguments_) Adopt(*argument);
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const VectorPtr left, arguments_[0]->Evaluate(state, input));
    VectorPtr right;
    if (arguments_.size() > 1) {
      ASSIGN_OR_RETURN(right, arguments_[1]->Evaluate(state, input));
    }
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    auto* out = result->data<uint8_t>();
    for (uint32_t row = 0; row < input.row_count; ++row) {
      out[row] = Holds(*left, right.get(), row) ? 1 : 0;
    }
    return result;
  }

 private:
  bool Holds(const Vector& left, const Vector* right, uint32_t row) const {
    switch (kind_) {
      case TestExpression::KIND_IS_NULL:
        return left.is_null(row);
      case TestExpression::KIND_IS_NOT_NULL:
        return !left.is_null(row);
      case TestExpression::KIND_IS_TRUE:
        return IsTrue(left, row);
      case TestExpression::KIND_IS_NOT_TRUE:
        return !IsTrue(left, row);
      case TestExpression::KIND_IS_FALSE:
        return !left.is_null(row) && left.data<uint8_t>()[row] == 0;
      case TestExpression::KIND_IS_NOT_FALSE:
        return left.is_null(row) || left.data<uint8_t>()[row] != 0;
      case TestExpression::KIND_DISTINCT:
        return Distinct(left, *right, row);
      default:
        return !Distinct(left, *right, row);
    }
  }
  static bool Distinct(const Vector& left, const Vector& right, uint32_t row) {
    if (left.is_null(row) || right.is_null(row)) return left.is_null(row) != right.is_null(row);
    return CompareRows(left, row, right, row) != 0;
  }

  TestExpression::Kind kind_;
  NodeList arguments_;
};

}  // namespace

NodePtr MakeCase(NodeList when, NodeList then, NodePtr otherwise, Type type) {
  return std::make_unique<CaseNode>(std::move(when), std::move(then), std::move(otherwise), type);
}
NodePtr MakeCoalesce(NodeList items, Type type) {
  return std::make_unique<CoalesceNode>(std::move(items), type);
}
NodePtr MakeTest(TestExpression::Kind kind, NodeList arguments, Type type) {
  return std::make_unique<TestNode>(kind, std::move(arguments), type);
}

}  // namespace adbms::sql::expression
