#include "services/orchestrator/server/orchestrator_server.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "services/orchestrator/api/module_grpc.h"
#include "services/orchestrator/report/run_report.h"

namespace adbms::orchestrator::server {
namespace {

using types::TypeId;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;
constexpr char kUser[] = "adbms";
constexpr size_t kPublishedStatements = 500;
// Actions that are applied at the same time: an index build takes a core.
constexpr size_t kAppliers = 2;

const char* const kTables[] = {
    "CREATE TABLE IF NOT EXISTS adbms.leases (name text PRIMARY KEY, holder text, expires_us "
    "bigint)",
    "CREATE TABLE IF NOT EXISTS adbms.statements (fingerprint text PRIMARY KEY, statement text, "
    "calls bigint, errors bigint, total_ms double precision, mean_ms double precision, max_ms "
    "double precision, rows bigint, rows_scanned bigint, last_seen timestamptz)",
    "CREATE TABLE IF NOT EXISTS adbms.statement_plans (fingerprint text, plan text, calls bigint, "
    "mean_ms double precision, deviation_ms double precision, p50_ms double precision, p95_ms "
    "double precision, max_ms double precision, rows bigint, rows_scanned bigint, spilled_bytes "
    "bigint, last_seen timestamptz, plan_text text, PRIMARY KEY (fingerprint, plan))",
};

std::string Hexadecimal(uint64_t number) { return absl::StrFormat("%016x", number); }

storage::api::SqlClient::Step InsertOf(const intake::Statement& one) {
  const double calls = std::max<double>(1, static_cast<double>(one.calls));
  return {"INSERT INTO adbms.statements VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
          {Value::Text(Hexadecimal(one.fingerprint)), Value::Text(one.normalized_sql),
           Value::Int(TypeId::kInt8, static_cast<int64_t>(one.calls)),
           Value::Int(TypeId::kInt8, static_cast<int64_t>(one.errors)),
           Value::Float(TypeId::kFloat8, one.total_us / 1e3),
           Value::Float(TypeId::kFloat8, one.total_us / 1e3 / calls),
           Value::Float(TypeId::kFloat8, static_cast<double>(one.max_us) / 1e3),
           Value::Int(TypeId::kInt8, static_cast<int64_t>(one.rows)),
           Value::Int(TypeId::kInt8, static_cast<int64_t>(one.rows_scanned)),
           Value::Int(TypeId::kTimestamptz, one.last_seen_us - kPostgresEpochUs)}};
}

storage::api::SqlClient::Step InsertOf(const intake::Statement& one,
                                       const intake::PlanTimes& plan) {
  return {
      "INSERT INTO adbms.statement_plans VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
      "$12, $13)",
      {Value::Text(Hexadecimal(one.fingerprint)), Value::Text(Hexadecimal(plan.shape_hash)),
       Value::Int(TypeId::kInt8, static_cast<int64_t>(plan.calls)),
       Value::Float(TypeId::kFloat8, plan.mean_ms()),
       Value::Float(TypeId::kFloat8, plan.deviation_ms()),
       Value::Float(TypeId::kFloat8, plan.sketch.Quantile(0.5) / 1e3),
       Value::Float(TypeId::kFloat8, plan.sketch.Quantile(0.95) / 1e3),
       Value::Float(TypeId::kFloat8, static_cast<double>(plan.max_us) / 1e3),
       Value::Int(TypeId::kInt8, static_cast<int64_t>(plan.rows)),
       Value::Int(TypeId::kInt8, static_cast<int64_t>(plan.rows_scanned)),
       Value::Int(TypeId::kInt8, static_cast<int64_t>(plan.spilled_bytes)),
       Value::Int(TypeId::kTimestamptz, plan.last_seen_us - kPostgresEpochUs),
       Value::Text(plan.text)}};
}

}  // namespace

OrchestratorServer::OrchestratorServer(storage::api::Storage* storage, telemetry::Logger* logger,
                                       telemetry::ServiceMetrics* metrics, const Options& options)
    : storage_(storage),
      logger_(logger),
      metrics_(metrics),
      options_(options),
      holder_(telemetry::NewTraceId()),
      sql_(storage, kUser),
      ledger_(&sql_),
      registry_(&sql_, registry::AutonomyFromName(options.config.autonomy())),
      cycle_(&registry_, &ledger_, &workload_, &machine_, logger, metrics,
             {options.config, options.index_budget_bytes, kAppliers}),
      cycle_ms_(options.config.cycle_ms()) {}

absl::StatusOr<std::unique_ptr<OrchestratorServer>> OrchestratorServer::Open(
    storage::api::Storage* storage, telemetry::Logger* logger, telemetry::ServiceMetrics* metrics,
    const Options& options) {
  auto server = std::unique_ptr<OrchestratorServer>(
      new OrchestratorServer(storage, logger, metrics, options));
  const rpc::CallContext context = server->Context();
  for (const char* table : kTables) RETURN_IF_ERROR(server->sql_.Run(context, table).status());
  RETURN_IF_ERROR(server->ledger_.Open(context));
  RETURN_IF_ERROR(server->registry_.Open(context));
  ASSIGN_OR_RETURN(const auto registered, server->registry_.Registered(context));
  for (const auto& [name, address] : registered)
    server->registry_.Expect(name, server->ClientOf(name, address), address);
  return server;
}

OrchestratorServer::~OrchestratorServer() { Stop(); }

rpc::CallContext OrchestratorServer::Context() const {
  rpc::CallContext context;
  context.user = kUser;
  return context;
}

absl::Status OrchestratorServer::AddModule(std::shared_ptr<api::Module> module,
                                           const std::string& address) {
  return registry_.Add(Context(), std::move(module), address, /*own=*/true);
}

void OrchestratorServer::SetConfig(const common::v1::OrchestratorConfig& config) {
  cycle_ms_ = config.cycle_ms();
  cycle_.SetConfig(config);
  registry_.SetDefault(Context(), registry::AutonomyFromName(config.autonomy()));
}

void OrchestratorServer::Start() {
  lease_thread_ = std::thread([this] { LeaseLoop(); });
  thread_ = std::thread([this] { Loop(); });
}

void OrchestratorServer::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  cycle_.Stop();
  if (thread_.joinable()) thread_.join();
}

