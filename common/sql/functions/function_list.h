// All built-in functions, for pg_proc. Operators are not among them.
#pragma once

#include <vector>

#include "common/sql/functions/function_catalog.h"

namespace adbms::sql::functions {

// They live as long as the process. Thread-safe.
std::vector<const Function*> BuiltinFunctions();
std::vector<const AggregateFunction*> BuiltinAggregates();
std::vector<const TableFunction*> BuiltinTableFunctions();

}  // namespace adbms::sql::functions
