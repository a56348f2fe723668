#include "services/gateway/api/gateway_grpc.h"

#include "adbms/gateway/v1/gateway.grpc.pb.h"
#include "common/rpc/grpc/call.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::api {
namespace {

using Stub = gateway::v1::GatewayService::Stub;

// With all that the front tells of an error, and the code as it was given.
absl::Status FromFront(const grpc::Status& status, const grpc::ClientContext& client) {
  const auto& trailing = client.GetServerTrailingMetadata();
  const auto found = trailing.find("adbms-sql-error-bin");
  v1::Error told;
  if (status.ok() || found == trailing.end() ||
      !told.ParseFromArray(found->second.data(), static_cast<int>(found->second.size())))
    return rpc::FromGrpc(status, client);
  status::SqlError error;
  error.sqlstate = told.sqlstate();
  error.message = told.message();
  error.detail = told.detail();
  error.hint = told.hint();
  error.position = static_cast<int>(told.position());
  error.schema = told.schema();
  error.table = told.table();
  error.column = told.column();
  error.constraint = told.constraint();
  error.routine = told.routine();
  const absl::Status made = status::ToStatus(error);
  absl::Status exact(static_cast<absl::StatusCode>(status.error_code()), made.message());
  made.ForEachPayload([&exact](absl::string_view url, const absl::Cord& payload) {
    exact.SetPayload(url, payload);
  });
  return exact;
}

template <typename Request, typename Response>
absl::StatusOr<Response> Call(
    Stub* stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const rpc::CallContext& context, const rpc::Credentials& credentials, const Request& request) {
  grpc::ClientContext client;
  rpc::Prepare(context, credentials, &client);
  Response response;
  const grpc::Status status = (stub->*method)(&client, request, &response);
  if (status.ok()) return response;
  return FromFront(status, client);
}

class GatewayClient : public Gateway {
 public:
  GatewayClient(const std::string& address, const rpc::Credentials& credentials)
      : credentials_(credentials),
        stub_(gateway::v1::GatewayService::NewStub(rpc::OpenChannel(address, credentials_))) {}

  absl::StatusOr<gateway::v1::OpenSessionResponse> OpenSession(
      const rpc::CallContext& context, const gateway::v1::OpenSessionRequest& request) override {
    return Call(stub_.get(), &Stub::OpenSession, context, credentials_, request);
  }
  absl::StatusOr<gateway::v1::CloseSessionResponse> CloseSession(
      const rpc::CallContext& context, const gateway::v1::CloseSessionRequest& request) override {
    return Call(stub_.get(), &Stub::CloseSession, context, credentials_, request);
  }
  absl::Status Execute(const rpc::CallContext& context, const gateway::v1::ExecuteRequest& request,
                       const Parts& parts) override {
    grpc::ClientContext client;
    const bool bounded = context.deadline != absl::InfiniteFuture();
    rpc::Prepare(context, credentials_, &client, /*bounded=*/false);
    if (bounded) client.set_deadline(absl::ToChronoTime(context.deadline));
    const auto reader = stub_->Execute(&client, request);
    gateway::v1::ExecuteResponse response;
    absl::Status own;
    while (own.ok() && reader->Read(&response)) {
      own = context.Check();
      if (own.ok()) own = parts(response);
    }
    if (!own.ok()) client.TryCancel();
    const grpc::Status status = reader->Finish();
    return own.ok() ? FromFront(status, client) : own;
  }
  absl::StatusOr<gateway::v1::IssueTokenResponse> IssueToken(
      const rpc::CallContext& context, const gateway::v1::IssueTokenRequest& request) override {
    return Call(stub_.get(), &Stub::IssueToken, context, credentials_, request);
  }
  absl::StatusOr<gateway::v1::ListTokensResponse> ListTokens(
      const rpc::CallContext& context, const gateway::v1::ListTokensRequest& request) override {
    return Call(stub_.get(), &Stub::ListTokens, context, credentials_, request);
  }
  absl::StatusOr<gateway::v1::RevokeTokenResponse> RevokeToken(
      const rpc::CallContext& context, const gateway::v1::RevokeTokenRequest& request) override {
    return Call(stub_.get(), &Stub::RevokeToken, context, credentials_, request);
  }
  absl::StatusOr<gateway::v1::GetStatusResponse> GetStatus(
      const rpc::CallContext& context, const gateway::v1::GetStatusRequest& request) override {
    return Call(stub_.get(), &Stub::GetStatus, context, credentials_, request);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Stub> stub_;
};

}  // namespace

std::unique_ptr<Gateway> NewGatewayClient(const std::string& address,
                                          const Credentials& credentials) {
  return NewGatewayClient(address, rpc::Credentials::User(credentials.user, credentials.password));
}

std::unique_ptr<Gateway> NewGatewayClient(const std::string& address,
                                          const rpc::Credentials& credentials) {
  return std::make_unique<GatewayClient>(address, credentials);
}

}  // namespace adbms::gateway::api
