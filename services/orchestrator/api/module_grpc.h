// Module over gRPC: the client, and the adapter that serves an implementation.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/rpc/grpc/call.h"
#include "services/orchestrator/api/module.h"

namespace adbms::orchestrator::api {

// Calls the module `name` of the process at `address`; empty: its only one. A module that is no
// part of the cluster is shown its own token, never the cluster's secret.
std::unique_ptr<Module> NewModuleClient(const std::string& address,
                                        const rpc::Credentials& credentials,
                                        const std::string& name = "");

// Serves the modules of a process by name; all must outlive the result.
std::unique_ptr<grpc::Service> NewModuleAdapter(std::map<std::string, Module*> modules,
                                                rpc::ServerSide side);

}  // namespace adbms::orchestrator::api
