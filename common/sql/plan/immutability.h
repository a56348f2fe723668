// What an expression's value may depend on beside its arguments. Pure functions.
#pragma once

#include "common/sql/plan/logical.h"

namespace adbms::sql::plan {

// Whether the conversion depends on the session: it reads or prints times, prints what
// settings shape (bytea, floats, intervals), or names objects; also in arrays, ranges and rows.
bool IsStableCast(const types::Type& from, const types::Type& to);
// Whether the expression has the same value for the same columns at any time and in any session.
bool IsImmutable(const ExprPtr& expression);

}  // namespace adbms::sql::plan
