// Whole statements, and expressions that stand alone.
#include "common/sql/binder/binder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/functions/postgres_names.h"
#include "common/sql/functions/session_settings.h"
#include "common/sql/parser/lexer.h"
#include "common/sql/plan/index_form.h"
#include "common/sql/plan/own_subqueries.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

// The highest $n in the statement.
int HighestParameter(std::string_view sql) {
  int highest = 0;
  ForEachParameter(sql, [&highest](const ParameterUse& use) {
    highest = std::max(highest, use.number);
    return true;
  });
  return highest;
}

constexpr int kMaxParameters = 65535;

// Visits every expression of the query, those of subqueries included.
void WalkRel(Rel& rel, const std::function<void(const Expr&)>& visit);
void WalkDeep(const ExprPtr& e, const std::function<void(const Expr&)>& visit) {
  visit(*e);
  for (const ExprPtr& arg : e->args) WalkDeep(arg, visit);
  if (e->query != nullptr) WalkRel(*e->query, visit);
}
void WalkRel(Rel& rel, const std::function<void(const Expr&)>& visit) {
  plan::ForEachExpression(rel, [&visit](ExprPtr& e) { WalkDeep(e, visit); });
  for (const RelPtr& input : rel.inputs) WalkRel(*input, visit);
}

void WalkQuery(plan::Query& query, const std::function<void(const Expr&)>& visit) {
  auto all = [&visit](const std::vector<ExprPtr>& list) {
    for (const ExprPtr& e : list) WalkDeep(e, visit);
  };
  WalkRel(*query.root, visit);
  for (plan::Cte& cte : query.ctes) WalkRel(*cte.rel, visit);
  for (const plan::ProgramCall& call : query.program_calls) all(call.arguments);
  plan::ForEachWrite(&query, [&](plan::Write& write, RelPtr&) {
    all(write.insert.returning);
    all(write.insert.conflict_update);
    if (write.insert.conflict_filter) WalkDeep(write.insert.conflict_filter, visit);
    all(write.change.values);
    all(write.change.returning);
    all(write.change.recheck);
    for (const plan::CheckCondition& check : write.checks) WalkDeep(check.condition, visit);
    for (const plan::CascadeTarget& target : write.cascades) {
      for (const plan::CheckCondition& check : target.checks) WalkDeep(check.condition, visit);
      for (const auto& [ordinal, value] : target.defaults) WalkDeep(value, visit);
    }
  });
}

}  // namespace

Binder::Binder(const PlanningInput& input, const parser::StatementTree& tree)
    : input_(input),
      tree_(tree),
      text_(tree.parse->text()),
      literal_base_(tree.offset),
      query_(std::make_unique<plan::Query>()),
      search_path_(input.search_path) {
  const int parameters =
      std::min(kMaxParameters, std::max(static_cast<int>(input.parameter_types.size()),
                                        HighestParameter(text_.substr(tree.offset))));
  query_->parameter_types = input.parameter_types;
  query_->parameter_types.resize(parameters);
  query_->client_parameters = static_cast<uint32_t>(parameters);
  RenewParameterTypes();
  query_->switches = input.switches;
  variables_in_ = text_.data();
  for (size_t i = 0; i < input.parameter_names.size() && i < input.parameter_types.size(); ++i)
    variables_.push_back({input.parameter_names[i],
                          plan::MakeParameter(static_cast<int>(i), input.parameter_types[i])});
  if (input.literals != nullptr) {
    literals_active_ = true;
    for (size_t i = 0; i < input.literals->size(); ++i)
      literal_by_offset_[(*input.literals)[i].offset] = static_cast<int>(i);
  }
}

