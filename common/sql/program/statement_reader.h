// PL/pgSQL's statements and declarations, token by token. One reader reads one body; not
// thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/program/program.h"
#include "common/sql/program/token_reader.h"

namespace adbms::sql::program {

class StatementReader {
 public:
  explicit StatementReader(TokenReader* tokens) : tokens_(*tokens) {}

  // [<<label>>] [DECLARE …] BEGIN … END [label]
  absl::StatusOr<Block> ReadBlock(std::string label);

 private:
  using Kind = Statement::Kind;

  // declarations.cc
  absl::Status ReadDeclarations(Block* block);
  absl::Status ReadDeclaration(Block* block);
  absl::Status ReadCursor(Variable* variable);
  // The type, up to what follows it in the declaration.
  absl::Status ReadType(Variable* variable);

  // statement_reader.cc
  // Until one of the keywords, which stays unread.
  absl::StatusOr<Body> ReadBody(const std::vector<std::string_view>& ends);
  absl::StatusOr<StatementPtr> ReadStatement();
  absl::Status ReadLabeled(std::string label, Statement* out);
  absl::Status ReadIf(Statement* out);
  absl::Status ReadCase(Statement* out);
  absl::Status ReadFor(Statement* out);
  absl::Status ReadForeach(Statement* out);
  absl::Status ReadLoopBody(const std::string& label, Statement* out);
  absl::Status ReadHandlers(Block* block);
  bool AtAssignment() const;

  // simple_statements.cc
  absl::Status ReadAssignment(Statement* out);
  absl::Status ReadExit(Kind kind, Statement* out);
  absl::Status ReadReturn(Statement* out);
  absl::Status ReadRaise(Statement* out);
  absl::Status ReadRaiseOptions(Statement* out);
  absl::Status ReadAssert(Statement* out);
  absl::Status ReadExecute(Statement* out);
  absl::Status ReadDiagnostics(Statement* out);
  absl::Status ReadOpen(Statement* out);
  absl::Status ReadFetch(Statement* out);
  absl::Status ReadSql(Statement* out);
  absl::Status ReadTransactionEnd(Kind kind, Statement* out);
  // e [, e …] up to one of `ends`, which stays unread.
  absl::StatusOr<std::vector<Fragment>> ReadList(std::vector<std::string_view> ends);
  absl::Status ReadTargets(Statement* out);
  absl::StatusOr<Target> ReadTarget();
  // (a, name := b): the arguments of a cursor.
  absl::Status ReadArguments(Statement* out);
  absl::Status End() { return tokens_.ExpectSymbol(";"); }

  TokenReader& tokens_;
  // Names of bound cursors, of any block, with those of their arguments.
  std::map<std::string, std::vector<std::string>> cursors_;
  int depth_ = 0;
};

}  // namespace adbms::sql::program
