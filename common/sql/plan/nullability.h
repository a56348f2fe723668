// What is known of NULLs in an operator's rows. Pure functions.
#pragma once

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// Whether the column of `rel` is NULL in none of its rows. False where that is not known, and for a
// column that `rel` does not have.
bool NeverNull(const Query& query, const Rel& rel, ColumnId column);
// The same for an expression over the rows.
bool NeverNull(const Query& query, const Rel& rel, const Expr& expression);

}  // namespace adbms::sql::plan
