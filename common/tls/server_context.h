// OpenSSL's context for the server's side, made of a keeper's certificate and made anew when that
// changes: handshakes that have begun go on with theirs. TLS 1.2 and later, no renegotiation, no
// tickets, no compression. Thread-safe.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/tls/keeper.h"

namespace adbms::tls {

struct ServerOptions {
  bool tls_1_3_only = false;
  // Clients must show a certificate that the keeper's authority has signed. Needs one.
  bool ask_clients = false;
};

class ServerContext {
 public:
  struct Current {
    std::shared_ptr<SSL_CTX> context;
    CertificatePtr certificate;
  };
  // `keeper` must outlive this.
  ServerContext(CertificateKeeper* keeper, const ServerOptions& options)
      : keeper_(keeper), options_(options) {}

  Current current();

 private:
  CertificateKeeper* const keeper_;
  const ServerOptions options_;
  absl::Mutex mutex_;
  Current current_ ABSL_GUARDED_BY(mutex_);
};

// Sets `context` up. Errors: INVALID_ARGUMENT for what OpenSSL does not take.
absl::Status Configure(const Certificate& certificate, const ServerOptions& options,
                       SSL_CTX* context);

}  // namespace adbms::tls
