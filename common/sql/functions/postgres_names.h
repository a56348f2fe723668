// The functions of PostgreSQL 15 that are not built in here: calling one is not supported, which is
// another answer than that there is no such function. Thread-safe.
#pragma once

#include <string_view>

namespace adbms::sql::functions {

bool IsPostgresFunction(std::string_view name);

}  // namespace adbms::sql::functions
