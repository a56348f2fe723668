// Logical expressions to plan expressions.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// How names outside an expression are answered.
class EncodingContext {
 public:
  virtual ~EncodingContext() = default;
  // Fills `out`, whose type is set, for a column: a position, or a correlation slot.
  virtual absl::Status Column(ColumnId column, common::v1::Expression* out) = 0;
  // Fills `out` for a subquery: builds its sub-plan. Operands are filled by the caller.
  virtual absl::Status Subquery(const Expr& subquery, common::v1::SubqueryExpression* out) = 0;
};

absl::Status Encode(const Expr& expression, EncodingContext* context, common::v1::Expression* out);
// For an expression without columns and subqueries. Errors: INTERNAL otherwise.
absl::StatusOr<common::v1::Expression> EncodeConstant(const Expr& expression);

}  // namespace adbms::sql::plan
