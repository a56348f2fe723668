// Conditions that come to hold for rows that are there: plans count those that violate them.
#pragma once

#include "services/storage/server/session.h"

namespace adbms::storage::server {

// A domain's new constraint. Errors: 23502, 23514 with the column that has such values.
absl::Status ValidateDomain(const rpc::CallContext& call, SessionState* session,
                            txn::Transaction* transaction, const common::v1::AlterType& statement);
// ADD CHECK, VALIDATE CONSTRAINT. Errors: 23514.
absl::Status ValidateCheck(const rpc::CallContext& call, SessionState* session,
                           txn::Transaction* transaction, const common::v1::AlterTable& statement,
                           const catalog::TableEntry& table);

}  // namespace adbms::storage::server
