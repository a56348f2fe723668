// The gRPC front: GatewayService on the same sessions as the PostgreSQL protocol. Users
// authenticate with each call (metadata `authorization: Basic …`). Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/gateway/v1/gateway.grpc.pb.h"
#include "common/rpc/grpc/access.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

struct FrontOptions {
  telemetry::ServiceMetrics* metrics = nullptr;  // Not owned; null: calls are not counted.
  size_t max_sessions = 1000;
  absl::Duration idle_timeout = absl::Minutes(10);
  // What GetStatus says besides the sessions.
  std::function<void(gateway::v1::GetStatusResponse*)> status;
};

class GatewayServiceImpl final : public gateway::v1::GatewayService::Service {
 public:
  // `services` must outlive this.
  GatewayServiceImpl(const session::Services& services, FrontOptions options);

  ::grpc::Status OpenSession(::grpc::ServerContext* server, const v1::OpenSessionRequest* request,
                             v1::OpenSessionResponse* response) override;
  ::grpc::Status CloseSession(::grpc::ServerContext* server, const v1::CloseSessionRequest* request,
                              v1::CloseSessionResponse* response) override;
  ::grpc::Status Execute(::grpc::ServerContext* server, const v1::ExecuteRequest* request,
                         ::grpc::ServerWriter<v1::ExecuteResponse>* writer) override;
  ::grpc::Status GetStatus(::grpc::ServerContext* server, const v1::GetStatusRequest* request,
                           v1::GetStatusResponse* response) override;

  // Who calls, for the other services of the front. Errors: 28000, 28P01.
  absl::StatusOr<rpc::User> UserOf(const ::grpc::ServerContextBase& server);

 private:
  // Ends a call: counts it and converts its outcome.
  ::grpc::Status Answer(const char* method, absl::Time start, const absl::Status& status,
                        ::grpc::ServerContext* server);
  struct Held {
    std::string user;
    absl::Mutex mutex;  // One statement at a time.
    std::unique_ptr<session::Session> session ABSL_GUARDED_BY(mutex);
    absl::Time last_use;
  };
  absl::StatusOr<security::v1::Policy> Authenticate(const ::grpc::ServerContextBase& server);
  absl::StatusOr<std::unique_ptr<session::Session>> NewSession(security::v1::Policy policy,
                                                               const std::string& database,
                                                               const std::string& peer);
  absl::Status Run(session::Session* session, ::grpc::ServerContext* server,
                   const v1::ExecuteRequest& request,
                   ::grpc::ServerWriter<v1::ExecuteResponse>* writer);
  void DropIdle();

  const session::Services& services_;
  const FrontOptions options_;
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Held>> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::gateway::grpc_front
