#include "common/sql/parser/cursor_statement.h"

#include "common/sql/parser/lexer.h"
#include "common/status/sql_error.h"

namespace adbms::sql::parser {

void ClassifyFetch(const PgQuery__FetchStmt& node, Statement* out) {
  out->statement_class = StatementClass::kCursor;
  CursorStatement& cursor = out->cursor;
  cursor.kind = node.ismove ? CursorStatement::Kind::kMove : CursorStatement::Kind::kFetch;
  out->command_tag = node.ismove ? "MOVE" : "FETCH";
  cursor.name = View(node.portalname);
  cursor.count = node.how_many;
  switch (node.direction) {
    case PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD:
      cursor.count = -cursor.count;
      break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE:
      cursor.direction = CursorStatement::Direction::kAbsolute;
      break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE:
      cursor.direction = CursorStatement::Direction::kRelative;
      break;
    default:
      break;
  }
}

absl::Status ClassifyDeclare(const PgQuery__DeclareCursorStmt& node, Statement* out) {
  // PostgreSQL's CURSOR_OPT_BINARY, _SCROLL and _HOLD.
  constexpr int kBinary = 0x01;
  constexpr int kScroll = 0x02;
  constexpr int kNoScroll = 0x04;
  constexpr int kHold = 0x20;
  if ((node.options & kBinary) != 0) return status::NotSupported("a binary cursor");
  out->statement_class = StatementClass::kCursor;
  out->command_tag = "DECLARE CURSOR";
  out->cursor.kind = CursorStatement::Kind::kDeclare;
  out->cursor.name = View(node.portalname);
  out->cursor.scroll = (node.options & kScroll) != 0;
  out->cursor.hold = (node.options & kHold) != 0;
  // No row is asked for but forward.
  out->cursor.count = (node.options & kNoScroll) != 0 ? 0 : 1;
  out->cursor.query = out->text.substr(InnerStatementOffset(out->text));
  return absl::OkStatus();
}

}  // namespace adbms::sql::parser
