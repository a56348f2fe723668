// INSERT … ON CONFLICT.
#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/plan/implication.h"
#include "common/sql/plan/index_form.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::binder {
namespace {

using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;
using plan::Expr;
namespace sqlstate = status::sqlstate;

absl::Status DeferrableArbiter(const TableDescriptor& table,
                               const common::v1::IndexDescriptor& index) {
  status::SqlError error;
  error.sqlstate = std::string(sqlstate::kObjectNotInPrerequisiteState);
  error.message =
      "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as "
      "arbiters";
  error.schema = table.schema();
  error.table = table.name();
  error.constraint = index.name();
  return status::ToStatus(error);
}

bool IsAmong(const Expr& e, const std::vector<ExprPtr>& list) {
  return std::any_of(list.begin(), list.end(),
                     [&](const ExprPtr& one) { return plan::Equal(*one, e); });
}

}  // namespace

absl::StatusOr<Binder::Inference> Binder::ReadInference(const PgQuery__InferClause& infer) {
  const TableDescriptor& table = *query_->target;
  const std::vector<ColumnId>& columns = query_->insert.columns;
  Inference inference;
  // What is looked for is part of the statement, not a value of it.
  ++no_lift_;
  const auto read = [&]() -> absl::Status {
    for (const Node* node : NodeList(infer.index_elems, infer.n_index_elems)) {
      const PgQuery__IndexElem& element = *node->index_elem;
      const std::string name(parser::View(element.name));
      if (name.empty()) {
        ASSIGN_OR_RETURN(ExprPtr e,
                         BindTableExpression(element.expr, table, columns, "index expression"));
        ASSIGN_OR_RETURN(e, ResolveUnknown(e));
        if (e->kind != Expr::Kind::kColumn) {
          inference.expressions.push_back(std::move(e));
          continue;
        }
        const auto at = std::find(columns.begin(), columns.end(), e->column);
        inference.columns.insert(static_cast<uint32_t>(at - columns.begin()));
        continue;
      }
      const absl::StatusOr<uint32_t> ordinal = TargetColumn(name, infer.location);
      if (!ordinal.ok() && status::HasSqlState(ordinal.status(), sqlstate::kUndefinedColumn))
        return ErrorAt(sqlstate::kUndefinedColumn, infer.location,
                       absl::StrCat("column \"", name, "\" does not exist"));
      RETURN_IF_ERROR(ordinal.status());
      inference.columns.insert(*ordinal);
    }
    if (infer.where_clause == nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(ExprPtr where,
                     BindTableExpression(infer.where_clause, table, columns, "index predicate"));
    ASSIGN_OR_RETURN(where, ToBoolean(where, "WHERE"));
    plan::SplitConjunction(where, &inference.conditions);
    return absl::OkStatus();
  };
  const absl::Status status = read();
  --no_lift_;
  RETURN_IF_ERROR(status);
  return inference;
}

absl::StatusOr<std::vector<const IndexDescriptor*>> Binder::MatchingIndexes(
    const Inference& inference) {
  const TableDescriptor& table = *query_->target;
  std::vector<const IndexDescriptor*> matching;
  for (const IndexDescriptor& index : table.indexes()) {
    const bool deferrable = index.deferral() != common::v1::DEFERRAL_UNSPECIFIED;
    if ((!index.unique() && !deferrable) || index.state() == IndexDescriptor::STATE_BUILDING)
      continue;
    std::set<uint32_t> columns(index.columns().begin(), index.columns().end());
    columns.erase(kExpressionKey);
    if (columns != inference.columns) continue;
    ASSIGN_OR_RETURN(const plan::IndexForm form, plan::FormOf(index, [&](uint32_t ordinal) {
                       return plan::MakeColumn(
                           query_->insert.columns[ordinal],
                           types::FromProto(table.columns(static_cast<int>(ordinal)).type()));
                     }));
    std::vector<ExprPtr> expressions;
    for (const ExprPtr& key : form.keys) {
      if (key != nullptr) expressions.push_back(key);
    }
    const auto all_among = [](const std::vector<ExprPtr>& some, const std::vector<ExprPtr>& all) {
      return std::all_of(some.begin(), some.end(),
                         [&](const ExprPtr& e) { return IsAmong(*e, all); });
    };
    if (!all_among(expressions, inference.expressions) ||
        !all_among(inference.expressions, expressions))
      continue;
    if (form.predicate != nullptr && !plan::Implies(inference.conditions, form.predicate)) continue;
    if (deferrable) return DeferrableArbiter(table, index);
    matching.push_back(&index);
  }
  return matching;
}

absl::StatusOr<uint32_t> Binder::InferConflictIndex(const PgQuery__OnConflictClause& clause) {
  const TableDescriptor& table = *query_->target;
  const PgQuery__InferClause& infer = *clause.infer;
  const std::string constraint(parser::View(infer.conname));
  if (!constraint.empty()) {
    if (constraint == table.primary_key_name()) return 0u;
    for (const auto& index : table.indexes()) {
      if (index.deferral() != common::v1::DEFERRAL_UNSPECIFIED && index.name() == constraint)
        return DeferrableArbiter(table, index);
      if (index.unique() && index.is_constraint() && index.name() == constraint)
        return index.index_id();
    }
    return ErrorAt(sqlstate::kUndefinedObject, -1,
                   absl::StrCat("constraint \"", constraint, "\" for table \"", table.name(),
                                "\" does not exist"));
  }
  ASSIGN_OR_RETURN(const Inference inference, ReadInference(infer));
  if (inference.expressions.empty() && table.primary_key_size() > 0 &&
      inference.columns ==
          std::set<uint32_t>(table.primary_key().begin(), table.primary_key().end()))
    return 0u;
  ASSIGN_OR_RETURN(const auto matching, MatchingIndexes(inference));
  if (matching.empty())
    return ErrorAt(
        sqlstate::kInvalidColumnReference, -1,
        "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  // One over all rows meets whatever the partial ones meet.
  const auto whole = std::find_if(matching.begin(), matching.end(),
                                  [](const auto* index) { return !index->has_predicate(); });
  if (whole != matching.end()) return (*whole)->index_id();
  if (matching.size() > 1)
    return ErrorAt(sqlstate::kFeatureNotSupported, infer.location,
                   "ON CONFLICT with several partial indexes is not supported",
                   "Write a WHERE that only one of the indexes' predicates follows from.");
  return matching.front()->index_id();
}

std::vector<uint32_t> Binder::ArbiterColumns(uint32_t index_id) const {
  const TableDescriptor& table = *query_->target;
  if (index_id == 0) return {table.primary_key().begin(), table.primary_key().end()};
  std::vector<uint32_t> ordinals;
  for (const IndexDescriptor& index : table.indexes()) {
    if (index.index_id() != index_id) continue;
    for (const uint32_t ordinal : index.columns()) {
      if (ordinal != kExpressionKey) ordinals.push_back(ordinal);
    }
  }
  return ordinals;
}

absl::Status Binder::BindOnConflict(const PgQuery__OnConflictClause& clause,
                                    const ScopeItem& target_item, Scope* scope) {
  const TableDescriptor& table = *query_->target;
  plan::InsertTarget& insert = query_->insert;
  std::optional<uint32_t> index;
  if (clause.infer != nullptr) {
    ASSIGN_OR_RETURN(index, InferConflictIndex(clause));
    // Whether there is a conflict tells what is in the table.
    UseTarget(common::v1::PRIVILEGE_SELECT);
    for (const uint32_t ordinal : ArbiterColumns(*index)) ReadColumn(insert.columns[ordinal]);
  }
  if (clause.action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_NOTHING) {
    for (const auto& key : table.indexes()) {
      if (!index.has_value() && key.deferral() != common::v1::DEFERRAL_UNSPECIFIED)
        return DeferrableArbiter(table, key);
    }
    insert.ignore_conflicts = true;
    insert.conflict_index_id = index;
    return absl::OkStatus();
  }
  if (!index.has_value())
    return ErrorAt(sqlstate::kSyntaxError, clause.location,
                   "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                   "For example, ON CONFLICT (column_name).");
  insert.conflict_index_id = index;
  UseTarget(common::v1::PRIVILEGE_UPDATE);
  for (const ColumnId id : insert.columns)
    insert.excluded.push_back(query_->AddColumn(query_->columns[id]));
  ScopeItem excluded = OverColumns(target_item, insert.columns, insert.excluded);
  excluded.alias = "excluded";
  excluded.schema.clear();
  excluded.columns_visible = false;
  // As PostgreSQL: who reads them reads the table's.
  StandForTarget(insert.excluded, excluded);
  Scope inner(nullptr);
  inner.ctes = scope->ctes;
  inner.items = {target_item, excluded};
  inner.clause = "ON CONFLICT";
  std::vector<uint32_t> columns;
  std::vector<ExprPtr> values;
  RETURN_IF_ERROR(
      BindAssignments({clause.target_list, clause.n_target_list}, &inner, &columns, &values));
  WriteColumns(columns, common::v1::PRIVILEGE_UPDATE);
  for (int i = 0; i < table.columns_size(); ++i)
    insert.conflict_update.push_back(
        plan::MakeColumn(insert.columns[i], query_->columns[insert.columns[i]].type));
  // Storage knows no more of what is assigned than this.
  std::vector<uint32_t> any(insert.conflict_update.size());
  std::iota(any.begin(), any.end(), 0);
  RETURN_IF_ERROR(BindCascades(table, /*removed=*/false, any));
  for (size_t i = 0; i < columns.size(); ++i) {
    if (plan::HasSubquery(values[i]))
      return Unsupported(clause.location, "a subquery in ON CONFLICT DO UPDATE");
    insert.conflict_update[columns[i]] = values[i];
  }
  if (clause.where_clause != nullptr) {
    ASSIGN_OR_RETURN(ExprPtr condition, BindExpr(clause.where_clause, &inner));
    ASSIGN_OR_RETURN(condition, ToBoolean(condition, "WHERE"));
    insert.conflict_filter = OverTarget(condition);
    if (plan::HasSubquery(insert.conflict_filter))
      return Unsupported(clause.location, "a subquery in ON CONFLICT DO UPDATE");
  }
  insert.conflict_assigned = columns;
  return ConflictTriggers(columns);
}

}  // namespace adbms::sql::binder
