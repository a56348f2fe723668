// WITH: common table expressions, recursive ones among them.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/recursive_form.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using plan::Rel;
namespace sqlstate = status::sqlstate;

// Whether the tree reads the working table of a recursive query around it.
void CollectWorkingTables(const RelPtr& rel, std::set<uint32_t>* read, std::set<uint32_t>* made) {
  if (rel->kind == Rel::Kind::kWorkingTable) read->insert(rel->working_table);
  if (rel->kind == Rel::Kind::kRecursiveUnion) made->insert(rel->working_table);
  for (const RelPtr& input : rel->inputs) CollectWorkingTables(input, read, made);
  plan::ForEachExpression(*rel, [&](ExprPtr& e) {
    plan::Walk(e, [&](const plan::Expr& part) {
      if (part.query != nullptr) CollectWorkingTables(part.query, read, made);
    });
  });
}

}  // namespace

bool DependsOnRows(const RelPtr& rel) {
  std::set<uint32_t> read, made;
  CollectWorkingTables(rel, &read, &made);
  return !plan::FreeColumns(*rel).empty() ||
         !std::includes(made.begin(), made.end(), read.begin(), read.end());
}

absl::Status Binder::BindWith(const PgQuery__WithClause* with, Scope* scope) {
  if (with == nullptr) return absl::OkStatus();
  const NodeList items(with->ctes, with->n_ctes);
  for (size_t i = 0; i < items.size(); ++i) {
    const PgQuery__CommonTableExpr& item = *items[i]->common_table_expr;
    for (size_t j = 0; j < i; ++j) {
      if (parser::View(items[j]->common_table_expr->ctename) == parser::View(item.ctename))
        return ErrorAt(sqlstate::kDuplicateAlias, item.location,
                       absl::StrCat("WITH query name \"", std::string(parser::View(item.ctename)),
                                    "\" specified more than once"));
    }
  }
  std::vector<size_t> order;
  if (with->recursive) {
    const RecursionFault fault = OrderItems(items, &order);
    if (!fault.message.empty()) return ErrorAt(fault.sqlstate, fault.location, fault.message);
  } else {
    for (size_t i = 0; i < items.size(); ++i) order.push_back(i);
  }
  for (const size_t i : order) {
    const PgQuery__CommonTableExpr& item = *items[i]->common_table_expr;
    const bool recursive =
        with->recursive && Mentions(item.ctequery->base, parser::View(item.ctename));
    if (recursive) {
      const RecursionFault fault = CheckRecursion(item);
      if (!fault.message.empty()) return ErrorAt(fault.sqlstate, fault.location, fault.message);
    }
    if (!recursive && (item.search_clause != nullptr || item.cycle_clause != nullptr))
      return ErrorAt(sqlstate::kSyntaxError, item.location, "WITH query is not recursive");
    if (item.ctequery->node_case == PG_QUERY__NODE__NODE_MERGE_STMT)
      return ErrorAt(sqlstate::kFeatureNotSupported, item.location,
                     "MERGE not supported in WITH query");
    if (item.ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
      RETURN_IF_ERROR(BindWritingCte(item, scope));
      continue;
    }
    BoundQuery bound;
    if (recursive) {
      ASSIGN_OR_RETURN(bound, BindRecursive(item, scope));
    } else {
      ASSIGN_OR_RETURN(bound, BindSelect(*item.ctequery->select_stmt, scope));
      RETURN_IF_ERROR(NameColumns(item, &bound));
    }
    AddCte(item, std::move(bound), recursive, scope);
  }
  return absl::OkStatus();
}

absl::Status Binder::BindWritingCte(const PgQuery__CommonTableExpr& item, Scope* scope) {
  if (view_depth_ > 0)
    return ErrorAt(sqlstate::kFeatureNotSupported, item.location,
                   "views must not contain data-modifying statements in WITH");
  if (scope->parent != nullptr)
    return ErrorAt(sqlstate::kFeatureNotSupported, item.location,
                   "WITH clause containing a data-modifying statement must be at the top level");
  plan::Write outer = std::exchange(static_cast<plan::Write&>(*query_), plan::Write());
  const RelPtr root = std::exchange(query_->root, nullptr);
  absl::Status status = BindWrite(item.ctequery, scope);
  auto write = std::make_shared<plan::Write>(
      std::exchange(static_cast<plan::Write&>(*query_), std::move(outer)));
  const RelPtr rows = std::exchange(query_->root, root);
  query_->output.clear();
  RETURN_IF_ERROR(status);
  const bool inserts = write->kind == common::v1::STATEMENT_KIND_INSERT;
  const std::vector<ExprPtr>& returning =
      inserts ? write->insert.returning : write->change.returning;
  BoundQuery bound;
  for (size_t i = 0; i < returning.size(); ++i) {
    // Behind them are the rows for triggers.
    if (!with_trigger_ctes_.empty() && with_trigger_ctes_.back() == query_->ctes.size() &&
        i == query_->with_trigger_rows.back().client_columns())
      break;
    bound.columns.push_back({write->output_names[i], 0, returning[i]->type});
  }
  for (size_t i = 0; write->written_elsewhere && i < rows->output.size(); ++i)
    bound.columns.push_back({write->output_names[i], 0, query_->columns[rows->output[i]].type});
  RETURN_IF_ERROR(NameColumns(item, &bound));
  CteEntry entry;
  entry.name = parser::View(item.ctename);
  entry.columns = std::move(bound.columns);
  entry.index = static_cast<int>(query_->ctes.size());
  plan::Cte cte{entry.name, rows};
  if (write->written_elsewhere) {
    cte.materialize = cte.eager = true;
  } else {
    cte.write = std::move(write);
  }
  query_->ctes.push_back(std::move(cte));
  scope->ctes.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::Status Binder::BindWrite(const Node* node, Scope* parent) {
  acts_outside_ = false;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      return BindInsert(*node->insert_stmt, parent);
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      return BindUpdate(*node->update_stmt, parent);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      return BindDelete(*node->delete_stmt, parent);
    default:
      return absl::InternalError("no statement that writes");
  }
}

