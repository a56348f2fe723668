// What becomes a value of a domain, or of a type that has domains in it: held against their
// constraints.
#include <cstring>

#include "common/sql/expression/domain_constraints.h"
#include "common/sql/expression/node.h"
#include "common/status/macros.h"
#include "common/types/declared_type.h"

namespace adbms::sql::expression {
namespace {

using types::Batch;
using types::Type;
using types::Value;
using types::Vector;
using types::VectorPtr;

class DomainNode : public Node {
 public:
  DomainNode(NodePtr argument, std::unique_ptr<const DomainConstraints> constraints, Type type)
      : Node(type), argument_(std::move(argument)), constraints_(std::move(constraints)) {
    Adopt(*argument_);
    MarkCareful();
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const VectorPtr values, argument_->Evaluate(state, input));
    RETURN_IF_ERROR(constraints_->Hold(state, values));
    auto result = std::make_shared<Vector>(type());
    result->Resize(values->size());
    PropagateNulls(*values, result.get());
    if (values->size() > 0)
      std::memcpy(result->data<char>(), values->data<char>(),
                  values->size() * types::WidthOf(values->physical()));
    result->ShareStrings(*values);
    return result;
  }

  absl::StatusOr<Value> EvaluateScalar(EvaluationState& state) const override {
    ASSIGN_OR_RETURN(Value value, argument_->EvaluateScalar(state));
    const VectorPtr one = Broadcast(value, argument_->type(), 1, state.context.memory);
    RETURN_IF_ERROR(CheckStrings(*one));
    RETURN_IF_ERROR(constraints_->Hold(state, one));
    value.set_type(type());
    return value;
  }

 private:
  NodePtr argument_;
  const std::unique_ptr<const DomainConstraints> constraints_;
};

}  // namespace

absl::StatusOr<NodePtr> MakeDomain(NodePtr argument, Type type) {
  const Type base = types::BaseOf(type);
  const bool parts_hold =
      argument->type().id == base.id && argument->type().declared == base.declared;
  ASSIGN_OR_RETURN(auto constraints, DomainConstraints::Of(type, parts_hold));
  return NodePtr(std::make_unique<DomainNode>(std::move(argument), std::move(constraints), type));
}

}  // namespace adbms::sql::expression
