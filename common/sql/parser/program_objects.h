// Statements about functions, procedures and triggers: which of them are changes of the catalog.
#pragma once

#include <string>

#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::parser {

// Whether objects of the type are functions, procedures or either.
bool IsRoutine(PgQuery__ObjectType type);

// "CREATE FUNCTION", "ALTER TRIGGER" and the like, as the command's tag; empty for any other
// statement.
std::string ProgramObjectTag(const Node& node);

}  // namespace adbms::sql::parser
