// Fills the classified parts of a Statement from its syntax tree.
#pragma once

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::parser {

// `statement` has text, offset and tree. Errors: 0A000 for a statement that is not supported.
absl::Status Classify(const StatementTree& tree, Statement* statement);

}  // namespace adbms::sql::parser
