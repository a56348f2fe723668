// Filling an index by sorting: the rows are read once, their entries sorted, written to files of
// the engine's own form, and taken in by it as they are.
#pragma once

#include "common/rpc/call_context.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

// Puts the entries that the rows have at `snapshot` into the index's space, in which there is
// nothing yet and into which nobody writes meanwhile. Uses as many threads as there are processors,
// a few at most, and a share of the query memory, beyond which it sorts on disk. All or nothing is
// put there. Errors: 23505 where the index is unique and two rows have one key, 54000, 57014,
// 53100, 53200.
absl::Status LoadIndex(const rpc::CallContext& call, txn::Shared* shared,
                       const catalog::TableEntry& table, const codec::IndexLayout& index,
                       const engine::SnapshotPtr& snapshot);

}  // namespace adbms::storage::server
