// Values that are needed while a statement is planned.
#pragma once

#include "absl/status/statusor.h"
#include "common/sql/plan/logical.h"
#include "common/sql/sql.h"

namespace adbms::sql {

// What the expression, which reads no columns and no parameters, is worth in the session and at the
// time of planning. Errors: those of the expression. REQUIRES: it has no subquery.
absl::StatusOr<types::Value> EvaluateNow(const plan::Expr& expression, const PlanningInput& input);

}  // namespace adbms::sql
