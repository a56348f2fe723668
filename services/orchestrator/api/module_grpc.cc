#include "services/orchestrator/api/module_grpc.h"

#include <utility>

#include "adbms/module/v1/module.grpc.pb.h"
#include "common/status/macros.h"

namespace adbms::orchestrator::api {
namespace {

constexpr char kNameKey[] = "adbms-module";

class ModuleClient : public Module {
 public:
  ModuleClient(const std::string& address, const rpc::Credentials& credentials, std::string name)
      : credentials_(credentials),
        name_(std::move(name)),
        stub_(module::v1::ModuleService::NewStub(rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<module::v1::DescribeResponse> Describe(
      const rpc::CallContext& context, const module::v1::DescribeRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Describe, context, credentials_,
                     request, true, {kNameKey, name_});
  }
  absl::StatusOr<module::v1::ObserveResponse> Observe(
      const rpc::CallContext& context, const module::v1::ObserveRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Observe, context, credentials_,
                     request, true, {kNameKey, name_});
  }
  absl::StatusOr<module::v1::ProposeResponse> Propose(
      const rpc::CallContext& context, const module::v1::ProposeRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Propose, context, credentials_,
                     request, true, {kNameKey, name_});
  }
  absl::StatusOr<module::v1::ApplyResponse> Apply(
      const rpc::CallContext& context, const module::v1::ApplyRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Apply, context, credentials_,
                     request, false, {kNameKey, name_});
  }
  absl::StatusOr<module::v1::RevertResponse> Revert(
      const rpc::CallContext& context, const module::v1::RevertRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Revert, context, credentials_,
                     request, false, {kNameKey, name_});
  }
  absl::StatusOr<module::v1::ReconcileResponse> Reconcile(
      const rpc::CallContext& context, const module::v1::ReconcileRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Reconcile, context,
                     credentials_, request, true, {kNameKey, name_});
  }
  absl::StatusOr<module::v1::ReportResponse> Report(
      const rpc::CallContext& context, const module::v1::ReportRequest& request) override {
    return rpc::Call(stub_.get(), &module::v1::ModuleService::Stub::Report, context, credentials_,
                     request, true, {kNameKey, name_});
  }

 private:
  const rpc::Credentials credentials_;
  const std::string name_;
  const std::unique_ptr<module::v1::ModuleService::Stub> stub_;
};

class ModuleAdapter : public module::v1::ModuleService::Service {
 public:
  ModuleAdapter(std::map<std::string, Module*> modules, rpc::ServerSide side)
      : modules_(std::move(modules)), side_(std::move(side)) {}

  grpc::Status Describe(grpc::ServerContext* server, const module::v1::DescribeRequest* request,
                        module::v1::DescribeResponse* response) override {
    return rpc::Serve(
        side_, "Describe", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::DescribeResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Describe(context, *request);
        });
  }
  grpc::Status Observe(grpc::ServerContext* server, const module::v1::ObserveRequest* request,
                       module::v1::ObserveResponse* response) override {
    return rpc::Serve(
        side_, "Observe", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::ObserveResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Observe(context, *request);
        });
  }
  grpc::Status Propose(grpc::ServerContext* server, const module::v1::ProposeRequest* request,
                       module::v1::ProposeResponse* response) override {
    return rpc::Serve(
        side_, "Propose", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::ProposeResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Propose(context, *request);
        });
  }
  grpc::Status Apply(grpc::ServerContext* server, const module::v1::ApplyRequest* request,
                     module::v1::ApplyResponse* response) override {
    return rpc::Serve(
        side_, "Apply", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::ApplyResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Apply(context, *request);
        });
  }
  grpc::Status Revert(grpc::ServerContext* server, const module::v1::RevertRequest* request,
                      module::v1::RevertResponse* response) override {
    return rpc::Serve(
        side_, "Revert", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::RevertResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Revert(context, *request);
        });
  }
  grpc::Status Reconcile(grpc::ServerContext* server, const module::v1::ReconcileRequest* request,
                         module::v1::ReconcileResponse* response) override {
    return rpc::Serve(
        side_, "Reconcile", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::ReconcileResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Reconcile(context, *request);
        });
  }
  grpc::Status Report(grpc::ServerContext* server, const module::v1::ReportRequest* request,
                      module::v1::ReportResponse* response) override {
    return rpc::Serve(
        side_, "Report", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<module::v1::ReportResponse> {
          ASSIGN_OR_RETURN(Module* const module, Find(*server));
          return module->Report(context, *request);
        });
  }

 private:
  absl::StatusOr<Module*> Find(const grpc::ServerContext& server) const {
    const auto key = server.client_metadata().find(kNameKey);
    const std::string name = key == server.client_metadata().end()
                                 ? ""
                                 : std::string(key->second.data(), key->second.size());
    if (name.empty() && modules_.size() == 1) return modules_.begin()->second;
    const auto found = modules_.find(name);
    if (found == modules_.end()) {
      return absl::NotFoundError("there is no module \"" + name + "\" here");
    }
    return found->second;
  }

  const std::map<std::string, Module*> modules_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Module> NewModuleClient(const std::string& address,
                                        const rpc::Credentials& credentials,
                                        const std::string& name) {
  return std::make_unique<ModuleClient>(address, credentials, name);
}

std::unique_ptr<grpc::Service> NewModuleAdapter(std::map<std::string, Module*> modules,
                                                rpc::ServerSide side) {
  return std::make_unique<ModuleAdapter>(std::move(modules), std::move(side));
}

}  // namespace adbms::orchestrator::api
