// BulkInsert: pages of rows into a table, by the same way as COPY FROM STDIN. On the thread of the
// call that has the session.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/gateway/v1/gateway.pb.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

// The next page; false at the end. Errors: CANCELLED when the caller is gone.
using NextPage = std::function<absl::StatusOr<bool>(v1::Page* page)>;

// Inserts all rows or none. Errors: COPY's; 08P01 and 22021 for a page.
absl::Status RunBulkInsert(session::Session* session, const v1::BulkInsertTarget& target,
                           const NextPage& next, v1::BulkInsertResponse* response);

}  // namespace adbms::gateway::grpc_front
