// SEARCH and CYCLE of WITH RECURSIVE: columns in which a row keeps the way that led to it, made
// beside the two terms of the union (PostgreSQL's manual, 7.8.2).
#include <algorithm>
#include <list>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/declared_type.h"

namespace adbms::sql::binder {
namespace {

using plan::Rel;
namespace sqlstate = status::sqlstate;

// Under these names, which no column can have, the working table's are found.
constexpr char kHidden[] = "*way ";

bool IsSetOperation(const PgQuery__SelectStmt& side) {
  return side.op != PG_QUERY__SET_OPERATION__SETOP_NONE &&
         side.op != PG_QUERY__SET_OPERATION__SET_OPERATION_UNDEFINED;
}

// The name by which FROM knows the working table; empty: it is not there.
std::string AliasIn(const Node* node, std::string_view name) {
  if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
    const std::string left = AliasIn(node->join_expr->larg, name);
    return left.empty() ? AliasIn(node->join_expr->rarg, name) : left;
  }
  if (node->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) return {};
  const PgQuery__RangeVar& range = *node->range_var;
  if (!parser::View(range.schemaname).empty() || parser::View(range.relname) != name) return {};
  return std::string(range.alias == nullptr ? name : parser::View(range.alias->aliasname));
}

}  // namespace

// A SELECT with further columns. What is made for it lives as long as the binder.
class Binder::ExtendedSelect {
 public:
  ExtendedSelect(const PgQuery__SelectStmt& select, const std::string& alias, size_t columns)
      : select_(select),
        targets_(select.target_list, select.target_list + select.n_target_list),
        alias_(alias) {
    for (size_t i = 0; i < columns; ++i) {
      Target& made = made_.emplace_back();
      made.name = absl::StrCat(kHidden, i);
      made.strings[0].sval = alias_.data();
      made.strings[1].sval = made.name.data();
      for (size_t part = 0; part < 2; ++part) {
        made.parts[part].node_case = PG_QUERY__NODE__NODE_STRING;
        made.parts[part].string = &made.strings[part];
        made.fields[part] = &made.parts[part];
      }
      made.column.fields = made.fields;
      made.column.n_fields = 2;
      made.column.location = -1;
      made.value.node_case = PG_QUERY__NODE__NODE_COLUMN_REF;
      made.value.column_ref = &made.column;
      made.target.val = &made.value;
      made.target.location = -1;
      made.node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
      made.node.res_target = &made.target;
      targets_.push_back(&made.node);
    }
    select_.target_list = targets_.data();
    select_.n_target_list = targets_.size();
  }
  const PgQuery__SelectStmt& select() const { return select_; }

 private:
  struct Target {
    std::string name;
    PgQuery__String strings[2] = {PG_QUERY__STRING__INIT, PG_QUERY__STRING__INIT};
    Node parts[2] = {PG_QUERY__NODE__INIT, PG_QUERY__NODE__INIT};
    Node* fields[2] = {};
    PgQuery__ColumnRef column = PG_QUERY__COLUMN_REF__INIT;
    Node value = PG_QUERY__NODE__INIT;
    PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
    Node node = PG_QUERY__NODE__INIT;
  };

  PgQuery__SelectStmt select_;
  std::vector<Node*> targets_;
  std::string alias_;
  std::list<Target> made_;
};

absl::StatusOr<ExprPtr> Binder::CallOperator(const std::string& symbol, const ExprPtr& left,
                                             const ExprPtr& right) {
  std::vector<Type> sides;
  ASSIGN_OR_RETURN(const functions::Function* function,
                   FindOperator(symbol, left->type, right->type, -1, &sides));
  ASSIGN_OR_RETURN(ExprPtr a, Implicit(left, sides[0]));
  ASSIGN_OR_RETURN(ExprPtr b, Implicit(right, sides[1]));
  const Type type = left->type;
  auto call = std::make_shared<plan::Expr>(*plan::MakeCall(function, {a, b}, -1));
  // What an operator makes of rows and their arrays is of the same rows.
  if (types::HoldsRow(call->type.id)) call->type = type;
  return ExprPtr(call);
}

