// Options of statements, as the grammar has them: names with constants.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::parser {

// A constant as text, as SET and DefElem arguments have it; empty for what is none.
std::string ConstantText(const Node* node);
// Whether a boolean option, which the grammar itself has made, is on; one without an argument is.
bool IsOn(const PgQuery__DefElem& option);
// The same of one that users write: PostgreSQL's defGetBoolean. Errors: 42601 "costs requires a
// Boolean value".
absl::StatusOr<bool> ReadBoolean(const PgQuery__DefElem& option);

}  // namespace adbms::sql::parser
