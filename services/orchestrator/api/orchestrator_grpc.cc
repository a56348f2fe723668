#include "services/orchestrator/api/orchestrator_grpc.h"

#include <utility>

#include "adbms/orchestrator/v1/orchestrator.grpc.pb.h"

namespace adbms::orchestrator::api {
namespace {

class OrchestratorClient : public Orchestrator {
 public:
  OrchestratorClient(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(orchestrator::v1::OrchestratorService::NewStub(
            rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<orchestrator::v1::ReportWindowResponse> ReportWindow(
      const rpc::CallContext& context,
      const orchestrator::v1::ReportWindowRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::ReportWindow,
                     context, credentials_, request, true);
  }
  absl::StatusOr<orchestrator::v1::ListActionsResponse> ListActions(
      const rpc::CallContext& context,
      const orchestrator::v1::ListActionsRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::ListActions,
                     context, credentials_, request, true);
  }
  absl::StatusOr<orchestrator::v1::ApproveActionResponse> ApproveAction(
      const rpc::CallContext& context,
      const orchestrator::v1::ApproveActionRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::ApproveAction,
                     context, credentials_, request, false);
  }
  absl::StatusOr<orchestrator::v1::RevertActionResponse> RevertAction(
      const rpc::CallContext& context,
      const orchestrator::v1::RevertActionRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::RevertAction,
                     context, credentials_, request, false);
  }
  absl::StatusOr<orchestrator::v1::ListModulesResponse> ListModules(
      const rpc::CallContext& context,
      const orchestrator::v1::ListModulesRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::ListModules,
                     context, credentials_, request, true);
  }
  absl::StatusOr<orchestrator::v1::SetAutonomyResponse> SetAutonomy(
      const rpc::CallContext& context,
      const orchestrator::v1::SetAutonomyRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::SetAutonomy,
                     context, credentials_, request, true);
  }
  absl::StatusOr<orchestrator::v1::RegisterModuleResponse> RegisterModule(
      const rpc::CallContext& context,
      const orchestrator::v1::RegisterModuleRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::RegisterModule,
                     context, credentials_, request, false);
  }

  absl::StatusOr<orchestrator::v1::UnregisterModuleResponse> UnregisterModule(
      const rpc::CallContext& context,
      const orchestrator::v1::UnregisterModuleRequest& request) override {
    return rpc::Call(stub_.get(), &orchestrator::v1::OrchestratorService::Stub::UnregisterModule,
                     context, credentials_, request, false);
  }

  absl::Status RunAllTables(const rpc::CallContext& context,
                            const orchestrator::v1::RunAllTablesRequest& request,
                            const Progress& progress) override {
    grpc::ClientContext client;
    rpc::Prepare(context, credentials_, &client, /*bounded=*/false);
    auto reader = stub_->RunAllTables(&client, request);
    orchestrator::v1::RunAllTablesResponse response;
    while (reader->Read(&response)) progress(response);
    return rpc::FromGrpc(reader->Finish(), client);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<orchestrator::v1::OrchestratorService::Stub> stub_;
};

class OrchestratorAdapter : public orchestrator::v1::OrchestratorService::Service {
 public:
  OrchestratorAdapter(Orchestrator* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status ReportWindow(grpc::ServerContext* server,
                            const orchestrator::v1::ReportWindowRequest* request,
                            orchestrator::v1::ReportWindowResponse* response) override {
    return rpc::Serve(side_, "ReportWindow", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->ReportWindow(context, *request);
                      });
  }
  grpc::Status ListActions(grpc::ServerContext* server,
                           const orchestrator::v1::ListActionsRequest* request,
                           orchestrator::v1::ListActionsResponse* response) override {
    return rpc::Serve(side_, "ListActions", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ListActions(context, *request);
    });
  }
  grpc::Status ApproveAction(grpc::ServerContext* server,
                             const orchestrator::v1::ApproveActionRequest* request,
                             orchestrator::v1::ApproveActionResponse* response) override {
    return rpc::Serve(side_, "ApproveAction", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->ApproveAction(context, ByCaller(context, *request));
                      });
  }
  grpc::Status RevertAction(grpc::ServerContext* server,
                            const orchestrator::v1::RevertActionRequest* request,
                            orchestrator::v1::RevertActionResponse* response) override {
    return rpc::Serve(side_, "RevertAction", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->RevertAction(context, ByCaller(context, *request));
                      });
  }
  grpc::Status ListModules(grpc::ServerContext* server,
                           const orchestrator::v1::ListModulesRequest* request,
                           orchestrator::v1::ListModulesResponse* response) override {
    return rpc::Serve(side_, "ListModules", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ListModules(context, *request);
    });
  }
  grpc::Status SetAutonomy(grpc::ServerContext* server,
                           const orchestrator::v1::SetAutonomyRequest* request,
                           orchestrator::v1::SetAutonomyResponse* response) override {
    return rpc::Serve(side_, "SetAutonomy", server, response, [&](const rpc::CallContext& context) {
      return implementation_->SetAutonomy(context, *request);
    });
  }
  grpc::Status RegisterModule(grpc::ServerContext* server,
                              const orchestrator::v1::RegisterModuleRequest* request,
                              orchestrator::v1::RegisterModuleResponse* response) override {
    return rpc::Serve(side_, "RegisterModule", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->RegisterModule(context, *request);
                      });
  }
  grpc::Status UnregisterModule(grpc::ServerContext* server,
                                const orchestrator::v1::UnregisterModuleRequest* request,
                                orchestrator::v1::UnregisterModuleResponse* response) override {
    return rpc::Serve(side_, "UnregisterModule", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->UnregisterModule(context, *request);
                      });
  }

  grpc::Status RunAllTables(
      grpc::ServerContext* server, const orchestrator::v1::RunAllTablesRequest* request,
      grpc::ServerWriter<orchestrator::v1::RunAllTablesResponse>* writer) override {
    orchestrator::v1::RunAllTablesResponse unused;
    return rpc::Serve(side_, "RunAllTables", server, &unused,
                      [&](const rpc::CallContext& context)
                          -> absl::StatusOr<orchestrator::v1::RunAllTablesResponse> {
                        const absl::Status status = implementation_->RunAllTables(
                            context, ByCaller(context, *request),
                            [&](const auto& step) { writer->Write(step); });
                        if (!status.ok()) return status;
                        return orchestrator::v1::RunAllTablesResponse();
                      });
  }

 private:
  template <typename Request>
  Request ByCaller(const rpc::CallContext& context, Request request) const {
    if (side_.user_of != nullptr) request.set_initiator(context.user);
    return request;
  }

  Orchestrator* const implementation_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Orchestrator> NewOrchestratorClient(const std::string& address,
                                                    const rpc::Credentials& credentials) {
  return std::make_unique<OrchestratorClient>(address, credentials);
}

std::unique_ptr<grpc::Service> NewOrchestratorAdapter(Orchestrator* implementation,
                                                      rpc::ServerSide side) {
  return std::make_unique<OrchestratorAdapter>(implementation, std::move(side));
}

}  // namespace adbms::orchestrator::api