absl::Status Binder::CheckWrites() const {
  std::set<const common::v1::TableDescriptor*> changed;
  absl::Status status;
  bool merged = false;  // A row has one action of MERGE.
  plan::ForEachWrite(query_.get(), [&](plan::Write& write, RelPtr&) {
    const bool changes = write.kind == common::v1::STATEMENT_KIND_UPDATE ||
                         write.kind == common::v1::STATEMENT_KIND_DELETE ||
                         !write.insert.conflict_update.empty();
    if (!changes || (write.of_merge && merged)) return;
    merged |= write.of_merge;
    if (changed.insert(write.target).second) return;
    status = status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("changing rows of \"", write.target->name(),
                                        "\" twice in one statement is not supported"),
                           {}, "Use a statement for each change.");
  });
  return status;
}

absl::Status Binder::NameColumns(const PgQuery__CommonTableExpr& item, BoundQuery* bound) const {
  if (item.n_aliascolnames > bound->columns.size())
    return ErrorAt(sqlstate::kInvalidColumnReference, item.location,
                   absl::StrCat("WITH query \"", std::string(parser::View(item.ctename)), "\" has ",
                                bound->columns.size(), " columns available but ",
                                item.n_aliascolnames, " columns specified"));
  for (size_t i = 0; i < item.n_aliascolnames; ++i)
    bound->columns[i].name = parser::StringOf(item.aliascolnames[i]);
  return absl::OkStatus();
}

void Binder::AddCte(const PgQuery__CommonTableExpr& item, BoundQuery bound, bool recursive,
                    Scope* scope) {
  CteEntry entry;
  entry.name = parser::View(item.ctename);
  entry.columns = std::move(bound.columns);
  KeepRows(bound.rel, &entry);
  if (entry.index >= 0) {
    query_->ctes.back().materialize =
        item.ctematerialized == PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways;
    query_->ctes.back().recursive = recursive;
  }
  scope->ctes.push_back(std::move(entry));
}

void Binder::KeepRows(const RelPtr& rel, CteEntry* entry) {
  if (DependsOnRows(rel)) {
    entry->copied = rel;
    return;
  }
  entry->index = static_cast<int>(query_->ctes.size());
  query_->ctes.push_back({entry->name, rel});
}

