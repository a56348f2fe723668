#include "common/sql/plan/cascades.h"

#include <algorithm>
#include <vector>

namespace adbms::sql::plan {
namespace {

using common::v1::ForeignKeyDescriptor;
using common::v1::ReferentialAction;

// Adds what an action does to the referencing rows; false for one that only checks.
bool Apply(ReferentialAction action, const std::set<uint32_t>& columns, bool removes,
           RowChanges* changes) {
  switch (action) {
    case common::v1::REFERENTIAL_ACTION_CASCADE:
      if (removes) {
        changes->removed = true;
      } else {
        changes->changed.insert(columns.begin(), columns.end());
      }
      return true;
    case common::v1::REFERENTIAL_ACTION_SET_DEFAULT:
      changes->defaulted.insert(columns.begin(), columns.end());
      changes->changed.insert(columns.begin(), columns.end());
      return true;
    case common::v1::REFERENTIAL_ACTION_SET_NULL:
      changes->changed.insert(columns.begin(), columns.end());
      return true;
    default:
      return false;
  }
}

bool Meet(const std::set<uint32_t>& changed, const ForeignKeyDescriptor& key) {
  return std::any_of(key.referenced_columns().begin(), key.referenced_columns().end(),
                     [&](uint32_t ordinal) { return changed.contains(ordinal); });
}

bool operator==(const RowChanges& a, const RowChanges& b) {
  return a.removed == b.removed && a.changed == b.changed && a.defaulted == b.defaulted;
}

}  // namespace

bool Acts(ReferentialAction action) {
  return action == common::v1::REFERENTIAL_ACTION_CASCADE ||
         action == common::v1::REFERENTIAL_ACTION_SET_NULL ||
         action == common::v1::REFERENTIAL_ACTION_SET_DEFAULT;
}

bool FiresForActions(const common::v1::TableDescriptor& table) {
  return std::any_of(table.triggers().begin(), table.triggers().end(), [](const auto& trigger) {
    return (trigger.on_update() || trigger.on_delete()) && trigger.enabled() != "D";
  });
}

bool ActsByStatements(uint32_t child, const ForeignKeyDescriptor& key,
                      const ForEachReference& references,
                      const std::function<bool(uint32_t table_id)>& fires) {
  if (!Acts(key.on_delete()) && !Acts(key.on_update())) return false;
  std::set<uint32_t> reached = {child};
  std::vector<uint32_t> open = {child};
  while (!open.empty()) {
    const uint32_t at = open.back();
    open.pop_back();
    if (fires(at)) return true;
    references(at, [&](uint32_t below, const ForeignKeyDescriptor& next) {
      if ((Acts(next.on_delete()) || Acts(next.on_update())) && reached.insert(below).second)
        open.push_back(below);
    });
  }
  return false;
}

std::set<uint32_t> ColumnsSetOnDelete(const ForeignKeyDescriptor& key) {
  const auto& columns = key.delete_set_columns().empty() ? key.columns() : key.delete_set_columns();
  return {columns.begin(), columns.end()};
}

std::map<uint32_t, RowChanges> CascadesOf(uint32_t table_id, const RowChanges& change,
                                          const ForEachReference& references) {
  std::map<uint32_t, RowChanges> reached;
  std::vector<std::pair<uint32_t, RowChanges>> open = {{table_id, change}};
  while (!open.empty()) {
    const uint32_t parent = open.back().first;
    const RowChanges happens = std::move(open.back().second);
    open.pop_back();
    references(parent, [&](uint32_t child, const ForeignKeyDescriptor& key) {
      const auto known = reached.find(child);
      RowChanges changes = known == reached.end() ? RowChanges() : known->second;
      bool acts = false;
      if (happens.removed) {
        const bool cascade = key.on_delete() == common::v1::REFERENTIAL_ACTION_CASCADE;
        acts |= Apply(key.on_delete(), ColumnsSetOnDelete(key), cascade, &changes);
      }
      if (Meet(happens.changed, key))
        acts |=
            Apply(key.on_update(), {key.columns().begin(), key.columns().end()}, false, &changes);
      if (!acts || (known != reached.end() && known->second == changes)) return;
      reached[child] = changes;
      open.emplace_back(child, std::move(changes));
    });
  }
  return reached;
}

}  // namespace adbms::sql::plan
