#include "common/tls/socket_stream.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/tls/certificate.h"

namespace adbms::tls {
namespace {

absl::Status Closed() { return absl::UnavailableError("the client closed the connection"); }

absl::Status Late() { return absl::DeadlineExceededError("the client took too long"); }

}  // namespace

// OpenSSL's own method for sockets knows no deadline, and lets the kernel raise SIGPIPE.
struct SocketMethod {
  static SocketStream* StreamOf(BIO* bio) { return static_cast<SocketStream*>(BIO_get_data(bio)); }
  static int Read(BIO* bio, char* bytes, int size) {
    SocketStream* const stream = StreamOf(bio);
    BIO_clear_retry_flags(bio);
    if (stream->deadline_ != absl::InfiniteFuture() && !stream->Await().ok()) return -1;
    return static_cast<int>(stream->Receive(bytes, static_cast<size_t>(size)));
  }
  static int Write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    return static_cast<int>(StreamOf(bio)->Send(bytes, static_cast<size_t>(size)));
  }
  static long Control(BIO*, int command, long, void*) {  // NOLINT(runtime/int): OpenSSL's.
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
  static const BIO_METHOD* Get() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }
};

absl::Status SocketStream::Await() {
  for (;;) {
    const absl::Duration left = deadline_ - absl::Now();
    if (left <= absl::ZeroDuration()) {
      late_ = true;
      return Late();
    }
    pollfd ready{fd_, POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (count > 0 || (count < 0 && errno != EINTR)) return absl::OkStatus();
  }
}

ssize_t SocketStream::Receive(char* bytes, size_t size) {
  for (;;) {
    const ssize_t got = ::recv(fd_, bytes, size, 0);
    if (got >= 0 || errno != EINTR) return got;
  }
}

ssize_t SocketStream::Send(const char* bytes, size_t size) {
  for (;;) {
    const ssize_t put = ::send(fd_, bytes, size, MSG_NOSIGNAL);
    if (put >= 0 || errno != EINTR) return put;
  }
}

absl::Status SocketStream::Failure(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  failed_ = true;
  if (late_) return Late();
  if (error != SSL_ERROR_SSL) {
    ERR_clear_error();
    return Closed();
  }
  return absl::InvalidArgumentError(LastError());
}

absl::Status SocketStream::Accept(const std::shared_ptr<SSL_CTX>& context) {
  ERR_clear_error();
  context_ = context;
  ssl_.reset(SSL_new(context.get()));
  BIO* const bio = ssl_ == nullptr ? nullptr : BIO_new(SocketMethod::Get());
  if (bio == nullptr) return absl::ResourceExhaustedError(LastError());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_read_ahead(ssl_.get(), 1);  // One system call a message instead of two.
  const int accepted = SSL_accept(ssl_.get());
  return accepted == 1 ? absl::OkStatus() : Failure(accepted);
}

std::string SocketStream::Cipher() const {
  if (ssl_ == nullptr) return "";
  return absl::StrCat(SSL_get_version(ssl_.get()), " ", SSL_get_cipher_name(ssl_.get()));
}

absl::StatusOr<size_t> SocketStream::Read(char* bytes, size_t size) {
  if (ssl_ == nullptr) {
    if (deadline_ != absl::InfiniteFuture()) RETURN_IF_ERROR(Await());
    const ssize_t got = Receive(bytes, size);
    if (got <= 0) return Closed();
    return static_cast<size_t>(got);
  }
  ERR_clear_error();
  size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), bytes, size, &got);
  if (result == 1) return got;
  const absl::Status failure = Failure(result);
  // Records that were tampered with end the connection like a lost one.
  return absl::IsInvalidArgument(failure) ? Closed() : failure;
}

absl::Status SocketStream::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t put = 0;
    if (ssl_ == nullptr) {
      const ssize_t sent = Send(bytes.data(), bytes.size());
      if (sent < 0) return Closed();
      put = static_cast<size_t>(sent);
    } else {
      ERR_clear_error();
      if (failed_) return Closed();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put);
      if (result != 1) {
        (void)Failure(result);
        return Closed();
      }
    }
    bytes.remove_prefix(put);
  }
  return absl::OkStatus();
}

void SocketStream::Close() {
  if (ssl_ == nullptr || failed_ || SSL_is_init_finished(ssl_.get()) != 1) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace adbms::tls