absl::Status Binder::CheckSearchCycle(const PgQuery__CommonTableExpr& item,
                                      const BoundQuery& initial) const {
  const PgQuery__CTESearchClause* search = item.search_clause;
  const PgQuery__CTECycleClause* cycle = item.cycle_clause;
  const auto refuse = [&](int location, const std::string& message) {
    return ErrorAt(sqlstate::kSyntaxError, location, message);
  };
  const auto known = [&](std::string_view name) {
    return std::any_of(initial.columns.begin(), initial.columns.end(),
                       [&](const ScopeColumn& column) { return column.name == name; });
  };
  const auto check_list = [&](NodeList list, const char* what, int location) -> absl::Status {
    std::set<std::string> named;
    for (const std::string& name : parser::StringsOf(list)) {
      if (!known(name))
        return refuse(location,
                      absl::StrCat(what, " column \"", name, "\" not in WITH query column list"));
      if (!named.insert(name).second)
        return refuse(location,
                      absl::StrCat(what, " column \"", name, "\" specified more than once"));
    }
    return absl::OkStatus();
  };
  const auto check_new = [&](const char* name, const char* what, int location) {
    return known(name) ? refuse(location, absl::StrCat(what, " column name \"", name,
                                                       "\" already used in WITH query column list"))
                       : absl::OkStatus();
  };
  if (search != nullptr) {
    RETURN_IF_ERROR(check_list({search->search_col_list, search->n_search_col_list}, "search",
                               search->location));
    RETURN_IF_ERROR(check_new(search->search_seq_column, "search sequence", search->location));
  }
  if (cycle == nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(
      check_list({cycle->cycle_col_list, cycle->n_cycle_col_list}, "cycle", cycle->location));
  RETURN_IF_ERROR(check_new(cycle->cycle_mark_column, "cycle mark", cycle->location));
  RETURN_IF_ERROR(check_new(cycle->cycle_path_column, "cycle path", cycle->location));
  const std::string_view mark = cycle->cycle_mark_column;
  const std::string_view path = cycle->cycle_path_column;
  if (mark == path)
    return refuse(cycle->location,
                  "cycle mark column name and cycle path column name are the same");
  if (search == nullptr) return absl::OkStatus();
  if (search->search_seq_column == mark)
    return refuse(search->location,
                  "search sequence column name and cycle mark column name are the same");
  if (search->search_seq_column == path)
    return refuse(search->location,
                  "search sequence column name and cycle path column name are the same");
  return absl::OkStatus();
}

absl::StatusOr<ExprPtr> Binder::RowOfColumns(NodeList names, const BoundQuery& query,
                                             std::vector<ExprPtr> first, int location) {
  for (const std::string& name : parser::StringsOf(names)) {
    for (const ScopeColumn& column : query.columns) {
      if (column.name != name) continue;
      first.push_back(plan::MakeColumn(column.id, column.type));
      break;
    }
  }
  return MakeRow(std::move(first), {}, {}, location);
}

absl::StatusOr<Binder::Way> Binder::BeginWay(const PgQuery__CommonTableExpr& item,
                                             const std::vector<Type>& types, BoundQuery* initial) {
  Way way;
  RETURN_IF_ERROR(CheckSearchCycle(item, *initial));
  const PgQuery__SelectStmt& select = *item.ctequery->select_stmt;
  for (const auto& [side, which] :
       {std::pair{select.larg, "left"}, std::pair{select.rarg, "right"}}) {
    if (IsSetOperation(*side))
      return ErrorAt(sqlstate::kFeatureNotSupported, item.location,
                     absl::StrCat("with a SEARCH or CYCLE clause, the ", which,
                                  " side of the UNION must be a SELECT"));
  }
  for (const Node* node : NodeList(select.rarg->from_clause, select.rarg->n_from_clause)) {
    if (way.alias.empty()) way.alias = AliasIn(node, parser::View(item.ctename));
  }
  if (way.alias.empty())
    return ErrorAt(sqlstate::kFeatureNotSupported, item.location,
                   "with a SEARCH or CYCLE clause, the recursive reference to WITH query \"" +
                       std::string(parser::View(item.ctename)) +
                       "\" must be at the top level of its right-hand SELECT");
  ASSIGN_OR_RETURN(initial->rel, CoerceColumns(initial, types, "UNION"));
  for (size_t i = 0; i < initial->columns.size(); ++i)
    initial->columns[i].id = initial->rel->output[i];
  std::vector<std::pair<std::string, ExprPtr>> made;
  if (const PgQuery__CTESearchClause* search = item.search_clause) {
    const NodeList names(search->search_col_list, search->n_search_col_list);
    std::vector<ExprPtr> first;
    if (search->search_breadth_first)
      first.push_back(plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 0)));
    ASSIGN_OR_RETURN(ExprPtr row, RowOfColumns(names, *initial, first, search->location));
    if (!search->search_breadth_first) {
      ASSIGN_OR_RETURN(row, MakeArray({row}, {TypeId::kUnspecified, 0}, search->location));
    }
    made.emplace_back(search->search_seq_column, std::move(row));
  }
  if (const PgQuery__CTECycleClause* cycle = item.cycle_clause) {
    Scope nothing(nullptr);
    nothing.clause = "CYCLE";
    ASSIGN_OR_RETURN(way.mark, BindExpr(cycle->cycle_mark_value, &nothing));
    ASSIGN_OR_RETURN(way.unmarked, BindExpr(cycle->cycle_mark_default, &nothing));
    RETURN_IF_ERROR(Unify({&way.mark, &way.unmarked}, "CYCLE").status());
    const NodeList names(cycle->cycle_col_list, cycle->n_cycle_col_list);
    ASSIGN_OR_RETURN(ExprPtr row, RowOfColumns(names, *initial, {}, cycle->location));
    ASSIGN_OR_RETURN(row, MakeArray({row}, {TypeId::kUnspecified, 0}, cycle->location));
    made.emplace_back(cycle->cycle_mark_column, way.unmarked);
    made.emplace_back(cycle->cycle_path_column, std::move(row));
  }
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {initial->rel});
  for (const ScopeColumn& column : initial->columns) {
    project->expressions.push_back(plan::MakeColumn(column.id, column.type));
    project->output.push_back(column.id);
  }
  for (auto& [name, value] : made) {
    const ColumnId id = query_->AddColumn({name, value->type, 0, 0, false});
    way.columns.push_back({name, id, value->type});
    project->output.push_back(id);
    project->expressions.push_back(std::move(value));
  }
  initial->rel = project;
  return way;
}

