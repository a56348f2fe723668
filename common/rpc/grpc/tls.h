// TLS of gRPC: a keeper's certificate for servers and clients of one process, taken over by them
// within two seconds of its change, for connections that are made from then on. Services tell each
// other by the URIs in their certificates (common/tls/certificate.h), not by the names of hosts.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tls/keeper.h"

namespace adbms::rpc {

// What a server asks of those who connect.
enum class ClientCertificates { kNone, kRequired };

// Thread-safe.
class TlsMaterial {
 public:
  // Shows gRPC the keeper's certificate and those that follow it; `keeper` must outlive this, and
  // this every server and channel made with it. Errors: UNAVAILABLE without memory for it.
  static absl::StatusOr<std::unique_ptr<TlsMaterial>> Make(tls::CertificateKeeper* keeper);

  std::shared_ptr<grpc::ServerCredentials> Server(ClientCertificates clients) const;
  // Connects only to whoever shows a certificate of the keeper's authorities that names `uri`.
  std::shared_ptr<grpc::ChannelCredentials> ChannelTo(const std::string& uri) const;

 private:
  class Shown;
  explicit TlsMaterial(std::shared_ptr<Shown> shown) : shown_(std::move(shown)) {}

  const std::shared_ptr<Shown> shown_;
};

// For a client that is no service: believes the authorities in `authority_pem` (empty: the
// system's) about the host's name, and shows a certificate where one is given.
std::shared_ptr<grpc::ChannelCredentials> TlsChannel(const std::string& authority_pem,
                                                     const std::string& chain_pem,
                                                     const std::string& key_pem);

// The URIs in the certificate that the caller has shown; empty: none.
std::vector<std::string> PeerUris(const grpc::ServerContextBase& server);
// Whether the call came over TLS.
bool IsEncrypted(const grpc::ServerContextBase& server);

}  // namespace adbms::rpc
