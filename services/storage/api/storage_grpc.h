// Storage over gRPC: the client, and the adapter that serves an implementation. All sessions of a
// client share one bidirectional stream (session_channel.h, session_hub.h).
#pragma once

#include <memory>
#include <string>

#include "common/rpc/grpc/call.h"
#include "common/rpc/grpc/completion_loop.h"
#include "common/rpc/grpc/server.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

// Initial metadata of a stream that is taken. A server that ends lets go of streams that it has not
// taken yet as it does of those that are cancelled: without the mark nothing on them was begun.
inline constexpr char kTakenKey[] = "adbms-taken";

// Calls the storage at `address`. Sessions must not outlive the client; `loop` must.
std::unique_ptr<Storage> NewStorageClient(const std::string& address,
                                          const rpc::Credentials& credentials,
                                          rpc::CompletionLoop* loop);

// What a process serves.
class ServedStorage : public rpc::AsyncService {
 public:
  // Ends each client's stream as soon as no statement runs and no transaction is open on it.
  virtual void Drain() = 0;
};

// Serves `implementation`, which must outlive the result.
std::unique_ptr<ServedStorage> NewStorageAdapter(Storage* implementation, rpc::ServerSide side);

}  // namespace adbms::storage::api
