// Which triggers of a table fire. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/sql/sql.h"

namespace adbms::sql::binder {

enum class TriggerEvent { kInsert, kUpdate, kDelete, kTruncate };

// "INSERT", …
const char* NameOf(TriggerEvent event);
// Not of TRUNCATE.
common::v1::StatementKind KindOf(TriggerEvent event);

// Whether the event fires it. `assigned`: ordinals that UPDATE sets. `is_replica`: in a session
// whose session_replication_role is replica.
bool Fires(const common::v1::TriggerDescriptor& trigger, TriggerEvent event,
           const std::vector<uint32_t>& assigned, bool is_replica);

// In the order in which they fire. Borrowed from `table`.
std::vector<const common::v1::TriggerDescriptor*> TriggersOf(
    const common::v1::TableDescriptor& table, TriggerEvent event,
    common::v1::TriggerDescriptor::Timing timing, bool for_each_row,
    const std::vector<uint32_t>& assigned, bool is_replica);

// Whether a row trigger of the table, or of one of its partitions, fires.
bool FiresForRows(const Catalog& catalog, const common::v1::TableDescriptor& table,
                  TriggerEvent event, common::v1::TriggerDescriptor::Timing timing,
                  const std::vector<uint32_t>& assigned, bool is_replica);

// Whether rows that the event changes are of interest after the statement: for AFTER triggers for
// each row, and for those with transition tables.
bool WantsRows(const Catalog& catalog, const common::v1::TableDescriptor& table, TriggerEvent event,
               const std::vector<uint32_t>& assigned, bool is_replica);

// Whether an AFTER trigger of the table that the event fires has the transition table.
bool HasTransitionTable(const common::v1::TableDescriptor& table, TriggerEvent event,
                        bool of_new_rows, bool is_replica);

// Whether its condition asks for the table that the rows are in (tableoid).
bool NamesTable(const common::v1::TriggerDescriptor& trigger);

}  // namespace adbms::sql::binder
