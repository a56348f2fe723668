// Conversions.
#include "common/sql/expression/node.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::expression {
namespace {

using functions::FunctionCatalog;
using types::Batch;
using types::Physical;
using types::Type;
using types::TypeId;
using types::Value;
using types::Vector;
using types::VectorPtr;

bool IsPlainText(TypeId id) {
  return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kUnknown;
}

// Whether a cast changes nothing but the type's name.
bool IsRetyping(const Type& from, const Type& to) {
  if (to.modifier != 0) return from == to;
  if (from.id == to.id) return true;
  return IsPlainText(from.id) && IsPlainText(to.id);
}

// Integers that always fit.
bool IsWidening(TypeId from, TypeId to) {
  return types::IsInteger(from) && types::IsInteger(to) && from < to;
}

class CastNode : public Node {
 public:
  CastNode(NodePtr argument, bool is_explicit, Type type)
      : Node(type), argument_(std::move(argument)), is_explicit_(is_explicit) {
    Adopt(*argument_);
    retyping_ = IsRetyping(argument_->type(), type);
    widening_ = IsWidening(argument_->type().id, type.id);
    if (!retyping_ && !widening_) MarkCareful();
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    if (constant() && input.row_count != 1) {
      if (input.row_count == 0) return Broadcast(Value::Null(type()), type(), 0);
      ASSIGN_OR_RETURN(const Value value, EvaluateScalar(state));
      VectorPtr values = Broadcast(value, type(), input.row_count, state.context.memory);
      RETURN_IF_ERROR(CheckStrings(*values));
      return values;
    }
    ASSIGN_OR_RETURN(VectorPtr values, argument_->Evaluate(state, input));
    if (retyping_ && argument_->type().id == type().id) return values;
    return Convert(state, *values);
  }

  absl::StatusOr<Value> EvaluateScalar(EvaluationState& state) const override {
    ASSIGN_OR_RETURN(Value value, argument_->EvaluateScalar(state));
    if (value.is_null()) return Value::Null(type());
    if (retyping_ || widening_) {
      value.set_type(type());
      return value;
    }
    if (types::IsInteger(argument_->type().id) && types::IsInteger(type().id)) {
      const bool fits = type().id == TypeId::kInt4
                            ? value.int_value() == static_cast<int32_t>(value.int_value())
                            : value.int_value() == static_cast<int16_t>(value.int_value());
      if (fits) {
        value.set_type(type());
        return value;
      }
    }
    const VectorPtr one = Broadcast(value, argument_->type(), 1, state.context.memory);
    RETURN_IF_ERROR(CheckStrings(*one));
    ASSIGN_OR_RETURN(const VectorPtr converted, Convert(state, *one));
    return converted->Get(0);
  }

 private:
  absl::StatusOr<VectorPtr> Convert(EvaluationState& state, const Vector& values) const {
    auto result = std::make_shared<Vector>(type());
    if (types::MayHaveStrings(result->physical())) result->CountStrings(state.context.memory);
    RETURN_IF_ERROR(
        FunctionCatalog::Builtin().Cast(state.context, values, is_explicit_, result.get()));
    RETURN_IF_ERROR(CheckStrings(*result));
    return result;
  }

  NodePtr argument_;
  bool is_explicit_;
  bool retyping_;
  bool widening_;
};

}  // namespace

NodePtr MakeCast(NodePtr argument, bool is_explicit, Type type) {
  return std::make_unique<CastNode>(std::move(argument), is_explicit, type);
}

}  // namespace adbms::sql::expression
