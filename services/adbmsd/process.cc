#include "services/adbmsd/process.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/lifecycle/private_files.h"
#include "common/lifecycle/secret_file.h"
#include "common/status/macros.h"
#include "common/telemetry/machine.h"
#include "common/tls/loopback.h"
#include "common/types/batch_rows.h"
#include "services/adbmsd/memory_shares.h"
#include "services/adbmsd/options.h"
#include "services/indexer/api/indexer_grpc.h"
#include "services/optimizer/api/optimizer_grpc.h"
#include "services/orchestrator/api/module_grpc.h"
#include "services/orchestrator/api/orchestrator_grpc.h"
#include "services/security/api/security_grpc.h"
#include "services/security/api/tokens_grpc.h"
#include "services/security/authn/scram.h"
#include "services/storage/api/batched_writer.h"
#include "services/storage/api/storage_grpc.h"
#include "services/tuner/api/tuner_grpc.h"

namespace adbms::adbmsd {
namespace {

constexpr char kVersion[] = "0.1.0";
constexpr char kSuperuser[] = "adbms";
// Time that running statements have when the process is asked to stop.
// Anybody can send a request to the front, and it is read before it is known who did.
constexpr rpc::ServerLimits kFrontLimits = {.max_message_bytes = 16 << 20,
                                            .memory_bytes = 64 << 20};
constexpr absl::Duration kDrain = absl::Seconds(15);
constexpr absl::Duration kRefresh = absl::Milliseconds(500);
constexpr absl::Duration kRetry = absl::Milliseconds(100);

// Keeps trying while what is needed elsewhere does not answer yet.
template <typename Attempt>
absl::Status WhenReachable(const std::function<bool()>& should_stop, const Attempt& attempt) {
  for (;;) {
    const absl::Status status = attempt();
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) return status;
    if (should_stop()) return absl::CancelledError("stopped while waiting for another service");
    absl::SleepFor(kRetry);
  }
}

absl::StatusOr<std::string> AddressOf(const std::string& service, const std::string& address) {
  if (!address.empty()) return address;
  return absl::InvalidArgumentError(absl::StrCat("cluster.", service, ": the address of the ",
                                                 service,
                                                 " service is needed, because it does not run in "
                                                 "this process"));
}

}  // namespace

Process::Process(const common::v1::Config& config, std::set<std::string> targets)
    : config_(config),
      targets_(std::move(targets)),
      live_(config),
      statement_timeout_ms_(config.gateway().session().statement_timeout_ms()),
      started_(absl::Now()) {}

Process::~Process() { Stop(); }

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const common::v1::Config& config,
                                                        const std::set<std::string>& targets,
                                                        const std::function<bool()>& should_stop) {
  auto process = std::unique_ptr<Process>(new Process(config, targets));
  RETURN_IF_ERROR(process->Run(should_stop));
  return process;
}

absl::Status Process::Run(const std::function<bool()>& should_stop) {
  types::SetBatchRows(config_.storage().batch_rows());
  ASSIGN_OR_RETURN(transport_, Transport::Open(config_, targets_));
  RETURN_IF_ERROR(PrepareDirectories());
  RETURN_IF_ERROR(StartStorage());
  RETURN_IF_ERROR(WhenReachable(should_stop, [&] { return StartSecurity(); }));
  RETURN_IF_ERROR(StartOptimizer());
  RETURN_IF_ERROR(StartModules());
  RETURN_IF_ERROR(WhenReachable(should_stop, [&] { return StartOrchestrator(); }));
  RETURN_IF_ERROR(StartGateway());
  RETURN_IF_ERROR(Serve());
  transport_->Watch(MainLog());
  ready_.store(true);
  return StartHttp();
}

absl::Status Process::PrepareDirectories() {
  std::error_code error;
  const std::string& data = config_.data().directory();
  std::filesystem::create_directories(data, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make the data directory ", data, ": ", error.message()));
  }
  log_directory_ = config_.logging().directory().empty() ? absl::StrCat(data, "/logs")
                                                         : config_.logging().directory();
  lifecycle::CloseToOthers(data);
  lifecycle::CloseLogsToOthers(log_directory_);
  const std::string secret_file = config_.cluster().secret_file().empty()
                                      ? absl::StrCat(data, "/cluster_secret")
                                      : config_.cluster().secret_file();
  ASSIGN_OR_RETURN(secret_, lifecycle::ReadOrMakeSecret(secret_file));
  return absl::OkStatus();
}

