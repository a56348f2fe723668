#include "services/security/api/tokens_grpc.h"

#include <utility>

namespace adbms::security::api {
namespace {

using Service = security::v1::TokenService;

class Client : public Tokens {
 public:
  Client(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(Service::NewStub(rpc::OpenChannel(address, credentials))) {}

  absl::StatusOr<security::v1::AuthenticateTokenResponse> AuthenticateToken(
      const rpc::CallContext& context,
      const security::v1::AuthenticateTokenRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::AuthenticateToken, context, credentials_, request,
                     true);
  }
  absl::StatusOr<security::v1::IssueTokenResponse> IssueToken(
      const rpc::CallContext& context, const security::v1::IssueTokenRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::IssueToken, context, credentials_, request,
                     false);
  }
  absl::StatusOr<security::v1::ListTokensResponse> ListTokens(
      const rpc::CallContext& context, const security::v1::ListTokensRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::ListTokens, context, credentials_, request, true);
  }
  absl::StatusOr<security::v1::RevokeTokenResponse> RevokeToken(
      const rpc::CallContext& context, const security::v1::RevokeTokenRequest& request) override {
    return rpc::Call(stub_.get(), &Service::Stub::RevokeToken, context, credentials_, request,
                     true);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Service::Stub> stub_;
};

class Adapter : public Service::Service {
 public:
  Adapter(Tokens* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status AuthenticateToken(grpc::ServerContext* server,
                                 const security::v1::AuthenticateTokenRequest* request,
                                 security::v1::AuthenticateTokenResponse* response) override {
    return rpc::Serve(side_, "AuthenticateToken", server, response,
                      [&](const rpc::CallContext& context) {
                        return implementation_->AuthenticateToken(context, *request);
                      });
  }
  grpc::Status IssueToken(grpc::ServerContext* server,
                          const security::v1::IssueTokenRequest* request,
                          security::v1::IssueTokenResponse* response) override {
    return rpc::Serve(side_, "IssueToken", server, response, [&](const rpc::CallContext& context) {
      return implementation_->IssueToken(context, *request);
    });
  }
  grpc::Status ListTokens(grpc::ServerContext* server,
                          const security::v1::ListTokensRequest* request,
                          security::v1::ListTokensResponse* response) override {
    return rpc::Serve(side_, "ListTokens", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ListTokens(context, *request);
    });
  }
  grpc::Status RevokeToken(grpc::ServerContext* server,
                           const security::v1::RevokeTokenRequest* request,
                           security::v1::RevokeTokenResponse* response) override {
    return rpc::Serve(side_, "RevokeToken", server, response, [&](const rpc::CallContext& context) {
      return implementation_->RevokeToken(context, *request);
    });
  }

 private:
  Tokens* const implementation_;
  const rpc::ServerSide side_;
};

}  // namespace

std::unique_ptr<Tokens> NewTokensClient(const std::string& address,
                                        const rpc::Credentials& credentials) {
  return std::make_unique<Client>(address, credentials);
}

std::unique_ptr<grpc::Service> NewTokensAdapter(Tokens* implementation, rpc::ServerSide side) {
  return std::make_unique<Adapter>(implementation, std::move(side));
}

}  // namespace adbms::security::api
