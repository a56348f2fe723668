// Functions that do something to the session or its transaction: advisory locks, pg_notify and what
// tells of them, pg_cancel_backend and pg_terminate_backend.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/call_context.h"
#include "common/types/vector.h"
#include "services/storage/api/storage.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

class SessionState;

// One statement's use of its session. Borrows all it points to. Not thread-safe.
struct SessionUse {
  SessionState* session = nullptr;
  txn::Transaction* transaction = nullptr;  // Null outside of one.
  const rpc::CallContext* call = nullptr;
  std::string current_user;
  std::vector<v1::Notice> notices;  // For the client, the first thousand.
};

// Whether the function is one of these.
bool IsSessionFunction(std::string_view name);
// Calls it. Errors: 55P03, 40P01, 57014 while it waits; 53200, 54000; 22023; 42501.
absl::StatusOr<types::Value> CallSessionFunction(std::string_view name,
                                                 const std::vector<types::Value>& arguments,
                                                 SessionUse* use);

}  // namespace adbms::storage::server
