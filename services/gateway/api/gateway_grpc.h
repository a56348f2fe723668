// The gateway over gRPC: the client.
#pragma once

#include <memory>
#include <string>

#include "common/rpc/grpc/access.h"
#include "services/gateway/api/gateway.h"

namespace adbms::gateway::api {

// Sent with every call; the front is for users, who hold no secret of the cluster.
struct Credentials {
  std::string user;
  std::string password;
};

// Calls the front at `address`, in plain text.
std::unique_ptr<Gateway> NewGatewayClient(const std::string& address,
                                          const Credentials& credentials);
// The same by a password or token, over the credentials' channel.
std::unique_ptr<Gateway> NewGatewayClient(const std::string& address,
                                          const rpc::Credentials& credentials);

}  // namespace adbms::gateway::api
