// Ordered-set aggregates: f(…) WITHIN GROUP (ORDER BY …). Their arguments are those in front, the
// same in all rows of a group, then the sorted value; rows come in its order.
#pragma once

#include <string_view>

namespace adbms::sql::functions {

bool IsOrderedSetAggregate(std::string_view name);
// rank(…) WITHIN GROUP and its like, which the binder makes of counts.
bool IsHypotheticalSetAggregate(std::string_view name);

}  // namespace adbms::sql::functions
