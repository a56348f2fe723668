// The functions of PostgreSQL 15 that are not built in here: calling one is not supported, which is
// another answer than that there is no such function. Thread-safe.
#pragma once

#include <string_view>

namespace adbms::sql::functions {

bool IsPostgresFunction(std::string_view name);
// Whether it is one of those that only superusers may call, unless it is granted.
bool IsForSuperusers(std::string_view name);

// nextval for an identity column, whose values come with the right to insert into its table. No
// statement can name it: only the column's default is bound to it.
inline constexpr char kIdentityNextval[] = "identity_nextval";

}  // namespace adbms::sql::functions
