// SELECT: clauses in PostgreSQL's order of meaning, assembled bottom-up.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/depth_guard.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using plan::Expr;
using plan::Rel;
namespace sqlstate = status::sqlstate;

constexpr size_t kMaxTargets = 1664;

// (…).*
bool IsFieldStar(const Node* node) {
  if (node->node_case != PG_QUERY__NODE__NODE_A_INDIRECTION) return false;
  const PgQuery__AIndirection& indirection = *node->a_indirection;
  return indirection.indirection[indirection.n_indirection - 1]->node_case ==
         PG_QUERY__NODE__NODE_A_STAR;
}

bool IsStar(const Node* node) {
  if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return false;
  const PgQuery__ColumnRef& ref = *node->column_ref;
  return ref.fields[ref.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR;
}

// Where a clause's item stands.
int LocationOf(const Node* node) {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      return node->column_ref->location;
    case PG_QUERY__NODE__NODE_A_CONST:
      return node->a_const->location;
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return node->func_call->location;
    default:
      return -1;
  }
}

bool IsPlainColumn(const Node* node) { return node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF; }

}  // namespace

absl::StatusOr<BoundQuery> Binder::BindSelect(const PgQuery__SelectStmt& select, Scope* parent,
                                              bool keep_unknown) {
  const DepthGuard guard(&depth_);
  if (guard.too_deep()) return DepthGuard::Error();
  Scope scope(parent);
  if (parent == nullptr && view_depth_ == 0)
    single_rows_ = select.where_clause == nullptr && select.limit_count == nullptr &&
                   select.limit_offset == nullptr && select.having_clause == nullptr &&
                   select.larg == nullptr;
  RETURN_IF_ERROR(BindWith(select.with_clause, &scope));
  if (select.into_clause != nullptr) return Unsupported(-1, "SELECT INTO");
  if (select.op != PG_QUERY__SET_OPERATION__SETOP_NONE &&
      select.op != PG_QUERY__SET_OPERATION__SET_OPERATION_UNDEFINED)
    return BindSetOperation(select, &scope);
  if (select.n_values_lists > 0) return BindValues(select, &scope, keep_unknown);
  return BindSimple(select, &scope, keep_unknown);
}

