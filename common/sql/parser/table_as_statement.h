// CREATE TABLE … AS, SELECT … INTO, CREATE MATERIALIZED VIEW.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/sql.h"

namespace adbms::sql::parser {

// Where the query of CREATE … AS starts in a text that begins with the statement, and where it
// ends: before WITH [NO] DATA. The end is 0 where it was not found.
struct QueryText {
  int begin = 0;
  int end = 0;
};
QueryText QueryOf(std::string_view text);

// Fills `out` from the node and its text. Errors: 0A000.
absl::Status ClassifyTableAs(const PgQuery__CreateTableAsStmt& node, std::string_view text,
                             Statement* out);

// The INTO of a SELECT, or of the first one of a set operation; null: it has none.
const PgQuery__IntoClause* IntoOf(const PgQuery__SelectStmt& select);
// `offset`: where `text` starts in what was parsed. Errors: 0A000.
absl::Status ClassifyInto(const PgQuery__IntoClause& into, std::string_view text, int offset,
                          Statement* out);

}  // namespace adbms::sql::parser
