// Errors as gateway.proto documents them. Pure functions.
#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "adbms/gateway/v1/gateway.pb.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::grpc_front {

// `transaction` as session::Session::transaction_status() has it.
v1::TransactionStatus TransactionStatusOf(char transaction);

// Texts cut to what metadata can carry.
v1::Error ErrorOf(const status::SqlError& error);
v1::Notice NoticeOf(std::string_view severity, const status::SqlError& notice);

// Whether the same may succeed later.
v1::Retry RetryOf(std::string_view sqlstate);

// 08003.
absl::Status NoSuchSession();

// What a session keeps for its client, at most.
inline constexpr size_t kMostStatements = 1000;
inline constexpr size_t kMostPortals = 100;
// 53400.
absl::Status TooManyKept(std::string_view what, size_t limit);

// The status of a call, and its trailing metadata.
::grpc::Status ToGrpc(const absl::Status& status, v1::TransactionStatus transaction,
                      ::grpc::ServerContext* server);

}  // namespace adbms::gateway::grpc_front
