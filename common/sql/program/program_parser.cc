#include "common/sql/program/program_parser.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "common/sql/parser/parse_tree.h"
#include "common/sql/program/statement_reader.h"
#include "common/sql/program/token_reader.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::program {
namespace {

namespace sqlstate = status::sqlstate;

// Looks at the SQL of a body with PostgreSQL's own grammar.
class SyntaxChecker {
 public:
  explicit SyntaxChecker(std::string_view body) : body_(body) {}

  absl::Status Check(const Block& block) const {
    for (const Variable& variable : block.variables) {
      RETURN_IF_ERROR(Expression(variable.initial));
      RETURN_IF_ERROR(Whole(variable.cursor_query));
    }
    RETURN_IF_ERROR(Check(block.body));
    for (const Handler& handler : block.handlers) RETURN_IF_ERROR(Check(handler.body));
    return absl::OkStatus();
  }

 private:
  absl::Status Check(const Body& body) const {
    for (const StatementPtr& statement : body) RETURN_IF_ERROR(Check(*statement));
    return absl::OkStatus();
  }

  absl::Status Check(const Statement& statement) const {
    const bool record = statement.kind == Statement::Kind::kReturn ||
                        statement.kind == Statement::Kind::kReturnNext;
    if (!record) RETURN_IF_ERROR(Expression(statement.expression));
    for (const Fragment* fragment : {&statement.to, &statement.by, &statement.message_expression})
      RETURN_IF_ERROR(Expression(*fragment));
    if (statement.kind == Statement::Kind::kPerform) {
      Fragment query = statement.query;
      query.offset -= 7;  // Its SELECT is not in the body.
      RETURN_IF_ERROR(Whole(query));
    } else {
      RETURN_IF_ERROR(Whole(statement.query));
    }
    for (const Branch& branch : statement.branches) {
      RETURN_IF_ERROR(Expression(branch.condition));
      RETURN_IF_ERROR(Check(branch.body));
    }
    for (const Argument& argument : statement.arguments)
      RETURN_IF_ERROR(Expression(argument.value));
    for (const RaiseOption& option : statement.options) RETURN_IF_ERROR(Expression(option.value));
    for (const Fragment& value : statement.using_values) RETURN_IF_ERROR(Expression(value));
    RETURN_IF_ERROR(Check(statement.otherwise));
    RETURN_IF_ERROR(Check(statement.body));
    return statement.block == nullptr ? absl::OkStatus() : Check(*statement.block);
  }

  absl::Status Expression(const Fragment& fragment) const {
    return fragment.empty() ? absl::OkStatus()
                            : Parse(absl::StrCat("SELECT ", fragment.text), fragment.offset - 7);
  }

  absl::Status Whole(const Fragment& fragment) const {
    return fragment.empty() ? absl::OkStatus() : Parse(fragment.text, fragment.offset);
  }

  // `offset`: where the text would start in the body.
  absl::Status Parse(const std::string& text, int offset) const {
    const absl::Status status = parser::ParseTree::Parse(text).status();
    if (status.ok()) return status;
    status::SqlError error = status::FromStatus(status);
    if (error.position == 0) return status;
    // The characters before it in the body, or a fragment's own SELECT.
    int characters = 0;
    for (int i = 0; i < offset; ++i) characters += (body_[static_cast<size_t>(i)] & 0xc0) != 0x80;
    error.position = std::max(1, error.position + (offset < 0 ? offset : characters));
    return status::ToStatus(error);
  }

  const std::string_view body_;
};

}  // namespace

absl::StatusOr<ProgramPtr> ParseProgram(std::string_view body) {
  if (body.size() > parser::kMaxStatementBytes)
    return status::Error(sqlstate::kStatementTooComplex, "the body is too large");
  TokenReader tokens(body);
  auto program = std::make_shared<Program>();
  while (tokens.TakeSymbol("#")) {
    ASSIGN_OR_RETURN(const std::string option, tokens.TakeName());
    ASSIGN_OR_RETURN(const std::string value, tokens.TakeName());
    if (option == "variable_conflict") {
      if (value == "use_variable") {
        program->conflict = VariableConflict::kUseVariable;
      } else if (value == "use_column") {
        program->conflict = VariableConflict::kUseColumn;
      } else if (value != "error") {
        return tokens.SyntaxError();
      }
    } else if (option != "option" && option != "print_strict_params") {
      return tokens.SyntaxError();
    }
  }
  std::string label;
  if (tokens.TakeSymbol("<<")) {
    ASSIGN_OR_RETURN(label, tokens.TakeName());
    RETURN_IF_ERROR(tokens.ExpectSymbol(">>"));
  }
  StatementReader reader(&tokens);
  ASSIGN_OR_RETURN(program->block, reader.ReadBlock(std::move(label)));
  tokens.TakeSymbol(";");
  if (!tokens.AtEnd()) return tokens.SyntaxError();
  RETURN_IF_ERROR(SyntaxChecker(body).Check(program->block));
  return ProgramPtr(std::move(program));
}

absl::Status CheckProgram(std::string_view body) { return ParseProgram(body).status(); }

}  // namespace adbms::sql::program
