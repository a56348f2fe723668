// Triggers that fire in the gateway before rows are written, or instead (decision 050): the rows
// are made by a WITH query, which fires them for each row.
#include <algorithm>
#include <utility>

#include "common/sql/binder/binder.h"
#include "common/sql/binder/triggers.h"
#include "common/status/macros.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using plan::Rel;

}  // namespace

RelPtr Binder::PassOn(const RelPtr& input) const {
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {input});
  for (const ColumnId id : input->output) {
    project->output.push_back(id);
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  }
  return project;
}

RelPtr Binder::FireForRows(RelPtr rows, plan::RowTriggers triggers) {
  const TableDescriptor& table = *triggers.table;
  if (triggers.event != common::v1::STATEMENT_KIND_DELETE) {
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto& column = table.columns(i);
      if (column.dropped()) continue;
      triggers.results.push_back(
          query_->AddColumn({column.name(), types::FromProto(column.type()), table.table_id(),
                             static_cast<uint32_t>(i + 1), false}));
    }
  }
  RelPtr reader = plan::MakeRel(Rel::Kind::kCte);
  reader->cte = static_cast<uint32_t>(query_->ctes.size());
  reader->alias = table.name();
  reader->output = rows->output;
  reader->output.insert(reader->output.end(), triggers.results.begin(), triggers.results.end());
  plan::Cte cte{table.name(), std::move(rows)};
  cte.references = 1;
  cte.materialize = true;
  cte.triggers = std::move(triggers);
  query_->ctes.push_back(std::move(cte));
  return reader;
}

absl::Status Binder::InsertTriggers() {
  const TableDescriptor& table = *query_->target;
  const bool instead = IsView(table);
  const auto timing =
      instead ? TriggerDescriptor::TIMING_INSTEAD : TriggerDescriptor::TIMING_BEFORE;
  if (!upsert_fires_ && !merge_fires_ &&
      !FiresForRows(*input_.catalog, table, TriggerEvent::kInsert, timing, {}, is_replica()))
    return absl::OkStatus();
  const Triggers triggers =
      TriggersOf(table, TriggerEvent::kInsert, timing, true, {}, is_replica());
  if (!instead && !upsert_fires_ && !merge_fires_ && !table.has_partition_key() &&
      BecomesPlan([&] { return InlineInsertTriggers(triggers); }))
    return absl::OkStatus();
  plan::RowTriggers fired;
  fired.table = &table;
  fired.event = common::v1::STATEMENT_KIND_INSERT;
  fired.instead = instead;
  const std::vector<ColumnId> input = query_->root->output;
  for (int i = 0; i < table.columns_size(); ++i) {
    if (!table.columns(i).dropped()) fired.new_columns.push_back(input[static_cast<size_t>(i)]);
  }
  const RelPtr reader = FireForRows(query_->root, std::move(fired));
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {reader});
  size_t next = input.size();
  for (int i = 0; i < table.columns_size(); ++i) {
    const ColumnId id =
        table.columns(i).dropped() ? input[static_cast<size_t>(i)] : reader->output[next++];
    project->output.push_back(query_->AddColumn(query_->columns[id]));
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  }
  query_->root = project;
  return absl::OkStatus();
}

void Binder::LockTarget(common::v1::RowLockStrength strength) {
  std::vector<Rel*> stack = {query_->root.get()};
  while (!stack.empty()) {
    Rel* at = stack.back();
    stack.pop_back();
    const bool target =
        at->kind == Rel::Kind::kScan &&
        std::find(at->output.begin(), at->output.end(), query_->change.row_key) != at->output.end();
    if (target && !at->lock.has_value()) {
      at->lock.emplace();
      at->lock->set_strength(strength);
      query_->has_locks = true;
    }
    for (const RelPtr& input : at->inputs) stack.push_back(input.get());
  }
}