absl::StatusOr<std::unique_ptr<plan::Query>> Binder::BindStatement() {
  programs_allowed_ = true;
  const Node* node = tree_.node;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT: {
      ASSIGN_OR_RETURN(BoundQuery bound, BindSelect(*node->select_stmt, nullptr));
      NameObjects(&bound);
      query_->root = bound.rel;
      for (const ScopeColumn& column : bound.columns) {
        query_->output_names.push_back(column.name);
        query_->output.push_back(column.id);
      }
      if (input_.for_cursor) ExposeRows(query_->root.get());
      break;
    }
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      RETURN_IF_ERROR(BindWrite(node, nullptr));
      NameReturned();
      break;
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      RETURN_IF_ERROR(BindMerge(*node->merge_stmt));
      break;
    case PG_QUERY__NODE__NODE_CALL_STMT:
      RETURN_IF_ERROR(BindCall(*node->call_stmt));
      break;
    default:
      return status::NotSupported("planning of this statement");
  }
  RETURN_IF_ERROR(CheckWrites());
  RETURN_IF_ERROR(CheckPrograms());
  RETURN_IF_ERROR(CheckRowPrograms());
  RETURN_IF_ERROR(SendTriggerRowsOfWith());
  for (const plan::TableUse& use : query_->tables) {
    for (const char* name : {"pg_settings", "pg_prepared_statements", "pg_cursors"})
      query_->session_details |= use.table->is_virtual() && use.table->name() == name;
  }
  // What became of the literals.
  const int client = static_cast<int>(query_->client_parameters);
  const size_t literal_count = input_.literals == nullptr ? 0 : input_.literals->size();
  std::map<int, Type> lifted;
  WalkQuery(*query_, [&](const Expr& e) {
    if (e.function != nullptr && e.function->volatility == functions::Volatility::kVolatile)
      query_->calls_volatile = true;
    if (e.function != nullptr && functions::AsksForSettings(*e.function))
      query_->session_details = true;
    if (e.function != nullptr && functions::HasSessionEffects(e.function->name))
      query_->session_effects = true;
    if (e.kind != Expr::Kind::kParameter || e.parameter < client || IsProgramResult(e)) return;
    const auto [it, inserted] = lifted.emplace(e.parameter - client, e.type);
    if (!inserted && it->second != e.type) {
      unliftable_.insert(e.parameter - client);
      must_rebind_ = true;
    }
  });
  PinIndexLiterals();
  for (const Type& type : query_->parameter_types) {
    if (type.id == TypeId::kUnspecified || type.id == TypeId::kUnknown) {
      const auto index = &type - query_->parameter_types.data();
      return status::Error(sqlstate::kIndeterminateDatatype,
                           absl::StrCat("could not determine data type of parameter $", index + 1));
    }
  }
  // A parameter that was bound before its type was known has it now. Nobody else holds the
  // expressions yet.
  WalkQuery(*query_, [&](const Expr& e) {
    if (e.kind == Expr::Kind::kParameter && !IsProgramResult(e) && e.type.id == TypeId::kUnknown)
      const_cast<Expr&>(e).type = query_->parameter_types[e.parameter];
  });
  for (size_t i = 0; i < literal_count; ++i) {
    const auto it = lifted.find(static_cast<int>(i));
    if (it == lifted.end()) {
      query_->pinned_literals.push_back(static_cast<uint32_t>(i));
      query_->parameter_types.push_back({TypeId::kText, 0});
    } else {
      query_->parameter_types.push_back(it->second);
    }
  }
  NumberProgramResults();
  plan::OwnSubqueries(query_.get());
  return std::move(query_);
}

// What a program writes, the statement must not see; and none runs that WHERE leaves out.
absl::Status Binder::CheckPrograms() const {
  if (query_->program_calls.empty() || query_->kind != common::v1::STATEMENT_KIND_SELECT)
    return absl::OkStatus();
  bool may_skip = false;
  plan::ForEachRel(query_.get(), [&may_skip](const RelPtr& rel) {
    if (rel->kind != Rel::Kind::kFilter) return;
    may_skip |= std::any_of(rel->conditions.begin(), rel->conditions.end(),
                            [](const ExprPtr& e) { return plan::ColumnsOf(e).empty(); });
  });
  for (const plan::ProgramCall& call : query_->program_calls) {
    if (call.function == nullptr || !plan::IsVolatileFunction(*call.function)) continue;
    if (may_skip)
      return status::Error(
          sqlstate::kFeatureNotSupported,
          absl::StrCat("function ", SignatureOf(*call.function),
                       " cannot be called beside a condition that is not of its rows"),
          {},
          "It is volatile and its body runs statements or loops. Declare it STABLE if it changes "
          "nothing, or call it in a statement without that condition.");
    // Others are there for their row types.
    const bool reads =
        std::any_of(query_->tables.begin(), query_->tables.end(),
                    [](const plan::TableUse& use) { return !use.privileges.empty(); });
    if (!reads) continue;
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("function ", SignatureOf(*call.function),
                     " cannot be called in a statement that reads tables"),
        {},
        "It is volatile and its body runs statements or loops. Declare it STABLE if it changes "
        "nothing, or call it in a statement of its own.");
  }
  return absl::OkStatus();
}

