// Options of statements, as the grammar has them: names with constants.
#pragma once

#include <string>

#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::parser {

// A constant as text, as SET and DefElem arguments have it; empty for what is none.
std::string ConstantText(const Node* node);
// Whether a boolean option is on; one without an argument is.
bool IsOn(const PgQuery__DefElem& option);

}  // namespace adbms::sql::parser
