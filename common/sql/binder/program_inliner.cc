#include "common/sql/binder/program_inliner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/sql/binder/invoking_role.h"
#include "common/sql/functions/error_function.h"
#include "common/sql/parser/type_name.h"
#include "common/sql/program/program_parser.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using common::v1::FunctionArgument;
using functions::CastContext;
using plan::Expr;
using program::Statement;
namespace sqlstate = status::sqlstate;

// Statements that are looked at, each as often as it may be reached: paths multiply.
constexpr int kMostSteps = 400;
// Nodes of an expression.
constexpr int kLargestExpression = 4000;

int SizeOf(const Expr& e) {
  int size = 1;
  for (const ExprPtr& arg : e.args) {
    size += SizeOf(*arg);
    if (size > kLargestExpression) break;
  }
  return size;
}

bool MayNotRepeat(const ExprPtr& e) { return plan::IsVolatile(e) || plan::HasSubquery(e); }

ExprPtr TextLiteral(std::string text) {
  return plan::MakeLiteral(types::Value::Text(std::move(text)));
}

// Whether any statement in it returns.
bool Returns(const program::Body& body) {
  return std::any_of(body.begin(), body.end(), [](const program::StatementPtr& statement) {
    if (statement->kind == Statement::Kind::kReturn || statement->kind == Statement::Kind::kRaise)
      return true;
    if (statement->block != nullptr && Returns(statement->block->body)) return true;
    return Returns(statement->otherwise) ||
           std::any_of(statement->branches.begin(), statement->branches.end(),
                       [](const program::Branch& branch) { return Returns(branch.body); });
  });
}

}  // namespace

absl::Status Binder::ProgramInliner::Cannot() {
  return status::Error(sqlstate::kFeatureNotSupported, "a program that is no expression");
}

absl::StatusOr<std::optional<Binder::ProgramInliner::Outcome>> Binder::ProgramInliner::Run(
    const program::Program& program, State state) {
  if (program.block.has_handlers) return std::optional<Outcome>();
  const auto run = [&]() -> absl::StatusOr<Outcome> {
    const size_t names = state.size();
    RETURN_IF_ERROR(Declare(program.block, &state));
    return Continue({{&program.block.body, 0, names}}, std::move(state));
  };
  auto outcome = run();
  // What does not bind says so when the program runs.
  if (!outcome.ok() || !outcome->returned) return std::optional<Outcome>();
  for (const ExprPtr& value : outcome->values) {
    if (SizeOf(*value) > kLargestExpression) return std::optional<Outcome>();
  }
  return std::optional<Outcome>(*std::move(outcome));
}

absl::Status Binder::ProgramInliner::CountReads(const ExprPtr& value, State* state) {
  if (SizeOf(*value) > kLargestExpression) return Cannot();
  absl::Status status;
  for (Variable& variable : *state) {
    if (variable.value == nullptr || !MayNotRepeat(variable.value)) continue;
    const auto visit = [&](const Expr& e) {
      if (&e == variable.value.get()) ++variable.reads;
    };
    plan::Walk(value, visit);
    // In a subquery of the expression it would be computed for each of its rows.
    if (plan::HasSubquery(value) && !plan::HasSubquery(variable.value)) status = Cannot();
    if (variable.reads > 1) status = Cannot();
  }
  return status;
}

absl::StatusOr<ExprPtr> Binder::ProgramInliner::Bind(const program::Fragment& fragment,
                                                     State* state) {
  std::shared_ptr<const parser::ParseTree> tree;
  ASSIGN_OR_RETURN(const Node* node, ParseExpression(fragment.text, &tree));
  binder_.kept_trees_.push_back(tree);
  std::vector<NamedValue> variables;
  for (const Variable& variable : *state) variables.push_back({variable.name, variable.value});
  ExprPtr bound;
  RETURN_IF_ERROR(
      binder_.WithText(tree->text(), &variables, /*conflict=*/true, [&]() -> absl::Status {
        Scope scope(nullptr);
        scope.clause = "a program";
        ASSIGN_OR_RETURN(bound, binder_.BindExpr(node, &scope));
        return absl::OkStatus();
      }));
  RETURN_IF_ERROR(CountReads(bound, state));
  return bound;
}

