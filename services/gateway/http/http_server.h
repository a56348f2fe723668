// The HTTP front of a process: /metrics, /healthz (the process lives), /readyz (it serves).
// Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tls/server_context.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace adbms::gateway::http {

struct HttpOptions {
  std::string listen;                    // host:port
  std::function<std::string()> metrics;  // Prometheus text exposition.
  std::function<std::string()> unready;  // Why it does not serve; empty: it does.
  std::vector<std::string> warnings;     // Lines of /readyz below its first.
  tls::ServerContext* tls = nullptr;     // Not owned; null: plain text.
  std::string bearer_token;              // Not empty: /metrics wants `Authorization: Bearer …`.
  std::function<void(httplib::Server*)> mount;  // Adds what else is served; null: nothing.
};

class HttpServer {
 public:
  // Errors: UNAVAILABLE when the address is taken, INVALID_ARGUMENT when it is none.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpOptions options);
  ~HttpServer();
  // host:port with the real port.
  const std::string& address() const { return address_; }

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  std::string address_;
};

}  // namespace adbms::gateway::http
