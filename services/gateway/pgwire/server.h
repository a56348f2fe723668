// The listeners of the PostgreSQL protocol: TCP and a unix socket, a thread for each connection. A
// connection that the system gives no thread for is told so and closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "adbms/common/v1/config.pb.h"
#include "services/gateway/pgwire/connection.h"
#include "services/gateway/pgwire/connection_slots.h"

namespace adbms::gateway::pgwire {

class Server {
 public:
  // Listens at once. `tls` may be null: no client gets encryption, and those of other addresses
  // than loopback are refused unless the configuration allows plain text. All must outlive the
  // server. Errors: UNAVAILABLE when an address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const common::v1::PgwireConfig& config,
                                                       const session::Services& services,
                                                       telemetry::ServiceMetrics* metrics,
                                                       tls::ServerContext* tls = nullptr);
  ~Server();

  // host:port with the real port; empty without TCP.
  const std::string& address() const { return address_; }
  // Path of the unix socket; empty without.
  const std::string& socket_path() const { return socket_path_; }
  // Logged-in clients.
  size_t connections() const { return slots_.sessions(); }

  // Answers connections that have come but were not accepted yet with 57P03, takes no further ones,
  // ends idle ones, waits for busy ones until the deadline, then ends those too.
  void Shutdown(absl::Duration grace);

 private:
  struct Client {
    int fd = -1;
    std::unique_ptr<Connection> connection;
    std::thread thread;
  };

  Server(const common::v1::PgwireConfig& config, const session::Services& services,
         telemetry::ServiceMetrics* metrics, tls::ServerContext* tls);
  absl::Status ListenTcp();
  absl::Status ListenUnix(const std::string& port);
  // Closes the listener at the end, and sets it to -1.
  void Accept(int* owned_listener, bool unix_socket);
  void Begin(int fd, bool unix_socket, const std::string& peer);
  void Serve(uint64_t id, Connection* connection);

  const common::v1::PgwireConfig config_;
  const session::Services& services_;
  std::string address_;
  std::string socket_path_;
  int tcp_ = -1;
  int unix_ = -1;
  int unix_lock_ = -1;
  int wake_ = -1;  // An eventfd: readable from the moment of draining.
  ConnectionRegistry registry_;
  ConnectionSlots slots_;
  ErrorCounters errors_;
  HandshakeCounters handshakes_;
  tls::ServerContext* const tls_;
  std::atomic<bool> draining_{false};
  std::thread tcp_thread_;
  std::thread unix_thread_;
  absl::Mutex mutex_;
  std::map<uint64_t, Client> clients_ ABSL_GUARDED_BY(mutex_);  // By their numbers in slots_.
  // Of the client that left last: a thread cannot wait for its own end, the next one does.
  std::thread ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::gateway::pgwire
