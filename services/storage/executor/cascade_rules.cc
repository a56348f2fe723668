#include "services/storage/executor/cascade_rules.h"
#include "services/storage/txn/statement_end.h"

#include <algorithm>

#include "common/sql/plan/cascades.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::executor {
namespace {

using Targets = google::protobuf::RepeatedPtrField<common::v1::CascadeTarget>;

const Targets& TargetsOf(const common::v1::Operator& op) {
  if (op.has_delete_()) return op.delete_().cascades();
  if (op.has_update()) return op.update().cascades();
  return op.insert().cascades();
}

}  // namespace

absl::StatusOr<CascadeTargets> CascadeTargets::Compile(const Targets& targets,
                                                       const CompileScope& scope) {
  CascadeTargets compiled;
  for (const common::v1::CascadeTarget& proto : targets) {
    ASSIGN_OR_RETURN(const catalog::TableEntry* table, scope.Table(proto.table_id()));
    Target& target = compiled.targets_[proto.table_id()];
    ASSIGN_OR_RETURN(target.checks, CompileChecks(proto.checks()));
    ASSIGN_OR_RETURN(target.partitions, PartitionTargets::Make(table, {}, [&](uint32_t id) {
                       return scope.Table(id);
                     }));
    for (const common::v1::ColumnDefault& column : proto.defaults()) {
      if (column.column() >= table->layout.types.size())
        return absl::InvalidArgumentError("malformed plan: no such column");
      ASSIGN_OR_RETURN(target.defaults[column.column()], sql::expression::Compile(column.value()));
    }
  }
  return compiled;
}

absl::StatusOr<const CascadeTargets::Target*> CascadeRules::Find(
    const catalog::TableEntry& table) const {
  const auto it = targets_.targets_.find(table.descriptor.table_id());
  if (it != targets_.targets_.end()) return &it->second;
  return status::Error(status::sqlstate::kStalePlan,
                       "the plan knows nothing of table " + table.descriptor.name());
}

absl::Status CascadeRules::CheckRows(const catalog::TableEntry& table, const types::Batch& rows) {
  ASSIGN_OR_RETURN(const CascadeTargets::Target* target, Find(table));
  if (target->partitions != nullptr) RETURN_IF_ERROR(target->partitions->CheckOwn(rows));
  return VerifyChecks(target->checks, table, context_->state, rows);
}

absl::StatusOr<types::VectorPtr> CascadeRules::Defaults(const catalog::TableEntry& table,
                                                        uint32_t ordinal, uint32_t rows) {
  ASSIGN_OR_RETURN(const CascadeTargets::Target* target, Find(table));
  const auto it = target->defaults.find(ordinal);
  if (it == target->defaults.end())
    return absl::InvalidArgumentError("malformed plan: a column without its default");
  types::Batch none;
  none.row_count = rows;
  ASSIGN_OR_RETURN(types::VectorPtr value, it->second->Evaluate(context_->state, none));
  if (value->physical() != types::PhysicalOf(table.layout.types[ordinal].id) ||
      value->size() != rows)
    return absl::InvalidArgumentError("malformed plan: a default of another type");
  return value;
}

std::vector<uint32_t> CascadedTables(const common::v1::Plan& plan) {
  std::vector<uint32_t> ids;
  const auto add = [&](const common::v1::Operator& op) {
    for (const common::v1::CascadeTarget& target : TargetsOf(op)) ids.push_back(target.table_id());
  };
  add(plan.root());
  for (const common::v1::Operator& cte : plan.ctes()) add(cte);
  return ids;
}

namespace {

bool KnowsItsCascades(const common::v1::Operator& op, const catalog::CatalogState& catalog) {
  sql::plan::RowChanges change;
  uint32_t table_id = 0;
  if (op.has_delete_()) {
    table_id = op.delete_().table_id();
    change.removed = true;
  } else if (op.has_update()) {
    const common::v1::Update& update = op.update();
    table_id = update.table_id();
    change.changed.insert(update.columns().begin(), update.columns().end());
  } else if (op.insert().conflict_update_size() > 0) {
    table_id = op.insert().table_id();
    for (int i = 0; i < op.insert().conflict_update_size(); ++i)
      change.changed.insert(static_cast<uint32_t>(i));
  }
  if (table_id == 0 || catalog.ReferencesTo(table_id).empty()) return true;
  const auto reached = sql::plan::CascadesOf(
      table_id, change, [&](uint32_t parent, const sql::plan::VisitReference& visit) {
        for (const auto& [child, key] : catalog.ReferencesTo(parent)) {
          if (!txn::ActsByStatements(catalog, child->descriptor.table_id(), *key))
            visit(child->descriptor.table_id(), *key);
        }
      });
  return std::all_of(reached.begin(), reached.end(), [&](const auto& table) {
    const auto& [id, happens] = table;
    return std::any_of(
        TargetsOf(op).begin(), TargetsOf(op).end(),
        [id = id, &happens = happens](const common::v1::CascadeTarget& target) {
          return target.table_id() == id &&
                 std::all_of(happens.defaulted.begin(), happens.defaulted.end(),
                             [&](uint32_t ordinal) {
                               return std::any_of(
                                   target.defaults().begin(), target.defaults().end(),
                                   [&](const auto& known) { return known.column() == ordinal; });
                             });
        });
  });
}

}  // namespace

bool KnowsItsCascades(const common::v1::Plan& plan, const catalog::CatalogState& catalog) {
  return KnowsItsCascades(plan.root(), catalog) &&
         std::all_of(plan.ctes().begin(), plan.ctes().end(), [&](const common::v1::Operator& cte) {
           return KnowsItsCascades(cte, catalog);
         });
}

}  // namespace adbms::storage::executor