absl::StatusOr<Process::Telemetry*> Process::TelemetryOf(const std::string& service) {
  Telemetry& telemetry = telemetry_[service];
  if (telemetry.logger == nullptr) {
    ASSIGN_OR_RETURN(telemetry.logger,
                     telemetry::OpenLog(log_directory_, service, config_.logging().level()));
    telemetry.metrics = std::make_unique<telemetry::ServiceMetrics>(service, &registry_);
    telemetry.logger->Info("starting", {{"version", kVersion}});
  }
  return &telemetry;
}

rpc::Credentials Process::To(const std::string& service) const {
  return transport_->ToService(secret_, service);
}

rpc::ServerSide Process::Side(const std::string& service) {
  return {secret_, telemetry_[service].metrics.get()};
}

absl::Status Process::StartStorage() {
  if (!Has("storage")) {
    ASSIGN_OR_RETURN(const std::string address, AddressOf("storage", config_.cluster().storage()));
    storage_client_ = storage::api::NewStorageClient(address, To("storage"), &loop_);
    storage_ = storage_client_.get();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(TelemetryOf("storage").status());
  const common::v1::StorageConfig config =
      WithShares(config_.storage(), MemoryBudget(config_.tuner(), telemetry::UsableMemoryBytes()));
  storage::server::Options options;
  options.data_dir = absl::StrCat(config_.data().directory(), "/storage");
  options.block_cache_bytes = config.block_cache_bytes();
  options.memtable_bytes = config.memtable_bytes();
  options.query_memory_bytes = config.query_memory_bytes();
  options.max_transaction_bytes = config.max_transaction_bytes();
  options.lock_timeout_ms = config.lock_timeout_ms();
  options.workers = config.workers() > 0 ? config.workers() : telemetry::UsableCores();
  options.worker_rows = config.worker_rows();
  options.sync_commits = config.sync_commits();
  options.read_only = config.read_only();
  options.warn = [logger = telemetry_["storage"].logger.get()](const std::string& sentence) {
    logger->Warn(sentence);
  };
  ASSIGN_OR_RETURN(storage_server_, storage::server::StorageServer::Open(options));
  storage_ = storage_server_.get();
  served_storage_ = storage::api::NewStorageAdapter(storage_, Side("storage"));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Process::SuperuserVerifier() {
  const char* const given = std::getenv("ADBMS_PASSWORD");
  if (given != nullptr && *given != '\0') return security::authn::MakeVerifier(given);
  const std::string path = absl::StrCat(config_.data().directory(), "/initial_password");
  auto present = lifecycle::ReadSecret(path);
  if (absl::IsNotFound(present.status())) {
    present = lifecycle::RandomHex(12);
    RETURN_IF_ERROR(lifecycle::WriteSecret(path, *present));
    telemetry_["security"].logger->Info(
        "the superuser's password was generated; read it there and change it",
        {{"role", kSuperuser}, {"file", path}});
  }
  RETURN_IF_ERROR(present.status());
  return security::authn::MakeVerifier(*present);
}

absl::Status Process::StartSecurity() {
  if (!Has("security")) {
    if (!Has("gateway")) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string address,
                     AddressOf("security", config_.cluster().security()));
    security_client_ = security::api::NewSecurityClient(address, To("security"));
    security_ = security_client_.get();
    tokens_client_ = security::api::NewTokensClient(address, To("security"));
    tokens_ = tokens_client_.get();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Telemetry* const telemetry, TelemetryOf("security"));
  security::server::Options options;
  options.config = config_.security();
  options.log_directory = log_directory_;
  options.superuser = kSuperuser;
  options.secret = secret_;
  options.audit_head_path = absl::StrCat(config_.data().directory(), "/audit_head");
  ASSIGN_OR_RETURN(options.audit_key, lifecycle::ReadOrMakeSecret(
                                          absl::StrCat(config_.data().directory(), "/audit_key")));
  // A generated password is only made where there is no superuser yet.
  storage::api::SqlClient sql(storage_, kSuperuser);
  rpc::CallContext context;
  context.user = kSuperuser;
  const auto roles = sql.Run(context, "SELECT name FROM adbms.roles");
  if (absl::IsUnavailable(roles.status())) return roles.status();
  if (!roles.ok() || roles->rows.empty()) {
    ASSIGN_OR_RETURN(options.superuser_verifier, SuperuserVerifier());
  }
  ASSIGN_OR_RETURN(security_server_,
                   security::server::SecurityServer::Open(storage_, telemetry->logger.get(),
                                                          telemetry->metrics.get(), options));
  security_ = security_server_.get();
  tokens_ = security_server_.get();
  compliance_ = std::make_unique<security::compliance::ComplianceModule>(
      storage_, [this] { return security_server_->VerifyAudit(); });
  modules_["security"] = compliance_.get();
  adapters_.push_back(security::api::NewSecurityAdapter(security_, Side("security")));
  adapters_.push_back(security::api::NewTokensAdapter(tokens_, Side("security")));
  return absl::OkStatus();
}

absl::Status Process::StartOptimizer() {
  if (!Has("optimizer")) {
    if (!Has("gateway") && !Has("indexer")) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string address,
                     AddressOf("optimizer", config_.cluster().optimizer()));
    optimizer_client_ = optimizer::api::NewOptimizerClient(address, To("optimizer"));
    optimizer_ = optimizer_client_.get();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Telemetry* const telemetry, TelemetryOf("optimizer"));
  models_ = std::make_unique<optimizer::feedback::ModelStore>(storage_);
  optimizer::feedback::CardinalityLearner::Options learning;
  learning.enabled = config_.optimizer().learned_cardinality();
  learning.minimum_training_rows = config_.optimizer().minimum_training_rows();
  learning.logger = telemetry->logger.get();
  learner_ =
      std::make_unique<optimizer::feedback::CardinalityLearner>(models_.get(), std::move(learning));
  learner_->Start();
  learning_ = std::make_unique<optimizer::feedback::LearningModule>(learner_.get());
  modules_["optimizer"] = learning_.get();
  plan_choices_ = std::make_unique<optimizer::plan_choice::PlanChoices>(storage_);
  plan_choice_ = std::make_unique<optimizer::plan_choice::PlanChoiceModule>(plan_choices_.get());
  modules_["plans"] = plan_choice_.get();
  optimizer_server_ = std::make_unique<optimizer::server::OptimizerServer>(
      storage_, telemetry->metrics.get(), config_.optimizer(),
      optimizer::server::OptimizerServer::Learned{
          learner_.get(), [this] { return learner_->generation(); }, plan_choices_.get()});
  optimizer_ = optimizer_server_.get();
  statistics_ = std::make_unique<optimizer::statistics_upkeep::StatisticsModule>(storage_);
  modules_["statistics"] = statistics_.get();
  adapters_.push_back(optimizer::api::NewOptimizerAdapter(optimizer_, Side("optimizer")));
  return absl::OkStatus();
}

