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

}  // namespace adbms::sql::rules