absl::StatusOr<BoundQuery> Binder::BindExtended(const PgQuery__SelectStmt& select, const Way& way,
                                                Scope* scope) {
  auto extended = std::make_shared<ExtendedSelect>(select, way.alias, way.columns.size());
  kept_selects_.push_back(extended);
  return BindSelect(extended->select(), scope, true);
}

std::vector<ScopeColumn> Binder::HiddenColumns(const Way& way) {
  std::vector<ScopeColumn> hidden = way.columns;
  for (size_t i = 0; i < hidden.size(); ++i) hidden[i].name = absl::StrCat(kHidden, i);
  return hidden;
}

absl::StatusOr<RelPtr> Binder::ContinueWay(const PgQuery__CommonTableExpr& item, const Way& way,
                                           const BoundQuery& initial,
                                           const std::vector<Type>& types, BoundQuery* recursive) {
  // The columns as the union has them, and the way so far.
  RelPtr next = plan::MakeRel(Rel::Kind::kProject, {recursive->rel});
  BoundQuery query;
  for (size_t i = 0; i < types.size(); ++i) {
    const ScopeColumn& column = recursive->columns[i];
    ASSIGN_OR_RETURN(ExprPtr value, TryCoerce(plan::MakeColumn(column.id, column.type), types[i],
                                              functions::CastContext::kImplicit));
    if (value == nullptr)
      return status::Error(sqlstate::kCannotCoerce,
                           absl::StrCat("UNION could not convert type ", types::Format(column.type),
                                        " to ", types::Format(types[i])));
    const std::string& name = initial.columns[i].name;
    next->output.push_back(query_->AddColumn({name, types[i], 0, 0, false}));
    next->expressions.push_back(std::move(value));
    query.columns.push_back({name, next->output.back(), types[i]});
  }
  std::vector<ExprPtr> before;
  for (const ScopeColumn& column : way.names.columns) {
    next->output.push_back(query_->AddColumn({"way", column.type, 0, 0, false}));
    next->expressions.push_back(plan::MakeColumn(column.id, column.type));
    before.push_back(plan::MakeColumn(next->output.back(), column.type));
  }
  std::vector<ExprPtr> made;
  if (const PgQuery__CTESearchClause* search = item.search_clause) {
    const NodeList list(search->search_col_list, search->n_search_col_list);
    std::vector<ExprPtr> first;
    if (search->search_breadth_first) {
      ASSIGN_OR_RETURN(ExprPtr level,
                       CallOperator("+", FieldAt(before[0], 0),
                                    plan::MakeLiteral(types::Value::Int(TypeId::kInt8, 1))));
      first.push_back(std::move(level));
    }
    ASSIGN_OR_RETURN(ExprPtr row, RowOfColumns(list, query, first, search->location));
    if (!search->search_breadth_first) {
      ASSIGN_OR_RETURN(row, MakeArray({row}, {TypeId::kUnspecified, 0}, search->location));
      ASSIGN_OR_RETURN(row, CallOperator("||", before[0], row));
    }
    made.push_back(std::move(row));
  }
  if (const PgQuery__CTECycleClause* cycle = item.cycle_clause) {
    const ExprPtr& mark = before[before.size() - 2];
    const ExprPtr& path = before.back();
    // Nothing is looked for behind a row that has been met before.
    ASSIGN_OR_RETURN(ExprPtr goes_on, CallOperator("<>", mark, way.mark));
    next = plan::MakeFilter(next, {std::move(goes_on)});
    const NodeList list(cycle->cycle_col_list, cycle->n_cycle_col_list);
    ASSIGN_OR_RETURN(const ExprPtr row, RowOfColumns(list, query, {}, cycle->location));
    ASSIGN_OR_RETURN(const ExprPtr one,
                     MakeArray({row}, {TypeId::kUnspecified, 0}, cycle->location));
    ASSIGN_OR_RETURN(ExprPtr met, CallOperator("@>", path, one));
    made.push_back(plan::MakeCase(way.mark->type, {std::move(met), way.mark, way.unmarked}));
    ASSIGN_OR_RETURN(ExprPtr longer, CallOperator("||", path, one));
    made.push_back(std::move(longer));
  }
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {next});
  for (const ScopeColumn& column : query.columns) {
    project->expressions.push_back(plan::MakeColumn(column.id, column.type));
    project->output.push_back(column.id);
  }
  for (ExprPtr& value : made) {
    project->output.push_back(query_->AddColumn({"way", value->type, 0, 0, false}));
    project->expressions.push_back(std::move(value));
  }
  return project;
}

}  // namespace adbms::sql::binder
