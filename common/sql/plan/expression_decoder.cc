#include "common/sql/plan/expression_decoder.h"

#include "common/status/macros.h"

namespace adbms::sql::plan {
namespace {

using common::v1::Expression;
using Columns = std::function<ExprPtr(uint32_t)>;

template <typename List>
absl::Status DecodeAll(const List& list, const Columns& column, std::vector<ExprPtr>* out) {
  for (const Expression& one : list) {
    ASSIGN_OR_RETURN(ExprPtr decoded, Decode(one, column));
    out->push_back(std::move(decoded));
  }
  return absl::OkStatus();
}

absl::Status DecodeInto(const Expression& one, const Columns& column, std::vector<ExprPtr>* out) {
  ASSIGN_OR_RETURN(ExprPtr decoded, Decode(one, column));
  out->push_back(std::move(decoded));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExprPtr> Decode(const Expression& e, const Columns& column) {
  auto out = std::make_shared<Expr>();
  out->type = types::FromProto(e.type());
  switch (e.node_case()) {
    case Expression::kLiteral: {
      out->kind = Expr::Kind::kLiteral;
      ASSIGN_OR_RETURN(out->value, types::FromProto(e.literal()));
      return ExprPtr(std::move(out));
    }
    case Expression::kColumn:
      return column(e.column());
    case Expression::kCall:
      out->kind = Expr::Kind::kCall;
      out->function = functions::FunctionCatalog::Builtin().BySignature(e.call().function());
      if (out->function == nullptr)
        return absl::InternalError("unknown function " + e.call().function());
      RETURN_IF_ERROR(DecodeAll(e.call().arguments(), column, &out->args));
      return ExprPtr(std::move(out));
    case Expression::kCast:
      out->kind = Expr::Kind::kCast;
      out->is_explicit = e.cast().explicit_();
      RETURN_IF_ERROR(DecodeInto(e.cast().argument(), column, &out->args));
      return ExprPtr(std::move(out));
    case Expression::kLogical:
      out->kind = Expr::Kind::kLogical;
      out->logical = e.logical().kind();
      RETURN_IF_ERROR(DecodeAll(e.logical().arguments(), column, &out->args));
      return ExprPtr(std::move(out));
    case Expression::kTest:
      out->kind = Expr::Kind::kTest;
      out->test = e.test().kind();
      RETURN_IF_ERROR(DecodeAll(e.test().arguments(), column, &out->args));
      return ExprPtr(std::move(out));
    case Expression::kCase:
      out->kind = Expr::Kind::kCase;
      for (int i = 0; i < e.case_().when_size() && i < e.case_().then_size(); ++i) {
        RETURN_IF_ERROR(DecodeInto(e.case_().when(i), column, &out->args));
        RETURN_IF_ERROR(DecodeInto(e.case_().then(i), column, &out->args));
      }
      if (e.case_().has_otherwise())
        RETURN_IF_ERROR(DecodeInto(e.case_().otherwise(), column, &out->args));
      return ExprPtr(std::move(out));
    case Expression::kCoalesce:
      out->kind = Expr::Kind::kCoalesce;
      RETURN_IF_ERROR(DecodeAll(e.coalesce().items(), column, &out->args));
      return ExprPtr(std::move(out));
    case Expression::kInList:
      out->kind = Expr::Kind::kInList;
      out->negated = e.in_list().negated();
      RETURN_IF_ERROR(DecodeInto(e.in_list().argument(), column, &out->args));
      RETURN_IF_ERROR(DecodeAll(e.in_list().items(), column, &out->args));
      return ExprPtr(std::move(out));
    default:
      return absl::InternalError("no expression over a row alone");
  }
}

absl::StatusOr<ExprPtr> Decode(const common::v1::IndexExpression& expression,
                               const Columns& column) {
  Expression parsed;
  if (!parsed.ParseFromString(expression.bound()))
    return absl::InternalError("a malformed index expression");
  return Decode(parsed, column);
}

}  // namespace adbms::sql::plan
