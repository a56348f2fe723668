// CREATE and DROP DATABASE.
#pragma once

#include "services/storage/server/session.h"

namespace adbms::storage::server {

// Outside of transactions, durable when it returns. Errors: 25001; as the statements have them in
// catalog.proto.
absl::StatusOr<v1::DdlResult> RunDatabaseDdl(const rpc::CallContext& context, SessionState* session,
                                             const common::v1::DdlStatement& statement);
// Before ALTER DATABASE … RENAME. Errors: 0A000 for the session's own, or the system's; 55006.
absl::Status CheckMayRename(const rpc::CallContext& context, SessionState* session,
                            const common::v1::AlterDatabase& statement);

}  // namespace adbms::storage::server
