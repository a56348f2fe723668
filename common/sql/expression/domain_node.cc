// What becomes a value of a domain: held against NOT NULL and the checks.
#include "common/sql/expression/node.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::expression {
namespace {

using types::Batch;
using types::DeclaredType;
using types::Type;
using types::Value;
using types::Vector;
using types::VectorPtr;

struct Check {
  std::string name;
  CompiledExpressionPtr condition;
};

class DomainNode : public Node {
 public:
  DomainNode(NodePtr argument, bool not_null, std::vector<Check> checks, Type type)
      : Node(type),
        argument_(std::move(argument)),
        not_null_(not_null),
        checks_(std::move(checks)) {
    Adopt(*argument_);
    MarkCareful();
  }

  absl::StatusOr<VectorPtr> Evaluate(EvaluationState& state, const Batch& input) const override {
    ASSIGN_OR_RETURN(const VectorPtr values, argument_->Evaluate(state, input));
    RETURN_IF_ERROR(Hold(state, values));
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
    RETURN_IF_ERROR(Hold(state, one));
    value.set_type(type());
    return value;
  }

 private:
  absl::Status Hold(EvaluationState& state, const VectorPtr& values) const {
    for (uint32_t row = 0; not_null_ && row < values->size(); ++row) {
      if (values->is_null(row))
        return status::Error(status::sqlstate::kNotNullViolation,
                             "domain " + types::Format(type()) + " does not allow null values");
    }
    const Batch batch{{values}, values->size()};
    for (const Check& check : checks_) {
      ASSIGN_OR_RETURN(const VectorPtr holds, check.condition->Evaluate(state, batch));
      for (uint32_t row = 0; row < holds->size(); ++row) {
        if (holds->is_null(row) || IsTrue(*holds, row)) continue;
        return status::Error(status::sqlstate::kCheckViolation,
                             "value for domain " + types::Format(type()) +
                                 " violates check constraint \"" + check.name + "\"");
      }
    }
    return absl::OkStatus();
  }

  NodePtr argument_;
  const bool not_null_;
  const std::vector<Check> checks_;
};

}  // namespace

absl::StatusOr<NodePtr> MakeDomain(NodePtr argument, Type type) {
  // A check may itself cast to a domain; what comes from elsewhere may do so without end.
  constexpr int kDeepest = 16;
  static thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } level_of_this;
  if (depth > kDeepest)
    return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                         "Use fewer domains within the checks of others.");
  // Those of the domain that it is over come first.
  std::vector<const DeclaredType*> domains;
  for (Type level = type; types::IsDomain(level); level = level.declared->base)
    domains.insert(domains.begin(), level.declared);
  bool not_null = false;
  std::vector<Check> checks;
  for (const DeclaredType* domain : domains) {
    not_null |= domain->definition.not_null();
    for (const common::v1::DomainCheck& check : domain->definition.checks()) {
      common::v1::Expression condition;
      if (!condition.ParseFromString(check.condition()))
        return absl::InternalError("malformed check of a domain");
      ASSIGN_OR_RETURN(CompiledExpressionPtr compiled, Compile(condition));
      if (types::PhysicalOf(compiled->type().id) != types::Physical::kBool)
        return absl::InternalError("a check of a domain that is no boolean");
      checks.push_back({check.name(), std::move(compiled)});
    }
  }
  return NodePtr(
      std::make_unique<DomainNode>(std::move(argument), not_null, std::move(checks), type));
}

}  // namespace adbms::sql::expression
