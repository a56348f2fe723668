// Calls of functions and operators.
#include "common/sql/expression/node.h"
#include "common/status/macros.h"

namespace adbms::sql::expression {
namespace {

using functions::Function;
using types::Batch;
using types::Type;
using types::Vector;
using types::VectorPtr;

bool IsComparison(const Function& function) {
  return !function.negator.empty() && function.is_operator;
}

class CallNode : public Node {
 public:
  CallNode(const Function* function, NodeList arguments, Type type)
      : Node(type), function_(*function), arguments_(std::move(arguments)) {
    for (const auto& argument : arguments_) Adopt(*argument);
    if (function_.volatility == functions::Volatility::kVolatile) MarkOnce();
    const bool cheap = IsComparison(function_) && function_.name.find('~') == std::string::npos;
    if (!cheap) MarkCareful();
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    if (constant() && input.row_count > 1) {
      Batch one;
      one.row_count = 1;
      ASSIGN_OR_RETURN(const VectorPtr value, Call(state, one));
      return BroadcastRow(value, input.row_count);
    }
    return Call(state, input);
  }

 private:
  absl::StatusOr<VectorPtr> Call(EvaluationState& state, const Batch& input) const {
    std::vector<VectorPtr> owners;
    std::vector<const Vector*> arguments;
    owners.reserve(arguments_.size());
    arguments.reserve(arguments_.size());
    for (const auto& argument : arguments_) {
      ASSIGN_OR_RETURN(VectorPtr values, argument->Evaluate(state, input));
      arguments.push_back(values.get());
      owners.push_back(std::move(values));
    }
    auto result = std::make_shared<Vector>(type());
    if (types::MayHaveStrings(result->physical())) result->CountStrings(state.context.memory);
    result->Resize(input.row_count);
    if (input.row_count == 0) return result;
    if (function_.strict) {
      for (const Vector* argument : arguments) PropagateNulls(*argument, result.get());
    }
    RETURN_IF_ERROR(function_.kernel(state.context, arguments, input.row_count, result.get()));
    RETURN_IF_ERROR(CheckStrings(*result));
    return result;
  }

  const Function& function_;  // Of the immutable built-in catalog.
  NodeList arguments_;
};

}  // namespace

NodePtr MakeCall(const Function* function, NodeList arguments, Type type) {
  if (NodePtr comparison = MakeColumnComparison(*function, &arguments, type)) return comparison;
  return std::make_unique<CallNode>(function, std::move(arguments), type);
}

}  // namespace adbms::sql::expression
