// Storage over gRPC: the client, and the adapter that serves an implementation. One bidirectional
// stream carries one session; requests on it are answered in order.
#pragma once

#include <memory>
#include <string>

#include "common/rpc/grpc/call.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

// Metadata of a session's stream: the number by which its statements are cancelled.
inline constexpr char kSessionIdKey[] = "adbms-session-id";

// Calls the storage at `address`. Sessions must not outlive the client.
std::unique_ptr<Storage> NewStorageClient(const std::string& address, const std::string& secret);

// Serves `implementation`, which must outlive the result.
std::unique_ptr<grpc::Service> NewStorageAdapter(Storage* implementation, rpc::ServerSide side);

}  // namespace adbms::storage::api
