#include "services/gateway/session/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/deferred_triggers.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/statement_text.h"

namespace adbms::gateway::session {
namespace {

// Longest text whose parse a session keeps, and how many.
constexpr size_t kParsedTextBytes = 64;
// Longer statements are made short before they are parsed.
constexpr size_t kLongStatementBytes = size_t{1} << 20;
constexpr size_t kParsedEntries = 64;

}  // namespace

sql::CatalogPtr CatalogCache::Known(const std::string& database) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto found = catalogs_.find(database);
  return found == catalogs_.end() ? nullptr : found->second;
}

absl::StatusOr<sql::CatalogPtr> CatalogCache::Get(const rpc::CallContext& context,
                                                  const std::string& database) {
  const sql::CatalogPtr current = Known(database);
  auto snapshot =
      storage_->GetCatalogOf(context, database, current == nullptr ? 0 : current->version());
  if (snapshot.ok() && *snapshot == nullptr) return current;
  absl::MutexLock lock(&mutex_);
  if (!snapshot.ok()) {
    if (status::HasSqlState(snapshot.status(), status::sqlstate::kInvalidCatalogName))
      catalogs_.erase(database);
    return snapshot.status();
  }
  auto fresh = std::make_shared<const sql::Catalog>(*std::move(snapshot));
  sql::CatalogPtr& kept = catalogs_[database];
  if (kept == nullptr || kept->version() < fresh->version()) kept = fresh;
  // Every catalog lists all databases: those that have been dropped are forgotten.
  std::erase_if(catalogs_, [&](const auto& one) {
    return one.second->version() < fresh->version() && !fresh->DatabaseNamed(one.first).ok();
  });
  return fresh;
}

std::shared_ptr<const common::v1::StatisticsSnapshot> CatalogCache::statistics() const {
  absl::ReaderMutexLock lock(&mutex_);
  return statistics_;
}

std::vector<uint32_t> CatalogCache::RefreshStatistics(const rpc::CallContext& context) {
  std::vector<uint32_t> analyzed;
  const auto current = statistics();
  auto snapshot = storage_->GetStatistics(context, current == nullptr ? 0 : current->version());
  if (!snapshot.ok() || *snapshot == nullptr) return analyzed;
  if (current != nullptr) {
    std::unordered_map<uint32_t, int64_t> before;
    for (const auto& table : current->tables()) before[table.table_id()] = table.analyzed_at_us();
    for (const auto& table : (*snapshot)->tables()) {
      if (table.analyzed_at_us() > before[table.table_id()]) analyzed.push_back(table.table_id());
    }
  }
  absl::MutexLock lock(&mutex_);
  statistics_ = *std::move(snapshot);
  return analyzed;
}

namespace {

prometheus::Counter& Restricted(telemetry::ServiceMetrics* metrics, const std::string& reason) {
  return metrics->Counter("adbms_planner_restrictions_total",
                          "Plans made under a restriction of prediction, by reason.",
                          {{"reason", reason}});
}

}  // namespace

StatementMetrics::StatementMetrics(telemetry::ServiceMetrics* metrics)
    : latency(metrics->Histogram("adbms_statement_duration_seconds",
                                 "Time of statements, from text to last row.")),
      succeeded(metrics->Counter("adbms_statements_total", "Statements run.", {{"outcome", "ok"}})),
      failed(metrics->Counter("adbms_statements_total", "Statements run.", {{"outcome", "error"}})),
      rows(metrics->Counter("adbms_statement_rows_total", "Rows returned or changed.")),
      default_plans(metrics->Counter("adbms_default_plans_total",
                                     "Plans made without prediction, for whatever restriction.")),
      restricted_multi_statement(Restricted(metrics, "multi_statement")),
      restricted_schema_changed(Restricted(metrics, "schema_changed")),
      restricted_out_of_reach(Restricted(metrics, "out_of_reach")),
      trials(metrics->Counter("adbms_plan_trials_total",
                              "Executions on alternative plans, to find the fastest.")),
      trial_regret_seconds(metrics->Counter(
          "adbms_plan_trial_regret_seconds_total",
          "Time that trials of plans took beyond what the best known plan would have taken.")),
      regressions_prevented(metrics->Counter(
          "adbms_plan_regressions_prevented_total",
          "New plans that gave way to the one known before, which was clearly faster.")),
      executions_stopped(
          metrics->Counter("adbms_plan_executions_stopped_total",
                           "Executions on new plans that were stopped and run on a known one.")) {}

