// Changes of the catalog with the movement of data that they bring.
#pragma once

#include "services/storage/server/session.h"

namespace adbms::storage::server {

// Runs a statement in the session's transaction, or as one of its own.
absl::StatusOr<v1::DdlResult> RunDdl(const rpc::CallContext& context, SessionState* session,
                                     const common::v1::DdlStatement& statement);

// Runs a statement in `transaction`, one of the session's.
absl::StatusOr<v1::DdlResult> RunDdlIn(const rpc::CallContext& context, SessionState* session,
                                       txn::Transaction* transaction,
                                       const common::v1::DdlStatement& statement);

// CREATE INDEX outside of a transaction: writers go on while it is built. Where there is little to
// index, the index is published write-only, transactions older than that are waited out, the rows
// are entered in chunks under their row locks, then it is published for reading.
//
// Otherwise it is published as being built: writers note the rows that they change in its delta.
// Transactions older than that are waited out, a snapshot is taken, and the entries of its rows are
// sorted and taken in as files (LoadIndex). Then it is published write-only, older transactions are
// waited out again, and the rows in the delta are mended under their locks. A unique index instead
// locks the table against writers (SHARE) while its delta is mended: they would meet entries that
// are not. A failed build leaves nothing behind. Errors: 23505, 54000; 55P03 and 40P01 of the
// locks. `statement`: a CREATE INDEX.
absl::StatusOr<v1::DdlResult> BuildIndexOnline(const rpc::CallContext& context,
                                               SessionState* session,
                                               const common::v1::DdlStatement& statement);

}  // namespace adbms::storage::server
