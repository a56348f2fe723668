// adbms certs: an authority in a directory, and the certificates of a cluster and its clients.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/durations.h"
#include "clients/local_cluster/cluster_certificates.h"
#include "clients/terminal/text_table.h"
#include "common/status/macros.h"
#include "common/tls/authority.h"

namespace adbms::clients::cli {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kDay = absl::Hours(24);

absl::StatusOr<absl::Duration> Lifetime(const Arguments& arguments, absl::Duration otherwise) {
  if (!arguments.Has("--ttl")) return otherwise;
  return ReadDuration("--ttl", arguments.Get("--ttl"));
}

absl::Status Init(const Arguments& arguments) {
  const std::string& directory = arguments.positional[0];
  ASSIGN_OR_RETURN(const absl::Duration lifetime, Lifetime(arguments, kDay * 3650));
  ASSIGN_OR_RETURN(
      const auto authority,
      tls::Authority::Make(directory, arguments.Get("--name", "ADBMS authority"), lifetime));
  std::cout << "made " << authority.certificate_path() << " (give it to everybody) and "
            << directory << "/ca.key (give it to nobody)\n";
  return absl::OkStatus();
}

absl::Status CheckName(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
  if (!name.empty() && plain && name[0] != '.' && name != "ca") return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" cannot be the name of a certificate and its files"));
}

absl::Status Issue(const Arguments& arguments) {
  const std::string& directory = arguments.positional[0];
  ASSIGN_OR_RETURN(const absl::Duration lifetime,
                   Lifetime(arguments, local_cluster::kCertificateLifetime));
  ASSIGN_OR_RETURN(const auto authority, tls::Authority::Open(directory));
  for (size_t i = 1; i < arguments.positional.size(); ++i) {
    const std::string& name = arguments.positional[i];
    RETURN_IF_ERROR(CheckName(name));
    tls::Subject subject = local_cluster::SubjectOf(name, arguments.All("--host-name"));
    for (const std::string& module : arguments.All("--module"))
      subject.uris.push_back(tls::ModuleUri(module));
    for (const std::string& service : arguments.All("--service")) {
      if (!local_cluster::IsService(service)) {
        return absl::InvalidArgumentError(absl::StrCat("there is no service \"", service, "\""));
      }
      const std::string uri = tls::ServiceUri(service);
      if (std::find(subject.uris.begin(), subject.uris.end(), uri) == subject.uris.end())
        subject.uris.push_back(uri);
    }
    RETURN_IF_ERROR(authority.Issue(absl::StrCat(directory, "/", name), subject, lifetime));
    std::cout << directory << "/" << name << ".crt and .key: " << absl::StrJoin(subject.uris, " ")
              << (subject.uris.empty() ? "" : " ") << absl::StrJoin(subject.hosts, " ") << "\n";
  }
  return absl::OkStatus();
}

// The certificates in the directory but the authority's, by name.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".crt" && entry.path().stem() != "ca")
      names.push_back(entry.path().stem().string());
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat("cannot read ", directory, ": ", error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Renew(const Arguments& arguments) {
  const std::string& directory = arguments.positional[0];
  ASSIGN_OR_RETURN(const absl::Duration lifetime,
                   Lifetime(arguments, local_cluster::kCertificateLifetime));
  ASSIGN_OR_RETURN(const auto authority, tls::Authority::Open(directory));
  std::vector<std::string> names(arguments.positional.begin() + 1, arguments.positional.end());
  if (names.empty()) {
    ASSIGN_OR_RETURN(names, NamesIn(directory));
  }
  for (const std::string& name : names) {
    const std::string file = absl::StrCat(directory, "/", name);
    ASSIGN_OR_RETURN(const auto before, tls::Load({file + ".crt", file + ".key", ""}));
    RETURN_IF_ERROR(authority.Issue(file, tls::SubjectOf(*before), lifetime));
    std::cout << "renewed " << file << ".crt and .key; running processes take them over by "
              << "themselves\n";
  }
  return absl::OkStatus();
}

std::string DateOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M", time, absl::UTCTimeZone());
}

absl::Status Show(const Arguments& arguments) {
  const std::string& directory = arguments.positional[0];
  ASSIGN_OR_RETURN(const auto authority, tls::Authority::Open(directory));
  terminal::TextTable table({{"certificate"}, {"for"}, {"from (UTC)"}, {"to (UTC)"}, {"state"}});
  const auto add = [&](const std::string& name, const tls::Certificate& certificate) {
    std::vector<std::string> whom = certificate.uris;
    whom.insert(whom.end(), certificate.hosts.begin(), certificate.hosts.end());
    const bool expired = certificate.not_after < absl::Now();
    const bool soon = certificate.not_after < absl::Now() + kDay * 14;
    table.Add({name, whom.empty() ? certificate.subject : absl::StrJoin(whom, " "),
               DateOf(certificate.not_before), DateOf(certificate.not_after),
               expired ? "expired"
               : soon  ? "expires soon"
                       : "valid"});
  };
  add("ca", authority.certificate());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(directory));
  for (const std::string& name : names) {
    const std::string file = absl::StrCat(directory, "/", name);
    ASSIGN_OR_RETURN(const auto certificate, tls::Load({file + ".crt", file + ".key", ""}));
    add(name, *certificate);
  }
  std::cout << table.ToString();
  return absl::OkStatus();
}

}  // namespace

void AddCertificateCommands(std::vector<Command>* commands) {
  const Flag ttl = {"--ttl", "TIME", "how long it holds: 90d, 24h (1 year; of an authority 10)"};
  Command init;
  init.name = "certs init";
  init.positional = "DIR";
  init.summary = "make a certificate authority for development";
  init.details = "DIR/ca.crt and DIR/ca.key. One that is there is left alone.";
  init.uses_server = false;
  init.flags = {ttl, {"--name", "TEXT", "its name (ADBMS authority)"}};
  init.minimum_positional = init.maximum_positional = 1;
  init.run = Init;
  commands->push_back(std::move(init));
  Command issue;
  issue.name = "certs issue";
  issue.positional = "DIR NAME…";
  issue.summary = "issue certificates: of services by their names, of the front, of clients";
  issue.details =
      "DIR/NAME.crt and DIR/NAME.key. The name of a service (gateway, storage, …) names that\n"
      "service, `all` every one; any other name is the holder's. All hold for localhost,\n"
      "127.0.0.1, ::1, NAME, and what --host-name says.";
  issue.uses_server = false;
  issue.flags = {ttl,
                 {"--host-name", "HOST", "a DNS name or address that clients connect to", true},
                 {"--service", "NAME", "another service that runs in the process", true},
                 {"--module", "NAME", "a registered module that the holder is", true}};
  issue.minimum_positional = 2;
  issue.maximum_positional = 64;
  issue.run = Issue;
  commands->push_back(std::move(issue));
  Command renew;
  renew.name = "certs renew";
  renew.positional = "DIR [NAME…]";
  renew.summary = "issue certificates anew for what they are, with new keys";
  renew.uses_server = false;
  renew.flags = {ttl};
  renew.minimum_positional = 1;
  renew.maximum_positional = 64;
  renew.run = Renew;
  commands->push_back(std::move(renew));
  Command show;
  show.name = "certs show";
  show.positional = "DIR";
  show.summary = "list the certificates of an authority, whom they are for, and until when";
  show.uses_server = false;
  show.minimum_positional = show.maximum_positional = 1;
  show.run = Show;
  commands->push_back(std::move(show));
}

}  // namespace adbms::clients::cli