Session::Session(const Services& services, SessionOptions options)
    : services_(services),
      options_(std::move(options)),
      cancellation_(std::make_shared<rpc::Cancellation>()),
      session_user_(options_.user),
      current_user_(options_.user),
      session_policy_(options_.policy),
      policy_(options_.policy) {}

Session::~Session() {
  portals_.clear();
  cursors_.clear();
  storage_ = nullptr;
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const Services& services,
                                                       SessionOptions options) {
  auto session = std::unique_ptr<Session>(new Session(services, std::move(options)));
  session->trace_id_ = telemetry::NewTraceId();
  session->reads_ = services.audit->CountReads(session->options_.user);
  session->roles_[session->options_.user] = session->options_.policy;
  RETURN_IF_ERROR(session->EnterDatabase());
  Settings& settings = session->settings_;
  settings.Force("session_authorization", session->options_.user);
  session->AdoptIdentity();
  ASSIGN_OR_RETURN(const auto policy, session->policy_->Get());
  const int64_t timeout_ms =
      services.statement_timeout_ms == nullptr ? 0 : services.statement_timeout_ms->load();
  if (timeout_ms > 0) {
    RETURN_IF_ERROR(
        settings.Start("statement_timeout", absl::StrCat(timeout_ms), "configuration file"));
  }
  // Whether the role might set it was asked when it was kept; one that means nothing any more
  // keeps nobody out.
  settings.SetRole(session->options_.user, /*superuser=*/true);
  for (const security::v1::KeptSetting& kept : policy->settings()) {
    if (kept.database_id() != 0 && kept.database_id() != session->database_id_) continue;
    if (!IsIdentity(kept.name())) (void)settings.Start(kept.name(), kept.value(), kept.source());
  }
  settings.SetRole(session->options_.user, policy->superuser());
  for (const auto& [name, value] : session->options_.settings) {
    if (IsIdentity(name)) {
      RETURN_IF_ERROR(session->ChangeIdentity(name, value, /*is_local=*/false));
    } else {
      RETURN_IF_ERROR(settings.Start(name, value, "client"));
    }
  }
  settings.FreezeDefaults();
  settings.TakeReports();
  return session;
}

rpc::CallContext Session::Context() {
  rpc::CallContext context;
  context.deadline = deadline_;
  context.cancellation = cancellation_;
  context.trace_id = trace_id_;
  context.user = current_user_;
  if (storage_ != nullptr) {
    storage_->SetLocking(absl::Milliseconds(settings_.lock_timeout_ms()), options_.backend_pid);
  }
  return context;
}

char Session::transaction_status() const {
  switch (state_) {
    case TransactionState::kIdle:
    case TransactionState::kImplicit:
      return 'I';
    case TransactionState::kExplicit:
      return 'T';
    case TransactionState::kFailed:
      return explicit_block_ ? 'E' : 'I';
  }
  return 'I';
}

void Session::AfterError() {
  portals_.clear();
  switch (state_) {
    case TransactionState::kIdle:
      break;
    case TransactionState::kImplicit:
      (void)EndTransaction(/*commit=*/false);
      break;
    case TransactionState::kExplicit:
      ReleaseFailed();
      explicit_block_ = true;
      state_ = TransactionState::kFailed;
      break;
    case TransactionState::kFailed:
      break;
  }
}

