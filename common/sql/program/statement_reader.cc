#include "common/sql/program/statement_reader.h"

#include "absl/strings/str_cat.h"
#include "common/sql/program/program_parser.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::program {

namespace sqlstate = status::sqlstate;

absl::StatusOr<Block> StatementReader::ReadBlock(std::string label) {
  if (++depth_ > kMaxNesting)
    return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
  Block block;
  block.label = std::move(label);
  if (tokens_.Take("declare")) RETURN_IF_ERROR(ReadDeclarations(&block));
  RETURN_IF_ERROR(tokens_.Expect("begin"));
  ASSIGN_OR_RETURN(block.body, ReadBody({"end", "exception"}));
  if (tokens_.Take("exception")) RETURN_IF_ERROR(ReadHandlers(&block));
  RETURN_IF_ERROR(tokens_.Expect("end"));
  if (tokens_.IsName()) {
    const int offset = tokens_.at().offset;
    ASSIGN_OR_RETURN(const std::string end, tokens_.TakeName());
    if (end != block.label)
      return tokens_.ErrorAt(
          offset, sqlstate::kSyntaxError,
          block.label.empty()
              ? absl::StrCat("end label \"", end, "\" specified for unlabeled block")
              : absl::StrCat("end label \"", end, "\" differs from block's label \"", block.label,
                             "\""));
  }
  --depth_;
  return block;
}

absl::Status StatementReader::ReadHandlers(Block* block) {
  block->has_handlers = true;
  while (tokens_.Take("when")) {
    Handler handler;
    do {
      if (tokens_.Take("sqlstate")) {
        std::string code;
        if (!StringValue(tokens_.TextOf(tokens_.at()), &code)) return tokens_.SyntaxError();
        if (code.size() != 5)
          return tokens_.ErrorAt(tokens_.at().offset, sqlstate::kSyntaxError,
                                 "invalid SQLSTATE code");
        tokens_.Skip();
        handler.conditions.push_back(std::move(code));
      } else {
        ASSIGN_OR_RETURN(handler.conditions.emplace_back(), tokens_.TakeName());
      }
    } while (tokens_.Take("or"));
    RETURN_IF_ERROR(tokens_.Expect("then"));
    ASSIGN_OR_RETURN(handler.body, ReadBody({"when", "end"}));
    block->handlers.push_back(std::move(handler));
  }
  return block->handlers.empty() ? tokens_.SyntaxError() : absl::OkStatus();
}

absl::StatusOr<Body> StatementReader::ReadBody(const std::vector<std::string_view>& ends) {
  Body body;
  for (;;) {
    for (const std::string_view end : ends) {
      if (tokens_.Is(end) && !AtAssignment()) return body;
    }
    if (tokens_.AtEnd()) return tokens_.SyntaxError();
    ASSIGN_OR_RETURN(StatementPtr statement, ReadStatement());
    body.push_back(std::move(statement));
  }
}

// name[.name…][subscripts…] := or =
bool StatementReader::AtAssignment() const {
  size_t ahead = 0;
  if (tokens_.at().kind == Token::Kind::kParameter) {
    ahead = 1;
  } else {
    if (!tokens_.IsName()) return false;
    ahead = 1;
    while (tokens_.IsSymbol(".", ahead) && tokens_.IsName(ahead + 1)) ahead += 2;
  }
  while (tokens_.IsSymbol("[", ahead)) {
    int depth = 0;
    do {
      const Token::Kind kind = tokens_.at(ahead).kind;
      if (kind == Token::Kind::kEnd || kind == Token::Kind::kInvalid) return false;
      depth += tokens_.IsSymbol("[", ahead) ? 1 : tokens_.IsSymbol("]", ahead) ? -1 : 0;
      ++ahead;
    } while (depth > 0);
  }
  return tokens_.IsSymbol(":=", ahead) || tokens_.IsSymbol("=", ahead);
}

