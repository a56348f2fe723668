#include "services/gateway/console/console.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "services/gateway/console/api.h"
#include "services/gateway/console/embedded_files.h"
#include "services/gateway/console/replies.h"
#include "services/gateway/console/request_checks.h"

namespace adbms::gateway::console {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(500);
// Connections at once; a browser holds six.
constexpr size_t kRequestsOfConnection = 1000;
constexpr time_t kWriteSeconds = 30;

// Of every answer: no other site's code, frame, form or referrer.
const httplib::Headers& SecurityHeaders() {
  static const auto* const headers = new httplib::Headers{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
       "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return *headers;
}

}  // namespace

struct Console::Impl {
  Impl(const session::Services& services, const ConsoleOptions& options)
      : api(services, options), ticker([this] { Run(); }) {}

  void Run() {
    while (!stop.WaitForNotificationWithTimeout(kTick)) api.Tick(absl::Now());
  }

  void ServePage(const char* path, const httplib::Request& request, httplib::Response* response) {
    const EmbeddedFile* const file = FindEmbeddedFile(path);
    if (file == nullptr) return Refuse(404, "this build has no console", response);
    ReplyFile(*file, /*lasting=*/false, request, response);
  }

  Api api;
  absl::Notification stop;
  std::thread ticker;
};

Console::Console(const session::Services& services, ConsoleOptions options)
    : impl_(std::make_unique<Impl>(services, options)) {}

Console::~Console() { Stop(); }

void Console::Mount(httplib::Server* server) {
  using httplib::Request;
  using httplib::Response;
  server->set_default_headers(SecurityHeaders());
  server->set_payload_max_length(kLargestBody);
  server->set_keep_alive_max_count(kRequestsOfConnection);
  server->set_write_timeout(kWriteSeconds);
  server->set_tcp_nodelay(true);
  Impl* const impl = impl_.get();
  Api* const api = &impl->api;
  server->set_pre_routing_handler([api](const Request& request, Response& response) {
    return api->Admit(request, &response) ? httplib::Server::HandlerResponse::Unhandled
                                          : httplib::Server::HandlerResponse::Handled;
  });
  server->Get("/", [impl](const Request& request, Response& response) {
    if (impl->api.Sender(request, /*use=*/true) == nullptr) {
      response.set_header("Cache-Control", "no-store");
      return response.set_redirect("/signin", 303);
    }
    impl->ServePage("/index.html", request, &response);
  });
  server->Get("/signin", [impl](const Request& request, Response& response) {
    impl->ServePage("/signin.html", request, &response);
  });
  server->Get("/assets/.+", [](const Request& request, Response& response) {
    const EmbeddedFile* const file = FindEmbeddedFile(request.path);
    if (file == nullptr) return Refuse(404, "there is nothing of this name", &response);
    ReplyFile(*file, /*lasting=*/true, request, &response);
  });
  const auto route = [api](void (Api::*method)(const Request&, Response*)) {
    return [api, method](const Request& request, Response& response) {
      (api->*method)(request, &response);
    };
  };
  server->Get("/api/session", route(&Api::DescribeSession));
  server->Get("/api/history", route(&Api::DescribeHistory));
  server->Post("/api/signin", route(&Api::EnterRole));
  server->Post("/api/signout", route(&Api::SignOut));
  server->Post("/api/sql", route(&Api::RunSql));
  server->Post("/api/cancel", route(&Api::CancelSql));
  server->Post("/api/autonomy", route(&Api::SetAutonomy));
}

void Console::Stop() {
  if (!impl_->ticker.joinable()) return;
  impl_->stop.Notify();
  impl_->ticker.join();
  impl_->api.Stop();
}

}  // namespace adbms::gateway::console