std::map<std::string, size_t> OrchestratorServer::CountActions() const {
  std::map<std::string, size_t> counts;
  for (int state = v1::ACTION_STATE_PROPOSED; state <= v1::ActionState_MAX; ++state) {
    if (!v1::ActionState_IsValid(state)) continue;
    const auto valid = static_cast<v1::ActionState>(state);
    counts[ledger::StateName(valid)] = ledger_.InState(valid).size();
  }
  return counts;
}

bool OrchestratorServer::HoldLease(const rpc::CallContext& context) {
  const int64_t now_us = absl::ToUnixMicros(absl::Now());
  const int64_t expires_us = now_us + int64_t{options_.config.lease_ms()} * 1000;
  const auto taken = sql_.Run(context,
                              "UPDATE adbms.leases SET holder = $1, expires_us = $2 WHERE name = "
                              "'orchestrator' AND (holder = $1 OR expires_us < $3)",
                              {Value::Text(holder_), Value::Int(TypeId::kInt8, expires_us),
                               Value::Int(TypeId::kInt8, now_us)});
  if (!taken.ok()) return false;
  if (taken->rows_affected > 0) return true;
  const auto present =
      sql_.Run(context, "SELECT holder FROM adbms.leases WHERE name = 'orchestrator'");
  if (!present.ok() || !present->rows.empty()) return false;
  return sql_
      .Run(context, "INSERT INTO adbms.leases VALUES ('orchestrator', $1, $2)",
           {Value::Text(holder_), Value::Int(TypeId::kInt8, expires_us)})
      .ok();
}

void OrchestratorServer::LeaseLoop() {
  for (;;) {
    holds_lease_ = HoldLease(Context());
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_),
                                absl::Milliseconds(options_.config.lease_ms()) / 3)) {
      break;
    }
  }
}

