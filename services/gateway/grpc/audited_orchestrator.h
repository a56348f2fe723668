// The orchestrator's control as the gRPC front offers it: what users change there is recorded as
// what they change in SQL. Thread-safe.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/audit_queue.h"
#include "services/orchestrator/api/orchestrator.h"

namespace adbms::gateway::grpc_front {

class AuditedOrchestrator : public orchestrator::api::Orchestrator {
 public:
  // Both must outlive this.
  AuditedOrchestrator(orchestrator::api::Orchestrator* orchestrator, session::AuditQueue* audit)
      : orchestrator_(orchestrator), audit_(audit) {}

  absl::StatusOr<orchestrator::v1::ReportWindowResponse> ReportWindow(
      const rpc::CallContext& context,
      const orchestrator::v1::ReportWindowRequest& request) override {
    return orchestrator_->ReportWindow(context, request);
  }
  absl::Status RunAllTables(const rpc::CallContext& context,
                            const orchestrator::v1::RunAllTablesRequest& request,
                            const Progress& progress) override {
    const absl::Status status = orchestrator_->RunAllTables(context, request, progress);
    Record(context, "run all tables", status);
    return status;
  }
  absl::StatusOr<orchestrator::v1::ListActionsResponse> ListActions(
      const rpc::CallContext& context,
      const orchestrator::v1::ListActionsRequest& request) override {
    return orchestrator_->ListActions(context, request);
  }
  absl::StatusOr<orchestrator::v1::ApproveActionResponse> ApproveAction(
      const rpc::CallContext& context,
      const orchestrator::v1::ApproveActionRequest& request) override {
    auto response = orchestrator_->ApproveAction(context, request);
    Record(context, absl::StrCat("approve action ", request.action_id()), response.status());
    return response;
  }
  absl::StatusOr<orchestrator::v1::RevertActionResponse> RevertAction(
      const rpc::CallContext& context,
      const orchestrator::v1::RevertActionRequest& request) override {
    auto response = orchestrator_->RevertAction(context, request);
    Record(context, absl::StrCat("revert action ", request.action_id()), response.status());
    return response;
  }
  absl::StatusOr<orchestrator::v1::ListModulesResponse> ListModules(
      const rpc::CallContext& context,
      const orchestrator::v1::ListModulesRequest& request) override {
    return orchestrator_->ListModules(context, request);
  }
  absl::StatusOr<orchestrator::v1::SetAutonomyResponse> SetAutonomy(
      const rpc::CallContext& context,
      const orchestrator::v1::SetAutonomyRequest& request) override {
    auto response = orchestrator_->SetAutonomy(context, request);
    Record(context, absl::StrCat("set autonomy: ", request.ShortDebugString()), response.status());
    return response;
  }
  absl::StatusOr<orchestrator::v1::RegisterModuleResponse> RegisterModule(
      const rpc::CallContext& context,
      const orchestrator::v1::RegisterModuleRequest& request) override {
    auto response = orchestrator_->RegisterModule(context, request);
    Record(context, absl::StrCat("register module ", request.name()), response.status());
    return response;
  }
  absl::StatusOr<orchestrator::v1::UnregisterModuleResponse> UnregisterModule(
      const rpc::CallContext& context,
      const orchestrator::v1::UnregisterModuleRequest& request) override {
    auto response = orchestrator_->UnregisterModule(context, request);
    Record(context, absl::StrCat("unregister module ", request.name()), response.status());
    return response;
  }

 private:
  void Record(const rpc::CallContext& context, std::string what, const absl::Status& status) {
    security::v1::AuditRecord record;
    record.set_event("control");
    record.set_user(context.user);
    record.set_peer("grpc");
    record.set_statement(std::move(what));
    record.set_sqlstate(status.ok() ? "00000" : status::FromStatus(status).sqlstate);
    record.set_trace_id(context.trace_id);
    audit_->Add(std::move(record));
  }

  orchestrator::api::Orchestrator* const orchestrator_;
  session::AuditQueue* const audit_;
};

}  // namespace adbms::gateway::grpc_front
