// Orchestrator over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <memory>
#include <string>

#include "common/rpc/grpc/call.h"
#include "services/orchestrator/api/orchestrator.h"

namespace adbms::orchestrator::api {

// Calls the service at `address`: at the orchestrator itself with the cluster's secret, at the
// gateway's front as a user.
std::unique_ptr<Orchestrator> NewOrchestratorClient(const std::string& address,
                                                    const rpc::Credentials& credentials);

// Serves `implementation`, which must outlive the result. Where users call (`side.user_of`), the
// initiator of what they ask for is who they are.
std::unique_ptr<grpc::Service> NewOrchestratorAdapter(Orchestrator* implementation,
                                                      rpc::ServerSide side);

}  // namespace adbms::orchestrator::api
