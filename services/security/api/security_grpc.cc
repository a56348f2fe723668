#include "services/security/api/security_grpc.h"

#include <utility>

namespace adbms::security::api {
namespace {

using Service = security::v1::SecurityService;

class Client : public Security {
 public:
  Client(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(Service::NewStub(rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<security::v1::StartScramResponse> StartScram(
      const rpc::CallContext& context, const security::v1::StartScramRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::StartScram, context, credentials_, request, true);
  }
  absl::StatusOr<security::v1::FinishScramResponse> FinishScram(
      const rpc::CallContext& context, const security::v1::FinishScramRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::FinishScram, context, credentials_, request,
                     false);
  }
  absl::StatusOr<security::v1::AuthenticateResponse> Authenticate(
      const rpc::CallContext& context, const security::v1::AuthenticateRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::Authenticate, context, credentials_, request,
                     false);
  }
  absl::StatusOr<security::v1::GetPolicyResponse> GetPolicy(
      const rpc::CallContext& context, const security::v1::GetPolicyRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::GetPolicy, context, credentials_, request, true);
  }
  absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      const rpc::CallContext& context, const security::v1::ChangeRolesRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::ChangeRoles, context, credentials_, request,
                     false);
  }
  absl::StatusOr<security::v1::ReportAuditResponse> ReportAudit(
      const rpc::CallContext& context, const security::v1::ReportAuditRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::ReportAudit, context, credentials_, request,
                     false);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Service::Stub> stub_;
};

class Adapter : public Service::Service {
 public:
  Adapter(Security* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status StartScram(grpc::ServerContext* server,
                          const security::v1::StartScramRequest* request,
                          security::v1::StartScramResponse* response) override {
    return rpc::Serve(side_, "StartScram", server, response, [&](const rpc::CallContext& context) {
      return implementation_->StartScram(context, *request);
    });
  }
  grpc::Status FinishScram(grpc::ServerContext* server,
                           const security::v1::FinishScramRequest* request,
                           security::v1::FinishScramResponse* response) override {
    return rpc::Serve(side_, "FinishScram", server, response, [&](const rpc::CallContext& context) {
      return implementation_->FinishScram(context, *request);
    });
  }
  grpc::Status Authenticate(grpc::ServerContext* server,
                            const security::v1::AuthenticateRequest* request,
                            security::v1::AuthenticateResponse* response) override {
    return rpc::Serve(side_, "Authenticate", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->Authenticate(context, *request);
                      });
  }
  grpc::Status GetPolicy(grpc::ServerContext* server, const security::v1::GetPolicyRequest* request,
                         security::v1::GetPolicyResponse* response) override {
    return rpc::Serve(side_, "GetPolicy", server, response, [&](const rpc::CallContext& context) {
      return implementation_->GetPolicy(context, *request);
    });
  }
  grpc::Status ChangeRoles(grpc::ServerContext* server,
                           const security::v1::ChangeRolesRequest* request,
                           security::v1::ChangeRolesResponse* response) override {
    return rpc::Serve(side_, "ChangeRoles", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ChangeRoles(context, *request);
    });
  }
  grpc::Status ReportAudit(grpc::ServerContext* server,
                           const security::v1::ReportAuditRequest* request,
                           security::v1::ReportAuditResponse* response) override {
    return rpc::Serve(side_, "ReportAudit", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ReportAudit(context, *request);
    });
  }

 private:
  Security* const implementation_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Security> NewSecurityClient(const std::string& address,
                                            const rpc::Credentials& credentials) {
  return std::make_unique<Client>(address, credentials);
}

std::unique_ptr<grpc::Service> NewSecurityAdapter(Security* implementation, rpc::ServerSide side) {
  return std::make_unique<Adapter>(implementation, std::move(side));
}

}  // namespace adbms::security::api
