// Optimizer over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <memory>
#include <string>

#include "adbms/optimizer/v1/optimizer.grpc.pb.h"
#include "common/rpc/grpc/call.h"
#include "services/optimizer/api/optimizer.h"

namespace adbms::optimizer::api {

// Calls the service at `address`.
std::unique_ptr<Optimizer> NewOptimizerClient(const std::string& address,
                                              const rpc::Credentials& credentials);

// Serves `implementation`, which must outlive the result.
std::unique_ptr<grpc::Service> NewOptimizerAdapter(Optimizer* implementation, rpc::ServerSide side);

}  // namespace adbms::optimizer::api
