#include "common/sql/expression/node.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::expression {
namespace {

using common::v1::Expression;
using common::v1::LogicalExpression;
using functions::Function;
using functions::FunctionCatalog;
using types::Type;

constexpr int kDeepest = 1500;

absl::Status Malformed(std::string_view what) {
  return absl::InternalError("expression: " + std::string(what));
}

bool SameForm(const Type& a, const Type& b) {
  return types::PhysicalOf(a.id) == types::PhysicalOf(b.id);
}

// Whether an array has elements of the same form.
bool IsArrayLike(types::TypeId actual, types::TypeId expected) {
  return types::IsArray(actual) && types::PhysicalOf(types::ElementOf(actual)) ==
                                       types::PhysicalOf(types::ElementOf(expected));
}

bool IsBoolean(const Type& type) { return types::PhysicalOf(type.id) == types::Physical::kBool; }

class Compiler {
 public:
  absl::StatusOr<NodePtr> Compile(const Expression& expression, int depth) const {
    if (depth > kDeepest) {
      return status::Error(status::sqlstate::kStatementTooComplex, "stack depth limit exceeded", {},
                           "Write the expression with fewer nested operators.");
    }
    const Type type = types::FromProto(expression.type());
    switch (expression.node_case()) {
      case Expression::kLiteral: {
        ASSIGN_OR_RETURN(types::Value value, types::FromProto(expression.literal()));
        if (types::PhysicalOf(value.type().id) != types::PhysicalOf(type.id) && !value.is_null()) {
          return Malformed("a literal of another type than its expression");
        }
        value.set_type(type);
        return MakeLiteral(std::move(value), type);
      }
      case Expression::kColumn:
        return MakeColumn(expression.column(), type);
      case Expression::kParameter:
        return MakeParameter(expression.parameter(), type);
      case Expression::kCorrelationSlot:
        return MakeCorrelation(expression.correlation_slot(), type);
      case Expression::kSessionValue:
        return MakeSessionValue(expression.session_value().kind(), type);
      case Expression::kCall:
        return CompileCall(expression.call(), type, depth);
      case Expression::kCast: {
        ASSIGN_OR_RETURN(NodePtr argument, Compile(expression.cast().argument(), depth + 1));
        if (!types::IsDomain(type) && !types::HoldsDomain(type))
          return MakeCast(std::move(argument), expression.cast().explicit_(), type);
        if (!SameForm(argument->type(), type)) return Malformed("a domain over another type");
        return MakeDomain(std::move(argument), type);
      }
      case Expression::kLogical:
        return CompileLogical(expression.logical(), type, depth);
      case Expression::kTest:
        return CompileTest(expression.test(), type, depth);
      case Expression::kCase:
        return CompileCase(expression.case_(), type, depth);
      case Expression::kCoalesce: {
        ASSIGN_OR_RETURN(NodeList items, CompileAll(expression.coalesce().items(), depth));
        if (items.empty()) return Malformed("COALESCE of nothing");
        for (const auto& item : items) {
          if (!SameForm(item->type(), type)) return Malformed("COALESCE of different types");
        }
        return MakeCoalesce(std::move(items), type);
      }
      case Expression::kInList: {
        if (!IsBoolean(type)) return Malformed("IN that is no boolean");
        const auto& in_list = expression.in_list();
        ASSIGN_OR_RETURN(NodePtr argument, Compile(in_list.argument(), depth + 1));
        ASSIGN_OR_RETURN(NodeList items, CompileAll(in_list.items(), depth));
        for (const auto& item : items) {
          if (types::PhysicalOf(item->type().id) != types::PhysicalOf(argument->type().id)) {
            return Malformed("IN items of another type than its argument");
          }
        }
        return MakeInList(std::move(argument), std::move(items), in_list.negated(), type);
      }
      case Expression::kSubquery: {
        const auto& subquery = expression.subquery();
        ASSIGN_OR_RETURN(NodeList correlation, CompileAll(subquery.correlation(), depth));
        ASSIGN_OR_RETURN(NodeList operands, CompileAll(subquery.operands(), depth));
        return MakeSubquery(subquery, std::move(correlation), std::move(operands), type);
      }
      case Expression::NODE_NOT_SET:
        return Malformed("an empty node");
    }
    return Malformed("an unknown node");
  }

