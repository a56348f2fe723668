// How a process's listeners and its calls of other services are protected: certificates, which of
// them a listener shows, and where plain text is taken. Plain text is for loopback; elsewhere it
// takes a setting of its own, and is said in the log, in /readyz and in GetStatus.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adbms/common/v1/config.pb.h"
#include "common/rpc/grpc/access.h"
#include "common/rpc/grpc/tls.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "common/tls/keeper.h"
#include "common/tls/server_context.h"

namespace adbms::adbmsd {

// Thread-safe after Open and Watch. Outlives every listener and client of the process.
class Transport {
 public:
  // Errors: INVALID_ARGUMENT that names the setting: files that are missing or do not fit, a
  // cluster certificate that does not name the services that run here, plain text beyond loopback
  // without the setting that allows it.
  static absl::StatusOr<std::unique_ptr<Transport>> Open(const common::v1::Config& config,
                                                         const std::set<std::string>& targets);

  // Of the fronts; null: plain text.
  tls::ServerContext* front() const { return front_.context.get(); }
  std::shared_ptr<grpc::ServerCredentials> front_grpc() const;
  // Of the endpoints for operators, which ask nobody for a certificate; null: plain text.
  tls::ServerContext* http() const { return http_.get(); }
  // Of the cluster's port; null: plain text.
  std::shared_ptr<grpc::ServerCredentials> cluster_grpc() const;
  // With which a service is called. `secret` is the cluster's.
  rpc::Credentials ToService(const std::string& secret, const std::string& service) const;
  // With which a registered module is called.
  rpc::Credentials ToModule(const std::string& token, const std::string& name) const;

  // Tells the log how the process is protected, and of every change of the files from now on.
  void Watch(telemetry::Logger* logger);
  // Reads the files now.
  void Reload();
  // Listeners that take plain text from other machines, a sentence each.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // When certificates expire, how often they were read again.
  void Collect(telemetry::ServiceMetrics* metrics) const;

 private:
  // A certificate and what is made of it; the owner is above what uses it.
  struct Side {
    std::unique_ptr<tls::CertificateKeeper> keeper;
    std::unique_ptr<rpc::TlsMaterial> material;
    std::unique_ptr<tls::ServerContext> context;
  };
  absl::Status OpenFront(const common::v1::FrontTlsConfig& config);
  absl::Status OpenCluster(const common::v1::ClusterTlsConfig& config,
                           const std::set<std::string>& targets);
  absl::Status CheckListeners(const common::v1::Config& config,
                              const std::set<std::string>& targets);
  // One address of the setting `key`, where `encrypted` or not.
  absl::Status CheckAddress(const std::string& key, const std::string& address, bool encrypted,
                            bool allowed, const std::string& permission,
                            const std::string& certificate);

  Side front_;
  Side cluster_;
  std::unique_ptr<tls::ServerContext> http_;
  bool asks_clients_ = false;
  std::vector<std::string> warnings_;
};

}  // namespace adbms::adbmsd
