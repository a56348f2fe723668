#include "services/gateway/pgwire/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/lifecycle/thread.h"
#include "common/status/macros.h"
#include "common/tls/loopback.h"
#include "services/gateway/pgwire/wire_sink.h"

namespace adbms::gateway::pgwire {
namespace {

absl::Status SystemError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

std::string PeerName(const sockaddr_storage& address, socklen_t size) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  return absl::StrCat(host, ":", port);
}

bool IsDaemonsUser(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
         credentials.uid == ::geteuid();
}

void Refuse(int fd, const absl::Status& why) {
  tls::SocketStream stream(fd);
  WireWriter writer(&stream);
  WriteError(why, "FATAL", &writer);
  (void)writer.Flush();
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace

Server::Server(const common::v1::PgwireConfig& config, const session::Services& services,
               telemetry::ServiceMetrics* metrics, tls::ServerContext* tls)
    : config_(config),
      services_(services),
      slots_({.sessions = config.max_connections(),
              .reserved_for_superusers = config.superuser_reserved_connections(),
              .unauthenticated = config.max_unauthenticated_connections()}),
      errors_(metrics),
      handshakes_(metrics),
      tls_(tls) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const common::v1::PgwireConfig& config,
                                                      const session::Services& services,
                                                      telemetry::ServiceMetrics* metrics,
                                                      tls::ServerContext* tls) {
  auto server = std::unique_ptr<Server>(new Server(config, services, metrics, tls));
  server->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (server->wake_ < 0) return SystemError("eventfd");
  std::string port = "5433";
  if (!config.listen().empty()) {
    RETURN_IF_ERROR(server->ListenTcp());
    port = server->address_.substr(server->address_.rfind(':') + 1);
  }
  if (!config.socket_dir().empty()) RETURN_IF_ERROR(server->ListenUnix(port));
  if (server->tcp_ >= 0) {
    server->tcp_thread_ = std::thread([raw = server.get()] { raw->Accept(&raw->tcp_, false); });
  }
  if (server->unix_ >= 0) {
    server->unix_thread_ = std::thread([raw = server.get()] { raw->Accept(&raw->unix_, true); });
  }
  return server;
}

absl::Status Server::ListenTcp() {
  const size_t colon = config_.listen().rfind(':');
  uint32_t number = 0;
  // getaddrinfo takes any number and cuts it to 16 bits.
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(config_.listen().substr(colon + 1), &number) || number > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("gateway.pgwire.listen: \"", config_.listen(), "\" is not host:port"));
  }
  std::string host = config_.listen().substr(0, colon);
  if (host.size() >= 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const std::string port = config_.listen().substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("gateway.pgwire.listen: cannot resolve \"", config_.listen(), "\""));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  tcp_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (tcp_ < 0) return SystemError("socket");
  const int on = 1;
  ::setsockopt(tcp_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(tcp_, found->ai_addr, found->ai_addrlen) != 0 || ::listen(tcp_, 1024) != 0) {
    return SystemError(absl::StrCat("cannot listen on ", config_.listen()));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  ::getsockname(tcp_, reinterpret_cast<sockaddr*>(&bound), &size);
  const uint16_t real = bound.ss_family == AF_INET6
                            ? ntohs(reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port)
                            : ntohs(reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  address_ = absl::StrCat(config_.listen().substr(0, colon), ":", real);
  return absl::OkStatus();
}

absl::Status Server::ListenUnix(const std::string& port) {
  socket_path_ = absl::StrCat(config_.socket_dir(), "/.s.PGSQL.", port);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path_.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("gateway.pgwire.socket_dir: the path ", socket_path_, " is too long"));
  }
  std::memcpy(address.sun_path, socket_path_.c_str(), socket_path_.size() + 1);
  // The lock tells a socket in use from one that a crash left behind.
  unix_lock_ =
      ::open(absl::StrCat(socket_path_, ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (unix_lock_ < 0) return SystemError(absl::StrCat("cannot lock ", socket_path_));
  if (::flock(unix_lock_, LOCK_EX | LOCK_NB) != 0) {
    return absl::UnavailableError(absl::StrCat("the socket ", socket_path_, " is in use"));
  }
  ::unlink(socket_path_.c_str());
  unix_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (unix_ < 0) return SystemError("socket");
  if (::bind(unix_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::chmod(socket_path_.c_str(), 0777) != 0 || ::listen(unix_, 1024) != 0) {
    return SystemError(absl::StrCat("cannot listen on ", socket_path_));
  }
  return absl::OkStatus();
}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

void Server::Accept(int* owned_listener, bool unix_socket) {
  const int listener = *owned_listener;
  for (;;) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        // Those that have come before the end are all taken, and told; the kernel resets those
        // that come between here and the close, so nothing is in between.
        if (draining_.load(std::memory_order_acquire)) {
          ::close(std::exchange(*owned_listener, -1));
          return;
        }
        pollfd ready[] = {{listener, POLLIN, 0}, {wake_, POLLIN, 0}};
        (void)::poll(ready, 2, -1);
        continue;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EMFILE || errno == ENFILE) {
        absl::SleepFor(absl::Milliseconds(50));  // Until a connection ends.
        continue;
      }
      return;
    }
    if (!unix_socket) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    Begin(fd, unix_socket, unix_socket ? "local" : PeerName(peer, size));
  }
}