// The first row's only column.
absl::StatusOr<ExprPtr> Binder::ProgramInliner::BindQuery(const program::Fragment& fragment,
                                                          State* state) {
  ASSIGN_OR_RETURN(std::shared_ptr<const parser::ParseTree> tree,
                   parser::ParseTree::Parse(fragment.text));
  binder_.kept_trees_.push_back(tree);
  if (tree->result().n_stmts != 1 ||
      tree->result().stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    return Cannot();
  const PgQuery__SelectStmt& select = *tree->result().stmts[0]->stmt->select_stmt;
  if (select.with_clause != nullptr || select.n_locking_clause > 0) return Cannot();
  std::vector<NamedValue> variables;
  for (const Variable& variable : *state) {
    if (variable.value != nullptr && MayNotRepeat(variable.value)) return Cannot();
    variables.push_back({variable.name, variable.value});
  }
  BoundQuery query;
  RETURN_IF_ERROR(
      binder_.WithText(tree->text(), &variables, /*conflict=*/true, [&]() -> absl::Status {
        ASSIGN_OR_RETURN(query, binder_.BindSelect(select, nullptr));
        return absl::OkStatus();
      }));
  if (query.columns.size() != 1) return Cannot();
  return FirstValue(query.rel, query.columns[0].type);
}

absl::StatusOr<ExprPtr> Binder::ProgramInliner::Coerce(ExprPtr value, const Type& type) {
  if (type.id == TypeId::kVoid) return plan::MakeNull(type);
  ASSIGN_OR_RETURN(ExprPtr result,
                   binder_.TryCoerce(std::move(value), type, CastContext::kAssignment));
  if (result == nullptr) return Cannot();
  return result;
}

absl::Status Binder::ProgramInliner::Declare(const program::Block& block, State* state) {
  if (block.has_handlers || !block.aliases.empty()) return Cannot();
  for (const program::Variable& declared : block.variables) {
    if (declared.kind != program::VariableKind::kScalar) return Cannot();
    Variable variable;
    variable.name = {block.label, declared.name, true};
    if (!declared.like.empty()) {
      if (declared.like.size() < 2) return Cannot();
      const std::string schema =
          declared.like.size() > 2 ? declared.like[declared.like.size() - 3] : "";
      const auto* table = binder_.input_.catalog->ResolveTable(
          schema, declared.like[declared.like.size() - 2], binder_.search_path_);
      const auto ordinal =
          table == nullptr ? std::nullopt : ColumnNamed(*table, declared.like.back());
      if (!ordinal.has_value()) return Cannot();
      variable.type = types::FromProto(table->columns(static_cast<int>(*ordinal)).type());
    } else {
      program::Fragment null;
      null.text = absl::StrCat("NULL::", declared.type_text);
      ASSIGN_OR_RETURN(const ExprPtr typed, Bind(null, state));
      variable.type = typed->type;
    }
    variable.value = plan::MakeNull(variable.type);
    if (!declared.initial.empty()) {
      ASSIGN_OR_RETURN(variable.value, Bind(declared.initial, state));
      ASSIGN_OR_RETURN(variable.value, Coerce(variable.value, variable.type));
    }
    variable.constant = declared.constant;
    // Whether the first value is of the domain is asked even where nobody reads it.
    if (declared.not_null || types::IsDomain(variable.type)) return Cannot();
    state->push_back(std::move(variable));
  }
  return absl::OkStatus();
}

absl::Status Binder::ProgramInliner::Assign(const program::Target& target, ExprPtr value,
                                            State* state) {
  if (!target.subscripts.empty()) return Cannot();
  const std::string relation = target.name.size() > 1 ? target.name[target.name.size() - 2] : "";
  for (auto variable = state->rbegin(); variable != state->rend(); ++variable) {
    const bool meant =
        variable->name.name == target.name.back() &&
        (relation.empty() ? variable->name.alone : variable->name.relation == relation);
    if (!meant) continue;
    if (variable->constant) return Cannot();
    ASSIGN_OR_RETURN(variable->value, Coerce(std::move(value), variable->type));
    variable->reads = 0;
    return absl::OkStatus();
  }
  return Cannot();
}

absl::StatusOr<Binder::ProgramInliner::Outcome> Binder::ProgramInliner::Return(
    const program::Fragment& expression, State* state) {
  Outcome outcome;
  outcome.returned = true;
  if (result_.has_value()) {
    if (expression.empty()) {
      if (result_->id != TypeId::kVoid) return Cannot();
      outcome.values.push_back(plan::MakeNull(*result_));
      return outcome;
    }
    ASSIGN_OR_RETURN(ExprPtr value, Bind(expression, state));
    ASSIGN_OR_RETURN(value, Coerce(std::move(value), *result_));
    outcome.values.push_back(std::move(value));
    return outcome;
  }
  const std::string row = absl::AsciiStrToLower(expression.text);
  for (const Variable& variable : *state) {
    if (!variable.name.alone && variable.name.relation == row)
      outcome.values.push_back(variable.value);
  }
  if (row == "null" || row == missing_ || outcome.values.empty()) {
    if (row != "null" && row != missing_) return Cannot();
    outcome.values.clear();
    outcome.keep = plan::MakeBool(false);
  }
  return outcome;
}

absl::StatusOr<Binder::ProgramInliner::Outcome> Binder::ProgramInliner::Raise(
    const Statement& statement, State* state) {
  if (statement.level != "exception" || !statement.condition.empty() ||
      !statement.message.has_value())
    return Cannot();
  ExprPtr message;
  const auto append = [&](ExprPtr part) -> absl::Status {
    if (message == nullptr) {
      message = std::move(part);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(message, binder_.Operator("||", message, std::move(part), -1));
    return absl::OkStatus();
  };
  std::string text;
  size_t argument = 0;
  const std::string& format = *statement.message;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || (i + 1 < format.size() && format[i + 1] == '%')) {
      i += format[i] == '%' ? 1 : 0;
      text += format[i];
      continue;
    }
    RETURN_IF_ERROR(append(TextLiteral(text)));
    text.clear();
    ASSIGN_OR_RETURN(ExprPtr value, Bind(statement.arguments[argument++].value, state));
    ASSIGN_OR_RETURN(value, binder_.ResolveUnknown(std::move(value)));
    ASSIGN_OR_RETURN(value, binder_.TryCoerce(value, {TypeId::kText, 0}, CastContext::kExplicit));
    if (value == nullptr) return Cannot();
    auto shown = std::make_shared<Expr>();
    shown->kind = Expr::Kind::kCoalesce;
    shown->type = {TypeId::kText, 0};
    shown->args = {value, TextLiteral("<NULL>")};
    RETURN_IF_ERROR(append(ExprPtr(shown)));
  }
  RETURN_IF_ERROR(append(TextLiteral(text)));
  std::vector<ExprPtr> args = {TextLiteral("P0001"), message, TextLiteral(""), TextLiteral("")};
  for (const program::RaiseOption& option : statement.options) {
    const size_t place = option.name == "errcode"  ? 0
                         : option.name == "detail" ? 2
                         : option.name == "hint"   ? 3
                                                   : 4;
    if (place == 4) return Cannot();
    ASSIGN_OR_RETURN(ExprPtr value, Bind(option.value, state));
    ASSIGN_OR_RETURN(value, Coerce(std::move(value), {TypeId::kText, 0}));
    // Names of conditions are the interpreter's matter.
    const bool code = value->kind == Expr::Kind::kLiteral && !value->value.is_null() &&
                      value->value.bytes().size() == 5;
    if (place == 0 && !code) return Cannot();
    args[place] = std::move(value);
  }
  const auto* raise =
      functions::FunctionCatalog::Builtin().FindFunctions(functions::kRaiseError)[0];
  const ExprPtr error = plan::MakeCall(raise, std::move(args));
  Outcome outcome;
  outcome.returned = true;
  if (result_.has_value()) {
    if (result_->id == TypeId::kVoid) return Cannot();
    outcome.values.push_back(plan::MakeCast(error, *result_, true));
  } else {
    outcome.keep = plan::MakeCast(error, {TypeId::kBool, 0}, true);
  }
  return outcome;
}

