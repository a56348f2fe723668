// Certificates of a cluster of one's own: which names those of services and of the front have, and
// the settings by which a process uses them. Pure but for MakeCertificates.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/tls/authority.h"

namespace adbms::clients::local_cluster {

inline constexpr absl::Duration kCertificateLifetime = absl::Hours(24 * 365);

bool IsService(const std::string& name);

// What a certificate of this name says: a service's, that of `all` services, or anybody's else; for
// this machine and `hosts`.
tls::Subject SubjectOf(const std::string& name, const std::vector<std::string>& hosts);

// An authority in `directory` and a certificate for each process; what is there already stays.
absl::Status MakeCertificates(const std::string& directory,
                              const std::vector<std::string>& processes);

// "key=value" by which the process, a service or `all`, uses the certificate of its name.
std::vector<std::string> TlsSettings(const std::string& directory, const std::string& process);

}  // namespace adbms::clients::local_cluster
