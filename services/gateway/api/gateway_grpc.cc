#include "services/gateway/api/gateway_grpc.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "adbms/gateway/v1/gateway.grpc.pb.h"
#include "common/rpc/grpc/call.h"

namespace adbms::gateway::api {
namespace {

using Stub = gateway::v1::GatewayService::Stub;

constexpr char kAuthorizationKey[] = "authorization";

class GatewayClient : public Gateway {
 public:
  GatewayClient(const std::string& address, const Credentials& credentials)
      : authorization_(kAuthorizationKey,
                       "Basic " + absl::Base64Escape(
                                      absl::StrCat(credentials.user, ":", credentials.password))),
        stub_(gateway::v1::GatewayService::NewStub(rpc::OpenChannel(address))) {}

  absl::StatusOr<gateway::v1::OpenSessionResponse> OpenSession(
      const rpc::CallContext& context, const gateway::v1::OpenSessionRequest& request) override {
    return rpc::Call(stub_.get(), &Stub::OpenSession, context, "", request, false, authorization_);
  }
  absl::StatusOr<gateway::v1::CloseSessionResponse> CloseSession(
      const rpc::CallContext& context, const gateway::v1::CloseSessionRequest& request) override {
    return rpc::Call(stub_.get(), &Stub::CloseSession, context, "", request, false, authorization_);
  }
  absl::Status Execute(const rpc::CallContext& context, const gateway::v1::ExecuteRequest& request,
                       const Parts& parts) override {
    grpc::ClientContext client;
    const bool bounded = context.deadline != absl::InfiniteFuture();
    rpc::Prepare(context, "", &client, /*bounded=*/false);
    if (bounded) client.set_deadline(absl::ToChronoTime(context.deadline));
    client.AddMetadata(authorization_.first, authorization_.second);
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
    return rpc::Call(stub_.get(), &Stub::GetStatus, context, "", request, true, authorization_);
  }

 private:
  const std::pair<std::string, std::string> authorization_;
  const std::unique_ptr<Stub> stub_;
};

}  // namespace

std::unique_ptr<Gateway> NewGatewayClient(const std::string& address,
                                          const Credentials& credentials) {
  return std::make_unique<GatewayClient>(address, credentials);
}

}  // namespace adbms::gateway::api
