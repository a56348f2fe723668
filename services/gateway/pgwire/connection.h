// One client connection: start-up, authentication, then messages until Terminate. Runs on a thread
// of its own.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/tls/server_context.h"
#include "common/tls/socket_stream.h"
#include "services/gateway/pgwire/connection_registry.h"
#include "services/gateway/pgwire/error_counters.h"
#include "services/gateway/pgwire/handshake_counters.h"
#include "services/gateway/pgwire/wire.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::pgwire {

struct ConnectionOptions {
  int fd = -1;           // Owned by the connection's creator.
  bool vouched = false;  // The operating system says that the peer is the daemon's own user.
  std::string peer;
  uint64_t max_message_bytes = 256 << 20;
  absl::Time login_deadline = absl::InfiniteFuture();
  tls::ServerContext* tls = nullptr;  // Not owned; null: SSLRequest is answered with no.
  bool plaintext = true;              // Whether the client may stay without TLS.
  // Takes the place of a logged-in connection. Errors: 53300.
  std::function<absl::Status(bool superuser)> admit;
  const std::atomic<bool>* draining = nullptr;
  ErrorCounters* errors = nullptr;          // Not owned.
  HandshakeCounters* handshakes = nullptr;  // As well.
};

class Connection {
 public:
  Connection(const session::Services& services, ConnectionRegistry* registry,
             ConnectionOptions options);
  // Serves until the client leaves or the server drains.
  void Run();
  // Whether the connection waits for its client outside a transaction.
  bool idle() const { return idle_.load(std::memory_order_acquire); }

 private:
  // Login (start_up.cc, login.cc).
  absl::Status Start();
  // The first message that asks for a session, behind those that ask for encryption. Errors: 08P01;
  // UNAVAILABLE after a request to cancel.
  absl::StatusOr<std::string> ReadStartup();
  absl::Status Encrypt();
  absl::Status Authenticate(const std::string& user, security::v1::Policy* policy);
  absl::Status Scram(const std::string& user, security::v1::Policy* policy);
  // Of a call that is part of the login.
  rpc::CallContext LoginContext(const std::string& user) const;
  absl::StatusOr<std::string> ReadPassword();
  // Messages (connection.cc).
  absl::Status Loop();
  // Until there is something to read; meanwhile the client is told what it listens to. Errors:
  // 57P05, 25P03 when the client is idle for longer than its settings allow; TellNotifications'.
  absl::Status AwaitMessage(bool outside);
  // Writes what the session has heard since, outside of its transactions. Errors: 57P01 when
  // something was missed.
  absl::Status TellNotifications();
  absl::Status Handle(const Message& message);
  absl::Status HandleQuery(std::string_view payload);
  absl::Status HandleParse(std::string_view payload);
  absl::Status HandleBind(std::string_view payload);
  absl::Status HandleDescribe(std::string_view payload);
  absl::Status HandleExecute(std::string_view payload);
  absl::Status HandleClose(std::string_view payload);
  absl::Status Ready();
  // Counts the error and writes it.
  void Tell(const absl::Status& status, std::string_view severity);
  // Whether a statement's error ends the connection: what the session kept in storage is lost.
  static bool EndsSession(const absl::Status& status);
  // Whether nobody is left to tell of an error: the client is gone, said good-bye or only
  // cancelled. Another service that cannot be reached is an error of the statement, not of this
  // connection.
  bool gone() const { return goodbye_ || reader_.lost() || writer_.lost(); }

  const session::Services& services_;
  ConnectionRegistry* const registry_;
  const ConnectionOptions options_;
  tls::SocketStream stream_;
  std::string endpoint_hash_;  // Of the certificate shown: SCRAM's channel binding.
  WireReader reader_;
  WireWriter writer_;
  ConnectionRegistry::Key key_;
  std::unique_ptr<session::Session> session_;
  std::map<std::string, std::vector<int16_t>, std::less<>> result_formats_;  // By portal.
  bool skip_to_sync_ = false;
  bool goodbye_ = false;
  std::atomic<bool> idle_{false};
};

}  // namespace adbms::gateway::pgwire
