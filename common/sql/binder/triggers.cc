#include "common/sql/binder/triggers.h"

#include <algorithm>
#include <string>

#include "common/sql/catalog/partition_tree.h"

namespace adbms::sql::binder {

using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;

bool Fires(const TriggerDescriptor& trigger, TriggerEvent event,
           const std::vector<uint32_t>& assigned, bool is_replica) {
  if (trigger.enabled() == "D" || trigger.enabled() == (is_replica ? "O" : "R")) return false;
  switch (event) {
    case TriggerEvent::kInsert:
      return trigger.on_insert();
    case TriggerEvent::kDelete:
      return trigger.on_delete();
    case TriggerEvent::kTruncate:
      return trigger.on_truncate();
    case TriggerEvent::kUpdate:
      break;
  }
  if (!trigger.on_update()) return false;
  return trigger.columns().empty() ||
         std::any_of(trigger.columns().begin(), trigger.columns().end(), [&](uint32_t column) {
           return std::find(assigned.begin(), assigned.end(), column) != assigned.end();
         });
}

std::vector<const TriggerDescriptor*> TriggersOf(const TableDescriptor& table, TriggerEvent event,
                                                 TriggerDescriptor::Timing timing,
                                                 bool for_each_row,
                                                 const std::vector<uint32_t>& assigned,
                                                 bool is_replica) {
  std::vector<const TriggerDescriptor*> found;
  for (const TriggerDescriptor& trigger : table.triggers()) {
    if (trigger.timing() == timing && trigger.for_each_row() == for_each_row &&
        Fires(trigger, event, assigned, is_replica))
      found.push_back(&trigger);
  }
  std::sort(found.begin(), found.end(),
            [](const auto* a, const auto* b) { return a->name() < b->name(); });
  return found;
}

bool FiresForRows(const Catalog& catalog, const TableDescriptor& table, TriggerEvent event,
                  TriggerDescriptor::Timing timing, const std::vector<uint32_t>& assigned,
                  bool is_replica) {
  const auto fires = [&](const TableDescriptor& one) {
    return !TriggersOf(one, event, timing, true, assigned, is_replica).empty();
  };
  bool found = fires(table);
  if (!found && table.has_partition_key())
    ForEachPartition(catalog, table, [&](const TableDescriptor& part) { found |= fires(part); });
  return found;
}

bool HasTransitionTable(const TableDescriptor& table, TriggerEvent event, bool of_new_rows,
                        bool is_replica) {
  return std::any_of(table.triggers().begin(), table.triggers().end(), [&](const auto& trigger) {
    return !(of_new_rows ? trigger.new_table() : trigger.old_table()).empty() &&
           Fires(trigger, event, {}, is_replica);
  });
}

bool WantsRows(const Catalog& catalog, const TableDescriptor& table, TriggerEvent event,
               const std::vector<uint32_t>& assigned, bool is_replica) {
  return HasTransitionTable(table, event, true, is_replica) ||
         HasTransitionTable(table, event, false, is_replica) ||
         FiresForRows(catalog, table, event, TriggerDescriptor::TIMING_AFTER, assigned, is_replica);
}

bool NamesTable(const TriggerDescriptor& trigger) {
  return trigger.when_sql().find("tableoid") != std::string::npos;
}

const char* NameOf(TriggerEvent event) {
  switch (event) {
    case TriggerEvent::kInsert:
      return "INSERT";
    case TriggerEvent::kUpdate:
      return "UPDATE";
    case TriggerEvent::kDelete:
      return "DELETE";
    case TriggerEvent::kTruncate:
      break;
  }
  return "TRUNCATE";
}

common::v1::StatementKind KindOf(TriggerEvent event) {
  switch (event) {
    case TriggerEvent::kInsert:
      return common::v1::STATEMENT_KIND_INSERT;
    case TriggerEvent::kUpdate:
      return common::v1::STATEMENT_KIND_UPDATE;
    default:
      return common::v1::STATEMENT_KIND_DELETE;
  }
}

}  // namespace adbms::sql::binder
