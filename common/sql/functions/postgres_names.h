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

// What the binder makes of comparisons and changes of case under a collation of ICU. No statement
// calls them.
// (text, schema, name, locale, nondeterministic): the sort key, a bytea.
inline constexpr char kCollationKey[] = "collation key";
// (key): the text that a key of a deterministic collation was made of.
inline constexpr char kCollationText[] = "collation text";
// (text, "lower", "upper" or "initcap", locale)
inline constexpr char kChangeCase[] = "change case";

}  // namespace adbms::sql::functions