absl::Status Binder::ExpandStar(const Node* node, Scope* scope, std::vector<Target>* targets) {
  const PgQuery__ColumnRef& ref = *node->column_ref;
  const auto add = [&](const ScopeColumn& column) {
    ReadColumn(column.id);
    targets->push_back({plan::MakeColumn(column.id, column.type, ref.location), column.name});
  };
  if (ref.n_fields > 1) {
    const std::string alias(parser::StringOf(ref.fields[ref.n_fields - 2]));
    for (Scope* level = scope; level != nullptr; level = level->parent) {
      for (const ScopeItem& item : level->items) {
        if (!item.relation_visible || item.alias != alias) continue;
        for (const ScopeColumn& column : item.columns) add(column);
        return absl::OkStatus();
      }
    }
    std::vector<Target> fields = FieldsOfVariable(alias, ref.location);
    const ExprPtr row = fields.empty() ? FindVariable({alias}, ref.location) : nullptr;
    if (row != nullptr && row->type.id == TypeId::kRecord) {
      ASSIGN_OR_RETURN(fields, FieldsOf(row));
    }
    if (fields.empty())
      return ErrorAt(sqlstate::kUndefinedTable, ref.location,
                     absl::StrCat("missing FROM-clause entry for table \"", alias, "\""));
    for (Target& field : fields) targets->push_back(std::move(field));
    return absl::OkStatus();
  }
  if (scope->items.empty())
    return ErrorAt(sqlstate::kSyntaxError, ref.location,
                   "SELECT * with no tables specified is not valid");
  for (const ScopeItem& item : scope->items) {
    if (!item.columns_visible) continue;
    for (const ScopeColumn& column : item.columns) add(column);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Target>> Binder::BindTargets(NodeList list, Scope* scope,
                                                        bool keep_unknown) {
  std::vector<Target> targets;
  for (const Node* node : list) {
    const PgQuery__ResTarget& target = *node->res_target;
    if (IsStar(target.val)) {
      RETURN_IF_ERROR(ExpandStar(target.val, scope, &targets));
      continue;
    }
    if (IsFieldStar(target.val)) {
      ASSIGN_OR_RETURN(std::vector<Target> fields, BindFieldStar(target.val, scope));
      for (Target& field : fields) targets.push_back(std::move(field));
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr e, BindExpr(target.val, scope));
    if (!keep_unknown) {
      ASSIGN_OR_RETURN(e, ResolveUnknown(e));
    }
    const std::string_view name = parser::View(target.name);
    targets.push_back({e, name.empty() ? ColumnNameOf(target.val) : std::string(name)});
  }
  if (targets.size() > kMaxTargets)
    return status::Error(sqlstate::kTooManyColumns, "target lists can have at most 1664 entries");
  return targets;
}

// Constants that decide whether two expressions are the same must not be lifted.
bool Binder::MustPinTargets(const PgQuery__SelectStmt& select) const {
  for (const Node* node : NodeList(select.group_clause, select.n_group_clause)) {
    if (!IsPlainColumn(node)) return true;
  }
  if (select.n_distinct_clause == 0) return false;
  for (const Node* node : NodeList(select.sort_clause, select.n_sort_clause)) {
    if (!IsPlainColumn(node->sort_by->node)) return true;
  }
  return select.distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
}

absl::StatusOr<std::optional<int>> Binder::MatchTarget(const Node* node,
                                                       const std::vector<Target>& targets,
                                                       Scope* scope, bool columns_first,
                                                       const char* clause) {
  if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1 &&
      !IsStar(node)) {
    const std::string name(parser::StringOf(node->column_ref->fields[0]));
    if (columns_first) {
      for (const ScopeItem& item : scope->items) {
        if (!item.columns_visible) continue;
        for (const ScopeColumn& column : item.columns) {
          if (column.name == name) return std::optional<int>();
        }
      }
    }
    std::optional<int> found;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].name != name) continue;
      if (found.has_value()) {
        const ExprPtr& other = targets[*found].expression;
        if (!plan::Equal(*other, *targets[i].expression))
          return ErrorAt(sqlstate::kAmbiguousColumn, node->column_ref->location,
                         absl::StrCat(clause, " \"", name, "\" is ambiguous"));
      } else {
        found = static_cast<int>(i);
      }
    }
    return found;
  }
  if (node->node_case == PG_QUERY__NODE__NODE_A_CONST) {
    const PgQuery__AConst& constant = *node->a_const;
    if (constant.isnull || constant.val_case != PG_QUERY__A__CONST__VAL_IVAL)
      return ErrorAt(sqlstate::kSyntaxError, constant.location,
                     absl::StrCat("non-integer constant in ", clause));
    const int position = constant.ival->ival;
    if (position < 1 || position > static_cast<int>(targets.size()))
      return ErrorAt(sqlstate::kInvalidColumnReference, constant.location,
                     absl::StrCat(clause, " position ", position, " is not in select list"));
    return std::optional<int>(position - 1);
  }
  return std::optional<int>();
}