Binder::ProgramInliner::Outcome Binder::ProgramInliner::Merge(const ExprPtr& condition,
                                                              const Outcome& a, const Outcome& b) {
  Outcome merged;
  merged.returned = true;
  if (a.keep != nullptr || b.keep != nullptr) {
    const ExprPtr yes = plan::MakeBool(true);
    merged.keep = plan::MakeCase({TypeId::kBool, 0}, {condition, a.keep != nullptr ? a.keep : yes,
                                                      b.keep != nullptr ? b.keep : yes});
  }
  // A side that has no row decides nothing about the columns.
  if (a.values.empty() || b.values.empty()) {
    merged.values = a.values.empty() ? b.values : a.values;
    return merged;
  }
  for (size_t i = 0; i < a.values.size(); ++i) {
    const ExprPtr& x = a.values[i];
    const ExprPtr& y = b.values[i];
    merged.values.push_back(
        x == y || plan::Equal(*x, *y) ? x : plan::MakeCase(x->type, {condition, x, y}));
  }
  return merged;
}

absl::StatusOr<Binder::ProgramInliner::Outcome> Binder::ProgramInliner::RunIf(
    const Statement& statement, size_t branch, const Stack& stack, const State& state) {
  const auto go_on = [&](const program::Body& body) -> absl::StatusOr<Outcome> {
    Stack inner = stack;
    inner.push_back({&body, 0, state.size()});
    return Continue(std::move(inner), state);
  };
  if (branch == statement.branches.size()) {
    if (statement.kind == Statement::Kind::kCase && !statement.has_otherwise) return Cannot();
    return go_on(statement.otherwise);
  }
  State read = state;
  program::Fragment fragment = statement.branches[branch].condition;
  if (statement.kind == Statement::Kind::kCase && !statement.expression.empty())
    fragment.text = absl::StrCat("(", statement.expression.text, ") IN (", fragment.text, ")");
  ASSIGN_OR_RETURN(ExprPtr condition, Bind(fragment, &read));
  ASSIGN_OR_RETURN(condition, Coerce(std::move(condition), {TypeId::kBool, 0}));
  // It stands in every value that differs.
  if (MayNotRepeat(condition)) return Cannot();
  Stack inner = stack;
  inner.push_back({&statement.branches[branch].body, 0, state.size()});
  ASSIGN_OR_RETURN(const Outcome taken, Continue(std::move(inner), read));
  ASSIGN_OR_RETURN(const Outcome otherwise, RunIf(statement, branch + 1, stack, read));
  if (!taken.returned || !otherwise.returned) return Cannot();
  return Merge(condition, taken, otherwise);
}

