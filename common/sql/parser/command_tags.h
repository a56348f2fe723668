// Command tags, and which objects the grammar's kinds are.
#pragma once

#include <string>
#include <string_view>

#include "common/sql/parser/parse_tree.h"

namespace adbms::sql::parser {

// Of DROP; empty for kinds that statements of their own drop.
std::string DropTag(PgQuery__ObjectType type);
const char* AlterTag(PgQuery__ObjectType type);
// A type, or a part of one.
bool IsTypeObject(PgQuery__ObjectType type);
bool IsRelationObject(PgQuery__ObjectType type);
// The first two words of a statement, in capitals: what a command of no known tag is named by.
std::string CommandWords(std::string_view text);

}  // namespace adbms::sql::parser
