#include "common/sql/parser/command_tags.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sql/parser/lexer.h"

namespace adbms::sql::parser {

std::string DropTag(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
      return "DROP TABLE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
      return "DROP VIEW";
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
      return "DROP MATERIALIZED VIEW";
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
      return "DROP INDEX";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
      return "DROP SEQUENCE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
      return "DROP SCHEMA";
    case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
      return "DROP TYPE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
      return "DROP DOMAIN";
    case PG_QUERY__OBJECT_TYPE__OBJECT_OPERATOR:
      return "DROP OPERATOR";
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION:
      return "DROP COLLATION";
    default:
      return {};
  }
}

bool IsTypeObject(PgQuery__ObjectType type) {
  return type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION;
}

bool IsRelationObject(PgQuery__ObjectType type) {
  return type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ||
         type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX;
}

const char* AlterTag(PgQuery__ObjectType type) {
  switch (type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
    case PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT:
      return "ALTER DOMAIN";
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
      return "ALTER TABLE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
      return "ALTER VIEW";
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
      return "ALTER MATERIALIZED VIEW";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
      return "ALTER SEQUENCE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
      return "ALTER INDEX";
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
      return "ALTER SCHEMA";
    case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
      return "ALTER FUNCTION";
    case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
      return "ALTER PROCEDURE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
      return "ALTER ROUTINE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE:
      return "ALTER AGGREGATE";
    case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
      return "ALTER TRIGGER";
    case PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION:
      return "ALTER COLLATION";
    default:
      return "ALTER TYPE";
  }
}

std::string CommandWords(std::string_view text) {
  Lexer lexer(text);
  const Token first = lexer.Next();
  std::string words =
      absl::AsciiStrToUpper(absl::string_view(lexer.TextOf(first).data(), first.length));
  const Token second = lexer.Next();
  if (second.kind == Token::Kind::kWord)
    absl::StrAppend(
        &words, " ",
        absl::AsciiStrToUpper(absl::string_view(lexer.TextOf(second).data(), second.length)));
  return words;
}

}  // namespace adbms::sql::parser
