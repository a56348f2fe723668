#include "services/storage/codec/index_formula.h"

#include <set>

#include "common/sql/routing/row_expression.h"
#include "common/status/macros.h"

namespace adbms::storage::codec {
namespace {

absl::StatusOr<sql::expression::CompiledExpressionPtr> Compile(
    const common::v1::IndexExpression& expression, size_t column_count,
    std::set<uint32_t>* columns) {
  common::v1::Expression bound;
  if (!bound.ParseFromString(expression.bound()))
    return absl::InternalError("a malformed index expression");
  ASSIGN_OR_RETURN(auto compiled, sql::routing::CompileOverRow(bound, column_count, columns));
  const types::Type declared = types::FromProto(expression.type());
  if (types::PhysicalOf(compiled->type().id) != types::PhysicalOf(declared.id))
    return absl::InternalError("an index expression of another type than it says");
  return compiled;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const IndexFormula>> IndexFormula::Make(
    const common::v1::IndexDescriptor& index, size_t column_count) {
  if (index.expressions_size() == 0 && !index.has_predicate())
    return std::shared_ptr<const IndexFormula>();
  auto formula = std::make_shared<IndexFormula>();
  std::set<uint32_t> columns;
  for (const common::v1::IndexExpression& expression : index.expressions()) {
    ASSIGN_OR_RETURN(auto key, Compile(expression, column_count, &columns));
    formula->keys_.push_back(std::move(key));
  }
  if (index.has_predicate()) {
    ASSIGN_OR_RETURN(formula->predicate_, Compile(index.predicate(), column_count, &columns));
    if (formula->predicate_->type().id != types::TypeId::kBool)
      return absl::InternalError("an index predicate that is no condition");
  }
  formula->columns_.assign(columns.begin(), columns.end());
  return std::shared_ptr<const IndexFormula>(std::move(formula));
}

}  // namespace adbms::storage::codec
