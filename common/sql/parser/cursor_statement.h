// Classification of DECLARE, FETCH and MOVE.
#pragma once

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::parser {

void ClassifyFetch(const PgQuery__FetchStmt& node, Statement* out);
// Errors: 0A000 for a binary one.
absl::Status ClassifyDeclare(const PgQuery__DeclareCursorStmt& node, Statement* out);

}  // namespace adbms::sql::parser