// The results of programs come after the statement's own parameters and its literals.
void Binder::NumberProgramResults() {
  if (query_->program_calls.empty()) return;
  const int base = static_cast<int>(query_->parameter_types.size());
  const auto number = [base](const Expr& e) {
    // Nobody else holds the expressions yet.
    if (e.kind == Expr::Kind::kParameter && IsProgramResult(e))
      const_cast<Expr&>(e).parameter += base - kFirstProgramResult;
  };
  WalkQuery(*query_, number);
  for (plan::ProgramCall& call : query_->program_calls) {
    call.first_parameter += base - kFirstProgramResult;
    for (const Type& type : call.results) query_->parameter_types.push_back(type);
  }
}

void Binder::PinIndexLiterals() {
  const plan::IndexLiterals index_literals(*query_);
  const auto keys = input_.literals == nullptr ? std::map<uint32_t, std::set<uint32_t>>()
                                               : KeysOfManyPartitions();
  if (!index_literals.any() && keys.empty()) return;
  std::set<int> literals;
  WalkQuery(*query_, [&](const Expr& e) {
    if (index_literals.any()) index_literals.Collect(e, &literals);
    if (!keys.empty()) CollectKeyLiterals(keys, e, &literals);
  });
  for (const int literal : literals) must_rebind_ |= unliftable_.insert(literal).second;
}

bool Binder::IsShownByName(const Type& type) {
  // Built-in types are written without a catalog.
  const bool declared = input_.catalog != nullptr &&
                        (names_row_types_ || input_.catalog->snapshot().types_size() > 0);
  const TypeId id = types::IsArray(type.id) ? types::ElementOf(type.id) : type.id;
  // Such a plan is not to be kept until there are others.
  if (id == TypeId::kRegtype && !declared) query_->session_dependent = true;
  return id == TypeId::kRegclass || id == TypeId::kRegnamespace || id == TypeId::kRegproc ||
         (id == TypeId::kRegtype && declared);
}

void Binder::NameReturned() {
  for (std::vector<ExprPtr>* list : {&query_->insert.returning, &query_->change.returning}) {
    for (ExprPtr& e : *list) {
      if (IsShownByName(e->type)) e = plan::MakeCast(e, {TypeId::kText, 0}, true);
    }
  }
}

void Binder::NameObjects(BoundQuery* bound) {
  const auto named = [this](const ScopeColumn& column) { return IsShownByName(column.type); };
  if (std::none_of(bound->columns.begin(), bound->columns.end(), named)) return;
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {bound->rel});
  for (ScopeColumn& column : bound->columns) {
    ExprPtr e = plan::MakeColumn(column.id, column.type);
    if (named(column)) {
      column.type = {TypeId::kText, 0};
      e = plan::MakeCast(e, column.type, true);
    }
    column.id = query_->AddColumn({column.name, column.type, 0, 0, false});
    project->expressions.push_back(std::move(e));
    project->output.push_back(column.id);
  }
  bound->rel = project;
}

absl::StatusOr<BoundQuery> Binder::BindTopQuery(const PgQuery__SelectStmt& select) {
  programs_allowed_ = true;
  ASSIGN_OR_RETURN(BoundQuery bound, BindSelect(select, nullptr));
  if (std::any_of(query_->ctes.begin(), query_->ctes.end(),
                  [](const plan::Cte& cte) { return cte.write != nullptr; }))
    return status::Error(sqlstate::kFeatureNotSupported,
                         "views must not contain data-modifying statements in WITH");
  return bound;
}

