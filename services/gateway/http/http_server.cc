#include "services/gateway/http/http_server.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/gateway/http/http_listener.h"

namespace adbms::gateway::http {

struct HttpServer::Impl {
  explicit Impl(HttpOptions given) : options(std::move(given)), server(options.tls) {}

  const HttpOptions options;
  HttpListener server;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options) {
  const size_t colon = options.listen.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(options.listen.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("\"", options.listen, "\" is not host:port"));
  }
  const std::string host = options.listen.substr(0, colon);
  auto server =
      std::unique_ptr<HttpServer>(new HttpServer(std::make_unique<Impl>(std::move(options))));
  Impl& impl = *server->impl_;
  impl.server.set_payload_max_length(4096);
  impl.server.Get(
      "/metrics", [&impl](const httplib::Request& request, httplib::Response& response) {
        const std::string& token = impl.options.bearer_token;
        if (!token.empty() && request.get_header_value("Authorization") != "Bearer " + token) {
          response.status = 401;
          response.set_header("WWW-Authenticate", "Bearer");
          return;
        }
        response.set_content(impl.options.metrics(), "text/plain; version=0.0.4");
      });
  impl.server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  impl.server.Get("/readyz", [&impl](const httplib::Request&, httplib::Response& response) {
    const std::string unready = impl.options.unready();
    response.status = unready.empty() ? 200 : 503;
    std::string text = unready.empty() ? "ready\n" : unready + "\n";
    for (const std::string& warning : impl.options.warnings)
      absl::StrAppend(&text, "warning: ", warning, "\n");
    response.set_content(text, "text/plain");
  });
  if (impl.options.mount) impl.options.mount(&impl.server);
  port = impl.server.Bind(host, port);
  if (port < 0)
    return absl::UnavailableError(absl::StrCat("cannot listen on ", impl.options.listen));
  server->address_ = absl::StrCat(host, ":", port);
  impl.thread = std::thread([&impl] { impl.server.listen_after_bind(); });
  return server;
}

HttpServer::~HttpServer() {
  // stop() before the loop has begun is lost.
  while (!impl_->server.is_running() && impl_->thread.joinable()) std::this_thread::yield();
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace adbms::gateway::http