absl::StatusOr<Binder::ProgramInliner::Outcome> Binder::ProgramInliner::Continue(Stack stack,
                                                                                 State state) {
  using Kind = Statement::Kind;
  while (!stack.empty()) {
    Rest& rest = stack.back();
    if (rest.next == rest.body->size()) {
      state.resize(std::min(state.size(), rest.names));
      stack.pop_back();
      continue;
    }
    if (++steps_ > kMostSteps) return Cannot();
    const Statement& statement = *(*rest.body)[rest.next++];
    switch (statement.kind) {
      case Kind::kNull:
        break;
      case Kind::kAssign: {
        ASSIGN_OR_RETURN(ExprPtr value, Bind(statement.expression, &state));
        RETURN_IF_ERROR(Assign(statement.targets[0], std::move(value), &state));
        break;
      }
      case Kind::kSql: {
        if (!statement.into || statement.strict || statement.targets.size() != 1) return Cannot();
        ASSIGN_OR_RETURN(ExprPtr value, BindQuery(statement.query, &state));
        RETURN_IF_ERROR(Assign(statement.targets[0], std::move(value), &state));
        break;
      }
      case Kind::kBlock: {
        const size_t names = state.size();
        RETURN_IF_ERROR(Declare(*statement.block, &state));
        stack.push_back({&statement.block->body, 0, names});
        break;
      }
      case Kind::kIf:
      case Kind::kCase:
        return RunIf(statement, 0, stack, state);
      case Kind::kReturn:
        return Return(statement.expression, &state);
      case Kind::kRaise:
        return Raise(statement, &state);
      default:
        return Cannot();
    }
  }
  Outcome outcome;
  if (result_.has_value() && result_->id == TypeId::kVoid) {
    outcome.returned = true;
    outcome.values.push_back(plan::MakeNull(*result_));
  }
  return outcome;
}

