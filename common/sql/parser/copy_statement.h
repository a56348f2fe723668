// COPY.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::parser {

// Fills `out` from the node and its text. Errors: 22023, 42601, 0A000.
absl::Status ClassifyCopy(const PgQuery__CopyStmt& node, std::string_view text, Statement* out);

}  // namespace adbms::sql::parser
