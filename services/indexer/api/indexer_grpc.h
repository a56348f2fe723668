// Indexer over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <memory>
#include <string>

#include "adbms/indexer/v1/indexer.grpc.pb.h"
#include "common/rpc/grpc/call.h"
#include "services/indexer/api/indexer.h"

namespace adbms::indexer::api {

// Calls the service at `address`.
std::unique_ptr<Indexer> NewIndexerClient(const std::string& address,
                                          const rpc::Credentials& credentials);

// Serves `implementation`, which must outlive the result.
std::unique_ptr<grpc::Service> NewIndexerAdapter(Indexer* implementation, rpc::ServerSide side);

}  // namespace adbms::indexer::api
