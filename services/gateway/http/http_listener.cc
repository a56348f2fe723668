#include "services/gateway/http/http_listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "services/gateway/http/connection_threads.h"

namespace adbms::gateway::http {
namespace {

constexpr int kLookMs = 100;  // How soon an idle connection sees that the server ends.
constexpr char kHandshakeRecord = 0x16;
constexpr char kNotEncrypted[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    "Content-Length: 24\r\n\r\nThis port speaks HTTPS.\n";

using GetName = int (*)(int, sockaddr*, socklen_t*);

void NameOf(GetName get, int fd, std::string* ip, int* port) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  char host[NI_MAXHOST];
  char service[NI_MAXSERV];
  if (get(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof(host), service,
                    sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return;
  }
  *ip = host;
  (void)absl::SimpleAtoi(service, port);
}

// What httplib reads and writes, byte by byte where it looks for the end of a line.
class BufferedStream : public httplib::Stream {
 public:
  explicit BufferedStream(tls::SocketStream* stream) : stream_(stream) {}

  bool HasBuffered() const { return position_ < size_ || stream_->HasBuffered(); }
  bool is_readable() const override { return true; }  // Reading waits itself.
  bool is_writable() const override { return true; }
  ssize_t read(char* bytes, size_t size) override {
    if (position_ == size_) {
      if (size >= sizeof(buffer_)) return ReadInto(bytes, size);
      const ssize_t got = ReadInto(buffer_, sizeof(buffer_));
      if (got <= 0) return got;
      position_ = 0;
      size_ = static_cast<size_t>(got);
    }
    const size_t taken = std::min(size, size_ - position_);
    std::memcpy(bytes, buffer_ + position_, taken);
    position_ += taken;
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* bytes, size_t size) override {
    return stream_->Write({bytes, size}).ok() ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    NameOf(&::getpeername, stream_->fd(), &ip, &port);
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    NameOf(&::getsockname, stream_->fd(), &ip, &port);
  }
  socket_t socket() const override { return stream_->fd(); }

 private:
  ssize_t ReadInto(char* bytes, size_t size) {
    const auto got = stream_->Read(bytes, size);
    return got.ok() ? static_cast<ssize_t>(*got) : -1;
  }

  tls::SocketStream* const stream_;
  char buffer_[4096];
  size_t position_ = 0;
  size_t size_ = 0;
};

}  // namespace

HttpListener::HttpListener(tls::ServerContext* tls) : tls_(tls) {
  new_task_queue = [] { return new ConnectionThreads(kThreads); };
  // The library's default shares the port with whoever has it already.
  set_socket_options([](int socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
}

int HttpListener::Bind(const std::string& host, int port) {
  if (port == 0) return bind_to_any_port(host);
  return bind_to_port(host, port) ? port : -1;
}

bool HttpListener::AwaitRequest(const tls::SocketStream& stream) const {
  const absl::Time end = absl::Now() + kIdleTime;
  while (absl::Now() < end && svr_sock_ != INVALID_SOCKET) {
    pollfd ready{stream.fd(), POLLIN, 0};
    if (::poll(&ready, 1, kLookMs) > 0) return true;
  }
  return false;
}

void HttpListener::Serve(tls::SocketStream* stream) {
  if (tls_ != nullptr) {
    char first = 0;
    if (!AwaitRequest(*stream) || ::recv(stream->fd(), &first, 1, MSG_PEEK) != 1) return;
    if (first != kHandshakeRecord) {
      (void)stream->Write(kNotEncrypted);
      return;
    }
    stream->SetDeadline(absl::Now() + kRequestTime);
    if (!stream->Accept(tls_->current().context).ok()) return;
  }
  BufferedStream buffered(stream);
  for (size_t left = keep_alive_max_count_; left > 0; --left) {
    if (!buffered.HasBuffered() && !AwaitRequest(*stream)) return;
    stream->SetDeadline(absl::Now() + kRequestTime);
    bool closed = false;
    if (!process_request(buffered, left == 1, closed, nullptr) || closed) return;
  }
}

bool HttpListener::process_and_close_socket(socket_t fd) {
  const timeval limit = absl::ToTimeval(kWriteTime);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  {
    tls::SocketStream stream(fd);
    Serve(&stream);
    stream.Close();
  }
  ::shutdown(fd, SHUT_RDWR);
  ::close(fd);
  return true;
}

}  // namespace adbms::gateway::http
