// The functions of PostgreSQL 15 that are not built in here: calling one is not supported, which is
// another answer than that there is no such function. Thread-safe.
#pragma once

#include <string_view>

#include "common/types/type.h"

namespace adbms::sql::functions {

bool IsPostgresFunction(std::string_view name);

// nextval for an identity column, whose values come with the right to insert into its table. No
// statement can name it: only the column's default is bound to it.
inline constexpr char kIdentityNextval[] = "identity_nextval";
// Whether PostgreSQL has the operator for json, which has only some of its operators here.
bool IsPostgresOperator(std::string_view symbol, types::TypeId left, types::TypeId right);

}  // namespace adbms::sql::functions
