// Which triggers of a table fire. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"

namespace adbms::sql::binder {

enum class TriggerEvent { kInsert, kUpdate, kDelete, kTruncate };

// "INSERT", …
const char* NameOf(TriggerEvent event);

// Whether the event fires it. `assigned`: ordinals that UPDATE sets.
bool Fires(const common::v1::TriggerDescriptor& trigger, TriggerEvent event,
           const std::vector<uint32_t>& assigned);

// In the order in which they fire. Borrowed from `table`.
std::vector<const common::v1::TriggerDescriptor*> TriggersOf(
    const common::v1::TableDescriptor& table, TriggerEvent event,
    common::v1::TriggerDescriptor::Timing timing, bool for_each_row,
    const std::vector<uint32_t>& assigned);

// Errors: 0A000 when a trigger of the table would have to fire; `what` as in "COPY into".
absl::Status CheckNoTriggers(const common::v1::TableDescriptor& table, TriggerEvent event,
                             const std::vector<uint32_t>& assigned, const char* what);

}  // namespace adbms::sql::binder
