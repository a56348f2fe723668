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
#include "common/status/macros.h"

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

}  // namespace

Server::Server(const common::v1::PgwireConfig& config, const session::Services& services)
    : config_(config), services_(services) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const common::v1::PgwireConfig& config,
                                                      const session::Services& services) {
  auto server = std::unique_ptr<Server>(new Server(config, services));
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
  if (colon == std::string::npos) {
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
    Reap();
    ConnectionOptions options;
    options.fd = fd;
    options.unix_socket = unix_socket;
    options.peer = unix_socket ? "local" : PeerName(peer, size);
    options.max_message_bytes = config_.max_message_bytes();
    options.authentication_timeout = absl::Milliseconds(config_.authentication_timeout_ms());
    options.max_connections = config_.max_connections();
    options.draining = &draining_;
    absl::MutexLock lock(&mutex_);
    clients_.emplace_back();
    Client* const client = &clients_.back();
    client->fd = fd;
    client->connection = std::make_unique<Connection>(services_, &registry_, std::move(options));
    client->thread = std::thread([this, client] { Serve(client); });
  }
}

void Server::Serve(Client* client) {
  client->connection->Run();
  absl::MutexLock lock(&mutex_);
  ::shutdown(client->fd, SHUT_RDWR);
  client->done = true;
}

void Server::Reap() {
  std::list<Client> finished;
  {
    absl::MutexLock lock(&mutex_);
    for (auto i = clients_.begin(); i != clients_.end();) {
      const auto next = std::next(i);
      if (i->done) finished.splice(finished.end(), clients_, i);
      i = next;
    }
  }
  for (Client& client : finished) {
    client.thread.join();
    ::close(client.fd);
  }
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
  const auto all_done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const Client& client : clients_) {
      if (!client.done) return false;
    }
    return true;
  };
  absl::MutexLock lock(&mutex_);
  while (!all_done() && absl::Now() < deadline) {
    for (Client& client : clients_) {
      if (!client.done && client.connection->idle()) ::shutdown(client.fd, SHUT_RD);
    }
    mutex_.AwaitWithDeadline(absl::Condition(&all_done),
                             std::min(deadline, absl::Now() + absl::Milliseconds(20)));
  }
  for (Client& client : clients_) {
    if (!client.done) ::shutdown(client.fd, SHUT_RDWR);
  }
  while (!mutex_.AwaitWithTimeout(absl::Condition(&all_done), absl::Milliseconds(50))) {
    registry_.CancelAll();
  }
  for (Client& client : clients_) {
    client.thread.join();
    ::close(client.fd);
  }
  clients_.clear();
}

}  // namespace adbms::gateway::pgwire