void OrchestratorServer::Loop() {
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_),
                                  absl::Milliseconds(cycle_ms_.load()))) {
        break;
      }
    }
    const rpc::CallContext context = Context();
    if (!holds_lease_) {
      leader_ = false;
      continue;
    }
    if (!leader_) {
      // What another holder wrote meanwhile.
      if (!ledger_.Open(context).ok()) continue;
      cycle_.Recover(context);
      leader_ = true;
    }
    const absl::Time start = absl::Now();
    if (const auto engine = storage_->GetMetrics(context); engine.ok()) {
      machine_.Add(absl::ToUnixMicros(start), engine->machine_cpu_us(), engine->process_cpu_us(),
                   engine->machine_cpus());
    }
    for (const std::string& line : cycle_.Run(context)) logger_->Info(line);
    metrics_->Histogram("adbms_cycle_duration_seconds", "Time of autonomous cycles.")
        .Observe(absl::ToDoubleSeconds(absl::Now() - start));
    PublishStatements(context);
  }
  if (lease_thread_.joinable()) lease_thread_.join();
  if (leader_) {
    (void)sql_.Run(Context(), "UPDATE adbms.leases SET expires_us = 0 WHERE holder = $1",
                   {Value::Text(holder_)});
  }
}

void OrchestratorServer::PublishStatements(const rpc::CallContext& context) {
  if (workload_.windows() == published_windows_) return;
  published_windows_ = workload_.windows();
  std::vector<intake::Statement> statements = workload_.Statements();
  std::sort(statements.begin(), statements.end(),
            [](const auto& a, const auto& b) { return a.total_us > b.total_us; });
  if (statements.size() > kPublishedStatements) statements.resize(kPublishedStatements);
  std::vector<storage::api::SqlClient::Step> steps;
  steps.push_back({"DELETE FROM adbms.statements", {}});
  steps.push_back({"DELETE FROM adbms.statement_plans", {}});
  for (const intake::Statement& one : statements) {
    steps.push_back(InsertOf(one));
    for (const intake::PlanTimes& plan : one.plans) steps.push_back(InsertOf(one, plan));
  }
  const absl::Status stored = sql_.RunTransaction(context, steps);
  if (!stored.ok()) {
    logger_->Warn("adbms.statements could not be written",
                  {{"error", std::string(stored.message())}});
  }
}

absl::StatusOr<v1::ReportWindowResponse> OrchestratorServer::ReportWindow(
    const rpc::CallContext&, const v1::ReportWindowRequest& request) {
  RETURN_IF_ERROR(workload_.Add(request.window()));
  metrics_->Counter("adbms_telemetry_windows_total", "Windows of telemetry taken in.").Increment();
  v1::ReportWindowResponse response;
  const auto plans = registry_.Find("plans");
  response.set_plan_trials(holds_lease_ && plans.ok() && plans->autonomy == v1::AUTONOMY_AUTO);
  return response;
}

absl::StatusOr<std::map<std::string, uint32_t>> OrchestratorServer::UsersTables(
    const rpc::CallContext& context) {
  std::map<std::string, uint32_t> tables;
  ASSIGN_OR_RETURN(const auto system, storage_->GetCatalog(context, 0));
  const auto add = [&tables](const common::v1::CatalogSnapshot& catalog,
                             const std::string& prefix) {
    for (const auto& table : catalog.tables()) {
      const bool users = !table.is_virtual() && table.view_sql().empty() &&
                         table.schema() != "adbms" && table.schema() != "pg_catalog" &&
                         table.schema() != "information_schema" &&
                         !sql::IsTemporarySchema(table.schema());
      if (users) tables[absl::StrCat(prefix, table.schema(), ".", table.name())] = table.table_id();
    }
  };
  add(*system, "");
  for (const common::v1::DatabaseDescriptor& database : system->databases()) {
    if (database.database_id() == system->database_id()) continue;
    const auto catalog = storage_->GetCatalogOf(context, database.name(), 0);
    // One that was dropped meanwhile is left out.
    if (catalog.ok()) add(**catalog, absl::StrCat(database.name(), "."));
  }
  return tables;
}