void Server::Begin(int fd, bool unix_socket, const std::string& peer) {
  const bool vouched = unix_socket && IsDaemonsUser(fd);
  std::optional<uint64_t> dropped;
  const uint64_t id = slots_.Enter(peer.substr(0, peer.rfind(':')), vouched, &dropped);
  ConnectionOptions options;
  options.fd = fd;
  options.vouched = vouched;
  options.peer = peer;
  options.max_message_bytes = config_.max_message_bytes();
  options.login_deadline = absl::Now() + absl::Milliseconds(config_.authentication_timeout_ms());
  options.admit = [this, id](bool superuser) { return slots_.Admit(id, superuser); };
  options.draining = &draining_;
  // Nobody is on the way to a socket of the machine.
  options.tls = unix_socket ? nullptr : tls_;
  options.plaintext = unix_socket || config_.allow_plaintext() || tls::IsLoopback(peer);
  options.handshakes = &handshakes_;
  options.errors = &errors_;
  absl::MutexLock lock(&mutex_);
  if (dropped.has_value()) {
    const auto found = clients_.find(*dropped);
    if (found != clients_.end()) ::shutdown(found->second.fd, SHUT_RDWR);
  }
  Client& client = clients_[id];
  client.fd = fd;
  client.connection = std::make_unique<Connection>(services_, &registry_, std::move(options));
  auto thread = lifecycle::StartThread(
      [this, id, connection = client.connection.get()] { Serve(id, connection); });
  if (thread.ok()) {
    client.thread = *std::move(thread);
    return;
  }
  clients_.erase(id);
  slots_.Leave(id);
  errors_.Count(thread.status());
  Refuse(fd, thread.status());
  ::close(fd);
}

void Server::Serve(uint64_t id, Connection* connection) {
  connection->Run();
  std::thread before;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = clients_.find(id);
    ::shutdown(found->second.fd, SHUT_RDWR);
    ::close(found->second.fd);
    before = std::exchange(ended_, std::move(found->second.thread));
    clients_.erase(found);  // With all that its messages took.
    slots_.Leave(id);
  }
  if (before.joinable()) before.join();
}

void Server::Shutdown(absl::Duration grace) {
  if (draining_.exchange(true)) return;
  (void)::eventfd_write(wake_, 1);
  if (tcp_thread_.joinable()) tcp_thread_.join();
  if (unix_thread_.joinable()) unix_thread_.join();
  if (!socket_path_.empty() && unix_lock_ >= 0) {
    ::unlink(socket_path_.c_str());
    ::unlink(absl::StrCat(socket_path_, ".lock").c_str());
  }
  for (const int fd : {tcp_, unix_, unix_lock_, wake_}) {
    if (fd >= 0) ::close(fd);
  }
  const absl::Time deadline = absl::Now() + grace;
  const auto all_done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return clients_.empty(); };
  std::thread last;
  {
    absl::MutexLock lock(&mutex_);
    while (!all_done() && absl::Now() < deadline) {
      for (auto& [id, client] : clients_) {
        if (client.connection->idle()) ::shutdown(client.fd, SHUT_RD);
      }
      mutex_.AwaitWithDeadline(absl::Condition(&all_done),
                               std::min(deadline, absl::Now() + absl::Milliseconds(20)));
    }
    for (auto& [id, client] : clients_) ::shutdown(client.fd, SHUT_RDWR);
    while (!mutex_.AwaitWithTimeout(absl::Condition(&all_done), absl::Milliseconds(50))) {
      registry_.CancelAll();
    }
    last = std::move(ended_);
  }
  if (last.joinable()) last.join();
}

}  // namespace adbms::gateway::pgwire