std::vector<common::v1::ViewDependency> Binder::DependenciesOf(const BoundQuery& bound) {
  std::set<ColumnId> used;
  const auto visit = [&used](const Expr& e) {
    if (e.kind == Expr::Kind::kColumn) used.insert(e.column);
  };
  WalkRel(*bound.rel, visit);
  for (plan::Cte& cte : query_->ctes) WalkRel(*cte.rel, visit);
  for (const ScopeColumn& column : bound.columns) used.insert(column.id);
  std::map<uint32_t, std::set<uint32_t>> columns;
  for (const ColumnId id : used) {
    const plan::ColumnInfo& info = query_->columns[id];
    if (info.table_id != 0) columns[info.table_id].insert(info.column_number - 1);
  }
  std::vector<common::v1::ViewDependency> result;
  for (const plan::TableUse& use : query_->tables) {
    // What is read through another view is that view's matter.
    if (use.privileges.empty() || !use.as_role.empty() ||
        (use.table->is_virtual() && !use.table->has_sequence()))
      continue;
    common::v1::ViewDependency& dependency = result.emplace_back();
    dependency.set_table_id(use.table->table_id());
    dependency.set_column_count(static_cast<uint32_t>(use.table->columns_size()));
    for (const uint32_t ordinal : columns[use.table->table_id()]) dependency.add_columns(ordinal);
    dependency.set_primary_key(needed_keys_.contains(use.table->table_id()));
  }
  return result;
}

absl::StatusOr<ExprPtr> Binder::BindConstant(const Node* node, const Type& type) {
  Scope scope(nullptr);
  scope.clause = "this expression";
  ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, &scope));
  if (type.id == TypeId::kUnspecified) return ResolveUnknown(e);
  const Type from = e->type;
  ASSIGN_OR_RETURN(ExprPtr result, TryCoerce(e, type, functions::CastContext::kAssignment));
  if (result == nullptr)
    return ErrorAt(sqlstate::kDatatypeMismatch, e->location,
                   absl::StrCat("expression of type ", types::Format(from),
                                " cannot be coerced to the expected type ", types::Format(type)));
  return result;
}

absl::StatusOr<const Node*> ParseExpression(const std::string& sql,
                                            std::shared_ptr<const parser::ParseTree>* tree) {
  ASSIGN_OR_RETURN(*tree, parser::ParseTree::Parse(absl::StrCat("SELECT ", sql)));
  const PgQuery__ParseResult& result = (*tree)->result();
  if (result.n_stmts != 1 || result.stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
      result.stmts[0]->stmt->select_stmt->n_target_list != 1 ||
      result.stmts[0]->stmt->select_stmt->n_from_clause != 0)
    return status::Error(sqlstate::kSyntaxError, absl::StrCat("not an expression: ", sql));
  return static_cast<const Node*>(
      result.stmts[0]->stmt->select_stmt->target_list[0]->res_target->val);
}

namespace {

// The default of an identity column: nextval, but as the table's right to insert allows it.
ExprPtr IdentityValue(const ExprPtr& value) {
  const bool call = value->kind == Expr::Kind::kCall && value->function->name == "nextval";
  if (!call && value->kind != Expr::Kind::kCast) return value;
  auto changed = std::make_shared<Expr>(*value);
  if (call) {
    changed->function =
        functions::FunctionCatalog::Builtin().FindFunctions(functions::kIdentityNextval)[0];
  } else {
    changed->args[0] = IdentityValue(value->args[0]);
  }
  return changed;
}

}  // namespace

