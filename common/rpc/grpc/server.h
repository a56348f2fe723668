// A gRPC server with health checking and reflection: what every process that serves others runs.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/grpc/access.h"
#include "common/rpc/grpc/completion_loop.h"
#include "common/rpc/grpc/health.h"

namespace adbms::rpc {

// A service with asynchronous methods.
class AsyncService {
 public:
  virtual ~AsyncService() = default;
  virtual grpc::Service* service() = 0;
  // Asks for the first call of each of them; the server has started.
  virtual void Accept(grpc::ServerCompletionQueue* queue) = 0;
  // Waits until all calls are over, those that were asked for and never came too; the server is
  // ending.
  virtual void AwaitEnd() = 0;
};

// What a server takes in. A request is read before it is known who sends it.
struct ServerLimits {
  // Longer requests end the call, RESOURCE_EXHAUSTED.
  int max_message_bytes = 256 << 20;
  // What all connections together may hold; beyond it connections are closed. 0: no limit.
  size_t memory_bytes = 0;
  // What a connection has from its beginning to the end of its handshake.
  absl::Duration handshake = absl::Seconds(30);
};

// Listening from construction to Shutdown. Thread-safe.
class Server {
 public:
  // `loop` is the process's, or null for one of its own; it serves one server only. Nothing given
  // is owned; all must outlive the server. `credentials` null: plain text. Errors: UNAVAILABLE when
  // the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const std::string& address, const std::vector<grpc::Service*>& services,
      const std::vector<AsyncService*>& async_services = {}, CompletionLoop* loop = nullptr,
      const ServerLimits& limits = {},
      std::shared_ptr<grpc::ServerCredentials> credentials = nullptr);
  ~Server();
  // host:port with the real port.
  const std::string& address() const { return address_; }
  // grpc.health.v1
  void SetServing(bool serving) { health_.SetServing(serving); }
  // Waits for running calls until the deadline, then cancels them.
  void Shutdown(absl::Duration grace);

 private:
  std::string address_;
  std::unique_ptr<CompletionLoop> own_loop_;
  HealthService health_;
  std::vector<AsyncService*> async_services_;
  std::unique_ptr<grpc::Server> server_;
};

// Whether the process at `address` answers grpc.health.v1 with SERVING within `timeout`.
bool IsServing(const std::string& address, absl::Duration timeout,
               const Credentials& credentials = std::string());

}  // namespace adbms::rpc
