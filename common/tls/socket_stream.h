// Bytes to and from a connected socket, in plain text until Accept(), encrypted from then on. Reads
// end by a deadline, however the bytes trickle in. Blocking. Not thread-safe; another thread may
// shut the socket down.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls/handles.h"

namespace adbms::tls {

class SocketStream {
 public:
  // `fd` is not owned.
  explicit SocketStream(int fd) : fd_(fd) {}
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  int fd() const { return fd_; }
  // When reads and the handshake must be over.
  void SetDeadline(absl::Time deadline) { deadline_ = deadline; }
  absl::Time deadline() const { return deadline_; }

  // The server's side of the handshake. Errors: INVALID_ARGUMENT with what OpenSSL has against it,
  // UNAVAILABLE, DEADLINE_EXCEEDED; the stream is of no use then.
  absl::Status Accept(const std::shared_ptr<SSL_CTX>& context);
  bool encrypted() const { return ssl_ != nullptr; }
  // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty in plain text.
  std::string Cipher() const;

  // One byte at least. Errors: UNAVAILABLE when the peer has closed, DEADLINE_EXCEEDED.
  absl::StatusOr<size_t> Read(char* bytes, size_t size);
  // All of them. Errors: UNAVAILABLE.
  absl::Status Write(std::string_view bytes);
  // Whether bytes have been taken from the socket that Read() has not given yet.
  bool HasBuffered() const { return ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 1; }
  // Tells the peer that nothing more comes.
  void Close();

 private:
  friend struct SocketMethod;
  absl::Status Await();
  // As recv and send, but for signals.
  ssize_t Receive(char* bytes, size_t size);
  ssize_t Send(const char* bytes, size_t size);
  absl::Status Failure(int result);

  const int fd_;
  absl::Time deadline_ = absl::InfiniteFuture();
  bool late_ = false;
  bool failed_ = false;               // What was sent last was not taken whole.
  std::shared_ptr<SSL_CTX> context_;  // Of ssl_.
  Owned<SSL> ssl_;
};

}  // namespace adbms::tls