absl::StatusOr<StatementPtr> StatementReader::ReadStatement() {
  if (++depth_ > kMaxNesting)
    return status::Error(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
  auto out = std::make_unique<Statement>();
  out->line = tokens_.LineOf(tokens_.at().offset);
  const auto read = [&]() -> absl::Status {
    if (AtAssignment()) return ReadAssignment(out.get());
    std::string label;
    if (tokens_.TakeSymbol("<<")) {
      ASSIGN_OR_RETURN(label, tokens_.TakeName());
      RETURN_IF_ERROR(tokens_.ExpectSymbol(">>"));
      return ReadLabeled(std::move(label), out.get());
    }
    if (tokens_.Is("declare") || tokens_.Is("begin") || tokens_.Is("loop") || tokens_.Is("while") ||
        tokens_.Is("for") || tokens_.Is("foreach"))
      return ReadLabeled("", out.get());
    if (tokens_.Take("if")) return ReadIf(out.get());
    if (tokens_.Take("case")) return ReadCase(out.get());
    if (tokens_.Take("exit")) return ReadExit(Kind::kExit, out.get());
    if (tokens_.Take("continue")) return ReadExit(Kind::kContinue, out.get());
    if (tokens_.Take("return")) return ReadReturn(out.get());
    if (tokens_.Take("raise")) return ReadRaise(out.get());
    if (tokens_.Take("assert")) return ReadAssert(out.get());
    if (tokens_.Take("execute")) return ReadExecute(out.get());
    if (tokens_.Take("get")) return ReadDiagnostics(out.get());
    if (tokens_.Take("open")) return ReadOpen(out.get());
    if (tokens_.Is("fetch") || tokens_.Is("move")) return ReadFetch(out.get());
    if (tokens_.Take("close")) {
      out->kind = Kind::kClose;
      ASSIGN_OR_RETURN(out->cursor, tokens_.TakeName());
      return End();
    }
    if (tokens_.Take("commit")) return ReadTransactionEnd(Kind::kCommit, out.get());
    if (tokens_.Take("rollback")) return ReadTransactionEnd(Kind::kRollback, out.get());
    if (tokens_.Is("null") && tokens_.IsSymbol(";", 1)) {
      tokens_.Skip();
      return End();
    }
    if (tokens_.Take("perform")) {
      out->kind = Kind::kPerform;
      ASSIGN_OR_RETURN(out->query, tokens_.ReadUntil({";"}));
      out->query.text = absl::StrCat("SELECT ", out->query.text);
      return End();
    }
    if (!tokens_.IsName()) return tokens_.SyntaxError();
    return ReadSql(out.get());
  };
  RETURN_IF_ERROR(read());
  --depth_;
  return StatementPtr(std::move(out));
}

absl::Status StatementReader::ReadLabeled(std::string label, Statement* out) {
  out->label = label;
  if (tokens_.Is("declare") || tokens_.Is("begin")) {
    out->kind = Kind::kBlock;
    ASSIGN_OR_RETURN(Block block, ReadBlock(std::move(label)));
    out->block = std::make_unique<const Block>(std::move(block));
    return End();
  }
  if (tokens_.Is("loop")) {
    out->kind = Kind::kLoop;
    return ReadLoopBody(label, out);
  }
  if (tokens_.Take("while")) {
    out->kind = Kind::kWhile;
    ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({"loop"}));
    return ReadLoopBody(label, out);
  }
  if (tokens_.Take("for")) return ReadFor(out);
  if (tokens_.Take("foreach")) return ReadForeach(out);
  return tokens_.SyntaxError();
}

absl::Status StatementReader::ReadLoopBody(const std::string& label, Statement* out) {
  RETURN_IF_ERROR(tokens_.Expect("loop"));
  ASSIGN_OR_RETURN(out->body, ReadBody({"end"}));
  RETURN_IF_ERROR(tokens_.Expect("end"));
  RETURN_IF_ERROR(tokens_.Expect("loop"));
  if (tokens_.IsName()) {
    const int offset = tokens_.at().offset;
    ASSIGN_OR_RETURN(const std::string end, tokens_.TakeName());
    if (end != label)
      return tokens_.ErrorAt(
          offset, sqlstate::kSyntaxError,
          label.empty()
              ? absl::StrCat("end label \"", end, "\" specified for unlabeled block")
              : absl::StrCat("end label \"", end, "\" differs from block's label \"", label, "\""));
  }
  return End();
}

absl::Status StatementReader::ReadIf(Statement* out) {
  out->kind = Kind::kIf;
  do {
    Branch branch;
    ASSIGN_OR_RETURN(branch.condition, tokens_.ReadUntil({"then"}));
    RETURN_IF_ERROR(tokens_.Expect("then"));
    ASSIGN_OR_RETURN(branch.body, ReadBody({"elsif", "elseif", "else", "end"}));
    out->branches.push_back(std::move(branch));
  } while (tokens_.Take("elsif") || tokens_.Take("elseif"));
  if (tokens_.Take("else")) {
    out->has_otherwise = true;
    ASSIGN_OR_RETURN(out->otherwise, ReadBody({"end"}));
  }
  RETURN_IF_ERROR(tokens_.Expect("end"));
  RETURN_IF_ERROR(tokens_.Expect("if"));
  return End();
}

