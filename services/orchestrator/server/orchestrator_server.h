// The orchestrator service: intake, lease, the cycle on its schedule, runs over all tables.
// Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/config.pb.h"
#include "common/rpc/grpc/access.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "services/orchestrator/api/module.h"
#include "services/orchestrator/api/orchestrator.h"
#include "services/orchestrator/report/run_report.h"
#include "services/orchestrator/workflow/cycle.h"
#include "services/storage/api/sql_client.h"

namespace adbms::orchestrator::server {

struct Options {
  common::v1::OrchestratorConfig config;
  uint64_t index_budget_bytes = 0;
  std::string log_directory;
  std::string cluster_secret;
  // How a registered module is called, by its token and name.
  std::function<rpc::Credentials(const std::string& token, const std::string& name)> to_module =
      [](const std::string& token, const std::string&) { return rpc::Credentials::Module(token); };
};

class OrchestratorServer : public api::Orchestrator {
 public:
  // All pointers must outlive the server. Nothing runs before Start.
  static absl::StatusOr<std::unique_ptr<OrchestratorServer>> Open(
      storage::api::Storage* storage, telemetry::Logger* logger, telemetry::ServiceMetrics* metrics,
      const Options& options);
  ~OrchestratorServer() override;

  // Adds a module; `address` empty: in this process.
  absl::Status AddModule(std::shared_ptr<api::Module> module, const std::string& address);
  // Starts the cycle's thread.
  void Start();
  void Stop();
  // Takes over what can change while it runs: the time between cycles, what verdicts rest on, and
  // how far modules may go that nobody has set.
  void SetConfig(const common::v1::OrchestratorConfig& config);
  // How many actions of the ledger are in each state, those without any included.
  std::map<std::string, size_t> CountActions() const;
  // The modules that have said who they are.
  std::vector<registry::RegisteredModule> Modules() const { return registry_.List(); }

  absl::StatusOr<v1::ReportWindowResponse> ReportWindow(
      const rpc::CallContext& context, const v1::ReportWindowRequest& request) override;
  absl::Status RunAllTables(const rpc::CallContext& context, const v1::RunAllTablesRequest& request,
                            const Progress& progress) override;
  absl::StatusOr<v1::ListActionsResponse> ListActions(
      const rpc::CallContext& context, const v1::ListActionsRequest& request) override;
  absl::StatusOr<v1::ApproveActionResponse> ApproveAction(
      const rpc::CallContext& context, const v1::ApproveActionRequest& request) override;
  absl::StatusOr<v1::RevertActionResponse> RevertAction(
      const rpc::CallContext& context, const v1::RevertActionRequest& request) override;
  absl::StatusOr<v1::ListModulesResponse> ListModules(
      const rpc::CallContext& context, const v1::ListModulesRequest& request) override;
  absl::StatusOr<v1::SetAutonomyResponse> SetAutonomy(
      const rpc::CallContext& context, const v1::SetAutonomyRequest& request) override;
  absl::StatusOr<v1::RegisterModuleResponse> RegisterModule(
      const rpc::CallContext& context, const v1::RegisterModuleRequest& request) override;
  absl::StatusOr<v1::UnregisterModuleResponse> UnregisterModule(
      const rpc::CallContext& context, const v1::UnregisterModuleRequest& request) override;

 private:
  OrchestratorServer(storage::api::Storage* storage, telemetry::Logger* logger,
                     telemetry::ServiceMetrics* metrics, const Options& options);
  rpc::CallContext Context() const;
  // What ran in the last half hour, and what statements took since changes were made for them.
  void AddLoad(report::RunReport* report) const;
  // Of all databases, by name, with the database before it where that is not adbms.
  absl::StatusOr<std::map<std::string, uint32_t>> UsersTables(const rpc::CallContext& context);
  // Of a registered module, with its token.
  std::shared_ptr<api::Module> ClientOf(const std::string& name, const std::string& address) const;
  void Loop();
  // Renews the lease, also while a cycle takes longer than it lasts.
  void LeaseLoop();
  // Whether this process holds the lease; takes or renews it.
  bool HoldLease(const rpc::CallContext& context);
  void PublishStatements(const rpc::CallContext& context);

  storage::api::Storage* const storage_;
  telemetry::Logger* const logger_;
  telemetry::ServiceMetrics* const metrics_;
  const Options options_;
  const std::string holder_;  // This process, among orchestrators.
  storage::api::SqlClient sql_;
  ledger::Ledger ledger_;
  registry::ModuleRegistry registry_;
  intake::WorkloadStore workload_;
  intake::MachineLoad machine_;
  workflow::Cycle cycle_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Mutex run_mutex_;  // One RunAllTables at a time.
  uint64_t published_windows_ = 0;
  std::atomic<uint32_t> cycle_ms_;
  std::atomic<bool> holds_lease_{false};
  bool leader_ = false;
  std::thread lease_thread_;
  std::thread thread_;
};

}  // namespace adbms::orchestrator::server