absl::Status OrchestratorServer::RunAllTables(const rpc::CallContext& context,
                                              const v1::RunAllTablesRequest& request,
                                              const Progress& progress) {
  if (!run_mutex_.TryLock()) {
    return absl::FailedPreconditionError("a run over all tables is under way already");
  }
  const auto unlock = [this](void*) ABSL_NO_THREAD_SAFETY_ANALYSIS { run_mutex_.Unlock(); };
  const std::unique_ptr<void, decltype(unlock)> guard(&run_mutex_, unlock);
  report::RunReport report;
  report.started_at_us = absl::ToUnixMicros(absl::Now());
  report.initiator = request.initiator().empty() ? "auto" : request.initiator();
  report.dry_run = request.dry_run();
  ASSIGN_OR_RETURN(const auto tables, UsersTables(context));
  for (const auto& [name, id] : tables) report.tables.push_back(name);
  cycle_.Observe(context);
  const auto modules = registry_.List();
  v1::RunAllTablesResponse step;
  step.set_total(static_cast<uint32_t>(modules.size() * std::max<size_t>(1, tables.size())));
  for (const registry::RegisteredModule& entry : modules) {
    step.set_module(entry.name);
    for (const auto& [name, id] : tables) {
      RETURN_IF_ERROR(context.Check());
      const auto actions = cycle_.ProposeFrom(context, entry, {id}, /*on_demand=*/true,
                                              request.dry_run(), report.initiator);
      step.set_table(name);
      step.set_done(step.done() + 1);
      if (actions.empty()) {
        step.set_message(absl::StrCat(entry.name, ": ", name, ": nothing to change"));
      } else {
        std::string message = absl::StrCat(entry.name, ": ", name, ":");
        for (const v1::Action& action : actions) {
          absl::StrAppend(&message, " #", action.id(), " ", action.proposal().statement(), " [",
                          ledger::StateName(action.state()), "]");
          report.actions.push_back(action);
        }
        step.set_message(message);
      }
      progress(step);
    }
    module::v1::ReportRequest report_request;
    for (const auto& [name, id] : tables) report_request.add_table_ids(id);
    if (!registry_.MayAsk(entry.name)) continue;
    const auto found = entry.module->Report(entry.Bounded(context), report_request);
    if (found.ok()) {
      report.findings.push_back({entry.name, {found->findings().begin(), found->findings().end()}});
    }
  }
  (void)cycle_.Verify(context);
  for (v1::Action& action : report.actions) {
    auto current = ledger_.Get(action.id());
    if (current.ok()) action = *std::move(current);
  }
  report.history = ledger_.List(1000);
  ASSIGN_OR_RETURN(report.first_broken_ledger_entry, ledger_.FirstBrokenEntry(context));
  report.statements = workload_.Statements();
  std::sort(report.statements.begin(), report.statements.end(),
            [](const auto& a, const auto& b) { return a.total_us > b.total_us; });
  report.ended_at_us = absl::ToUnixMicros(absl::Now());
  AddLoad(&report);
  ASSIGN_OR_RETURN(const std::string directory, report::Write(report, options_.log_directory));
  step.set_done(step.total());
  step.clear_table();
  step.clear_module();
  step.set_message(absl::StrCat(report.actions.size(), " actions on ", tables.size(), " tables"));
  step.set_report_directory(directory);
  progress(step);
  return absl::OkStatus();
}

void OrchestratorServer::AddLoad(report::RunReport* report) const {
  constexpr int64_t kWhileUs = 1800LL * 1000000;
  constexpr size_t kPoints = 180;
  const int64_t from_us =
      std::max(report->ended_at_us - kWhileUs, workload_.FirstWindow(report->ended_at_us));
  report->load = workload_.LoadOverTime(from_us, report->ended_at_us, kPoints);
  report->load_step_seconds = static_cast<double>(report->ended_at_us - from_us) / 1e6 / kPoints;
  for (const v1::Action& action : report->history) {
    if (action.state() != v1::ACTION_STATE_KEPT) continue;
    // From when it was there.
    const int64_t since_us = std::max(from_us, action.applied_at_us());
    for (const uint64_t fingerprint : action.proposal().affected_fingerprints()) {
      const double total_us =
          workload_.Between(fingerprint, since_us, report->ended_at_us).total_us;
      double& known = report->recent_us[fingerprint];
      known = known == 0 ? total_us : std::min(known, total_us);
    }
  }
}

