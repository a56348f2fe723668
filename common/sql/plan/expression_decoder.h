// Plan expressions back to logical ones.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// `column` answers the expression's columns. Errors: INTERNAL for what an index expression cannot
// have: parameters, correlation, subqueries, values of the session.
absl::StatusOr<ExprPtr> Decode(const common::v1::Expression& expression,
                               const std::function<ExprPtr(uint32_t)>& column);
// The same for the bytes in which an index keeps it.
absl::StatusOr<ExprPtr> Decode(const common::v1::IndexExpression& expression,
                               const std::function<ExprPtr(uint32_t)>& column);

}  // namespace adbms::sql::plan
