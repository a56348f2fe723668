#include "services/gateway/grpc/read_only_services.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::grpc_front {
namespace {

namespace storage_api = storage::api;

absl::Status ReadsOnly(absl::string_view what) {
  return status::Error(status::sqlstate::kReadOnlyTransaction,
                       absl::StrCat("cannot execute ", what, " in a read-only session"), "",
                       "The token that opened it is for reading.");
}

class ReadOnlySession : public storage_api::Session {
 public:
  explicit ReadOnlySession(std::unique_ptr<storage_api::Session> session)
      : session_(std::move(session)) {}

  absl::Status Connect(const rpc::CallContext& context, bool superuser) override {
    return session_->Connect(context, superuser);
  }
  absl::Status Begin(const rpc::CallContext& context,
                     const storage_api::BeginOptions& options) override {
    storage_api::BeginOptions reading = options;
    reading.read_only = true;
    return session_->Begin(context, reading);
  }
  absl::Status Commit(const rpc::CallContext& context) override {
    return session_->Commit(context);
  }
  absl::Status Rollback(const rpc::CallContext& context) override {
    return session_->Rollback(context);
  }
  absl::Status PrepareTransaction(const rpc::CallContext&,
                                  const storage::v1::PreparedTransactionRequest&) override {
    return ReadsOnly("two-phase commit");
  }
  absl::Status Savepoint(const rpc::CallContext& context, const std::string& name) override {
    return session_->Savepoint(context, name);
  }
  absl::Status RollbackTo(const rpc::CallContext& context, const std::string& name) override {
    return session_->RollbackTo(context, name);
  }
  absl::Status Release(const rpc::CallContext& context, const std::string& name) override {
    return session_->Release(context, name);
  }
  absl::StatusOr<std::unique_ptr<storage_api::ResultStream>> Execute(
      const rpc::CallContext& context, const storage_api::PreparedPlanPtr& plan,
      const storage_api::ExecuteOptions& options) override {
    if (!plan->plan().read_only()) return ReadsOnly("a writing statement");
    return session_->Execute(context, plan, options);
  }
  absl::StatusOr<storage::v1::DdlResult> ExecuteDdl(const rpc::CallContext&,
                                                    const common::v1::DdlStatement&) override {
    return ReadsOnly("a change of the catalog");
  }
  absl::Status LockTables(const rpc::CallContext&, const storage::v1::LockTablesRequest&) override {
    return ReadsOnly("LOCK TABLE");
  }
  absl::Status SetConstraints(const rpc::CallContext& context,
                              const storage::v1::SetConstraintsRequest& request) override {
    return session_->SetConstraints(context, request);
  }
  absl::Status Notify(const rpc::CallContext&, const std::string&, const std::string&) override {
    return ReadsOnly("NOTIFY");
  }
  absl::Status Listen(const rpc::CallContext& context, const std::string& channel,
                      std::shared_ptr<storage_api::NotificationSink> sink) override {
    return session_->Listen(context, channel, std::move(sink));
  }
  absl::Status Unlisten(const rpc::CallContext& context, const std::string& channel) override {
    return session_->Unlisten(context, channel);
  }
  absl::Status CheckSignals(const rpc::CallContext& context, absl::Duration running) override {
    return session_->CheckSignals(context, running);
  }
  absl::Status Discard(const rpc::CallContext& context,
                       const storage::v1::DiscardRequest& request) override {
    return session_->Discard(context, request);
  }
  bool keeps_state() const override { return session_->keeps_state(); }
  void SetLocking(absl::Duration lock_timeout, int32_t backend_pid) override {
    session_->SetLocking(lock_timeout, backend_pid);
  }
  absl::StatusOr<std::unique_ptr<storage_api::BulkWriter>> OpenBulkWriter(
      const rpc::CallContext&, storage_api::TableVersion,
      const std::vector<common::v1::CheckConstraint>&,
      const storage_api::ExecuteOptions&) override {
    return ReadsOnly("COPY FROM");
  }
  absl::Status Analyze(const rpc::CallContext&,
                       const std::vector<storage_api::TableVersion>&) override {
    return ReadsOnly("ANALYZE");
  }
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context) override {
    return session_->GetCatalog(context);
  }

 private:
  const std::unique_ptr<storage_api::Session> session_;
};

class ReadOnlyStorage : public storage_api::Storage {
 public:
  explicit ReadOnlyStorage(storage_api::Storage* storage) : storage_(storage) {}

  absl::StatusOr<std::unique_ptr<storage_api::Session>> OpenSessionIn(
      const rpc::CallContext& context, const std::string& database) override {
    ASSIGN_OR_RETURN(auto session, storage_->OpenSessionIn(context, database));
    return std::make_unique<ReadOnlySession>(std::move(session));
  }
  absl::StatusOr<storage_api::PreparedPlanPtr> Prepare(
      const rpc::CallContext& context, std::shared_ptr<const common::v1::Plan> plan) override {
    return storage_->Prepare(context, std::move(plan));
  }
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalogOf(
      const rpc::CallContext& context, const std::string& database,
      uint64_t known_version) override {
    return storage_->GetCatalogOf(context, database, known_version);
  }
  absl::StatusOr<std::shared_ptr<const common::v1::StatisticsSnapshot>> GetStatistics(
      const rpc::CallContext& context, uint64_t known_version) override {
    return storage_->GetStatistics(context, known_version);
  }
  absl::StatusOr<storage::v1::EngineMetrics> GetMetrics(const rpc::CallContext& context) override {
    return storage_->GetMetrics(context);
  }
  absl::StatusOr<storage::v1::ListKnobsResponse> ListKnobs(
      const rpc::CallContext& context) override {
    return storage_->ListKnobs(context);
  }
  absl::StatusOr<storage::v1::Knob> SetKnob(const rpc::CallContext&, const std::string&,
                                            int64_t) override {
    return ReadsOnly("a change of settings");
  }