absl::StatusOr<v1::ListActionsResponse> OrchestratorServer::ListActions(
    const rpc::CallContext&, const v1::ListActionsRequest& request) {
  v1::ListActionsResponse response;
  for (v1::Action& action : ledger_.List(request.limit() == 0 ? 1000 : request.limit())) {
    *response.add_actions() = std::move(action);
  }
  return response;
}

absl::StatusOr<v1::ApproveActionResponse> OrchestratorServer::ApproveAction(
    const rpc::CallContext&, const v1::ApproveActionRequest& request) {
  v1::ApproveActionResponse response;
  ASSIGN_OR_RETURN(*response.mutable_action(),
                   cycle_.Approve(Context(), request.action_id(), request.initiator()));
  return response;
}

absl::StatusOr<v1::RevertActionResponse> OrchestratorServer::RevertAction(
    const rpc::CallContext&, const v1::RevertActionRequest& request) {
  v1::RevertActionResponse response;
  ASSIGN_OR_RETURN(*response.mutable_action(),
                   cycle_.Revert(Context(), request.action_id(), request.initiator()));
  return response;
}

absl::StatusOr<v1::ListModulesResponse> OrchestratorServer::ListModules(
    const rpc::CallContext&, const v1::ListModulesRequest&) {
  v1::ListModulesResponse response;
  const auto actions = ledger_.List(100000);
  for (const registry::RegisteredModule& entry : registry_.List()) {
    v1::ModuleStatus* status = response.add_modules();
    *status->mutable_description() = entry.description;
    status->set_autonomy(entry.autonomy);
    status->set_healthy(entry.healthy);
    status->set_address(entry.address);
    for (const v1::Action& action : actions) {
      if (action.module() != entry.name) continue;
      if (action.state() == v1::ACTION_STATE_KEPT) status->set_kept(status->kept() + 1);
      if (action.state() == v1::ACTION_STATE_REVERTED) status->set_reverted(status->reverted() + 1);
    }
  }
  return response;
}

absl::StatusOr<v1::SetAutonomyResponse> OrchestratorServer::SetAutonomy(
    const rpc::CallContext&, const v1::SetAutonomyRequest& request) {
  RETURN_IF_ERROR(registry_.SetAutonomy(Context(), request.module(), request.autonomy()));
  return v1::SetAutonomyResponse();
}

std::shared_ptr<api::Module> OrchestratorServer::ClientOf(const std::string& name,
                                                          const std::string& address) const {
  return api::NewModuleClient(
      address, options_.to_module(rpc::ModuleToken(options_.cluster_secret, name), name));
}

absl::StatusOr<v1::RegisterModuleResponse> OrchestratorServer::RegisterModule(
    const rpc::CallContext& context, const v1::RegisterModuleRequest& request) {
  if (request.name().empty()) return absl::InvalidArgumentError("the module has no name");
  const auto known = registry_.Find(request.name());
  if (known.ok() && known->own) {
    return absl::AlreadyExistsError(
        absl::StrCat("the module \"", request.name(), "\" is the system's own"));
  }
  v1::RegisterModuleResponse response;
  response.set_token(rpc::ModuleToken(options_.cluster_secret, request.name()));
  std::shared_ptr<api::Module> module = ClientOf(request.name(), request.address());
  ASSIGN_OR_RETURN(*response.mutable_description(), module->Describe(context, {}));
  if (response.description().name() != request.name()) {
    return absl::InvalidArgumentError(absl::StrCat("the module at ", request.address(), " is \"",
                                                   response.description().name(), "\", not \"",
                                                   request.name(), "\""));
  }
  RETURN_IF_ERROR(registry_.Add(Context(), std::move(module), request.address(), /*own=*/false));
  return response;
}

absl::StatusOr<v1::UnregisterModuleResponse> OrchestratorServer::UnregisterModule(
    const rpc::CallContext&, const v1::UnregisterModuleRequest& request) {
  RETURN_IF_ERROR(registry_.Remove(Context(), request.name()));
  return v1::UnregisterModuleResponse();
}

}  // namespace adbms::orchestrator::server
