// EXCLUDE constraints: no two rows for which every operator is true. A row that was stored is
// compared with those that have the same values under the keys that are excluded by equality, which
// lie together in the constraint's index; without such a key with all rows (PostgreSQL asks an
// R-tree). Who stores rows of the same values waits for the other's end, by a lock on the values.
// Stateless.
#pragma once

#include <string>
#include <vector>

#include "services/storage/txn/transaction.h"

namespace adbms::storage::txn {

// `rows`: those that were stored, by their keys; one that is gone is not checked. Errors: 23P01,
// and those of waiting for locks.
absl::Status CheckExclusion(const rpc::CallContext& call, Transaction* transaction,
                            const catalog::TableEntry& table, const codec::IndexLayout& index,
                            const std::vector<std::string>& rows);
// The same for all rows of a table that gets the constraint, and is locked.
absl::Status CheckExclusionOfAll(const rpc::CallContext& call, Transaction* transaction,
                                 const catalog::TableEntry& table, const codec::IndexLayout& index);

}  // namespace adbms::storage::txn
