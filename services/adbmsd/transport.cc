#include "services/adbmsd/transport.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/tls/loopback.h"

namespace adbms::adbmsd {
namespace {

// How long before its end a certificate is warned of at the start.
constexpr absl::Duration kSoon = absl::Hours(24 * 14);

absl::Status Refused(absl::string_view key, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(key, ": ", status.message()));
}

std::string Until(const tls::Certificate& certificate) {
  return absl::FormatTime(absl::RFC3339_sec, certificate.not_after, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> Transport::Open(const common::v1::Config& config,
                                                           const std::set<std::string>& targets) {
  auto transport = std::make_unique<Transport>();
  if (targets.contains("gateway")) {
    RETURN_IF_ERROR(transport->OpenFront(config.gateway().tls()));
  }
  RETURN_IF_ERROR(transport->OpenCluster(config.cluster().tls(), targets));
  tls::CertificateKeeper* const shown = targets.contains("gateway")
                                            ? transport->front_.keeper.get()
                                            : transport->cluster_.keeper.get();
  const bool newest_only = config.gateway().tls().minimum_version() == "1.3";
  if (shown != nullptr) {
    transport->http_ = std::make_unique<tls::ServerContext>(
        shown, tls::ServerOptions{.tls_1_3_only = newest_only});
  }
  RETURN_IF_ERROR(transport->CheckListeners(config, targets));
  return transport;
}

absl::Status Transport::OpenFront(const common::v1::FrontTlsConfig& config) {
  if (config.certificate_file().empty()) return absl::OkStatus();
  auto keeper = tls::CertificateKeeper::Open(
      {config.certificate_file(), config.key_file(), config.client_authority_file()});
  if (!keeper.ok()) return Refused("gateway.tls", keeper.status());
  asks_clients_ = !config.client_authority_file().empty();
  front_.keeper = *std::move(keeper);
  ASSIGN_OR_RETURN(front_.material, rpc::TlsMaterial::Make(front_.keeper.get()));
  front_.context = std::make_unique<tls::ServerContext>(
      front_.keeper.get(), tls::ServerOptions{.tls_1_3_only = config.minimum_version() == "1.3",
                                              .ask_clients = asks_clients_});
  return absl::OkStatus();
}

absl::Status Transport::OpenCluster(const common::v1::ClusterTlsConfig& config,
                                    const std::set<std::string>& targets) {
  if (config.certificate_file().empty()) return absl::OkStatus();
  if (config.authority_file().empty()) {
    return absl::InvalidArgumentError(
        "cluster.tls.authority_file: who the cluster's processes are, an authority tells: its "
        "certificate is needed beside cluster.tls.certificate_file");
  }
  auto keeper = tls::CertificateKeeper::Open(
      {config.certificate_file(), config.key_file(), config.authority_file()},
      [targets](const tls::Certificate& certificate) -> absl::Status {
        for (const std::string& target : targets) {
          const std::string uri = tls::ServiceUri(target);
          if (std::find(certificate.uris.begin(), certificate.uris.end(), uri) ==
              certificate.uris.end()) {
            return absl::InvalidArgumentError(absl::StrCat("the certificate of ",
                                                           certificate.subject, " does not name ",
                                                           uri, ", which runs here"));
          }
        }
        return absl::OkStatus();
      });
  if (!keeper.ok()) return Refused("cluster.tls", keeper.status());
  cluster_.keeper = *std::move(keeper);
  ASSIGN_OR_RETURN(cluster_.material, rpc::TlsMaterial::Make(cluster_.keeper.get()));
  return absl::OkStatus();
}

absl::Status Transport::CheckAddress(const std::string& key, const std::string& address,
                                     bool encrypted, bool allowed, const std::string& permission,
                                     const std::string& certificate) {
  if (encrypted || address.empty() || tls::IsLoopback(address)) return absl::OkStatus();
  if (!allowed) {
    return absl::InvalidArgumentError(absl::StrCat(
        key, ": ", address, " is no loopback address, and there is no certificate: set ",
        certificate, ", or ", permission, " to true for plain text"));
  }
  warnings_.push_back(
      absl::StrCat("plain text between machines: ", key, " is ", address, " (", permission, ")"));
  return absl::OkStatus();
}

absl::Status Transport::CheckListeners(const common::v1::Config& config,
                                       const std::set<std::string>& targets) {
  const common::v1::GatewayConfig& gateway = config.gateway();
  const common::v1::ClusterConfig& cluster = config.cluster();
  const std::string front_files = "gateway.tls.certificate_file and key_file";
  const std::string cluster_files = "cluster.tls.certificate_file, key_file and authority_file";
  if (targets.contains("gateway")) {
    const bool encrypted = front_.keeper != nullptr;
    const std::string permission = "gateway.pgwire.allow_plaintext";
    // With a certificate too: it speaks both, and takes plain text only where that is allowed.
    RETURN_IF_ERROR(CheckAddress("gateway.pgwire.listen", gateway.pgwire().listen(),
                                 encrypted && !gateway.pgwire().allow_plaintext(),
                                 gateway.pgwire().allow_plaintext(), permission, front_files));
    RETURN_IF_ERROR(CheckAddress("gateway.grpc.listen", gateway.grpc().listen(), encrypted,
                                 gateway.grpc().allow_plaintext(), "gateway.grpc.allow_plaintext",
                                 front_files));
    RETURN_IF_ERROR(CheckAddress("gateway.http.listen", gateway.http().listen(), encrypted,
                                 gateway.http().allow_plaintext(), "gateway.http.allow_plaintext",
                                 front_files));
  }
  std::vector<std::pair<std::string, std::string>> addresses;
  if (!targets.contains("gateway")) addresses.push_back({"http_listen", cluster.http_listen()});
  const std::pair<const char*, const std::string&> services[] = {
      {"security", cluster.security()}, {"optimizer", cluster.optimizer()},
      {"storage", cluster.storage()},   {"tuner", cluster.tuner()},
      {"indexer", cluster.indexer()},   {"orchestrator", cluster.orchestrator()}};
  bool all_here = true;
  for (const auto& [name, address] : services) {
    if (targets.contains(name)) continue;
    all_here = false;
    addresses.push_back({name, address});
  }
  const bool only_gateway = targets.size() == 1 && targets.contains("gateway");
  if (!(all_here && targets.contains("gateway")) && !only_gateway)
    addresses.push_back({"listen", cluster.listen()});
  for (const auto& [name, address] : addresses) {
    RETURN_IF_ERROR(CheckAddress(absl::StrCat("cluster.", name), address,
                                 cluster_.keeper != nullptr, cluster.allow_plaintext(),
                                 "cluster.allow_plaintext", cluster_files));
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> Transport::front_grpc() const {
  if (front_.material == nullptr) return nullptr;
  return front_.material->Server(asks_clients_ ? rpc::ClientCertificates::kRequired
                                               : rpc::ClientCertificates::kNone);
}

std::shared_ptr<grpc::ServerCredentials> Transport::cluster_grpc() const {
  if (cluster_.material == nullptr) return nullptr;
  return cluster_.material->Server(rpc::ClientCertificates::kRequired);
}

rpc::Credentials Transport::ToService(const std::string& secret, const std::string& service) const {
  if (cluster_.material == nullptr) return secret;
  return rpc::Credentials(secret).Over(cluster_.material->ChannelTo(tls::ServiceUri(service)));
}

rpc::Credentials Transport::ToModule(const std::string& token, const std::string& name) const {
  const rpc::Credentials credentials = rpc::Credentials::Module(token);
  if (cluster_.material == nullptr) return credentials;
  return credentials.Over(cluster_.material->ChannelTo(tls::ModuleUri(name)));
}

void Transport::Watch(telemetry::Logger* logger) {
  for (const std::string& warning : warnings_) logger->Warn(warning);
  for (tls::CertificateKeeper* keeper : {front_.keeper.get(), cluster_.keeper.get()}) {
    if (keeper == nullptr) continue;
    const tls::CertificatePtr certificate = keeper->current();
    if (certificate->not_after < absl::Now() + kSoon) {
      logger->Warn(certificate->not_after < absl::Now() ? "a certificate has expired"
                                                        : "a certificate expires soon",
                   {{"file", keeper->files().certificate}, {"expires", Until(*certificate)}});
    }
    keeper->AddListener([logger, keeper](const tls::CertificateKeeper::Outcome& outcome) {
      if (outcome.certificate != nullptr) {
        logger->Info("a certificate was read again", {{"file", keeper->files().certificate},
                                                      {"subject", outcome.certificate->subject},
                                                      {"expires", Until(*outcome.certificate)}});
      } else {
        logger->Error("a changed certificate is not taken over; the old one stays",
                      {{"file", keeper->files().certificate},
                       {"error", std::string(outcome.error.message())}});
      }
    });
  }
}

void Transport::Reload() {
  for (tls::CertificateKeeper* keeper : {front_.keeper.get(), cluster_.keeper.get()}) {
    if (keeper != nullptr) keeper->Reload();
  }
}

void Transport::Collect(telemetry::ServiceMetrics* metrics) const {
  metrics
      ->Gauge(
          "adbms_plaintext_addresses",
          "Addresses beyond loopback that plain text is spoken on, because a setting allows it.")
      .Set(static_cast<double>(warnings_.size()));
  const std::pair<const char*, const tls::CertificateKeeper*> sides[] = {
      {"front", front_.keeper.get()}, {"cluster", cluster_.keeper.get()}};
  for (const auto& [side, keeper] : sides) {
    if (keeper == nullptr) continue;
    metrics
        ->Gauge("adbms_certificate_expiry_seconds", "When the certificate expires, in Unix time.",
                {{"side", side}})
        .Set(absl::ToDoubleSeconds(keeper->current()->not_after - absl::UnixEpoch()));
    const std::pair<const char*, uint64_t> outcomes[] = {{"ok", keeper->reloads()},
                                                         {"failed", keeper->failures()}};
    for (const auto& [outcome, count] : outcomes) {
      prometheus::Counter& counter = metrics->Counter(
          "adbms_certificate_reloads_total", "Changes of certificate files that were looked at.",
          {{"side", side}, {"outcome", outcome}});
      const double more = static_cast<double>(count) - counter.Value();
      if (more > 0) counter.Increment(more);
    }
  }
}

}  // namespace adbms::adbmsd