absl::Status Session::CheckNotFailed(const sql::Statement* statement) const {
  if (state_ != TransactionState::kFailed) return absl::OkStatus();
  if (statement != nullptr && statement->statement_class == sql::StatementClass::kTransaction) {
    const auto kind = statement->transaction.kind;
    using Kind = sql::TransactionStatement::Kind;
    if (kind == Kind::kCommit || kind == Kind::kRollback || kind == Kind::kRollbackTo ||
        kind == Kind::kPrepare) {
      return absl::OkStatus();
    }
  }
  return status::Error(status::sqlstate::kInFailedTransaction,
                       "current transaction is aborted, commands ignored until end of transaction "
                       "block");
}

storage::api::Isolation IsolationOf(std::string_view level) {
  using storage::api::Isolation;
  if (level == "serializable") return Isolation::kSerializable;
  return level == "repeatable read" ? Isolation::kRepeatableRead : Isolation::kReadCommitted;
}

std::string_view NameOf(storage::api::Isolation isolation) {
  switch (isolation) {
    case storage::api::Isolation::kSerializable:
      return "serializable";
    case storage::api::Isolation::kRepeatableRead:
      return "repeatable read";
    default:
      return "read committed";
  }
}

bool NeedsTransaction(sql::StatementClass statement_class) {
  return statement_class == sql::StatementClass::kPlannable ||
         statement_class == sql::StatementClass::kExecute ||
         statement_class == sql::StatementClass::kCopy;
}

bool Session::AloneIsATransaction() const {
  return !in_transaction() &&
         IsolationOf(settings_.default_isolation()) != storage::api::Isolation::kReadCommitted;
}

