// What conditions tell of rows that they are evaluated on, beside their results: an error that
// names a value, or a function that passes it on (PostgreSQL manual, "Rules and Privileges").
#pragma once

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// Whether it can be evaluated on rows that nobody may see: whatever the values of `columns` are, it
// neither fails nor passes them on. Comparisons of plain types are such, and what is made of them.
bool IsLeakproof(const ExprPtr& expression, const ColumnSet& columns);

}  // namespace adbms::sql::plan
