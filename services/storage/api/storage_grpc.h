// Storage over gRPC: the client, and the adapter that serves an implementation. All sessions of a
// client share a few bidirectional streams (session_channel.h, session_hub.h).
#pragma once

#include <grpcpp/impl/service_type.h>

#include <functional>
#include <memory>
#include <string>

#include "common/rpc/grpc/call.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

// Calls the storage at `address`. Sessions must not outlive the client.
std::unique_ptr<Storage> NewStorageClient(const std::string& address, const std::string& secret);

// What a process serves.
struct ServedStorage {
  std::unique_ptr<grpc::Service> service;
  // Ends each client's stream as soon as no statement runs and no transaction is open on it.
  std::function<void()> drain;
};

// Serves `implementation`, which must outlive the result.
ServedStorage NewStorageAdapter(Storage* implementation, rpc::ServerSide side);

}  // namespace adbms::storage::api