absl::Status StatementReader::ReadCase(Statement* out) {
  out->kind = Kind::kCase;
  if (!tokens_.Is("when")) {
    ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({"when"}));
  }
  while (tokens_.Take("when")) {
    Branch branch;
    ASSIGN_OR_RETURN(branch.condition, tokens_.ReadUntil({"then"}));
    RETURN_IF_ERROR(tokens_.Expect("then"));
    ASSIGN_OR_RETURN(branch.body, ReadBody({"when", "else", "end"}));
    out->branches.push_back(std::move(branch));
  }
  if (out->branches.empty()) return tokens_.SyntaxError();
  if (tokens_.Take("else")) {
    out->has_otherwise = true;
    ASSIGN_OR_RETURN(out->otherwise, ReadBody({"end"}));
  }
  RETURN_IF_ERROR(tokens_.Expect("end"));
  RETURN_IF_ERROR(tokens_.Expect("case"));
  return End();
}

absl::Status StatementReader::ReadFor(Statement* out) {
  ASSIGN_OR_RETURN(out->targets.emplace_back(), ReadTarget());
  while (tokens_.TakeSymbol(",")) {
    ASSIGN_OR_RETURN(out->targets.emplace_back(), ReadTarget());
  }
  RETURN_IF_ERROR(tokens_.Expect("in"));
  if (tokens_.Take("execute")) {
    out->kind = Kind::kForExecute;
    ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({"loop", "using"}));
    if (tokens_.Take("using")) {
      ASSIGN_OR_RETURN(out->using_values, ReadList({"loop"}));
    }
    return ReadLoopBody(out->label, out);
  }
  if (tokens_.IsName() && cursors_.contains(tokens_.NameAt()) &&
      (tokens_.Is("loop", 1) || tokens_.IsSymbol("(", 1))) {
    out->kind = Kind::kForCursor;
    out->loop_variable = out->targets[0].name[0];
    ASSIGN_OR_RETURN(out->cursor, tokens_.TakeName());
    RETURN_IF_ERROR(ReadArguments(out));
    return ReadLoopBody(out->label, out);
  }
  const size_t start = tokens_.position();
  out->reverse = tokens_.Take("reverse");
  ASSIGN_OR_RETURN(const Fragment first, tokens_.ReadUntil({"..", "loop"}));
  if (tokens_.TakeSymbol("..")) {
    out->kind = Kind::kForInteger;
    if (out->targets.size() != 1 || out->targets[0].name.size() != 1)
      return tokens_.ErrorAt(first.offset, sqlstate::kSyntaxError,
                             "integer FOR loop must have only one target variable");
    out->loop_variable = out->targets[0].name[0];
    out->expression = first;
    ASSIGN_OR_RETURN(out->to, tokens_.ReadUntil({"loop", "by"}));
    if (tokens_.Take("by")) {
      ASSIGN_OR_RETURN(out->by, tokens_.ReadUntil({"loop"}));
    }
    return ReadLoopBody(out->label, out);
  }
  tokens_.Rewind(start);
  out->reverse = false;
  out->kind = Kind::kForQuery;
  ASSIGN_OR_RETURN(out->query, tokens_.ReadUntil({"loop"}));
  return ReadLoopBody(out->label, out);
}

absl::Status StatementReader::ReadForeach(Statement* out) {
  out->kind = Kind::kForeach;
  ASSIGN_OR_RETURN(out->targets.emplace_back(), ReadTarget());
  if (tokens_.Take("slice")) {
    const Token& number = tokens_.at();
    if (number.kind != Token::Kind::kInteger || number.length > 2) return tokens_.SyntaxError();
    out->slice = std::stoi(std::string(tokens_.TextOf(number)));
    tokens_.Skip();
  }
  RETURN_IF_ERROR(tokens_.Expect("in"));
  RETURN_IF_ERROR(tokens_.Expect("array"));
  ASSIGN_OR_RETURN(out->expression, tokens_.ReadUntil({"loop"}));
  return ReadLoopBody(out->label, out);
}

}  // namespace adbms::sql::program
