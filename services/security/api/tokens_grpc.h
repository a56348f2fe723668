// Tokens over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <memory>
#include <string>

#include "adbms/security/v1/token.grpc.pb.h"
#include "common/rpc/grpc/call.h"
#include "services/security/api/tokens.h"

namespace adbms::security::api {

// Calls the service at `address`.
std::unique_ptr<Tokens> NewTokensClient(const std::string& address,
                                        const rpc::Credentials& credentials);

// Serves `implementation`, which must outlive the result.
std::unique_ptr<grpc::Service> NewTokensAdapter(Tokens* implementation, rpc::ServerSide side);

}  // namespace adbms::security::api
