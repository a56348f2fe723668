// Takes in the workload, drives the modules, owns the ledger. Thread-safe. Errors are those that
// the proto states. Implementations: services/orchestrator (direct calls) and OrchestratorClient
// (gRPC).
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/orchestrator/v1/orchestrator.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::orchestrator::api {

class Orchestrator {
 public:
  // Receives progress; called on the caller's thread, in order.
  using Progress = std::function<void(const orchestrator::v1::RunAllTablesResponse&)>;

  virtual ~Orchestrator() = default;
  virtual absl::StatusOr<orchestrator::v1::ReportWindowResponse> ReportWindow(
      const rpc::CallContext& context, const orchestrator::v1::ReportWindowRequest& request) = 0;
  virtual absl::Status RunAllTables(const rpc::CallContext& context,
                                    const orchestrator::v1::RunAllTablesRequest& request,
                                    const Progress& progress) = 0;
  virtual absl::StatusOr<orchestrator::v1::ListActionsResponse> ListActions(
      const rpc::CallContext& context, const orchestrator::v1::ListActionsRequest& request) = 0;
  virtual absl::StatusOr<orchestrator::v1::ApproveActionResponse> ApproveAction(
      const rpc::CallContext& context, const orchestrator::v1::ApproveActionRequest& request) = 0;
  virtual absl::StatusOr<orchestrator::v1::RevertActionResponse> RevertAction(
      const rpc::CallContext& context, const orchestrator::v1::RevertActionRequest& request) = 0;
  virtual absl::StatusOr<orchestrator::v1::ListModulesResponse> ListModules(
      const rpc::CallContext& context, const orchestrator::v1::ListModulesRequest& request) = 0;
  virtual absl::StatusOr<orchestrator::v1::SetAutonomyResponse> SetAutonomy(
      const rpc::CallContext& context, const orchestrator::v1::SetAutonomyRequest& request) = 0;
  virtual absl::StatusOr<orchestrator::v1::RegisterModuleResponse> RegisterModule(
      const rpc::CallContext& context, const orchestrator::v1::RegisterModuleRequest& request) = 0;
  virtual absl::StatusOr<orchestrator::v1::UnregisterModuleResponse> UnregisterModule(
      const rpc::CallContext& context,
      const orchestrator::v1::UnregisterModuleRequest& request) = 0;
};

}  // namespace adbms::orchestrator::api
