// Changes of the catalog with the movement of data that they bring.
#pragma once

#include "services/storage/server/session.h"

namespace adbms::storage::server {

// Runs a statement in the session's transaction, or as one of its own.
absl::StatusOr<v1::DdlResult> RunDdl(const rpc::CallContext& context, SessionState* session,
                                     const common::v1::DdlStatement& statement);

// CREATE INDEX outside of a transaction: writers go on while it is built. The index is published
// write-only, transactions older than that are waited out, the rows are entered in chunks under
// their row locks, then it is published for reading. A failed build leaves nothing behind.
// `statement`: a CREATE INDEX.
absl::StatusOr<v1::DdlResult> BuildIndexOnline(const rpc::CallContext& context,
                                               SessionState* session,
                                               const common::v1::DdlStatement& statement);

}  // namespace adbms::storage::server