absl::Status Process::StartModules() {
  if (Has("tuner")) {
    RETURN_IF_ERROR(TelemetryOf("tuner").status());
    tuner_ = std::make_unique<tuner::server::TunerServer>(storage_, config_.tuner());
    modules_["tuner"] = tuner_.get();
    adapters_.push_back(tuner::api::NewTunerAdapter(tuner_.get(), Side("tuner")));
  }
  if (Has("indexer")) {
    RETURN_IF_ERROR(TelemetryOf("indexer").status());
    indexer_ =
        std::make_unique<indexer::server::IndexerServer>(storage_, optimizer_, config_.indexer());
    modules_["indexer"] = indexer_.get();
    adapters_.push_back(indexer::api::NewIndexerAdapter(indexer_.get(), Side("indexer")));
  }
  return absl::OkStatus();
}

absl::Status Process::StartOrchestrator() {
  if (!Has("orchestrator")) {
    if (!Has("gateway") || config_.cluster().orchestrator().empty()) return absl::OkStatus();
    orchestrator_client_ = orchestrator::api::NewOrchestratorClient(
        config_.cluster().orchestrator(), To("orchestrator"));
    orchestrator_ = orchestrator_client_.get();
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Telemetry* const telemetry, TelemetryOf("orchestrator"));
  const auto engine = storage_->GetMetrics(rpc::CallContext());
  if (engine.ok() && engine->read_only()) {
    telemetry->logger->Warn("storage was opened for reading only: nothing acts by itself");
    return absl::OkStatus();
  }
  orchestrator::server::Options options;
  options.config = config_.orchestrator();
  options.index_budget_bytes = config_.indexer().storage_budget_bytes();
  options.log_directory = log_directory_;
  options.cluster_secret = secret_;
  options.to_module = [this](const std::string& token, const std::string& name) {
    return transport_->ToModule(token, name);
  };
  ASSIGN_OR_RETURN(orchestrator_server_,
                   orchestrator::server::OrchestratorServer::Open(
                       storage_, telemetry->logger.get(), telemetry->metrics.get(), options));
  orchestrator_ = orchestrator_server_.get();
  struct Known {
    std::string name;
    std::string service;
    std::string address;
  };
  const Known known[] = {{"statistics", "optimizer", config_.cluster().optimizer()},
                         {"security", "security", config_.cluster().security()},
                         {"indexer", "indexer", config_.cluster().indexer()},
                         {"optimizer", "optimizer", config_.cluster().optimizer()},
                         {"plans", "optimizer", config_.cluster().optimizer()},
                         {"tuner", "tuner", config_.cluster().tuner()}};
  for (const auto& [name, service, address] : known) {
    const auto local = modules_.find(name);
    if (local != modules_.end()) {
      // The process owns the module and outlives the orchestrator.
      RETURN_IF_ERROR(orchestrator_server_->AddModule(
          std::shared_ptr<orchestrator::api::Module>(local->second, [](auto*) {}), ""));
    } else if (!address.empty()) {
      // One that does not answer yet is asked again in every cycle.
      (void)orchestrator_server_->AddModule(
          orchestrator::api::NewModuleClient(address, To(service), name), address);
    }
  }
  orchestrator_server_->Start();
  adapters_.push_back(
      orchestrator::api::NewOrchestratorAdapter(orchestrator_, Side("orchestrator")));
  return absl::OkStatus();
}