absl::StatusOr<std::vector<Binder::OrderItem>> Binder::BindOrderBy(
    NodeList list, Scope* scope, const std::vector<Target>& targets, bool names_only) {
  std::vector<OrderItem> items;
  for (const Node* node : list) {
    const PgQuery__SortBy& sort = *node->sort_by;
    OrderItem item;
    item.descending = sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    if (sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING) {
      const std::string op(parser::StringOf(sort.use_op[sort.n_use_op - 1]));
      if (op != "<" && op != ">")
        return Unsupported(sort.location, "ORDER BY USING with this operator");
      item.descending = op == ">";
    }
    item.nulls_first =
        sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
        (sort.sortby_nulls != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST && item.descending);
    item.location = sort.location >= 0 ? sort.location : LocationOf(sort.node);
    std::optional<int> target;
    if (!targets.empty() || names_only) {
      ASSIGN_OR_RETURN(target, MatchTarget(sort.node, targets, scope, false, "ORDER BY"));
    }
    Type type;
    if (target.has_value()) {
      item.target = *target;
      type = targets[*target].expression->type;
    } else {
      if (names_only) {
        if (sort.node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
            sort.node->column_ref->n_fields == 1)
          return ErrorAt(
              sqlstate::kUndefinedColumn, sort.node->column_ref->location,
              absl::StrCat("column \"",
                           std::string(parser::StringOf(sort.node->column_ref->fields[0])),
                           "\" does not exist"));
        return status::Error(
            sqlstate::kFeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
            "Only result column names can be used, not expressions or functions.",
            "Add the expression/function to every SELECT, or move the UNION into a FROM clause.");
      }
      ASSIGN_OR_RETURN(item.expression, BindExpr(sort.node, scope));
      ASSIGN_OR_RETURN(item.expression, ResolveUnknown(item.expression));
      type = item.expression->type;
      for (size_t i = 0; i < targets.size() && item.target < 0; ++i) {
        if (plan::Equal(*targets[i].expression, *item.expression) &&
            types::Plain(targets[i].expression->type.collation) == types::Plain(type.collation) &&
            !plan::IsVolatile(item.expression))
          item.target = static_cast<int>(i);
      }
    }
    if (!types::IsComparable(type))
      return status::ErrorAt(
          sqlstate::kUndefinedFunction, parser::CharacterPosition(text_, item.location),
          absl::StrCat("could not identify an ordering operator for type ", types::Format(type)),
          "Use an explicit ordering operator or modify the query.");
    items.push_back(std::move(item));
  }
  return items;
}

RelPtr Binder::Project(RelPtr input, const std::vector<Target>& targets) {
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {std::move(input)});
  for (const Target& target : targets) {
    project->expressions.push_back(target.expression);
    project->output.push_back(target.id);
  }
  return project;
}

absl::StatusOr<RelPtr> Binder::BindLimit(const PgQuery__SelectStmt& select, RelPtr rel,
                                         const std::vector<plan::SortKey>& sorted, Scope* scope) {
  const bool ties = select.limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
  if (ties && sorted.empty())
    return ErrorAt(sqlstate::kSyntaxError, -1,
                   "WITH TIES cannot be specified without ORDER BY clause");
  if (select.limit_count == nullptr && select.limit_offset == nullptr) return rel;
  RelPtr limit = plan::MakeRel(Rel::Kind::kLimit, {rel});
  limit->output = rel->output;
  for (const plan::SortKey& key : sorted) {
    if (ties) limit->ties.push_back(key.expression);
  }
  auto bind = [&](const Node* node, const char* name) -> absl::StatusOr<ExprPtr> {
    Scope outer(scope->parent);
    outer.ctes = scope->ctes;
    outer.clause = name;
    ASSIGN_OR_RETURN(ExprPtr e, BindExpr(node, &outer));
    const Type from = e->type;
    ASSIGN_OR_RETURN(ExprPtr value,
                     TryCoerce(e, {TypeId::kInt8, 0}, functions::CastContext::kAssignment));
    if (value == nullptr)
      return ErrorAt(sqlstate::kDatatypeMismatch, e->location,
                     absl::StrCat("argument of ", name, " must be type bigint, not type ",
                                  types::Format(from)));
    return value;
  };
  if (select.limit_count != nullptr) {
    ASSIGN_OR_RETURN(limit->count, bind(select.limit_count, "LIMIT"));
    if (limit->count->kind == Expr::Kind::kLiteral && limit->count->value.is_null()) {
      if (ties)
        return ErrorAt(sqlstate::kInvalidRowCountInLimit, -1,
                       "row count cannot be null in FETCH FIRST ... WITH TIES clause");
      limit->count = nullptr;
    }
  }
  if (select.limit_offset != nullptr) {
    ASSIGN_OR_RETURN(limit->offset, bind(select.limit_offset, "OFFSET"));
  }
  if (limit->count == nullptr && limit->offset == nullptr) return rel;
  return limit;
}

