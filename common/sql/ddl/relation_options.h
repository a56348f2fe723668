// WITH (…) of tables and indexes: PostgreSQL's storage parameters. Storage lays rows out its own
// way, so they are checked as PostgreSQL does and then have no effect. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::ddl {

enum class RelationKind { kTable, kIndex, kHashIndex, kGinIndex, kGistIndex };

// `reset`: of RESET (…), whose parameters have no values. Errors: 22023 for an unknown parameter or
// a bad value, 42601 for a value in RESET.
absl::Status CheckRelationOptions(RelationKind kind, parser::NodeList options, bool reset);

// Errors: 22023 for what is no boolean.
absl::StatusOr<bool> BooleanValue(std::string_view option, const std::string& value);

// The option's value as it was written; without one, "true".
std::string OptionText(const PgQuery__DefElem& option);

}  // namespace adbms::sql::ddl
