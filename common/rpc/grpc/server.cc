#include "common/rpc/grpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/rpc/grpc/call.h"

namespace adbms::rpc {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const std::string& address, const std::vector<grpc::Service*>& services,
    const std::vector<AsyncService*>& async_services, CompletionLoop* loop,
    const ServerLimits& limits, std::shared_ptr<grpc::ServerCredentials> credentials) {
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<Server>();
  if (loop == nullptr) {
    server->own_loop_ = std::make_unique<CompletionLoop>();
    loop = server->own_loop_.get();
  }
  const std::unique_ptr<grpc::ServerBuilder> builder = loop->TakeBuilder();
  int port = 0;
  builder->AddListeningPort(
      address, credentials == nullptr ? grpc::InsecureServerCredentials() : std::move(credentials),
      &port);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              static_cast<int>(absl::ToInt64Milliseconds(limits.handshake)));
  builder->SetMaxReceiveMessageSize(limits.max_message_bytes);
  if (limits.memory_bytes > 0) {
    grpc::ResourceQuota quota;
    quota.Resize(limits.memory_bytes);
    builder->SetResourceQuota(quota);
  }
  builder->RegisterService(&server->health_);
  for (grpc::Service* service : services) builder->RegisterService(service);
  for (AsyncService* service : async_services) builder->RegisterService(service->service());
  server->server_ = builder->BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address));
  }
  server->address_ = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
  server->health_.Accept(loop->queue());
  for (AsyncService* service : async_services) service->Accept(loop->queue());
  server->async_services_ = async_services;
  server->SetServing(true);
  return server;
}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

void Server::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  health_.EndWatches();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_->Wait();
  // Completions refer to the server until they have run.
  health_.AwaitEnd();
  for (AsyncService* service : async_services_) service->AwaitEnd();
  server_ = nullptr;
}

bool IsServing(const std::string& address, absl::Duration timeout, const Credentials& credentials) {
  const auto channel = OpenChannel(address, credentials);
  const auto deadline = absl::ToChronoTime(absl::Now() + timeout);
  if (!channel->WaitForConnected(deadline)) return false;
  grpc::ClientContext context;
  context.set_deadline(deadline);
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status =
      grpc::health::v1::Health::NewStub(channel)->Check(&context, {}, &response);
  return status.ok() && response.status() == grpc::health::v1::HealthCheckResponse::SERVING;
}

}  // namespace adbms::rpc
