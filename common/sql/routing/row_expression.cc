#include "common/sql/routing/row_expression.h"

#include "common/status/macros.h"

namespace adbms::sql::routing {
namespace {

using common::v1::Expression;

template <typename List>
absl::Status CollectAll(const List& list, size_t column_count, std::set<uint32_t>* columns);

absl::Status Collect(const Expression& e, size_t column_count, std::set<uint32_t>* columns) {
  switch (e.node_case()) {
    case Expression::kLiteral:
    case Expression::kSessionValue:
      return absl::OkStatus();
    case Expression::kColumn:
      if (e.column() >= column_count) break;
      columns->insert(e.column());
      return absl::OkStatus();
    case Expression::kCall:
      return CollectAll(e.call().arguments(), column_count, columns);
    case Expression::kCast:
      return Collect(e.cast().argument(), column_count, columns);
    case Expression::kLogical:
      return CollectAll(e.logical().arguments(), column_count, columns);
    case Expression::kTest:
      return CollectAll(e.test().arguments(), column_count, columns);
    case Expression::kCase:
      RETURN_IF_ERROR(CollectAll(e.case_().when(), column_count, columns));
      RETURN_IF_ERROR(CollectAll(e.case_().then(), column_count, columns));
      return e.case_().has_otherwise() ? Collect(e.case_().otherwise(), column_count, columns)
                                       : absl::OkStatus();
    case Expression::kCoalesce:
      return CollectAll(e.coalesce().items(), column_count, columns);
    case Expression::kInList:
      RETURN_IF_ERROR(Collect(e.in_list().argument(), column_count, columns));
      return CollectAll(e.in_list().items(), column_count, columns);
    default:
      break;
  }
  return absl::InvalidArgumentError("no expression over the table's columns");
}

template <typename List>
absl::Status CollectAll(const List& list, size_t column_count, std::set<uint32_t>* columns) {
  for (const Expression& e : list) RETURN_IF_ERROR(Collect(e, column_count, columns));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<expression::CompiledExpressionPtr> CompileOverRow(const Expression& expression,
                                                                 size_t column_count,
                                                                 std::set<uint32_t>* columns) {
  RETURN_IF_ERROR(Collect(expression, column_count, columns));
  return expression::Compile(expression);
}

}  // namespace adbms::sql::routing
