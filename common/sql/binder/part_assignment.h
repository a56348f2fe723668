// Assignments to parts of values of domains.
#pragma once

#include "common/sql/plan/logical.h"

namespace adbms::sql::binder {

// What an assignment to a part before this one has made of the value, not held against the domain
// that it is of: that comes when the last part has been assigned. Any other value is its own.
plan::ExprPtr UnfinishedAssignment(const plan::ExprPtr& value);

}  // namespace adbms::sql::binder
