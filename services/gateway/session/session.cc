#include "services/gateway/session/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::gateway::session {
namespace {

// Longest text whose parse a session keeps, and how many.
constexpr size_t kParsedTextBytes = 64;
// Longer statements are made short before they are parsed.
constexpr size_t kLongStatementBytes = size_t{1} << 20;
constexpr size_t kParsedEntries = 64;

constexpr int64_t kPostgresEpochUs = 946684800000000;

// The parser leaves the final semicolon out of a statement's text; so does the plan cache's key.
std::string_view WithoutFinalSemicolon(std::string_view sql) {
  while (!sql.empty() && (sql.back() == ';' || absl::ascii_isspace(sql.back()))) {
    sql.remove_suffix(1);
  }
  return sql;
}

bool IsPlannableWord(const std::string& word) {
  return word == "select" || word == "insert" || word == "update" || word == "delete" ||
         word == "with" || word == "values" || word == "table";
}

}  // namespace

absl::StatusOr<sql::CatalogPtr> CatalogCache::Get(const rpc::CallContext& context) {
  sql::CatalogPtr current;
  {
    absl::ReaderMutexLock lock(&mutex_);
    current = catalog_;
  }
  ASSIGN_OR_RETURN(auto snapshot,
                   storage_->GetCatalog(context, current == nullptr ? 0 : current->version()));
  if (snapshot == nullptr) return current;
  auto fresh = std::make_shared<const sql::Catalog>(std::move(snapshot));
  absl::MutexLock lock(&mutex_);
  if (catalog_ == nullptr || catalog_->version() < fresh->version()) catalog_ = fresh;
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
      restricted_out_of_reach(Restricted(metrics, "out_of_reach")) {}

Session::Session(const Services& services, SessionOptions options)
    : services_(services),
      options_(std::move(options)),
      cancellation_(std::make_shared<rpc::Cancellation>()) {}

Session::~Session() {
  portals_.clear();
  cursors_.clear();
  storage_ = nullptr;
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const Services& services,
                                                       SessionOptions options) {
  if (options.database != "adbms") {
    return status::Error(status::sqlstate::kInvalidCatalogName,
                         absl::StrCat("database \"", options.database, "\" does not exist"));
  }
  auto session = std::unique_ptr<Session>(new Session(services, std::move(options)));
  session->trace_id_ = telemetry::NewTraceId();
  session->reads_ = services.audit->CountReads(session->options_.user);
  ASSIGN_OR_RETURN(session->storage_, services.storage->OpenSession(session->Context()));
  Settings& settings = session->settings_;
  settings.Force("session_authorization", session->options_.user);
  ASSIGN_OR_RETURN(const auto policy, session->options_.policy->Get());
  settings.Force("is_superuser", policy->superuser() ? "on" : "off");
  settings.SetRole(session->options_.user, policy->superuser());
  const int64_t timeout_ms =
      services.statement_timeout_ms == nullptr ? 0 : services.statement_timeout_ms->load();
  if (timeout_ms > 0) {
    RETURN_IF_ERROR(
        settings.Start("statement_timeout", absl::StrCat(timeout_ms), "configuration file"));
  }
  // Whether the role might set it was asked when it was kept; one that means nothing any more
  // keeps nobody out.
  settings.SetRole(session->options_.user, /*superuser=*/true);
  for (const security::v1::KeptSetting& kept : policy->settings())
    (void)settings.Start(kept.name(), kept.value(), kept.source());
  settings.SetRole(session->options_.user, policy->superuser());
  for (const auto& [name, value] : session->options_.settings) {
    RETURN_IF_ERROR(settings.Start(name, value, "client"));
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
  context.user = options_.user;
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
    if (kind == Kind::kCommit || kind == Kind::kRollback || kind == Kind::kRollbackTo) {
      return absl::OkStatus();
    }
  }
  return status::Error(status::sqlstate::kInFailedTransaction,
                       "current transaction is aborted, commands ignored until end of transaction "
                       "block");
}

absl::Status Session::BeginImplicit() {
  if (in_transaction()) return absl::OkStatus();
  storage::api::BeginOptions options;
  options.read_only = settings_.default_read_only();
  if (settings_.default_isolation() == "repeatable read") {
    options.isolation = storage::api::Isolation::kRepeatableRead;
  }
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
  auto plan = services_.plan_cache->Find(CacheKey(scanned_.key, {}), scanned_.literals);
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
  statement_start_ = absl::Now();
  deadline_ = DeadlineFrom(statement_start_);
}

absl::Time Session::DeadlineFrom(absl::Time start) const {
  const int64_t timeout_ms = settings_.statement_timeout_ms();
  return timeout_ms == 0 ? absl::InfiniteFuture() : start + absl::Milliseconds(timeout_ms);
}

namespace {

// In a simple query nothing gives parameters a value; a statement to be prepared may have them.
absl::Status CheckNoParameters(const sql::Statement& statement) {
  absl::Status status;
  if (statement.statement_class == sql::StatementClass::kPrepare) return status;
  sql::ForEachParameter(statement.text, [&](const sql::ParameterUse& use) {
    status::SqlError error;
    error.sqlstate = status::sqlstate::kUndefinedParameter;
    error.message = absl::StrCat("there is no parameter $", use.number);
    error.position = 1;
    for (size_t i = 0; i < use.offset; ++i) error.position += (statement.text[i] & 0xc0) != 0x80;
    status = status::ToStatus(error);
    return false;
  });
  return status;
}

}  // namespace

absl::Status Session::Query(std::string_view sql, ResultSink* sink) {
  StartStatement();
  portals_.erase("");
  source_ = sql;
  bool handled = false;
  absl::Status status = sql.size() > kLongStatementBytes
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
    if (!alone && statement.statement_class != sql::StatementClass::kTransaction) {
      status = BeginImplicit();
    }
    if (status.ok()) status = CheckNotFailed(&statement);
    if (status.ok()) status = CheckNoParameters(statement);
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

// ---- Extended query ----------------------------------------------------------------------------

absl::Status Session::Prepare(const std::string& name, std::string_view sql,
                              std::vector<types::Type> parameter_types) {
  const absl::Status status = PrepareText(name, sql, std::move(parameter_types));
  AuditDenied(sql, status);
  return status;
}

absl::Status Session::PrepareText(const std::string& name, std::string_view sql,
                                  std::vector<types::Type> parameter_types) {
  auto prepared = std::make_shared<PreparedStatement>();
  prepared->name = name;
  prepared->sql = std::string(WithoutFinalSemicolon(sql));
  prepared->declared_types = std::move(parameter_types);
  sql::ScannedStatement scanned;
  const bool lifted = !changed_schema_ && sql::ScanLiterals(prepared->sql, &scanned) &&
                      !scanned.multiple_statements && IsPlannableWord(scanned.first_word);
  if (lifted) {
    prepared->scanned = true;
    prepared->normalized = std::move(scanned.key);
    prepared->literals = std::move(scanned.literals);
    if (state_ != TransactionState::kFailed) {
      prepared->plan = services_.plan_cache->Find(
          CacheKey(prepared->normalized, prepared->declared_types), prepared->literals);
    }
  }
  if (prepared->plan != nullptr) {
    RETURN_IF_ERROR(Authorize(prepared->plan.get()));
    prepared->statement.statement_class = sql::StatementClass::kPlannable;
    prepared->statement.text = prepared->sql;
  } else {
    ASSIGN_OR_RETURN(const auto statements, ParseText(prepared->sql));
    if (statements->size() > 1) {
      return status::Error(status::sqlstate::kSyntaxError,
                           "cannot insert multiple commands into a prepared statement");
    }
    prepared->empty = statements->empty();
    if (!prepared->empty) prepared->statement = statements->front();
    RETURN_IF_ERROR(CheckNotFailed(prepared->empty ? nullptr : &prepared->statement));
    if (!prepared->empty &&
        prepared->statement.statement_class == sql::StatementClass::kPlannable) {
      PlanQuery query;
      query.sql = prepared->sql;
      query.statement = &prepared->statement;
      query.parameter_types = prepared->declared_types;
      query.cacheable = lifted;
      if (lifted) {
        query.normalized = prepared->normalized;
        query.literals = &prepared->literals;
      }
      ASSIGN_OR_RETURN(prepared->plan, MakePlan(query));
    }
  }
  if (prepared->plan != nullptr) {
    const common::v1::Plan& plan = *prepared->plan->plan;
    for (uint32_t i = 0; i < plan.client_parameters(); ++i) {
      prepared->parameter_types.push_back(prepared->plan->parameter_types[i]);
    }
    prepared->columns = plan.root().output();
    prepared->returns_rows =
        plan.kind() == common::v1::STATEMENT_KIND_SELECT || plan.root().output_size() > 0;
  } else if (!prepared->empty) {
    const auto statement_class = prepared->statement.statement_class;
    if (statement_class == sql::StatementClass::kExplain) {
      RETURN_IF_ERROR(InferExplained(prepared.get()));
    }
    // What EXECUTE and FETCH answer is known by what they name, if that is there already.
    const PreparedStatement* described = nullptr;
    if (statement_class == sql::StatementClass::kExecute) {
      const auto named = statements_.find(prepared->statement.execute.name);
      if (named != statements_.end()) described = named->second.get();
    } else if (statement_class == sql::StatementClass::kCursor &&
               prepared->statement.cursor.kind == sql::CursorStatement::Kind::kFetch) {
      const Portal* named = FindCursor(prepared->statement.cursor.name);
      if (named != nullptr) described = named->statement.get();
    }
    if (described != nullptr) {
      prepared->columns =
          described->plan == nullptr ? described->columns : described->plan->plan->root().output();
      prepared->returns_rows = prepared->columns.size() > 0;
    }
    if (statement_class == sql::StatementClass::kShow ||
        statement_class == sql::StatementClass::kExplain) {
      common::v1::OutputColumn* column = prepared->columns.Add();
      column->set_name(statement_class == sql::StatementClass::kShow
                           ? Settings::NameOf(prepared->statement.show.name)
                           : "QUERY PLAN");
      column->mutable_type()->set_id(common::v1::TYPE_ID_TEXT);
      prepared->returns_rows = true;
    }
  }
  if (!name.empty() && statements_.contains(name)) {
    return status::Error(status::sqlstate::kDuplicatePreparedStatement,
                         absl::StrCat("prepared statement \"", name, "\" already exists"));
  }
  prepared->prepared_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  statements_[name] = std::move(prepared);
  return absl::OkStatus();
}

// The types of the parameters of what is explained, which nobody but a plan knows.
absl::Status Session::InferExplained(PreparedStatement* prepared) {
  ASSIGN_OR_RETURN(const auto inner, sql::Parse(prepared->statement.explain.sql));
  if (inner.size() != 1 || inner.front().statement_class != sql::StatementClass::kPlannable)
    return absl::OkStatus();
  PlanQuery query;
  query.sql = inner.front().text;
  query.statement = &inner.front();
  query.parameter_types = prepared->declared_types;
  query.cacheable = false;
  ASSIGN_OR_RETURN(const auto plan, MakePlan(query));
  for (uint32_t i = 0; i < plan->plan->client_parameters(); ++i)
    prepared->parameter_types.push_back(plan->parameter_types[i]);
  return absl::OkStatus();
}

absl::StatusOr<types::Value> Session::ReadParameter(std::string_view text,
                                                    const types::Type& type) {
  const bool named = type.id == types::TypeId::kRegclass || type.id == types::TypeId::kRegproc ||
                     type.id == types::TypeId::kRegnamespace || type.id == types::TypeId::kRegtype;
  if (!named) return types::ParseText(text, type, settings_.text_options());
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  std::string literal = "'";
  for (const char c : text) literal += c == '\'' ? "''" : std::string(1, c);
  return sql::EvaluateConstant(literal + "'", type, PlanningInputFor("", nullptr, catalog));
}

absl::StatusOr<const PreparedStatement*> Session::FindStatement(const std::string& name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) {
    return status::Error(status::sqlstate::kInvalidStatementName,
                         name.empty()
                             ? "unnamed prepared statement does not exist"
                             : absl::StrCat("prepared statement \"", name, "\" does not exist"));
  }
  return found->second.get();
}

absl::Status Session::Bind(const std::string& portal, const std::string& statement,
                           std::vector<types::Value> parameters) {
  const auto found = statements_.find(statement);
  if (found == statements_.end()) return FindStatement(statement).status();
  RETURN_IF_ERROR(CheckNotFailed(&found->second->statement));
  if (!portal.empty() && (portals_.contains(portal) || cursors_.contains(portal))) {
    return status::Error(status::sqlstate::kDuplicateCursor,
                         absl::StrCat("cursor \"", portal, "\" already exists"));
  }
  Portal& target = portals_[portal];
  target = Portal();
  target.name = portal;
  target.statement = found->second;
  target.parameters = std::move(parameters);
  target.created_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  return absl::OkStatus();
}

Portal* Session::FindCursor(const std::string& name) {
  const auto portal = portals_.find(name);
  if (portal != portals_.end()) return &portal->second;
  const auto cursor = cursors_.find(name);
  return cursor == cursors_.end() ? nullptr : &cursor->second;
}

absl::StatusOr<Portal*> Session::FindPortal(const std::string& name) {
  Portal* const found = FindCursor(name);
  if (found == nullptr) {
    return status::Error(status::sqlstate::kInvalidCursorName,
                         absl::StrCat("portal \"", name, "\" does not exist"));
  }
  return found;
}

absl::Status Session::Execute(const std::string& name, uint64_t max_rows, bool alone,
                              ResultSink* sink, bool* suspended) {
  *suspended = false;
  StartStatement();
  ASSIGN_OR_RETURN(Portal* const portal, FindPortal(name));
  const std::shared_ptr<PreparedStatement> prepared = portal->statement;
  const absl::Status status = ExecutePortal(portal, max_rows, alone, sink, suspended);
  if (prepared->plan == nullptr) {
    AuditDenied(prepared->statement, status);
  } else {
    AuditDenied(std::string_view(prepared->sql), status);
  }
  return status;
}

absl::Status Session::ExecutePortal(Portal* portal, uint64_t max_rows, bool alone, ResultSink* sink,
                                    bool* suspended) {
  PreparedStatement& prepared = *portal->statement;
  if (prepared.empty) return sink->Empty();
  RETURN_IF_ERROR(CheckNotFailed(&prepared.statement));
  source_ = prepared.sql;
  if (prepared.statement.statement_class == sql::StatementClass::kExplain) {
    const absl::Status status =
        RunExplain(prepared.statement, prepared.declared_types, portal->parameters, sink);
    (status.ok() ? services_.metrics->succeeded : services_.metrics->failed).Increment();
    return status;
  }
  if (prepared.plan == nullptr) {
    // What is set is undone with the statements that share its Sync.
    if (!alone && prepared.statement.statement_class == sql::StatementClass::kSet)
      RETURN_IF_ERROR(BeginImplicit());
    return RunStatement(prepared.statement, /*alone=*/true, sink);
  }
  if (portal->scroll) {
    sql::Statement fetch;
    fetch.cursor.kind = sql::CursorStatement::Kind::kFetch;
    fetch.cursor.name = portal->name;
    fetch.cursor.direction = sql::CursorStatement::Direction::kForward;
    fetch.cursor.count = max_rows == 0 ? INT64_MAX : static_cast<int64_t>(max_rows);
    return RunCursor(fetch, sink);
  }
  if (portal->stream != nullptr || portal->rows.has_value() || portal->done) {
    return FetchPortal(portal, max_rows, sink, suspended);
  }
  // A portal that may be left half-read, and statements that share one Sync, need a transaction
  // around them.
  if (!alone || max_rows > 0) RETURN_IF_ERROR(BeginImplicit());
  if (max_rows > 0) {
    RETURN_IF_ERROR(OpenPortal(portal));
    return FetchPortal(portal, max_rows, sink, suspended);
  }
  const PlanQuery query = QueryOf(prepared);
  RETURN_IF_ERROR(Renew(query, &prepared.plan));
  RETURN_IF_ERROR(Authorize(prepared.plan.get()));
  return RunPlan(prepared.plan, query, portal->parameters, sink);
}

Session::PlanQuery Session::QueryOf(const PreparedStatement& prepared) {
  PlanQuery query;
  query.sql = prepared.sql;
  query.statement = prepared.statement.tree == nullptr ? nullptr : &prepared.statement;
  query.parameter_types = prepared.declared_types;
  query.cacheable = prepared.scanned;
  query.described = &prepared.columns;
  if (prepared.scanned) {
    query.normalized = prepared.normalized;
    query.literals = &prepared.literals;
  }
  return query;
}

absl::Status Session::OpenPortal(Portal* portal) {
  PreparedStatement& prepared = *portal->statement;
  const PlanQuery query = QueryOf(prepared);
  RETURN_IF_ERROR(Renew(query, &prepared.plan));
  RETURN_IF_ERROR(Authorize(prepared.plan.get()));
  ASSIGN_OR_RETURN(portal->stream,
                   StartPlan(&prepared.plan, query, portal->parameters, &portal->options));
  return absl::OkStatus();
}

void Session::CloseStatement(const std::string& name) { statements_.erase(name); }
void Session::ClosePortal(const std::string& name) {
  portals_.erase(name);
  cursors_.erase(name);
}

absl::Status Session::Sync() {
  if (state_ != TransactionState::kImplicit) return absl::OkStatus();
  portals_.clear();
  return EndTransaction(/*commit=*/true);
}

void Session::Fail() { AfterError(); }

}  // namespace adbms::gateway::session