absl::StatusOr<BoundQuery> Binder::BindRecursive(const PgQuery__CommonTableExpr& item,
                                                 Scope* scope) {
  const PgQuery__SelectStmt& select = *item.ctequery->select_stmt;
  const std::string name(parser::View(item.ctename));
  Scope inner(scope);
  RETURN_IF_ERROR(BindWith(select.with_clause, &inner));
  ASSIGN_OR_RETURN(BoundQuery initial, BindSelect(*select.larg, &inner));
  RETURN_IF_ERROR(NameColumns(item, &initial));
  RelPtr result = plan::MakeRel(Rel::Kind::kRecursiveUnion);
  result->all = select.all;
  result->working_table = query_->working_tables++;
  CteEntry entry;
  entry.name = name;
  entry.working_table = result->working_table;
  entry.columns = initial.columns;
  const bool keeps_way = item.search_clause != nullptr || item.cycle_clause != nullptr;
  Way way;
  if (keeps_way) {
    std::vector<Type> own;
    for (const ScopeColumn& column : initial.columns)
      own.push_back(column.type.id == TypeId::kUnknown ? Type{TypeId::kText, 0} : column.type);
    ASSIGN_OR_RETURN(way, BeginWay(item, own, &initial));
    for (size_t i = 0; i < own.size(); ++i) initial.columns[i].type = own[i];
    entry.columns = initial.columns;
    entry.hidden = HiddenColumns(way);
  }
  inner.ctes.push_back(entry);
  BoundQuery recursive;
  if (keeps_way) {
    ASSIGN_OR_RETURN(recursive, BindExtended(*select.rarg, way, &inner));
    for (size_t i = 0; i < way.columns.size() && !recursive.columns.empty(); ++i) {
      way.names.columns.insert(way.names.columns.begin(), recursive.columns.back());
      recursive.columns.pop_back();
    }
  } else {
    ASSIGN_OR_RETURN(recursive, BindSelect(*select.rarg, &inner, true));
  }
  if (initial.columns.size() != recursive.columns.size())
    return status::Error(sqlstate::kSyntaxError,
                         "each UNION query must have the same number of columns");
  std::vector<Type> types;
  for (size_t i = 0; i < initial.columns.size(); ++i) {
    ASSIGN_OR_RETURN(const Type common,
                     CommonColumnType(initial, recursive, i, "UNION", !select.all));
    const Type mine = initial.columns[i].type;
    if (common.id != mine.id ||
        (mine.modifier != 0 && recursive.columns[i].type.id != TypeId::kUnknown &&
         recursive.columns[i].type != mine))
      return ErrorAt(sqlstate::kDatatypeMismatch, -1,
                     absl::StrCat("recursive query \"", name, "\" column ", i + 1, " has type ",
                                  types::Format(mine), " in non-recursive term but type ",
                                  types::Format(common), " overall"),
                     "Cast the output of the non-recursive term to the correct type.");
    types.push_back(mine);
  }
  RelPtr first;
  RelPtr next;
  if (keeps_way) {
    first = initial.rel;
    ASSIGN_OR_RETURN(next, ContinueWay(item, way, initial, types, &recursive));
    for (const ScopeColumn& column : way.columns) {
      initial.columns.push_back(column);
      types.push_back(column.type);
    }
  } else {
    ASSIGN_OR_RETURN(first, CoerceColumns(&initial, types, "UNION"));
    ASSIGN_OR_RETURN(next, CoerceColumns(&recursive, types, "UNION"));
  }
  result->inputs = {first, next};
  BoundQuery bound;
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string& column = initial.columns[i].name;
    result->output.push_back(query_->AddColumn({column, types[i], 0, 0, false}));
    bound.columns.push_back({column, result->output.back(), types[i]});
  }
  bound.rel = result;
  return bound;
}

absl::StatusOr<RelPtr> Binder::ReadCte(const CteEntry& entry, int location, ScopeItem* item) {
  RelPtr scan;
  std::map<ColumnId, ColumnId> columns;
  if (entry.copied != nullptr) {
    // A volatile one would be computed anew for each reader.
    if (plan::IsVolatile(*entry.copied))
      return ErrorAt(sqlstate::kFeatureNotSupported, location,
                     absl::StrCat("WITH query \"", entry.name,
                                  "\" that is volatile and refers to an outer query is not "
                                  "supported"),
                     "Use a LATERAL subquery in FROM.");
    scan = plan::CopyWithNewColumns(entry.copied, query_.get(), &columns);
  } else if (entry.index >= 0) {
    if (entry.columns.empty() && query_->ctes[entry.index].write != nullptr)
      return ErrorAt(
          sqlstate::kFeatureNotSupported, location,
          absl::StrCat("WITH query \"", entry.name, "\" does not have a RETURNING clause"));
    scan = plan::MakeRel(Rel::Kind::kCte);
    scan->cte = static_cast<uint32_t>(entry.index);
    ++query_->ctes[entry.index].references;
  } else {
    scan = plan::MakeRel(Rel::Kind::kWorkingTable);
    scan->working_table = entry.working_table;
    item->recursive = true;
  }
  for (const ScopeColumn& column : entry.columns) {
    ColumnId id;
    if (entry.copied != nullptr) {
      const auto copied = columns.find(column.id);
      id = copied == columns.end() ? column.id : copied->second;
    } else {
      id = query_->AddColumn({column.name, column.type, 0, 0, false});
      scan->output.push_back(id);
    }
    item->columns.push_back({column.name, id, column.type});
  }
  for (const ScopeColumn& column : entry.hidden) {
    scan->output.push_back(query_->AddColumn({column.name, column.type, 0, 0, false}));
    item->system_columns.push_back({column.name, scan->output.back(), column.type});
  }
  if (entry.index < 0 || query_->ctes[entry.index].write == nullptr) return scan;
  // Its reader has all that it returns, what is for triggers too.
  const plan::Write& write = *query_->ctes[entry.index].write;
  const std::vector<ExprPtr>& returning = write.kind == common::v1::STATEMENT_KIND_INSERT
                                              ? write.insert.returning
                                              : write.change.returning;
  for (size_t i = entry.columns.size(); i < returning.size(); ++i)
    scan->output.push_back(query_->AddColumn({"", returning[i]->type, 0, 0, false}));
  return scan;
}

}  // namespace adbms::sql::binder
