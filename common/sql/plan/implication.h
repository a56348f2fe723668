// Whether what a query asks of a row says that an index's predicate holds for it (PostgreSQL's
// predtest.c, as far as comparisons with constants, IS [NOT] NULL, IN, AND and OR go). Pure
// functions; false where in doubt.
#pragma once

#include <vector>

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// Whether `predicate` is true for every row for which all `conditions` are true. Both are over the
// same columns, constants folded.
bool Implies(const std::vector<ExprPtr>& conditions, const ExprPtr& predicate);

}  // namespace adbms::sql::plan
