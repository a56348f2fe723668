#include "common/tls/server_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/tls/handles.h"

namespace adbms::tls {
namespace {

absl::Status Refused(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", LastError()));
}

absl::Status UseChain(const std::string& pem, SSL_CTX* context) {
  const Owned<BIO> bio = Reading(pem);
  const Owned<X509> leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return Refused("the certificate cannot be used");
  }
  SSL_CTX_clear_chain_certs(context);
  for (;;) {
    const Owned<X509> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
      return Refused("a certificate of the chain cannot be used");
  }
  ERR_clear_error();  // The end of the text is one.
  return absl::OkStatus();
}

absl::Status AskClients(const std::string& authority_pem, SSL_CTX* context) {
  const Owned<BIO> bio = Reading(authority_pem);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int authorities = 0;
  for (;;) {
    const Owned<X509> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (X509_STORE_add_cert(store, next.get()) != 1 ||
        SSL_CTX_add_client_CA(context, next.get()) != 1)
      return Refused("an authority cannot be used");
    ++authorities;
  }
  ERR_clear_error();
  if (authorities == 0) return absl::InvalidArgumentError("there is no authority");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

}  // namespace

absl::Status Configure(const Certificate& certificate, const ServerOptions& options,
                       SSL_CTX* context) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, options.tls_1_3_only ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
  RETURN_IF_ERROR(UseChain(certificate.chain_pem, context));
  const Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(Reading(certificate.key_pem).get(), nullptr, nullptr, nullptr));
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return Refused("the private key cannot be used");
  }
  return options.ask_clients ? AskClients(certificate.authority_pem, context) : absl::OkStatus();
}

ServerContext::Current ServerContext::current() {
  CertificatePtr newest = keeper_->current();
  absl::MutexLock lock(&mutex_);
  if (newest == current_.certificate) return current_;
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (Configure(*newest, options_, context.get()).ok()) {
    current_ = {std::move(context), std::move(newest)};
  }
  return current_;
}

}  // namespace adbms::tls
