#include "common/sql/plan/expression_encoder.h"

#include "common/status/macros.h"

namespace adbms::sql::plan {
namespace {

class ConstantContext : public EncodingContext {
 public:
  absl::Status Column(ColumnId, common::v1::Expression*) override {
    return absl::InternalError("a constant expression refers to a column");
  }
  absl::Status Subquery(const Expr&, common::v1::SubqueryExpression*) override {
    return absl::InternalError("a constant expression has a subquery");
  }
};

template <typename List>
absl::Status EncodeAll(const std::vector<ExprPtr>& args, EncodingContext* context, List* out) {
  for (const ExprPtr& arg : args) RETURN_IF_ERROR(Encode(*arg, context, out->Add()));
  return absl::OkStatus();
}

}  // namespace

absl::Status Encode(const Expr& e, EncodingContext* context, common::v1::Expression* out) {
  *out->mutable_type() = types::ToProto(e.type);
  switch (e.kind) {
    case Expr::Kind::kLiteral:
      *out->mutable_literal() = types::ToProto(e.value);
      return absl::OkStatus();
    case Expr::Kind::kColumn:
      return context->Column(e.column, out);
    case Expr::Kind::kParameter:
      out->set_parameter(static_cast<uint32_t>(e.parameter));
      return absl::OkStatus();
    case Expr::Kind::kCall:
      out->mutable_call()->set_function(e.function->signature);
      return EncodeAll(e.args, context, out->mutable_call()->mutable_arguments());
    case Expr::Kind::kCast:
      out->mutable_cast()->set_explicit_(e.is_explicit);
      return Encode(*e.args[0], context, out->mutable_cast()->mutable_argument());
    case Expr::Kind::kLogical:
      out->mutable_logical()->set_kind(e.logical);
      return EncodeAll(e.args, context, out->mutable_logical()->mutable_arguments());
    case Expr::Kind::kTest:
      out->mutable_test()->set_kind(e.test);
      return EncodeAll(e.args, context, out->mutable_test()->mutable_arguments());
    case Expr::Kind::kCase: {
      auto* proto = out->mutable_case_();
      const size_t pairs = e.args.size() / 2;
      for (size_t i = 0; i < pairs; ++i) {
        RETURN_IF_ERROR(Encode(*e.args[2 * i], context, proto->add_when()));
        RETURN_IF_ERROR(Encode(*e.args[2 * i + 1], context, proto->add_then()));
      }
      if (e.args.size() % 2 == 1)
        return Encode(*e.args.back(), context, proto->mutable_otherwise());
      return absl::OkStatus();
    }
    case Expr::Kind::kCoalesce:
      return EncodeAll(e.args, context, out->mutable_coalesce()->mutable_items());
    case Expr::Kind::kInList: {
      auto* proto = out->mutable_in_list();
      proto->set_negated(e.negated);
      RETURN_IF_ERROR(Encode(*e.args[0], context, proto->mutable_argument()));
      for (size_t i = 1; i < e.args.size(); ++i)
        RETURN_IF_ERROR(Encode(*e.args[i], context, proto->add_items()));
      return absl::OkStatus();
    }
    case Expr::Kind::kSubquery: {
      auto* proto = out->mutable_subquery();
      proto->set_kind(e.subquery);
      RETURN_IF_ERROR(EncodeAll(e.args, context, proto->mutable_operands()));
      for (const functions::Function* function : e.comparisons)
        proto->add_comparisons(function->signature);
      return context->Subquery(e, proto);
    }
    case Expr::Kind::kSession:
      out->mutable_session_value()->set_kind(e.session);
      return absl::OkStatus();
  }
  return absl::InternalError("unknown expression");
}

absl::StatusOr<common::v1::Expression> EncodeConstant(const Expr& expression) {
  ConstantContext context;
  common::v1::Expression out;
  RETURN_IF_ERROR(Encode(expression, &context, &out));
  return out;
}

}  // namespace adbms::sql::plan