absl::Status Session::BeginImplicit() {
  if (in_transaction()) return absl::OkStatus();
  storage::api::BeginOptions options;
  options.read_only = settings_.default_read_only();
  options.isolation = IsolationOf(settings_.default_isolation());
  RETURN_IF_ERROR(storage_->Begin(Context(), options));
  begin_options_ = options;
  block_used_ = false;
  state_ = TransactionState::kImplicit;
  explicit_block_ = false;
  transaction_timestamp_us_ = 0;
  settings_.Begin();
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const std::vector<sql::Statement>>> Session::ParseText(
    std::string_view sql) {
  if (sql.size() > kParsedTextBytes) {
    ASSIGN_OR_RETURN(auto statements, sql::Parse(sql));
    return std::make_shared<const std::vector<sql::Statement>>(std::move(statements));
  }
  const std::string text(sql);
  const auto found = parsed_.find(text);
  if (found != parsed_.end()) return found->second;
  ASSIGN_OR_RETURN(auto statements, sql::Parse(sql));
  auto parsed = std::make_shared<const std::vector<sql::Statement>>(std::move(statements));
  if (parsed_.size() >= kParsedEntries) parsed_.clear();
  parsed_.emplace(text, parsed);
  return parsed;
}

// A statement whose plan is cached: nothing is parsed, nobody but storage is asked.
absl::Status Session::RunCached(std::string_view sql, bool* handled, ResultSink* sink) {
  *handled = false;
  sql = WithoutFinalSemicolon(sql);
  if (changed_schema_ || state_ == TransactionState::kFailed) return absl::OkStatus();
  if (!sql::ScanLiterals(sql, &scanned_) || scanned_.multiple_statements) return absl::OkStatus();
  if (!IsPlannableWord(scanned_.first_word)) return absl::OkStatus();
  auto plan = FindPlan(CacheKey(scanned_.key, {}), scanned_.literals);
  if (plan == nullptr || plan->plan->client_parameters() > 0) return absl::OkStatus();
  *handled = true;
  RETURN_IF_ERROR(Authorize(plan.get()));
  PlanQuery query;
  query.sql = sql;
  query.normalized = scanned_.key;
  query.literals = &scanned_.literals;
  return RunPlan(std::move(plan), query, {}, sink);
}

void Session::StartStatement() {
  cancellation_->Reset();
  seen_catalog_ = nullptr;
  statement_start_ = absl::Now();
  deadline_ = DeadlineFrom(statement_start_);
}

absl::Time Session::DeadlineFrom(absl::Time start) const {
  const int64_t timeout_ms = settings_.statement_timeout_ms();
  return timeout_ms == 0 ? absl::InfiniteFuture() : start + absl::Milliseconds(timeout_ms);
}

// In a simple query nothing gives parameters a value; a statement to be prepared may have them.
absl::Status Session::CheckNoParameters(std::string_view text) {
  absl::Status status;
  sql::ForEachParameter(text, [&](const sql::ParameterUse& use) {
    status::SqlError error;
    error.sqlstate = status::sqlstate::kUndefinedParameter;
    error.message = absl::StrCat("there is no parameter $", use.number);
    error.position = 1;
    for (size_t i = 0; i < use.offset; ++i) error.position += (text[i] & 0xc0) != 0x80;
    status = status::ToStatus(error);
    return false;
  });
  return status;
}

absl::Status Session::Query(std::string_view sql, ResultSink* sink) {
  StartStatement();
  portals_.erase("");
  source_ = sql;
  bool handled = false;
  const bool begins = AloneIsATransaction();
  absl::Status status = begins ? absl::OkStatus()
                        : sql.size() > kLongStatementBytes
                            ? RunLong(WithoutFinalSemicolon(sql), &handled, sink)
                            : RunCached(sql, &handled, sink);
  if (!status.ok()) {
    AuditDenied(sql, status);
    AfterError();
    return status;
  }
  if (handled) return status;
  auto statements = ParseText(sql);
  if (!statements.ok()) {
    services_.metrics->failed.Increment();
    AfterError();
    return statements.status();
  }
  if ((*statements)->empty()) return sink->Empty();
  const bool alone = (*statements)->size() == 1;
  for (const sql::Statement& statement : **statements) {
    // Each statement of the string has the time that the settings give it now.
    if (!alone) deadline_ = DeadlineFrom(absl::Now());
    if ((!alone && statement.statement_class != sql::StatementClass::kTransaction) ||
        (begins && NeedsTransaction(statement.statement_class))) {
      status = BeginImplicit();
    }
    if (status.ok()) status = CheckNotFailed(&statement);
    // The body of a function may have them.
    const bool may_have_parameters = statement.statement_class == sql::StatementClass::kPrepare ||
                                     statement.command_tag == "CREATE FUNCTION" ||
                                     statement.command_tag == "CREATE PROCEDURE";
    if (status.ok() && !may_have_parameters) {
      status = CheckNoParameters(statement.text);
    }
    if (status.ok()) status = RunStatement(statement, alone, sink);
    if (!status.ok()) {
      AuditDenied(statement, status);
      // Positions count from the start of the whole string.
      status::SqlError error = status::FromStatus(status);
      if (error.position > 0 && statement.offset > 0) {
        int characters = 0;
        for (int i = 0; i < statement.offset; ++i) characters += (sql[i] & 0xc0) != 0x80;
        error.position += characters;
        status = status::ToStatus(error);
      }
      AfterError();
      return status;
    }
  }
  if (state_ == TransactionState::kImplicit) return EndTransaction(/*commit=*/true);
  return absl::OkStatus();
}

absl::Status Session::RunStatement(const sql::Statement& statement, bool alone, ResultSink* sink) {
  RETURN_IF_ERROR(CheckNotFailed(&statement));
  RETURN_IF_ERROR(Context().Check());
  if (statement.statement_class != sql::StatementClass::kPlannable) {
    const absl::Status status = RunUtility(statement, sink);
    (status.ok() ? services_.metrics->succeeded : services_.metrics->failed).Increment();
    SendReports(sink);
    return status;
  }
  PlanQuery query;
  query.sql = statement.text;
  query.statement = &statement;
  query.multi_statement = !alone;
  const bool lift = alone && !changed_schema_ && sql::ScanLiterals(statement.text, &scanned_) &&
                    !scanned_.multiple_statements;
  query.cacheable = lift;
  if (lift) {
    query.normalized = scanned_.key;
    query.literals = &scanned_.literals;
  }
  auto plan = MakePlan(query);
  if (!plan.ok()) {
    services_.metrics->failed.Increment();
    return plan.status();
  }
  return RunPlan(*std::move(plan), query, {}, sink);
}

void Session::Fail() { AfterError(); }

}  // namespace adbms::gateway::session