absl::Status Binder::ChangeTriggers(TriggerEvent event, const std::vector<uint32_t>& assigned) {
  const TableDescriptor& table = *query_->target;
  plan::ChangeTarget& change = query_->change;
  const bool instead = IsView(table);
  const auto timing =
      instead ? TriggerDescriptor::TIMING_INSTEAD : TriggerDescriptor::TIMING_BEFORE;
  const bool updates = event == TriggerEvent::kUpdate;
  bool fires =
      merge_fires_ || FiresForRows(*input_.catalog, table, event, timing, assigned, is_replica());
  // A row that goes to another partition leaves one and comes to one.
  if (updates && table.has_partition_key()) {
    for (const TriggerEvent other : {TriggerEvent::kInsert, TriggerEvent::kDelete})
      fires |= FiresForRows(*input_.catalog, table, other, timing, {}, is_replica());
  }
  if (!fires) return absl::OkStatus();
  const Triggers triggers = TriggersOf(table, event, timing, true, assigned, is_replica());
  if (!instead && !merge_fires_ && !table.has_partition_key() && BecomesPlan([&] {
        return updates ? InlineUpdateTriggers(triggers) : InlineDeleteTriggers(triggers);
      }))
    return absl::OkStatus();
  if (!instead)
    LockTarget(updates ? common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE
                       : common::v1::ROW_LOCK_STRENGTH_UPDATE);
  plan::RowTriggers fired;
  fired.table = &table;
  fired.event = KindOf(event);
  fired.assigned = assigned;
  fired.instead = instead;
  if (!instead) fired.row_key = change.row_key;
  if (table.has_partition_key()) fired.table_oid = change.table_oid;
  RelPtr rows = PassOn(query_->root);
  std::vector<uint32_t> live;
  for (int i = 0; i < table.columns_size(); ++i) {
    if (table.columns(i).dropped()) continue;
    const auto ordinal = static_cast<uint32_t>(i);
    live.push_back(ordinal);
    fired.old_columns.push_back(change.columns[ordinal]);
    if (!updates) continue;
    const auto set = std::find(change.assigned.begin(), change.assigned.end(), ordinal);
    const bool is_generated = table.columns(i).has_generated();
    if (set == change.assigned.end() && !is_generated) {
      fired.new_columns.push_back(change.columns[ordinal]);
      continue;
    }
    // What is generated is computed when the triggers have fired.
    const ExprPtr value = is_generated
                              ? plan::MakeNull(types::FromProto(table.columns(i).type()))
                              : change.values[static_cast<size_t>(set - change.assigned.begin())];
    fired.new_columns.push_back(query_->AddColumn({"new", value->type, 0, 0, false}));
    rows->output.push_back(fired.new_columns.back());
    rows->expressions.push_back(value);
  }
  query_->root = FireForRows(std::move(rows), std::move(fired));
  change.recheck.clear();
  change.read_before = true;
  if (!updates) return absl::OkStatus();
  change.assigned.clear();
  change.values.clear();
  const std::vector<ColumnId>& results = query_->ctes.back().triggers->results;
  for (size_t i = 0; i < live.size(); ++i) {
    if (table.columns(static_cast<int>(live[i])).has_generated()) continue;
    change.assigned.push_back(live[i]);
    change.values.push_back(plan::MakeColumn(results[i], query_->columns[results[i]].type));
  }
  return absl::OkStatus();
}

void Binder::ReturnInstead(const std::vector<ColumnId>& columns,
                           const std::vector<ColumnId>& new_columns,
                           std::vector<ExprPtr>* returning) {
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {query_->root});
  query_->output.clear();
  for (const ExprPtr& e : *returning) {
    project->expressions.push_back(Renumbered(e, columns, new_columns));
    project->output.push_back(query_->AddColumn({"", e->type, 0, 0, false}));
  }
  query_->root = project;
  query_->output = project->output;
  returning->clear();
  query_->written_elsewhere = true;
}

}  // namespace adbms::sql::binder
