#include "common/rpc/grpc/tls.h"

#include <fcntl.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/status/macros.h"

namespace adbms::rpc {
namespace {

namespace tls_api = grpc::experimental;

// How often gRPC looks whether there is something new, in seconds.
constexpr unsigned kLookSeconds = 1;

// A text in memory that has a path. Replaced as a whole: whoever opens the path reads the old or
// the new one.
class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  // `changed`: the file's time of change, by which gRPC knows that texts belong together. Errors:
  // UNAVAILABLE.
  absl::Status Replace(const std::string& text, time_t changed) {
    const int fresh = ::memfd_create("certificate", MFD_CLOEXEC);
    const timespec times[] = {{changed, 0}, {changed, 0}};
    bool done = fresh >= 0 &&
                ::write(fresh, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                ::futimens(fresh, times) == 0;
    if (done && fd_ >= 0) {
      done = ::dup3(fresh, fd_, O_CLOEXEC) >= 0;
      ::close(fresh);
    } else if (done) {
      fd_ = fresh;
    } else if (fresh >= 0) {
      ::close(fresh);
    }
    if (done) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("a certificate cannot be kept in memory: ", std::strerror(errno)));
  }
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  int fd_ = -1;
};

// Asks that the server's certificate, whose chain gRPC has checked, names a service.
class NamesUri : public tls_api::ExternalCertificateVerifier {
 public:
  explicit NamesUri(std::string uri) : uri_(std::move(uri)) {}
  bool Verify(tls_api::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* sync_status) override {
    const std::vector<grpc::string_ref> shown = request->uri_names();
    const bool named = std::any_of(shown.begin(), shown.end(), [this](const grpc::string_ref& uri) {
      return std::string_view(uri.data(), uri.size()) == uri_;
    });
    *sync_status = named ? grpc::Status::OK
                         : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                        absl::StrCat("the certificate of ",
                                                     std::string(request->target_name().data(),
                                                                 request->target_name().size()),
                                                     " does not name ", uri_));
    return true;
  }
  void Cancel(tls_api::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string uri_;
};

}  // namespace

// gRPC reads certificates out of files when those change; which of ours are whole, and go together,
// the keeper has found out before.
class TlsMaterial::Shown {
 public:
  absl::Status Show(const tls::Certificate& certificate) {
    absl::MutexLock lock(&mutex_);
    ++generation_;
    // One file of both: a key never stands beside another's certificate.
    RETURN_IF_ERROR(identity_.Replace(
        absl::StrCat(certificate.key_pem, "\n", certificate.chain_pem), generation_));
    return authority_.Replace(certificate.authority_pem, generation_);
  }
  // Once, after the first Show().
  void MakeProvider(bool with_authority) {
    absl::MutexLock lock(&mutex_);
    provider_ = with_authority
                    ? std::make_shared<tls_api::FileWatcherCertificateProvider>(
                          identity_.path(), identity_.path(), authority_.path(), kLookSeconds)
                    : std::make_shared<tls_api::FileWatcherCertificateProvider>(
                          identity_.path(), identity_.path(), kLookSeconds);
  }
  std::shared_ptr<tls_api::CertificateProviderInterface> provider() {
    absl::MutexLock lock(&mutex_);
    return provider_;
  }

 private:
  absl::Mutex mutex_;
  time_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  MemoryFile identity_ ABSL_GUARDED_BY(mutex_);
  MemoryFile authority_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<tls_api::CertificateProviderInterface> provider_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<std::unique_ptr<TlsMaterial>> TlsMaterial::Make(tls::CertificateKeeper* keeper) {
  auto shown = std::make_shared<Shown>();
  const tls::CertificatePtr certificate = keeper->current();
  RETURN_IF_ERROR(shown->Show(*certificate));
  shown->MakeProvider(!certificate->authority_pem.empty());
  keeper->AddListener([shown](const tls::CertificateKeeper::Outcome& outcome) {
    if (outcome.certificate != nullptr) (void)shown->Show(*outcome.certificate);
  });
  // One that came between the two lines above.
  RETURN_IF_ERROR(shown->Show(*keeper->current()));
  return std::unique_ptr<TlsMaterial>(new TlsMaterial(std::move(shown)));
}

std::shared_ptr<grpc::ServerCredentials> TlsMaterial::Server(ClientCertificates clients) const {
  tls_api::TlsServerCredentialsOptions options(shown_->provider());
  options.watch_identity_key_cert_pairs();
  const bool required = clients == ClientCertificates::kRequired;
  if (required) options.watch_root_certs();
  options.set_cert_request_type(required
                                    ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  // Who the client is, the calls decide by its certificate; its host has no name to be checked.
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<tls_api::NoOpCertificateVerifier>());
  return tls_api::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> TlsMaterial::ChannelTo(const std::string& uri) const {
  tls_api::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(shown_->provider());
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(tls_api::ExternalCertificateVerifier::Create<NamesUri>(uri));
  return tls_api::TlsCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> TlsChannel(const std::string& authority_pem,
                                                     const std::string& chain_pem,
                                                     const std::string& key_pem) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = authority_pem;
  options.pem_cert_chain = chain_pem;
  options.pem_private_key = key_pem;
  return grpc::SslCredentials(options);
}

std::vector<std::string> PeerUris(const grpc::ServerContextBase& server) {
  std::vector<std::string> uris;
  const auto context = server.auth_context();
  if (context == nullptr || !context->IsPeerAuthenticated()) return uris;
  for (const grpc::string_ref& uri : context->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME))
    uris.emplace_back(uri.data(), uri.size());
  return uris;
}

bool IsEncrypted(const grpc::ServerContextBase& server) {
  const auto context = server.auth_context();
  if (context == nullptr) return false;
  const auto types = context->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return !types.empty() && (types[0] == GRPC_TLS_TRANSPORT_SECURITY_TYPE ||
                            types[0] == GRPC_SSL_TRANSPORT_SECURITY_TYPE);
}

}  // namespace adbms::rpc
