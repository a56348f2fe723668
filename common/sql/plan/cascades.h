// Which tables the actions of foreign keys (CASCADE, SET NULL, SET DEFAULT) can reach from a write.
// Asked by the binder, which puts into the plan what storage needs to know of them, and by storage,
// which refuses a plan that was made before another foreign key came. Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql::plan {

// What may happen to a table's rows.
struct RowChanges {
  bool removed = false;
  std::set<uint32_t> changed;    // Ordinals of columns.
  std::set<uint32_t> defaulted;  // Those of them that SET DEFAULT sets.
};

// Calls the second argument with each foreign key that references the table, and its own table.
using VisitReference =
    std::function<void(uint32_t child, const common::v1::ForeignKeyDescriptor& key)>;
using ForEachReference = std::function<void(uint32_t table_id, const VisitReference& visit)>;

// Whether the actions of the key are not storage's to do: they would fire triggers, of the child or
// of tables that its rows' changes reach, so the gateway does them by statements of their own
// (decision 050). `fires`: whether a table has triggers that fire for UPDATE or DELETE.
bool ActsByStatements(uint32_t child, const common::v1::ForeignKeyDescriptor& key,
                      const ForEachReference& references,
                      const std::function<bool(uint32_t table_id)>& fires);
// Whether the trigger is one of those.
bool FiresForActions(const common::v1::TableDescriptor& table);
// Whether the action changes rows.
bool Acts(common::v1::ReferentialAction action);

// The tables that a statement's change of `table_id` brings changes to, by their numbers; the table
// itself among them only where a cascade comes back to it.
std::map<uint32_t, RowChanges> CascadesOf(uint32_t table_id, const RowChanges& change,
                                          const ForEachReference& references);

// Ordinals of the referencing table that the action on a removed row sets.
std::set<uint32_t> ColumnsSetOnDelete(const common::v1::ForeignKeyDescriptor& key);

}  // namespace adbms::sql::plan