 private:
  storage_api::Storage* const storage_;
};

class ReadOnlySecurity : public security::api::Security {
 public:
  explicit ReadOnlySecurity(security::api::Security* security) : security_(security) {}

  absl::StatusOr<security::v1::StartScramResponse> StartScram(
      const rpc::CallContext& context, const security::v1::StartScramRequest& request) override {
    return security_->StartScram(context, request);
  }
  absl::StatusOr<security::v1::FinishScramResponse> FinishScram(
      const rpc::CallContext& context, const security::v1::FinishScramRequest& request) override {
    return security_->FinishScram(context, request);
  }
  absl::StatusOr<security::v1::AuthenticateResponse> Authenticate(
      const rpc::CallContext& context, const security::v1::AuthenticateRequest& request) override {
    return security_->Authenticate(context, request);
  }
  absl::StatusOr<security::v1::GetPolicyResponse> GetPolicy(
      const rpc::CallContext& context, const security::v1::GetPolicyRequest& request) override {
    return security_->GetPolicy(context, request);
  }
  absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      const rpc::CallContext&, const security::v1::ChangeRolesRequest&) override {
    return ReadsOnly("a change of roles and rights");
  }
  absl::StatusOr<security::v1::ReportAuditResponse> ReportAudit(
      const rpc::CallContext& context, const security::v1::ReportAuditRequest& request) override {
    return security_->ReportAudit(context, request);
  }

 private:
  security::api::Security* const security_;
};

class ReadOnlyOrchestrator : public orchestrator::api::Orchestrator {
 public:
  explicit ReadOnlyOrchestrator(orchestrator::api::Orchestrator* orchestrator)
      : orchestrator_(orchestrator) {}

  absl::StatusOr<orchestrator::v1::ReportWindowResponse> ReportWindow(
      const rpc::CallContext& context,
      const orchestrator::v1::ReportWindowRequest& request) override {
    return orchestrator_->ReportWindow(context, request);
  }
  absl::Status RunAllTables(const rpc::CallContext&, const orchestrator::v1::RunAllTablesRequest&,
                            const Progress&) override {
    return ReadsOnly("adbms.run_all_tables");
  }
  absl::StatusOr<orchestrator::v1::ListActionsResponse> ListActions(
      const rpc::CallContext& context,
      const orchestrator::v1::ListActionsRequest& request) override {
    return orchestrator_->ListActions(context, request);
  }
  absl::StatusOr<orchestrator::v1::ApproveActionResponse> ApproveAction(
      const rpc::CallContext&, const orchestrator::v1::ApproveActionRequest&) override {
    return ReadsOnly("adbms.approve");
  }
  absl::StatusOr<orchestrator::v1::RevertActionResponse> RevertAction(
      const rpc::CallContext&, const orchestrator::v1::RevertActionRequest&) override {
    return ReadsOnly("adbms.revert");
  }
  absl::StatusOr<orchestrator::v1::ListModulesResponse> ListModules(
      const rpc::CallContext& context,
      const orchestrator::v1::ListModulesRequest& request) override {
    return orchestrator_->ListModules(context, request);
  }
  absl::StatusOr<orchestrator::v1::SetAutonomyResponse> SetAutonomy(
      const rpc::CallContext&, const orchestrator::v1::SetAutonomyRequest&) override {
    return ReadsOnly("a change of autonomy");
  }
  absl::StatusOr<orchestrator::v1::RegisterModuleResponse> RegisterModule(
      const rpc::CallContext&, const orchestrator::v1::RegisterModuleRequest&) override {
    return ReadsOnly("the registration of a module");
  }
  absl::StatusOr<orchestrator::v1::UnregisterModuleResponse> UnregisterModule(
      const rpc::CallContext&, const orchestrator::v1::UnregisterModuleRequest&) override {
    return ReadsOnly("the removal of a module");
  }

 private:
  orchestrator::api::Orchestrator* const orchestrator_;
};

}  // namespace

ReadOnlyServices::ReadOnlyServices(const session::Services& services)
    : storage_(std::make_unique<ReadOnlyStorage>(services.storage)),
      security_(std::make_unique<ReadOnlySecurity>(services.security)),
      orchestrator_(services.orchestrator == nullptr
                        ? nullptr
                        : std::make_unique<ReadOnlyOrchestrator>(services.orchestrator)),
      services_(services) {
  services_.reads_only = true;
  services_.storage = storage_.get();
  services_.security = security_.get();
  services_.orchestrator = orchestrator_.get();
}

ReadOnlyServices::~ReadOnlyServices() = default;

}  // namespace adbms::gateway::grpc_front