absl::StatusOr<ExprPtr> Binder::BindDefault(const std::string& sql,
                                            const common::v1::ColumnDescriptor& column) {
  if (sql.empty()) return DefaultOf(column);
  std::shared_ptr<const parser::ParseTree> tree;
  ASSIGN_OR_RETURN(const Node* node, ParseExpression(sql, &tree));
  kept_trees_.push_back(tree);
  const std::string_view text = text_;
  const bool literals = literals_active_;
  text_ = tree->text();
  literals_active_ = false;
  ++view_depth_;
  Scope scope(nullptr);
  scope.clause = "DEFAULT expressions";
  auto bind = [&]() -> absl::StatusOr<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, &scope));
    // As in PostgreSQL: an INSERT would read what its user may not.
    if (plan::HasSubquery(e))
      return status::Error(sqlstate::kFeatureNotSupported,
                           "cannot use subquery in DEFAULT expression", {},
                           "Compute the value in the INSERT, or in a view.");
    ASSIGN_OR_RETURN(ExprPtr value, AssignTo(e, column, -1));
    const bool identity = column.identity() != common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED;
    return identity ? IdentityValue(value) : value;
  };
  auto result = bind();
  --view_depth_;
  text_ = text;
  literals_active_ = literals;
  return result;
}

absl::StatusOr<ExprPtr> Binder::BindTableExpression(const Node* node, const TableDescriptor& table,
                                                    const std::vector<ColumnId>& columns,
                                                    const std::string& what) {
  const std::string clause = what + "s";
  Scope scope(nullptr);
  scope.clause = clause.c_str();
  ScopeItem item;
  item.alias = table.name();
  item.table = &table;
  for (int i = 0; i < table.columns_size(); ++i) {
    if (!table.columns(i).dropped())
      item.columns.push_back(
          {table.columns(i).name(), columns[i], types::FromProto(table.columns(i).type())});
  }
  scope.items.push_back(std::move(item));
  ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, &scope));
  if (plan::HasSubquery(e))
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("cannot use subquery in ", what));
  return e;
}

absl::StatusOr<ExprPtr> Binder::BindTableCondition(const Node* node, const TableDescriptor& table,
                                                   const std::vector<ColumnId>& columns,
                                                   const std::string& what, const char* construct) {
  ASSIGN_OR_RETURN(ExprPtr condition, BindTableExpression(node, table, columns, what));
  return ToBoolean(condition, construct);
}

absl::StatusOr<ExprPtr> Binder::BindTableCondition(const std::string& sql,
                                                   const TableDescriptor& table,
                                                   const std::vector<ColumnId>& columns,
                                                   const std::string& what, const char* construct) {
  std::shared_ptr<const parser::ParseTree> tree;
  ASSIGN_OR_RETURN(const Node* node, ParseExpression(sql, &tree));
  kept_trees_.push_back(tree);
  const std::string_view text = text_;
  const bool literals = literals_active_;
  text_ = tree->text();
  literals_active_ = false;
  ++view_depth_;
  auto result = BindTableCondition(node, table, columns, what, construct);
  --view_depth_;
  text_ = text;
  literals_active_ = literals;
  return result;
}

absl::StatusOr<std::shared_ptr<const parser::StatementTree>> StatementTreeOf(
    const PlanningInput& input) {
  if (input.statement != nullptr && input.statement->tree != nullptr)
    return std::static_pointer_cast<const parser::StatementTree>(input.statement->tree);
  ASSIGN_OR_RETURN(std::shared_ptr<const parser::ParseTree> tree,
                   parser::ParseTree::Parse(input.sql));
  if (tree->result().n_stmts != 1)
    return status::Error(sqlstate::kSyntaxError,
                         "cannot insert multiple commands into a prepared statement");
  auto statement = std::make_shared<parser::StatementTree>();
  statement->parse = tree;
  statement->node = tree->result().stmts[0]->stmt;
  return std::shared_ptr<const parser::StatementTree>(std::move(statement));
}

absl::StatusOr<std::unique_ptr<plan::Query>> Bind(const PlanningInput& input) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const parser::StatementTree> tree, StatementTreeOf(input));
  std::set<int> unliftable;
  for (size_t attempt = 0;; ++attempt) {
    Binder binder(input, *tree);
    // Should a few rounds not settle it, nothing is lifted.
    if (attempt > 4 && input.literals != nullptr) {
      for (size_t i = 0; i < input.literals->size(); ++i) unliftable.insert(static_cast<int>(i));
    }
    binder.set_unliftable(unliftable);
    auto query = binder.BindStatement();
    if (!query.ok() || !binder.must_rebind()) return query;
    unliftable = binder.unliftable();
  }
}

}  // namespace adbms::sql::binder
