#include "services/gateway/api/gateway_grpc.h"

#include "adbms/gateway/v1/gateway.grpc.pb.h"
#include "common/rpc/grpc/call.h"

namespace adbms::gateway::api {
namespace {

using Stub = gateway::v1::GatewayService::Stub;

class GatewayClient : public Gateway {
 public:
  GatewayClient(const std::string& address, const Credentials& credentials)
      : credentials_(rpc::Credentials::User(credentials.user, credentials.password)),
        stub_(gateway::v1::GatewayService::NewStub(rpc::OpenChannel(address))) {}

  absl::StatusOr<gateway::v1::OpenSessionResponse> OpenSession(
      const rpc::CallContext& context, const gateway::v1::OpenSessionRequest& request) override {
    return rpc::Call(stub_.get(), &Stub::OpenSession, context, credentials_, request, false);
  }
  absl::StatusOr<gateway::v1::CloseSessionResponse> CloseSession(
      const rpc::CallContext& context, const gateway::v1::CloseSessionRequest& request) override {
    return rpc::Call(stub_.get(), &Stub::CloseSession, context, credentials_, request, false);
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
    return own.ok() ? rpc::FromGrpc(status, client) : own;
  }
  absl::StatusOr<gateway::v1::GetStatusResponse> GetStatus(
      const rpc::CallContext& context, const gateway::v1::GetStatusRequest& request) override {
    return rpc::Call(stub_.get(), &Stub::GetStatus, context, credentials_, request, true);
  }

 private:
  const rpc::Credentials credentials_;
  const std::unique_ptr<Stub> stub_;
};

}  // namespace

std::unique_ptr<Gateway> NewGatewayClient(const std::string& address,
                                          const Credentials& credentials) {
  return std::make_unique<GatewayClient>(address, credentials);
}

}  // namespace adbms::gateway::api