absl::StatusOr<ExprPtr> Binder::InlineProgram(const UserCall& call) {
  const common::v1::FunctionDescriptor& function = *call.function;
  const bool plain = function.language() == "plpgsql" && function.settings_size() == 0 &&
                     !function.security_definer() && !function.returns_set() &&
                     function.has_result() &&
                     std::find(inlining_.begin(), inlining_.end(), &function) == inlining_.end();
  if (!plain) return ExprPtr();
  auto program = program::ParseProgram(function.source());
  if (!program.ok()) return ExprPtr();
  ProgramInliner::State state;
  int number = 0;
  for (const FunctionArgument& argument : function.arguments()) {
    if (argument.mode() != FunctionArgument::MODE_IN &&
        argument.mode() != FunctionArgument::MODE_UNSPECIFIED)
      return ExprPtr();
    ProgramInliner::Variable variable;
    variable.type = types::FromProto(argument.type());
    variable.value = call.arguments[static_cast<size_t>(number)];
    variable.name = {function.name(), absl::StrCat("$", ++number), true};
    state.push_back(variable);
    if (argument.name().empty()) continue;
    // Assigned to by one name, read by the other: rare enough to be left to the interpreter.
    variable.name.name = argument.name();
    state.push_back(std::move(variable));
  }
  ProgramInliner inliner(this, types::FromProto(function.result()));
  const auto tables = query_->tables;
  const auto functions = query_->functions;
  // What it has named is not the statement's when it does not become a part of it.
  const auto give_up = [&] {
    query_->tables = tables;
    query_->functions = functions;
    return ExprPtr();
  };
  // It has its caller's rights, whatever view calls it.
  const std::string acting_role = std::exchange(acting_role_, InvokingRole(inlining_));
  inlining_.push_back(&function);
  auto ran = inliner.Run(**program, std::move(state));
  inlining_.pop_back();
  acting_role_ = acting_role;
  if (inlining_.empty()) met_program_ = false;
  ASSIGN_OR_RETURN(auto outcome, std::move(ran));
  if (!outcome.has_value()) return give_up();
  // A volatile one sees what the statement has written so far.
  const bool is_volatile =
      function.volatility() != common::v1::FunctionDescriptor::VOLATILITY_IMMUTABLE &&
      function.volatility() != common::v1::FunctionDescriptor::VOLATILITY_STABLE;
  if (is_volatile && query_->kind != common::v1::STATEMENT_KIND_SELECT &&
      ReadsTable(*outcome->values[0], 0))
    return give_up();
  return outcome->values[0];
}

}  // namespace adbms::sql::binder