 private:
  template <typename List>
  absl::StatusOr<NodeList> CompileAll(const List& expressions, int depth) const {
    NodeList nodes;
    nodes.reserve(static_cast<size_t>(expressions.size()));
    for (const auto& expression : expressions) {
      ASSIGN_OR_RETURN(NodePtr node, Compile(expression, depth + 1));
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  absl::StatusOr<NodePtr> CompileCall(const common::v1::CallExpression& call, Type type,
                                      int depth) const {
    const Function* function = FunctionCatalog::Builtin().BySignature(call.function());
    if (function == nullptr) return Malformed("unknown function " + call.function());
    ASSIGN_OR_RETURN(NodeList arguments, CompileAll(call.arguments(), depth));
    RETURN_IF_ERROR(CheckArguments(*function, arguments));
    // What stands in a row or in json is of any type.
    const bool any_result = function->result == types::TypeId::kUnspecified;
    if (!any_result && types::PhysicalOf(function->result) != types::PhysicalOf(type.id)) {
      return Malformed("another result type than that of " + call.function());
    }
    return MakeCall(function, std::move(arguments), type);
  }

  // Kernels trust their arguments' types.
  static absl::Status CheckArguments(const Function& function, const NodeList& arguments) {
    const size_t declared = function.arguments.size();
    const bool right_count =
        function.variadic ? arguments.size() + 1 >= declared : arguments.size() == declared;
    if (!right_count) return Malformed("wrong number of arguments for " + function.signature);
    for (size_t i = 0; i < arguments.size(); ++i) {
      const types::TypeId expected = function.arguments[std::min(i, declared - 1)];
      if (expected == types::TypeId::kUnspecified) continue;
      const types::TypeId actual = arguments[i]->type().id;
      if (types::PhysicalOf(expected) != types::PhysicalOf(actual) ||
          (types::IsArray(expected) && !IsArrayLike(actual, expected))) {
        return Malformed("wrong argument type for " + function.signature);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<NodePtr> CompileLogical(const LogicalExpression& logical, Type type,
                                         int depth) const {
    ASSIGN_OR_RETURN(NodeList arguments, CompileAll(logical.arguments(), depth));
    if (arguments.empty()) return Malformed("a connective of nothing");
    if (!IsBoolean(type)) return Malformed("a connective that is no boolean");
    for (const auto& argument : arguments) {
      if (!IsBoolean(argument->type())) return Malformed("a connective of what is no boolean");
    }
    switch (logical.kind()) {
      case LogicalExpression::KIND_AND:
        return MakeAnd(std::move(arguments), type);
      case LogicalExpression::KIND_OR:
        return MakeOr(std::move(arguments), type);
      case LogicalExpression::KIND_NOT:
        return MakeNot(std::move(arguments[0]), type);
      default:
        return Malformed("an unknown connective");
    }
  }

  absl::StatusOr<NodePtr> CompileTest(const common::v1::TestExpression& test, Type type,
                                      int depth) const {
    ASSIGN_OR_RETURN(NodeList arguments, CompileAll(test.arguments(), depth));
    const bool pair = test.kind() == common::v1::TestExpression::KIND_DISTINCT ||
                      test.kind() == common::v1::TestExpression::KIND_NOT_DISTINCT;
    if (!common::v1::TestExpression::Kind_IsValid(test.kind()) ||
        test.kind() == common::v1::TestExpression::KIND_UNSPECIFIED) {
      return Malformed("an unknown test");
    }
    if (arguments.size() != (pair ? 2U : 1U)) return Malformed("a test of the wrong size");
    if (!IsBoolean(type)) return Malformed("a test that is no boolean");
    const bool of_null = test.kind() == common::v1::TestExpression::KIND_IS_NULL ||
                         test.kind() == common::v1::TestExpression::KIND_IS_NOT_NULL;
    if (!pair && !of_null && !IsBoolean(arguments[0]->type())) {
      return Malformed("a boolean test of what is no boolean");
    }
    if (pair &&
        types::PhysicalOf(arguments[0]->type().id) != types::PhysicalOf(arguments[1]->type().id)) {
      return Malformed("IS DISTINCT FROM of different types");
    }
    return MakeTest(test.kind(), std::move(arguments), type);
  }

  absl::StatusOr<NodePtr> CompileCase(const common::v1::CaseExpression& expression, Type type,
                                      int depth) const {
    ASSIGN_OR_RETURN(NodeList when, CompileAll(expression.when(), depth));
    ASSIGN_OR_RETURN(NodeList then, CompileAll(expression.then(), depth));
    if (when.size() != then.size()) return Malformed("CASE with unpaired branches");
    NodePtr otherwise;
    if (expression.has_otherwise()) {
      ASSIGN_OR_RETURN(otherwise, Compile(expression.otherwise(), depth + 1));
    }
    for (const auto& node : when) {
      if (!IsBoolean(node->type())) return Malformed("CASE on what is no boolean");
    }
    for (const auto& node : then) {
      if (types::PhysicalOf(node->type().id) != types::PhysicalOf(type.id)) {
        return Malformed("CASE branches of different types");
      }
    }
    if (otherwise != nullptr &&
        types::PhysicalOf(otherwise->type().id) != types::PhysicalOf(type.id)) {
      return Malformed("CASE branches of different types");
    }
    return MakeCase(std::move(when), std::move(then), std::move(otherwise), type);
  }
};

}  // namespace

absl::StatusOr<CompiledExpressionPtr> Compile(const Expression& expression) {
  ASSIGN_OR_RETURN(NodePtr node, Compiler().Compile(expression, 0));
  return CompiledExpressionPtr(std::move(node));
}

}  // namespace adbms::sql::expression
