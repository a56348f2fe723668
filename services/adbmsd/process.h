// The composition root: makes the services that a process runs, connects them directly or through
// gRPC, and stops them in reverse order. The only place that knows which service is where.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <prometheus/registry.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/config.pb.h"
#include "common/rpc/grpc/call.h"
#include "common/rpc/grpc/completion_loop.h"
#include "common/rpc/grpc/server.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "services/adbmsd/transport.h"
#include "services/gateway/console/console.h"
#include "services/gateway/grpc/audited_orchestrator.h"
#include "services/gateway/grpc/gateway_service.h"
#include "services/gateway/http/http_server.h"
#include "services/gateway/pgwire/server.h"
#include "services/indexer/server/indexer_server.h"
#include "services/optimizer/feedback/learning_module.h"
#include "services/optimizer/plan_choice/plan_choice_module.h"
#include "services/optimizer/server/optimizer_server.h"
#include "services/optimizer/statistics_upkeep/statistics_module.h"
#include "services/orchestrator/server/orchestrator_server.h"
#include "services/security/compliance/compliance_module.h"
#include "services/security/server/security_server.h"
#include "services/storage/api/storage_grpc.h"
#include "services/storage/server/storage_server.h"
#include "services/tuner/server/tuner_server.h"

namespace adbms::adbmsd {

class Process {
 public:
  // Starts everything; serving when it returns. `should_stop` is polled while other processes are
  // waited for.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const common::v1::Config& config,
                                                        const std::set<std::string>& targets,
                                                        const std::function<bool()>& should_stop);
  ~Process();

  // "adbmsd ready …" with every address.
  std::string ReadyLine() const;
  // Takes over the live settings of `next`; the log names what changes and what waits for a
  // restart. An error instead of a configuration is logged, and all stays as it is. One caller.
  void Reload(const absl::StatusOr<common::v1::Config>& next);
  // Health NOT_SERVING, then drains, then stops, in reverse order of the start.
  void Stop();

 private:
  // One service's log and metrics.
  struct Telemetry {
    std::unique_ptr<telemetry::Logger> logger;
    std::unique_ptr<telemetry::ServiceMetrics> metrics;
  };

  Process(const common::v1::Config& config, std::set<std::string> targets);
  absl::Status Run(const std::function<bool()>& should_stop);
  bool Has(const std::string& service) const { return targets_.contains(service); }
  absl::StatusOr<Telemetry*> TelemetryOf(const std::string& service);
  absl::Status PrepareDirectories();
  absl::Status StartStorage();
  absl::Status StartSecurity();
  absl::Status StartOptimizer();
  absl::Status StartModules();
  absl::Status StartOrchestrator();
  absl::Status StartGateway();
  // Whether other processes call this one.
  bool ServesCluster() const;
  absl::Status Serve();
  absl::Status StartHttp();
  // Where `key` is one of storage's memory sizes and storage is here, sets it.
  absl::Status SetMemory(const std::string& key, const common::v1::StorageConfig& storage);
  // The log of a change that concerns the whole process.
  telemetry::Logger* MainLog() { return MainTelemetry().logger.get(); }
  Telemetry& MainTelemetry();
  void CollectMetrics();
  void RefreshLoop();
  absl::StatusOr<std::string> SuperuserVerifier();
  rpc::ServerSide Side(const std::string& service);
  // With which the service elsewhere is called.
  rpc::Credentials To(const std::string& service) const;

  const common::v1::Config config_;
  const std::set<std::string> targets_;
  std::string log_directory_;
  std::string secret_;
  prometheus::Registry registry_;
  std::map<std::string, Telemetry> telemetry_;
  common::v1::Config live_;  // As last taken over; Reload alone touches it.
  std::atomic<int64_t> statement_timeout_ms_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> stopping_{false};
  absl::Time started_;

  std::unique_ptr<Transport> transport_;  // Outlives all that speaks over sockets.
  rpc::CompletionLoop loop_;              // Outlives all that speaks gRPC.

  // Clients of services elsewhere, and the services here, in the order of their start.
  std::unique_ptr<storage::api::Storage> storage_client_;
  std::unique_ptr<storage::server::StorageServer> storage_server_;
  storage::api::Storage* storage_ = nullptr;
  std::unique_ptr<security::api::Security> security_client_;
  std::unique_ptr<security::server::SecurityServer> security_server_;
  std::unique_ptr<security::compliance::ComplianceModule> compliance_;
  security::api::Security* security_ = nullptr;
  std::unique_ptr<security::api::Tokens> tokens_client_;
  security::api::Tokens* tokens_ = nullptr;
  std::unique_ptr<optimizer::api::Optimizer> optimizer_client_;
  std::unique_ptr<optimizer::feedback::ModelStore> models_;
  std::unique_ptr<optimizer::feedback::CardinalityLearner> learner_;
  std::unique_ptr<optimizer::feedback::LearningModule> learning_;
  std::unique_ptr<optimizer::plan_choice::PlanChoices> plan_choices_;
  std::unique_ptr<optimizer::plan_choice::PlanChoiceModule> plan_choice_;
  std::unique_ptr<optimizer::server::OptimizerServer> optimizer_server_;
  std::unique_ptr<optimizer::statistics_upkeep::StatisticsModule> statistics_;
  optimizer::api::Optimizer* optimizer_ = nullptr;
  std::unique_ptr<tuner::server::TunerServer> tuner_;
  std::unique_ptr<indexer::server::IndexerServer> indexer_;
  std::unique_ptr<orchestrator::api::Orchestrator> orchestrator_client_;
  std::unique_ptr<orchestrator::server::OrchestratorServer> orchestrator_server_;
  orchestrator::api::Orchestrator* orchestrator_ = nullptr;
  std::map<std::string, orchestrator::api::Module*> modules_;  // Of this process.

  // The gateway.
  std::unique_ptr<gateway::plan_cache::PlanCache> plan_cache_;
  std::unique_ptr<gateway::policy::PolicyCache> policies_;
  std::unique_ptr<gateway::session::CatalogCache> catalog_;
  std::unique_ptr<gateway::workload::WorkloadRecorder> workload_;
  std::unique_ptr<gateway::session::ExecutionWatch> execution_watch_;
  std::unique_ptr<gateway::session::AuditQueue> audit_;
  std::unique_ptr<gateway::session::StatementMetrics> statement_metrics_;
  gateway::session::Services session_services_;
  std::unique_ptr<gateway::grpc_front::GatewayServiceImpl> gateway_grpc_;
  std::unique_ptr<gateway::pgwire::Server> pgwire_;
  std::thread refresh_thread_;

  std::vector<std::unique_ptr<grpc::Service>> adapters_;
  std::unique_ptr<storage::api::ServedStorage> served_storage_;  // Null when storage is elsewhere.
  std::unique_ptr<orchestrator::api::Orchestrator> audited_orchestrator_;
  std::unique_ptr<grpc::Service> front_orchestrator_;
  std::unique_ptr<rpc::Server> cluster_server_;         // Services for other processes.
  std::unique_ptr<rpc::Server> front_server_;           // The gateway's gRPC front.
  std::unique_ptr<gateway::console::Console> console_;  // Null without a gateway here.
  std::unique_ptr<gateway::http::HttpServer> http_;
};

}  // namespace adbms::adbmsd
