// Tuner over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <memory>
#include <string>

#include "adbms/tuner/v1/tuner.grpc.pb.h"
#include "common/rpc/grpc/call.h"
#include "services/tuner/api/tuner.h"

namespace adbms::tuner::api {

// Calls the service at `address`.
std::unique_ptr<Tuner> NewTunerClient(const std::string& address,
                                      const rpc::Credentials& credentials);

// Serves `implementation`, which must outlive the result.
std::unique_ptr<grpc::Service> NewTunerAdapter(Tuner* implementation, rpc::ServerSide side);

}  // namespace adbms::tuner::api
