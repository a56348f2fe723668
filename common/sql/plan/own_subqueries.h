// An expression that stands in several places, as the operand of BETWEEN does, is shared by them;
// its subqueries must not be, for operators are rewritten in place and belong to one parent each.
#pragma once

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// Gives every place a subquery of its own, with its own columns.
void OwnSubqueries(Query* query);

}  // namespace adbms::sql::plan
