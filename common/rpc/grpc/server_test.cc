// Health over a real socket, and servers that share a process.
#include "common/rpc/grpc/server.h"

#include "common/rpc/grpc/call.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace adbms::rpc {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

std::unique_ptr<Server> Start(CompletionLoop* loop = nullptr) {
  auto server = Server::Start("127.0.0.1:0", {}, {}, loop);
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

HealthCheckRequest Of(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

TEST(Health, CheckTellsTheStatus) {
  const auto server = Start();
  EXPECT_TRUE(IsServing(server->address(), absl::Seconds(10)));
  server->SetServing(false);
  EXPECT_FALSE(IsServing(server->address(), absl::Seconds(10)));
  const auto stub = Health::NewStub(OpenChannel(server->address()));
  grpc::ClientContext context;
  HealthCheckResponse response;
  EXPECT_EQ(stub->Check(&context, Of("other"), &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(Health, WatchTellsEachChangeAndEndsWithTheServer) {
  const auto server = Start();
  const auto stub = Health::NewStub(OpenChannel(server->address()));
  grpc::ClientContext context;
  const auto reader = stub->Watch(&context, Of(""));
  HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server->SetServing(false);
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  grpc::ClientContext other;
  const auto unknown = stub->Watch(&other, Of("other"));
  ASSERT_TRUE(unknown->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  server->Shutdown(absl::Seconds(60));
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_FALSE(unknown->Read(&response));
  EXPECT_TRUE(unknown->Finish().ok());
}

TEST(Health, AWatcherThatGoesAwayIsForgotten) {
  const auto server = Start();
  const auto stub = Health::NewStub(OpenChannel(server->address()));
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    const auto reader = stub->Watch(&context, Of(""));
    HealthCheckResponse response;
    ASSERT_TRUE(reader->Read(&response));
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  server->SetServing(false);
}

TEST(Server, AnAddressInUseIsAnError) {
  CompletionLoop loop;
  const auto server = Start();
  const auto second = Server::Start(server->address(), {}, {}, &loop);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
}

}  // namespace
}  // namespace adbms::rpc
