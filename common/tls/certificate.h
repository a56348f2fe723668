// A certificate with its key and the authorities that its holder believes, out of PEM files.
// common/tls is the only place that knows OpenSSL's X.509 and SSL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace adbms::tls {

// Paths of PEM files.
struct Files {
  std::string certificate;  // The holder's, then those that lead to its authority.
  std::string key;          // Not encrypted, nobody else's to read.
  std::string authority;    // Whom the holder believes; empty: nobody is asked for a certificate.
};

// Looked through: certificate and key belong together. Immutable.
struct Certificate {
  std::string chain_pem;
  std::string key_pem;
  std::string authority_pem;
  std::string common_name;
  std::string subject;             // "CN=storage, O=ADBMS"
  std::string issuer;              // As well.
  std::vector<std::string> uris;   // Subject alternative names.
  std::vector<std::string> hosts;  // As well: DNS names and addresses.
  absl::Time not_before;
  absl::Time not_after;
  // The channel binding `tls-server-end-point` (RFC 5929): the certificate's hash. Empty for
  // signatures without a hash of their own.
  std::string endpoint_hash;
};
using CertificatePtr = std::shared_ptr<const Certificate>;

// Errors: NOT_FOUND and PERMISSION_DENIED that name the file, INVALID_ARGUMENT that says what is
// wrong in it. One that has expired is none.
absl::StatusOr<CertificatePtr> Load(const Files& files);

// Of the certificates in a PEM text, the first one's. Errors: INVALID_ARGUMENT.
absl::StatusOr<CertificatePtr> Describe(const std::string& pem);

// The name of a service of the cluster in certificates: adbms://service/storage.
std::string ServiceUri(const std::string& service);
// The name of a registered module: adbms://module/forecast.
std::string ModuleUri(const std::string& module);

// What OpenSSL has to say about the failure just now, in a few words; never empty.
std::string LastError();

}  // namespace adbms::tls