absl::Status Process::StartGateway() {
  if (!Has("gateway")) return absl::OkStatus();
  ASSIGN_OR_RETURN(Telemetry* const telemetry, TelemetryOf("gateway"));
  const common::v1::GatewayConfig& config = config_.gateway();
  plan_cache_ = std::make_unique<gateway::plan_cache::PlanCache>(config.plan_cache().entries());
  policies_ = std::make_unique<gateway::policy::PolicyCache>(security_, kRefresh);
  catalog_ = std::make_unique<gateway::session::CatalogCache>(storage_);
  const auto describe = [this](const common::v1::Plan& plan, const std::string& database) {
    const sql::CatalogPtr catalog =
        catalog_->Known(database.empty() ? std::string(storage::api::kSystemDatabase) : database);
    if (catalog == nullptr) return std::string();
    return absl::StrJoin(sql::Explain(plan, *catalog, {}, nullptr, 0, 0), "\n");
  };
  workload_ = std::make_unique<gateway::workload::WorkloadRecorder>(
      orchestrator_, absl::Milliseconds(config_.orchestrator().window_ms()), describe);
  execution_watch_ = std::make_unique<gateway::session::ExecutionWatch>();
  const std::string& audit = config_.security().audit();
  gateway::session::AuditQueueOptions queue;
  queue.level = audit == "all"    ? gateway::session::AuditLevel::kAll
                : audit == "none" ? gateway::session::AuditLevel::kNone
                                  : gateway::session::AuditLevel::kWrite;
  queue.spool_path = absl::StrCat(config_.data().directory(), "/audit_spool");
  audit_ = std::make_unique<gateway::session::AuditQueue>(security_, queue);
  statement_metrics_ =
      std::make_unique<gateway::session::StatementMetrics>(telemetry->metrics.get());
  session_services_.storage = storage_;
  session_services_.optimizer = optimizer_;
  session_services_.security = security_;
  session_services_.orchestrator = orchestrator_;
  session_services_.plan_cache = plan_cache_.get();
  session_services_.policies = policies_.get();
  session_services_.workload = workload_.get();
  session_services_.watch = execution_watch_.get();
  session_services_.audit = audit_.get();
  session_services_.catalog = catalog_.get();
  session_services_.metrics = statement_metrics_.get();
  session_services_.logger = telemetry->logger.get();
  session_services_.statement_timeout_ms = &statement_timeout_ms_;
  refresh_thread_ = std::thread([this] { RefreshLoop(); });
  ASSIGN_OR_RETURN(pgwire_,
                   gateway::pgwire::Server::Start(config.pgwire(), session_services_,
                                                  telemetry->metrics.get(), transport_->front()));
  if (config.grpc().listen().empty()) return absl::OkStatus();
  gateway::grpc_front::FrontOptions options;
  options.metrics = telemetry->metrics.get();
  options.max_sessions = config.pgwire().max_connections();
  options.idle_timeout = absl::Milliseconds(config.session().grpc_idle_timeout_ms());
  options.tokens = tokens_;
  options.status = [this](gateway::v1::GetStatusResponse* response) {
    response->set_version(kVersion);
    response->set_uptime_us(absl::ToInt64Microseconds(absl::Now() - started_));
    response->set_sessions(static_cast<uint32_t>(pgwire_->connections()));
    const std::pair<std::string, std::string> addresses[] = {
        {"storage", config_.cluster().storage()},
        {"security", config_.cluster().security()},
        {"optimizer", config_.cluster().optimizer()},
        {"tuner", config_.cluster().tuner()},
        {"indexer", config_.cluster().indexer()},
        {"orchestrator", config_.cluster().orchestrator()}};
    for (const auto& [name, address] : addresses) {
      gateway::v1::ServiceStatus* status = response->add_services();
      status->set_name(name);
      status->set_address(Has(name) ? "in process" : address.empty() ? "not configured" : address);
      status->set_serving(
          Has(name) || (!address.empty() && rpc::IsServing(address, absl::Seconds(1), To(name))));
    }
    gateway::v1::ServiceStatus* self = response->add_services();
    self->set_name("gateway");
    self->set_address("in process");
    self->set_serving(true);
    for (const std::string& warning : transport_->warnings()) response->add_warnings(warning);
  };
  gateway_grpc_ = std::make_unique<gateway::grpc_front::GatewayServiceImpl>(session_services_,
                                                                            std::move(options));
  std::vector<grpc::Service*> services = {gateway_grpc_.get()};
  // The front also offers the orchestrator's control: to users, by their rights.
  if (orchestrator_ != nullptr) {
    audited_orchestrator_ =
        std::make_unique<gateway::grpc_front::AuditedOrchestrator>(orchestrator_, audit_.get());
    front_orchestrator_ = orchestrator::api::NewOrchestratorAdapter(
        audited_orchestrator_.get(),
        {"", telemetry->metrics.get(),
         [this](const grpc::ServerContextBase& call) { return gateway_grpc_->UserOf(call); }});
    services.push_back(front_orchestrator_.get());
  }
  ASSIGN_OR_RETURN(front_server_, rpc::Server::Start(config.grpc().listen(), services, {},
                                                     ServesCluster() ? nullptr : &loop_,
                                                     kFrontLimits, transport_->front_grpc()));
  return absl::OkStatus();
}

