// A gRPC server with health checking and reflection: what every process that serves others runs.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace adbms::rpc {

// Listening from construction to Shutdown. Thread-safe.
class Server {
 public:
  // `services` are not owned and must outlive the server. Errors: UNAVAILABLE when the address is
  // taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& address,
                                                       const std::vector<grpc::Service*>& services);
  ~Server();
  // host:port with the real port.
  const std::string& address() const { return address_; }
  // grpc.health.v1 for the server and all its services.
  void SetServing(bool serving);
  // Waits for running calls until the deadline, then cancels them.
  void Shutdown(absl::Duration grace);

 private:
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// Whether the process at `address` answers grpc.health.v1 with SERVING within `timeout`.
bool IsServing(const std::string& address, absl::Duration timeout);

}  // namespace adbms::rpc
