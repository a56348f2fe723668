// AND, OR and NOT in three-valued logic.
#include <numeric>

#include "common/sql/expression/node.h"
#include "common/status/macros.h"

namespace adbms::sql::expression {
namespace {

using types::Batch;
using types::Type;
using types::Vector;
using types::VectorPtr;

std::vector<uint32_t> AllRows(uint32_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

// AND decides with the first false argument, OR with the first true one.
template <bool kAnd>
class ConnectiveNode : public Node {
 public:
  ConnectiveNode(NodeList arguments, Type type) : Node(type), arguments_(std::move(arguments)) {
    for (const auto& argument : arguments_) Adopt(*argument);
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    VectorPtr result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    auto* out = result->data<uint8_t>();
    std::fill_n(out, input.row_count, kAnd ? 1 : 0);
    std::vector<uint32_t> open = AllRows(input.row_count);  // Rows not decided yet.
    for (const auto& argument : arguments_) {
      if (open.empty()) break;
      const bool whole = open.size() == input.row_count || !argument->careful();
      VectorPtr values;
      if (whole) {
        ASSIGN_OR_RETURN(values, argument->Evaluate(state, input));
      } else {
        ASSIGN_OR_RETURN(values, EvaluateOn(*argument, state, input, open));
      }
      size_t kept = 0;
      for (size_t i = 0; i < open.size(); ++i) {
        const uint32_t row = open[i];
        const uint32_t position = whole ? row : static_cast<uint32_t>(i);
        if (values->is_null(position)) {
          result->SetNull(row);
        } else if ((values->template data<uint8_t>()[position] != 0) != kAnd) {
          out[row] = kAnd ? 0 : 1;
          result->SetValid(row);
          continue;
        }
        open[kept++] = row;
      }
      open.resize(kept);
    }
    return result;
  }

  absl::Status Select(EvaluationState& state, const Batch& input,
                      std::vector<uint32_t>* selection) const override {
    if constexpr (kAnd) {
      RETURN_IF_ERROR(arguments_[0]->Select(state, input, selection));
      for (size_t i = 1; i < arguments_.size(); ++i) {
        RETURN_IF_ERROR(arguments_[i]->Refine(state, input, selection));
      }
      return absl::OkStatus();
    } else {
      *selection = AllRows(input.row_count);
      return Refine(state, input, selection);
    }
  }

  absl::Status Refine(EvaluationState& state, const Batch& input,
                      std::vector<uint32_t>* selection) const override {
    if constexpr (kAnd) {
      for (const auto& argument : arguments_) {
        RETURN_IF_ERROR(argument->Refine(state, input, selection));
      }
      return absl::OkStatus();
    } else {
      std::vector<bool> chosen(input.row_count);
      std::vector<uint32_t> open = *selection;
      std::vector<uint32_t> found;
      for (const auto& argument : arguments_) {
        found = open;
        RETURN_IF_ERROR(argument->Refine(state, input, &found));
        if (found.empty()) continue;
        for (const uint32_t row : found) chosen[row] = true;
        std::erase_if(open, [&](uint32_t row) { return chosen[row]; });
        if (open.empty()) break;
      }
      std::erase_if(*selection, [&](uint32_t row) { return !chosen[row]; });
      return absl::OkStatus();
    }
  }

 private:
  NodeList arguments_;
};

class NotNode : public Node {
 public:
  NotNode(NodePtr argument, Type type) : Node(type), argument_(std::move(argument)) {
    Adopt(*argument_);
  }
  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const VectorPtr values, argument_->Evaluate(state, input));
    auto result = std::make_shared<Vector>(type());
    result->Resize(input.row_count);
    PropagateNulls(*values, result.get());
    const auto* in = values->data<uint8_t>();
    auto* out = result->data<uint8_t>();
    for (uint32_t row = 0; row < input.row_count; ++row) out[row] = in[row] == 0 ? 1 : 0;
    return result;
  }

 private:
  NodePtr argument_;
};

}  // namespace

NodePtr MakeAnd(NodeList arguments, Type type) {
  return std::make_unique<ConnectiveNode<true>>(std::move(arguments), type);
}
NodePtr MakeOr(NodeList arguments, Type type) {
  return std::make_unique<ConnectiveNode<false>>(std::move(arguments), type);
}
NodePtr MakeNot(NodePtr argument, Type type) {
  return std::make_unique<NotNode>(std::move(argument), type);
}

}  // namespace adbms::sql::expression