bool Process::ServesCluster() const {
  // Everything in one process: nobody else needs to call.
  return targets_.size() < AllServices().size() && !(Has("gateway") && targets_.size() == 1);
}

absl::Status Process::Serve() {
  if (!ServesCluster()) return absl::OkStatus();
  std::vector<grpc::Service*> services;
  for (const auto& adapter : adapters_) services.push_back(adapter.get());
  std::unique_ptr<grpc::Service> modules;
  if (!modules_.empty()) {
    // Calls of modules are counted by the service that the first of them belongs to.
    const std::string& first = modules_.begin()->first;
    modules = orchestrator::api::NewModuleAdapter(
        modules_, Side(first == "statistics" || first == "plans" ? "optimizer" : first));
    services.push_back(modules.get());
    adapters_.push_back(std::move(modules));
  }
  std::vector<rpc::AsyncService*> async_services;
  if (served_storage_ != nullptr) async_services.push_back(served_storage_.get());
  ASSIGN_OR_RETURN(cluster_server_,
                   rpc::Server::Start(config_.cluster().listen(), services, async_services, &loop_,
                                      {.max_message_bytes = storage::api::kLargestMessage},
                                      transport_->cluster_grpc()));
  return absl::OkStatus();
}

absl::Status Process::StartHttp() {
  gateway::http::HttpOptions options;
  options.listen =
      Has("gateway") ? config_.gateway().http().listen() : config_.cluster().http_listen();
  if (options.listen.empty()) return absl::OkStatus();
  options.metrics = [this] {
    CollectMetrics();
    return telemetry::Expose(registry_);
  };
  options.unready = [this]() -> std::string {
    if (!ready_.load()) return "not ready";
    const std::string failure =
        storage_server_ == nullptr ? std::string() : storage_server_->WriteFailure();
    return failure.empty() ? failure : absl::StrCat("not ready for writes: ", failure);
  };
  options.warnings = transport_->warnings();
  options.tls = transport_->http();
  if (!tls::IsLoopback(options.listen)) options.bearer_token = secret_;
  if (Has("gateway") && config_.gateway().console().enabled()) {
    const common::v1::ConsoleConfig& config = config_.gateway().console();
    gateway::console::ConsoleOptions console;
    console.version = kVersion;
    console.idle_timeout = absl::Milliseconds(config.idle_timeout_ms());
    console.lifetime = absl::Milliseconds(config.lifetime_ms());
    console.max_sign_ins = config.max_sign_ins();
    console.secure = options.tls != nullptr;
    console.sessions = [this] { return pgwire_->connections(); };
    console_ = std::make_unique<gateway::console::Console>(session_services_, std::move(console));
    options.mount = [this](httplib::Server* server) { console_->Mount(server); };
  }
  ASSIGN_OR_RETURN(http_, gateway::http::HttpServer::Start(std::move(options)));
  return absl::OkStatus();
}

