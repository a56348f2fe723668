// What several rules need to know of correlated trees.
#pragma once

#include <vector>

#include "common/sql/plan/logical.h"

namespace adbms::sql::rules {

// Takes the conditions that refer to `outer` out of the filters at the top of the subquery; false
// when the subquery refers to it elsewhere. Columns that the taken conditions need become part of
// the output.
bool TakeCorrelated(plan::RelPtr* rel, const plan::ColumnSet& outer,
                    std::vector<plan::ExprPtr>* taken);

// Whether a count decides, near the top, which rows the tree has: conditions cannot be taken out.
bool HasLimit(const plan::Rel& rel);
// Whether it locks the rows that it reads.
bool HasLock(const plan::Rel& rel);
// Whether an index starts with the column, so that running a subquery row by row is cheap.
bool LeadsAnIndex(const plan::Query& query, plan::ColumnId column);

}  // namespace adbms::sql::rules
