#include "clients/local_cluster/cluster_certificates.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"

namespace adbms::clients::local_cluster {
namespace {

constexpr char kAll[] = "all";
constexpr absl::Duration kAuthorityLifetime = absl::Hours(24 * 3650);
constexpr const char* kServices[] = {"storage", "security",     "optimizer", "tuner",
                                     "indexer", "orchestrator", "gateway"};

}  // namespace

bool IsService(const std::string& name) {
  return std::find(std::begin(kServices), std::end(kServices), name) != std::end(kServices);
}

tls::Subject SubjectOf(const std::string& name, const std::vector<std::string>& hosts) {
  tls::Subject subject;
  subject.common_name = name;
  for (const char* service : kServices) {
    if (name == kAll || name == service) subject.uris.push_back(tls::ServiceUri(service));
  }
  subject.hosts = {"localhost", "127.0.0.1", "::1", name};
  for (const std::string& host : hosts) {
    if (std::find(subject.hosts.begin(), subject.hosts.end(), host) == subject.hosts.end())
      subject.hosts.push_back(host);
  }
  return subject;
}

absl::Status MakeCertificates(const std::string& directory,
                              const std::vector<std::string>& processes) {
  auto authority = tls::Authority::Open(directory);
  if (absl::IsNotFound(authority.status()))
    authority = tls::Authority::Make(directory, "ADBMS authority", kAuthorityLifetime);
  RETURN_IF_ERROR(authority.status());
  for (const std::string& process : processes) {
    const std::string file = absl::StrCat(directory, "/", process);
    std::error_code error;
    if (std::filesystem::exists(file + ".crt", error)) continue;
    RETURN_IF_ERROR(authority->Issue(file, SubjectOf(process, {}), kCertificateLifetime));
  }
  return absl::OkStatus();
}

std::vector<std::string> TlsSettings(const std::string& directory, const std::string& process) {
  const std::string certificate = absl::StrCat(directory, "/", process, ".crt");
  const std::string key = absl::StrCat(directory, "/", process, ".key");
  std::vector<std::string> settings;
  if (process == "gateway" || process == kAll) {
    settings.push_back(absl::StrCat("gateway.tls.certificate_file=", certificate));
    settings.push_back(absl::StrCat("gateway.tls.key_file=", key));
  }
  settings.push_back(absl::StrCat("cluster.tls.certificate_file=", certificate));
  settings.push_back(absl::StrCat("cluster.tls.key_file=", key));
  settings.push_back(absl::StrCat("cluster.tls.authority_file=", directory, "/ca.crt"));
  return settings;
}

}  // namespace adbms::clients::local_cluster