namespace {

common::v1::RowLock LockOf(const PgQuery__LockingClause& clause) {
  common::v1::RowLock lock;
  switch (clause.strength) {
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE:
      lock.set_strength(common::v1::ROW_LOCK_STRENGTH_KEY_SHARE);
      break;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE:
      lock.set_strength(common::v1::ROW_LOCK_STRENGTH_SHARE);
      break;
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE:
      lock.set_strength(common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE);
      break;
    default:
      lock.set_strength(common::v1::ROW_LOCK_STRENGTH_UPDATE);
  }
  if (clause.wait_policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitSkip)
    lock.set_wait(common::v1::ROW_LOCK_WAIT_SKIP_LOCKED);
  if (clause.wait_policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitError)
    lock.set_wait(common::v1::ROW_LOCK_WAIT_NOWAIT);
  return lock;
}

const char* NameOf(common::v1::RowLockStrength strength) {
  switch (strength) {
    case common::v1::ROW_LOCK_STRENGTH_KEY_SHARE:
      return "FOR KEY SHARE";
    case common::v1::ROW_LOCK_STRENGTH_SHARE:
      return "FOR SHARE";
    case common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE:
      return "FOR NO KEY UPDATE";
    default:
      return "FOR UPDATE";
  }
}

// Of several clauses for one table the strongest counts, and of the policies NOWAIT before SKIP
// LOCKED before waiting.
void Strengthen(const common::v1::RowLock& lock, std::optional<common::v1::RowLock>* held) {
  if (!held->has_value()) {
    *held = lock;
    return;
  }
  (*held)->set_strength(std::max((*held)->strength(), lock.strength()));
  (*held)->set_wait(std::max((*held)->wait(), lock.wait()));
}

}  // namespace

absl::Status Binder::ApplyLocking(const PgQuery__SelectStmt& select, const RelPtr& rel) {
  for (const Node* node : NodeList(select.locking_clause, select.n_locking_clause))
    RETURN_IF_ERROR(ApplyLock(*node->locking_clause, rel));
  return absl::OkStatus();
}

absl::Status Binder::ApplyLock(const PgQuery__LockingClause& clause, const RelPtr& rel) {
  const common::v1::RowLock lock = LockOf(clause);
  std::vector<std::string> names;
  for (const Node* locked : NodeList(clause.locked_rels, clause.n_locked_rels))
    names.emplace_back(parser::View(locked->range_var->relname));
  std::vector<Rel*> stack = {rel.get()};
  size_t found = 0;
  while (!stack.empty()) {
    Rel* at = stack.back();
    stack.pop_back();
    if (at->kind == Rel::Kind::kAggregate || at->kind == Rel::Kind::kSetOperation ||
        at->kind == Rel::Kind::kAppend)
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat(NameOf(lock.strength()),
                                        " is not allowed with GROUP BY, DISTINCT or set "
                                        "operations"));
    if (at->kind == Rel::Kind::kWindow)
      return status::Error(
          sqlstate::kFeatureNotSupported,
          absl::StrCat(NameOf(lock.strength()), " is not allowed with window functions"));
    const bool secured = at->kind == Rel::Kind::kBarrier && at->table != nullptr;
    if (secured && (names.empty() || std::find(names.begin(), names.end(),
                                               at->inputs[0]->inputs[0]->alias) != names.end()))
      RETURN_IF_ERROR(SecureLocked(at));
    if (at->kind == Rel::Kind::kScan && !at->table->is_virtual() &&
        (names.empty() || std::find(names.begin(), names.end(), at->alias) != names.end())) {
      Strengthen(lock, &at->lock);
      query_->has_locks = true;
      UseTable(*at->table, common::v1::PRIVILEGE_UPDATE);
      ++found;
    }
    for (const RelPtr& input : at->inputs) stack.push_back(input.get());
  }
  if (found < names.size())
    return status::Error(sqlstate::kUndefinedTable,
                         absl::StrCat("relation \"", names[0], "\" in ", NameOf(lock.strength()),
                                      " clause not found in FROM clause"));
  return absl::OkStatus();
}

