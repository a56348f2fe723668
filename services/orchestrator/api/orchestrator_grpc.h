// Orchestrator over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <memory>
#include <string>

#include "common/rpc/grpc/call.h"
#include "services/orchestrator/api/orchestrator.h"

namespace adbms::orchestrator::api {

// Calls the service at `address`.
std::unique_ptr<Orchestrator> NewOrchestratorClient(const std::string& address,
                                                    const std::string& secret);

// Serves `implementation`, which must outlive the result.
std::unique_ptr<grpc::Service> NewOrchestratorAdapter(Orchestrator* implementation,
                                                      rpc::ServerSide side);

}  // namespace adbms::orchestrator::api
