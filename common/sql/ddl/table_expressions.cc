#include "common/sql/ddl/table_expressions.h"

#include "common/sql/plan/expression_encoder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

PlanningInput WithoutLiterals(PlanningInput input) {
  input.statement = nullptr;
  input.literals = nullptr;
  input.parameter_types.clear();
  return input;
}

// Names columns by their ordinals.
class OrdinalContext : public plan::EncodingContext {
 public:
  explicit OrdinalContext(const std::vector<plan::ColumnId>& columns) : columns_(columns) {}
  absl::Status Column(plan::ColumnId column, common::v1::Expression* out) override {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] != column) continue;
      out->set_column(static_cast<uint32_t>(i));
      return absl::OkStatus();
    }
    return absl::InternalError("an expression over another table's column");
  }
  absl::Status Subquery(const plan::Expr&, common::v1::SubqueryExpression*) override {
    return absl::InternalError("a subquery over a table's columns");
  }

 private:
  const std::vector<plan::ColumnId>& columns_;
};

// Conversions that were implied are written out where an expression is shown; but for those that
// cut what is too long, that makes no difference.
void ClearExplicit(google::protobuf::Message* message) {
  if (auto* e = dynamic_cast<common::v1::Expression*>(message);
      e != nullptr && e->has_cast() && e->type().modifier() == 0)
    e->mutable_cast()->clear_explicit_();
  const google::protobuf::Reflection& fields = *message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> set;
  fields.ListFields(*message, &set);
  for (const auto* field : set) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) ClearExplicit(fields.MutableMessage(message, field));
    for (int i = 0; field->is_repeated() && i < fields.FieldSize(*message, field); ++i)
      ClearExplicit(fields.MutableRepeatedMessage(message, field, i));
  }
}

}  // namespace

bool MeanTheSame(const std::string& a, const std::string& b) {
  if (a == b) return true;
  common::v1::Expression one, other;
  if (!one.ParseFromString(a) || !other.ParseFromString(b)) return false;
  ClearExplicit(&one);
  ClearExplicit(&other);
  return one.SerializeAsString() == other.SerializeAsString();
}

TableExpressions::TableExpressions(const PlanningInput& input, const parser::StatementTree& tree,
                                   const common::v1::TableDescriptor& table)
    : input_(WithoutLiterals(input)), table_(table), binder_(input_, tree) {
  for (const auto& column : table.columns()) {
    columns_.push_back(
        binder_.query().AddColumn({column.name(), types::FromProto(column.type()), 0, 0, false}));
  }
}

absl::StatusOr<plan::ExprPtr> TableExpressions::Bind(const parser::Node* node,
                                                     const std::string& what) {
  ASSIGN_OR_RETURN(plan::ExprPtr e, binder_.BindTableExpression(node, table_, columns_, what));
  int parameter = -1;
  plan::Walk(e, [&](const plan::Expr& part) {
    if (part.kind == plan::Expr::Kind::kParameter) parameter = part.parameter;
  });
  if (parameter >= 0) {
    return status::Error(status::sqlstate::kUndefinedParameter,
                         "there is no parameter $" + std::to_string(parameter + 1));
  }
  return e;
}

absl::StatusOr<plan::ExprPtr> TableExpressions::BindCheck(const std::string& sql) {
  return binder_.BindTableCondition(sql, table_, columns_);
}

absl::StatusOr<std::string> TableExpressions::Encode(const plan::ExprPtr& expression) const {
  OrdinalContext context(columns_);
  common::v1::Expression out;
  RETURN_IF_ERROR(plan::Encode(*expression, &context, &out));
  return out.SerializeAsString();
}

std::vector<uint32_t> TableExpressions::OrdinalsOf(const plan::ExprPtr& expression) const {
  const plan::ColumnSet used = plan::ColumnsOf(expression);
  std::vector<uint32_t> ordinals;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (used.contains(columns_[i])) ordinals.push_back(static_cast<uint32_t>(i));
  }
  return ordinals;
}

}  // namespace adbms::sql::ddl
