// The sockets of an HTTP server: httplib's routes and requests over tls::SocketStream, in plain
// text or encrypted, a thread for each connection that does something. Who sends nothing, or byte
// after byte, holds up nobody else, and not for long.
#pragma once

#include <httplib.h>

#include "absl/time/time.h"
#include "common/tls/server_context.h"
#include "common/tls/socket_stream.h"

namespace adbms::gateway::http {

// Routes, and what else httplib offers, are set as with its own server.
class HttpListener : public httplib::Server {
 public:
  // From a request's first byte to its last, the handshake too.
  static constexpr absl::Duration kRequestTime = absl::Seconds(10);
  // How long who reads nothing of an answer is waited for.
  static constexpr absl::Duration kWriteTime = absl::Seconds(30);
  // Between two requests of a connection.
  static constexpr absl::Duration kIdleTime = absl::Seconds(5);
  // Connections that are looked after at once; further ones wait.
  static constexpr size_t kThreads = 1024;

  // `tls` is not owned; null: plain text.
  explicit HttpListener(tls::ServerContext* tls);

  // Binds; port 0 takes a free one. Returns the real port, or -1 when it is taken.
  // listen_after_bind() then serves on the caller's thread until stop().
  int Bind(const std::string& host, int port);

 private:
  bool process_and_close_socket(socket_t fd) override;
  void Serve(tls::SocketStream* stream);
  // Whether something comes before the idle time is over or the server ends.
  bool AwaitRequest(const tls::SocketStream& stream) const;

  tls::ServerContext* const tls_;
};

}  // namespace adbms::gateway::http