absl::Status Binder::BindConditions(const Node* node, Scope* scope,
                                    std::vector<ExprPtr>* conditions) {
  std::vector<const Node*> parts = {node};
  for (size_t i = 0; i < parts.size();) {
    const Node* part = parts[i];
    if (part->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
        part->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
      ++i;
      continue;
    }
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(i), part->bool_expr->args,
                 part->bool_expr->args + part->bool_expr->n_args);
  }
  for (const Node* part : parts) {
    ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(part, scope));
    ASSIGN_OR_RETURN(condition, ToBoolean(condition, parts.size() > 1 ? "AND" : "WHERE"));
    plan::SplitConjunction(condition, conditions);
  }
  AddKeyConditions(conditions);
  return absl::OkStatus();
}

absl::StatusOr<BoundQuery> Binder::BindSimple(const PgQuery__SelectStmt& select, Scope* scope,
                                              bool keep_unknown) {
  scope->clause = "FROM";
  scope->statement = &select.base;
  ASSIGN_OR_RETURN(RelPtr rel, BindFrom({select.from_clause, select.n_from_clause}, scope));
  if (select.where_clause != nullptr) {
    scope->clause = "WHERE";
    SeriesState calls;
    scope->row_calls = &calls;
    std::vector<ExprPtr> conditions, about_calls;
    RETURN_IF_ERROR(BindConditions(select.where_clause, scope, &conditions));
    scope->row_calls = nullptr;
    if (!calls.calls.empty()) {
      if (select.n_locking_clause > 0) return NoLocks(*calls.calls[0].program);
      for (const SeriesState::Call& call : calls.calls) {
        if (select.limit_count != nullptr && plan::IsVolatileFunction(*call.program))
          return NoConditionBesideLimit(*call.program);
      }
      // For the rows that are left by what needs no call.
      const auto split =
          std::stable_partition(conditions.begin(), conditions.end(), [&calls](const ExprPtr& e) {
            const std::vector<bool> used = SeriesIn(calls, {e});
            return std::none_of(used.begin(), used.end(), [](bool one) { return one; });
          });
      about_calls.assign(split, conditions.end());
      conditions.erase(split, conditions.end());
    }
    if (!conditions.empty()) rel = plan::MakeFilter(rel, std::move(conditions));
    // One after the other, each for the rows that those before it leave.
    std::vector<bool> made(calls.calls.size(), false);
    for (const ExprPtr& condition : about_calls) {
      std::vector<bool> wanted = SeriesIn(calls, {condition});
      for (size_t i = 0; i < wanted.size(); ++i) {
        wanted[i] = wanted[i] && !made[i];
        made[i] = made[i] || wanted[i];
      }
      ASSIGN_OR_RETURN(rel, ApplySeries(rel, calls, wanted));
      rel = plan::MakeFilter(rel, {condition});
    }
  }
  const bool pinned = MustPinTargets(select);
  if (pinned) ++no_lift_;
  auto result = BindSelectBody(select, scope, rel, keep_unknown);
  if (pinned) --no_lift_;
  return result;
}

}  // namespace adbms::sql::binder