void Process::RefreshLoop() {
  while (!stopping_.load()) {
    rpc::CallContext context;
    context.deadline = absl::Now() + absl::Seconds(2);
    plan_cache_->ClearTables(catalog_->RefreshStatistics(context));
    // So that sessions see which plans are out of date before they run them.
    (void)catalog_->Get(context, std::string(storage::api::kSystemDatabase));
    if (optimizer_ != nullptr) {
      context.deadline = absl::Now() + kRefresh;
      optimizer::v1::GetGenerationRequest request;
      request.set_choice_generation(plan_cache_->choice_generation());
      const auto models = optimizer_->GetGeneration(context, request);
      if (models.ok()) {
        plan_cache_->Supersede(models->generation());
        plan_cache_->SetChoices(models->choice_generation(), models->choices());
      }
    }
    for (int i = 0; i < 10 && !stopping_.load(); ++i) absl::SleepFor(kRefresh / 10);
  }
}

std::string Process::ReadyLine() const {
  std::string line = "adbmsd ready";
  if (pgwire_ != nullptr) {
    if (!pgwire_->address().empty()) absl::StrAppend(&line, " postgres=", pgwire_->address());
    if (!pgwire_->socket_path().empty()) absl::StrAppend(&line, " socket=", pgwire_->socket_path());
  }
  if (front_server_ != nullptr) absl::StrAppend(&line, " grpc=", front_server_->address());
  if (cluster_server_ != nullptr) absl::StrAppend(&line, " cluster=", cluster_server_->address());
  if (http_ != nullptr) absl::StrAppend(&line, " http=", http_->address());
  return line;
}

void Process::Stop() {
  if (stopping_.exchange(true)) return;
  ready_.store(false);
  for (auto& [name, telemetry] : telemetry_) {
    if (telemetry.logger != nullptr) telemetry.logger->Info("stopping");
  }
  if (front_server_ != nullptr) front_server_->SetServing(false);
  if (cluster_server_ != nullptr) cluster_server_->SetServing(false);
  if (console_ != nullptr) console_->Stop();
  if (pgwire_ != nullptr) pgwire_->Shutdown(kDrain);
  if (front_server_ != nullptr) front_server_->Shutdown(kDrain);
  if (orchestrator_server_ != nullptr) orchestrator_server_->Stop();
  pgwire_ = nullptr;
  gateway_grpc_ = nullptr;
  if (refresh_thread_.joinable()) refresh_thread_.join();
  workload_ = nullptr;
  execution_watch_ = nullptr;
  audit_ = nullptr;
  policies_ = nullptr;
  if (plan_cache_ != nullptr) plan_cache_->Clear();
  if (served_storage_ != nullptr) served_storage_->Drain();
  if (cluster_server_ != nullptr) cluster_server_->Shutdown(kDrain);
  http_ = nullptr;
  console_ = nullptr;
  cluster_server_ = nullptr;
  front_server_ = nullptr;
  front_orchestrator_ = nullptr;
  adapters_.clear();
  served_storage_ = nullptr;
  orchestrator_server_ = nullptr;
  indexer_ = nullptr;
  tuner_ = nullptr;
  statistics_ = nullptr;
  optimizer_server_ = nullptr;
  plan_choice_ = nullptr;
  plan_choices_ = nullptr;
  learning_ = nullptr;
  learner_ = nullptr;
  models_ = nullptr;
  compliance_ = nullptr;
  security_server_ = nullptr;
  plan_cache_ = nullptr;
  storage_server_ = nullptr;
}

}  // namespace adbms::adbmsd
