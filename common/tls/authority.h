// A certificate authority in a directory, for development and for clusters that have none of their
// own: one key that signs, ca.crt to be given to everybody, ca.key to nobody. Keys are of P-256,
// certificates X.509 v3 signed with SHA-256; key files have the mode 0600.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/tls/certificate.h"

namespace adbms::tls {

// What a certificate is to say.
struct Subject {
  std::string common_name;         // 1 to 64 bytes.
  std::vector<std::string> uris;   // ServiceUri, ModuleUri.
  std::vector<std::string> hosts;  // DNS names and addresses.
};

// What a certificate says.
Subject SubjectOf(const Certificate& certificate);

class Authority {
 public:
  // Makes ca.key and ca.crt in `directory`, which is made where it is missing. Errors:
  // ALREADY_EXISTS when there is one: it is left alone.
  static absl::StatusOr<Authority> Make(const std::string& directory, const std::string& name,
                                        absl::Duration lifetime);
  // Errors: NOT_FOUND without one; Load's.
  static absl::StatusOr<Authority> Open(const std::string& directory);

  // Makes <file>.key and <file>.crt, the chain up to this authority, or replaces both: each by
  // rename, so that whoever reads them sees the old or the new one. Errors: INVALID_ARGUMENT for a
  // name that X.509 does not take.
  absl::Status Issue(const std::string& file, const Subject& subject,
                     absl::Duration lifetime) const;

  const Certificate& certificate() const { return *certificate_; }
  std::string certificate_path() const { return directory_ + "/ca.crt"; }

 private:
  Authority(std::string directory, CertificatePtr certificate)
      : directory_(std::move(directory)), certificate_(std::move(certificate)) {}

  std::string directory_;
  CertificatePtr certificate_;
};

// Whether `text` is an address rather than a name.
bool IsAddress(const std::string& text);

}  // namespace adbms::tls
