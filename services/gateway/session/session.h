// One client's SQL session, whatever protocol it speaks: settings, transaction state, prepared
// statements, portals, cursors; finds or makes plans and runs them on storage. Not thread-safe,
// except Cancel().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/call_context.h"
#include "common/sql/catalog_numbers.h"
#include "services/gateway/program/interpreter.h"
#include "services/gateway/session/after_queue.h"
#include "services/gateway/session/audit_text.h"
#include "services/gateway/session/notification_inbox.h"
#include "services/gateway/session/result_sink.h"
#include "services/gateway/session/role_transaction.h"
#include "services/gateway/session/row_buffer.h"
#include "services/gateway/session/services.h"
#include "services/gateway/session/settings.h"

namespace adbms::gateway::session {

// The level of a name as SET has it, and back; READ UNCOMMITTED is READ COMMITTED.
storage::api::Isolation IsolationOf(std::string_view level);
std::string_view NameOf(storage::api::Isolation isolation);
// Whether statements of the class read or write rows by themselves, in no transaction of their own
// making.
bool NeedsTransaction(sql::StatementClass statement_class);

struct SessionOptions {
  std::string user;
  std::string database = "adbms";
  std::string peer;
  int32_t backend_pid = 0;
  std::shared_ptr<policy::HeldPolicy> policy;
  // Start-up parameters: settings.
  std::vector<std::pair<std::string, std::string>> settings;
  // The client can be told of notifications at any time.
  bool notifiable = false;
};

// A named or unnamed statement.
struct PreparedStatement {
  std::string name;
  std::string sql;
  std::string source;        // The text that PREPARE stood in; empty for the protocol's.
  int64_t prepared_us = 0;   // Microseconds since 2000-01-01 UTC.
  sql::Statement statement;  // Class kPlannable or any other; empty text: the empty statement.
  bool empty = false;
  bool scanned = false;  // `literals` may be lifted.
  std::string normalized;
  std::vector<sql::Literal> literals;
  std::vector<types::Type> declared_types;   // As the client gave them.
  std::vector<types::Type> parameter_types;  // As planned: the client's own only.
  plan_cache::CachedPlanPtr plan;            // Null for utility statements.
  uint64_t identity = 0;                     // Session::identity_ that it was planned for.
  OutputColumns columns;                     // Of the rows it returns; empty: none.
  bool returns_rows = false;
};

struct Portal {
  std::string name;
  std::shared_ptr<PreparedStatement> statement;
  std::vector<types::Value> parameters;  // The client's own.
  // While it is suspended:
  storage::api::ExecuteOptions options;
  std::unique_ptr<storage::api::ResultStream> stream;
  types::Batch batch;
  uint32_t batch_position = 0;
  uint64_t rows_sent = 0;
  bool done = false;
  // What is left of the result, once the session has gone on to something else; all of it for a
  // cursor with SCROLL. `failure`: why reading it ended early.
  std::optional<RowBuffer> rows;
  absl::Status failure;
  uint64_t rows_affected = 0;  // By a statement that is over.
  // Cursors: the row it stands on, 0 before the first, rows->size() + 1 behind the last (SCROLL);
  // without it the number of rows passed.
  uint64_t position = 0;
  // What row it stands on, if any, as Plan.cursor_rows has it.
  bool on_row = false;
  std::vector<types::Value> row_keys;
  bool scroll = false;
  // Without SCROLL or NO SCROLL, over a plan whose rows PostgreSQL could read backward: it turns
  // round as long as the rows that it has passed are few. They are here, or with the rest in
  // `rows`.
  bool turns = false;
  RowBuffer passed;
  bool hold = false;
  bool held = false;       // Of an earlier transaction.
  bool failed = false;     // Reading it ended in an error: it cannot be run again.
  std::string source;      // The text of its DECLARE; empty for the protocol's.
  int64_t created_us = 0;  // Microseconds since 2000-01-01 UTC.
  uint64_t serial = 0;     // When it was made, among the session's cursors and savepoints.
};

struct ProgramCache;
class DeferredTriggers;

// The columns of a plan's result that are the client's.
OutputColumns ClientColumns(const common::v1::Plan& plan);

// Keeps what a plan returns for its triggers.
class TriggerRowsSink {
 public:
  // Borrows the plan.
  TriggerRowsSink(const common::v1::Plan& plan, const sql::Catalog& catalog);
  // Hands the client's columns on. Errors: the sink's, 53200.
  absl::Status Take(const types::Batch& batch, ResultSink* sink);
  // Of the statement itself (0), and of its WITH queries.
  const program::Rows& rows(size_t part) const { return parts_[part].rows; }
  // How many rows of the statement's own there were.
  uint64_t own_rows() const { return own_rows_; }

 private:
  struct Part {
    size_t first = 0;
    program::Rows rows;
  };
  absl::Status TakePart(const types::Batch& batch, size_t number, ResultSink* sink);

  const common::v1::Plan& plan_;
  std::vector<Part> parts_;
  uint64_t own_rows_ = 0;
  uint64_t bytes_ = 0;
};

// What the client is told of a change of the catalog beside its success.
struct DdlNotices {
  std::vector<std::string> texts;
  std::vector<std::string> dropped;  // By CASCADE.
};

class PendingRows;
class TriggerCall;
struct WrittenRows;

class Session {
 public:
  // Opens the conversation with storage and applies start-up settings. Errors: storage's, 3D000,
  // 22023.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const Services& services,
                                                       SessionOptions options);
  ~Session();

  // ---- Simple query: all statements of the string, until one fails. The failure is returned, the
  // transaction state is already as PostgreSQL would have it.
  absl::Status Query(std::string_view sql, ResultSink* sink);

  // ---- Extended query. After an error the caller skips to Sync.
  absl::Status Prepare(const std::string& name, std::string_view sql,
                       std::vector<types::Type> parameter_types);
  absl::StatusOr<const PreparedStatement*> FindStatement(const std::string& name);
  absl::Status Bind(const std::string& portal, const std::string& statement,
                    std::vector<types::Value> parameters);
  // The type with the oid, built in or declared. Errors: 42704.
  absl::StatusOr<types::Type> TypeWithOid(uint32_t oid);
  // A declared type as it is now, where it still is there; any other as it is.
  absl::StatusOr<types::Type> Renewed(const types::Type& type);
  // A parameter's value from text, by its type's input function; names of tables and the like are
  // looked up.
  absl::StatusOr<types::Value> ReadParameter(std::string_view text, const types::Type& type);
  // Portals and SQL's cursors are one set of names.
  absl::StatusOr<Portal*> FindPortal(const std::string& name);
  // `max_rows` 0: all. `*suspended` tells that rows are left. `alone`: Sync follows at once, so the
  // statement can be its own transaction.
  absl::Status Execute(const std::string& portal, uint64_t max_rows, bool alone, ResultSink* sink,
                       bool* suspended);
  void CloseStatement(const std::string& name);
  void ClosePortal(const std::string& name);
  // Ends the implicit transaction.
  absl::Status Sync();
  // An error in the extended protocol that the session did not see itself (bad parameter format).
  void Fail();

  // 'I' idle, 'T' in a transaction, 'E' in a failed one.
  char transaction_status() const;
  // Stops what runs now. Thread-safe.
  void Cancel() {
    cancels_.fetch_add(1);
    cancellation_->Cancel();
  }

  // What it has heard that it listens to; null: it never did.
  NotificationInbox* inbox() const { return inbox_.get(); }
  // Whether no transaction is open, not even that of the statements before the next Sync.
  bool idle() const { return !in_transaction(); }

  // Settings that are the transaction's: changing them is SET TRANSACTION.
  static bool IsOfTransaction(std::string_view name);
  // Settings that say who the session acts as.
  static bool IsIdentity(std::string_view setting);

  Settings& settings() { return settings_; }
  const SessionOptions& options() const { return options_; }

 private:
  enum class TransactionState { kIdle, kImplicit, kExplicit, kFailed };

  friend class ProgramHost;

  Session(const Services& services, SessionOptions options);

  // For as long as a program runs. Errors: 54001 when too many run in one another.
  class ProgramLevel {
   public:
    explicit ProgramLevel(Session* session);
    ~ProgramLevel();
    ProgramLevel(const ProgramLevel&) = delete;
    ProgramLevel& operator=(const ProgramLevel&) = delete;
    absl::Status status() const;

   private:
    Session& session_;
  };

  // Its database, as far as its user may connect to it. Errors: 3D000, 42501, 55000, 53300.
  absl::Status EnterDatabase();
  // Once, with the first catalog that can be had. Errors: the same.
  absl::Status CheckConnect(const sql::Catalog& catalog);
  rpc::CallContext Context();
  bool in_transaction() const { return state_ != TransactionState::kIdle; }

  // Statements (session.cc).
  absl::Status PrepareText(const std::string& name, std::string_view sql,
                           std::vector<types::Type> parameter_types);
  absl::Status ExecutePortal(Portal* portal, uint64_t max_rows, bool alone, ResultSink* sink,
                             bool* suspended);
  absl::Status RunStatement(const sql::Statement& statement, bool alone, ResultSink* sink);
  absl::Status RunCached(std::string_view sql, bool* handled, ResultSink* sink);
  // A plannable statement whose size is in its constants; not handled otherwise. Errors: those of
  // planning and running it, 54001 when such a constant decides how it is planned.
  absl::Status RunLong(std::string_view sql, bool* handled, ResultSink* sink);
  // 42P02 with its position for the first parameter of a simple query's text.
  static absl::Status CheckNoParameters(std::string_view text);
  absl::StatusOr<std::shared_ptr<const std::vector<sql::Statement>>> ParseText(
      std::string_view sql);
  absl::Status BeginImplicit();
  // Whether a statement outside of a transaction needs one of its own to be isolated as it should.
  bool AloneIsATransaction() const;
  // A message of the client's has come in.
  void StartStatement();
  absl::Time DeadlineFrom(absl::Time start) const;
  void AfterError();
  // The block has failed: what it has locked since its last savepoint is free at once.
  void ReleaseFailed();
  absl::Status CheckNotFailed(const sql::Statement* statement) const;

  // Who the session acts as (identity.cc).
  // SET ROLE and SET SESSION AUTHORIZATION; no value: RESET. Errors: 22023 without such a role,
  // 42501, 57P03 when security does not answer.
  absl::Status ChangeIdentity(std::string_view setting, const std::optional<std::string>& value,
                              bool is_local);
  absl::StatusOr<std::shared_ptr<policy::HeldPolicy>> PolicyOfRole(const std::string& role);
  // After the settings may have changed: the session acts as they say.
  void AdoptIdentity();
  void ActAs(const std::string& session_user, const std::string& current_user);

  // Plans (planning.cc).
  struct PlanQuery {
    std::string_view sql;
    const sql::Statement* statement = nullptr;
    std::string_view normalized;
    const std::vector<sql::Literal>* literals = nullptr;
    std::vector<types::Type> parameter_types;
    std::vector<sql::ParameterName> parameter_names;  // In a program: its variables.
    bool cacheable = true;
    bool for_cursor = false;  // See Plan.cursor_rows.
    bool multi_statement = false;
    uint64_t wanted_shape = 0;  // PlanRequest.wanted_shape; such a plan is not cached.
    // What the optimizer says beside the plan, alternatives included; null: they are not asked for.
    optimizer::v1::PlanResponse* answer = nullptr;
    // The columns that the client was told of: a new plan must have the same. Null: none yet.
    const google::protobuf::RepeatedPtrField<common::v1::OutputColumn>* described = nullptr;
  };
  static PlanQuery QueryOf(const PreparedStatement& prepared);
  // Has EXPLAIN show the plan that the statement runs on, where that is not the default one.
  void FollowRunning(const std::vector<types::Type>& types, PlanQuery* query, std::string* choice);
  absl::Status InferExplained(PreparedStatement* prepared);
  std::string CacheKey(std::string_view normalized,
                       const std::vector<types::Type>& parameter_types);
  // Null: there is none, or it is not known yet whether the session's user may connect.
  plan_cache::CachedPlanPtr FindPlan(const std::string& key,
                                     const std::vector<sql::Literal>& literals);
  absl::StatusOr<plan_cache::CachedPlanPtr> MakePlan(const PlanQuery& query);
  // What `plan` makes of what it has to know of roles, which it asks for as sql::kUnknownRole has
  // it.
  absl::StatusOr<common::v1::Plan> WithRoles(
      const std::function<
          absl::StatusOr<common::v1::Plan>(const std::vector<common::v1::RoleFacts>& roles)>& plan);
  absl::StatusOr<common::v1::RoleFacts> FactsOf(const std::string& role);
  // Whether the roles are still what the plan takes them for.
  absl::StatusOr<bool> KnowsRoles(const common::v1::Plan& plan);
  // `said`: filled with what the optimizer says beside the plan; nothing under a restriction.
  absl::StatusOr<common::v1::Plan> AskPlanner(const PlanQuery& query,
                                              const sql::CatalogPtr& catalog,
                                              std::string* restriction,
                                              optimizer::v1::PlanResponse* said);
  // The text that the plan cache and choices of plans go by.
  static std::string_view KeyText(const PlanQuery& query);
  uint64_t TemplateKey(const PlanQuery& query) const;
  // A plan with what it takes to run it.
  absl::StatusOr<plan_cache::CachedPlanPtr> Ready(const PlanQuery& query, common::v1::Plan plan,
                                                  uint64_t policy_version);
  absl::StatusOr<sql::CatalogPtr> CurrentCatalog();
  // The same, for what runs once a row: not looked for again and again in one statement.
  absl::StatusOr<sql::CatalogPtr> ProgramCatalog();
  // What the session has in its temporary schema may have changed.
  void TemporaryChanged(const std::string& schema);
  // Of these very temporary objects, which hide others; empty without any.
  const std::string& TemporaryKey();
  sql::PlanningInput PlanningInputFor(std::string_view sql, const sql::Statement* statement,
                                      const sql::CatalogPtr& catalog);
  absl::Status Authorize(plan_cache::CachedPlan* plan);
  // Whether the tables, types and functions of a cached plan are what they were, as far as this
  // gateway knows.
  bool IsCurrent(const common::v1::Plan& plan) const;
  // The error without what it tells of rows that the user may not read (error_details.cc). `plan`:
  // what was run, may be null.
  absl::Status WithoutHidden(const absl::Status& status, const common::v1::Plan* plan = nullptr);
  // Errors: 42704 for a role that there is not.
  absl::Status CheckRoles(const google::protobuf::RepeatedPtrField<std::string>& roles,
                          const security::v1::Policy& policy);
  // The version of the policies that allow the plan. Errors: 42501, 57P03, ADB01.
  absl::StatusOr<uint64_t> AuthorizePlan(const common::v1::Plan& plan, const sql::Catalog& catalog);
  // Puts a better plan in place of a prepared one where statistics or models have changed since.
  absl::Status Renew(const PlanQuery& query, plan_cache::CachedPlanPtr* plan);
  // The same, and another plan where the session acts as another role than it was planned for.
  absl::Status Refit(const PlanQuery& query, PreparedStatement* prepared);
  static bool SameColumns(const OutputColumns& a, const OutputColumns& b);
  // 0A000, as drivers know it.
  static absl::Status ResultChanged();
  absl::Status MakePlanFor(const PlanQuery& query, PreparedStatement* prepared);
  // Another plan in place of one that is out of date.
  absl::Status Replan(const PlanQuery& query, plan_cache::CachedPlanPtr* plan);
  absl::StatusOr<std::vector<types::Value>> Parameters(const plan_cache::CachedPlan& plan,
                                                       const std::vector<types::Value>& client,
                                                       const std::vector<sql::Literal>& literals);

  // Executions whose plans are measured (measured_execution.cc).
  // What is known of the plan's statement where this execution is to be measured; null otherwise.
  std::shared_ptr<plan_cache::StatementPlans> MeasuredFor(const plan_cache::CachedPlan& plan) const;
  // Whether alternatives may be tried beside the plan now.
  bool MayTry(const plan_cache::CachedPlan& plan) const;
  // What the execution runs on; authorized.
  plan_cache::Course ChooseCourse(const plan_cache::CachedPlanPtr& plan, const PlanQuery& query,
                                  plan_cache::StatementPlans* measured);
  // Brings the statement's alternatives to what is known of it.
  void BringAlternatives(const plan_cache::CachedPlan& plan, const PlanQuery& query,
                         plan_cache::StatementPlans* measured);
  // Tells what an execution of `took` has shown.
  void Measured(const plan_cache::CachedPlan& cached, const plan_cache::Course& course,
                absl::Duration took, uint64_t rows, bool stopped,
                plan_cache::StatementPlans* measured);

  // An execution that is stopped after a time, until its first rows have come.
  class Limit {
   public:
    // Infinite: it is not.
    Limit(Session* session, absl::Duration limit);
    ~Limit();
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;
    bool active() const { return number_ != 0; }
    // Ends the limit. Whether it has stopped the execution: nothing of that is to be used.
    bool RanOut();

   private:
    Session& session_;
    const uint64_t seen_cancels_;
    uint64_t number_ = 0;
  };
  // An execution that is measured.
  struct MeasuredRun {
    absl::Time start;  // As telemetry has it.
    absl::Duration limit = absl::InfiniteDuration();
    // What came of it: it ran to its end on the plan that it began with, or it was stopped.
    bool finished = false;
    bool stopped = false;
    absl::Duration took;  // Without the time that the client took.
    uint64_t rows = 0;
  };
  absl::Status RunPlan(plan_cache::CachedPlanPtr plan, const PlanQuery& query,
                       const std::vector<types::Value>& client_parameters, ResultSink* sink);

  // Execution (execution.cc).
  // `measured`: may be null.
  absl::Status RunOnce(plan_cache::CachedPlanPtr plan, const PlanQuery& query,
                       const std::vector<types::Value>& client_parameters, ResultSink* sink,
                       MeasuredRun* measured);
  // Runs the plan's programs and its triggers before the statement, in a transaction that it begins
  // for them where there is none, and starts the plan. A stale one is made anew in `*plan`.
  absl::StatusOr<std::unique_ptr<storage::api::ResultStream>> StartPlan(
      plan_cache::CachedPlanPtr* plan, const PlanQuery& query,
      const std::vector<types::Value>& client_parameters, storage::api::ExecuteOptions* options);
  void FillOptions(storage::api::ExecuteOptions* options);
  void FillConversions(common::v1::ConversionContext* context);
  // When the transaction began, or the statement outside of one; microseconds since 2000-01-01 UTC.
  int64_t TransactionTimestamp();
  // What reading values depends on, 'now' and 'today' too.
  types::TextOptions InputOptions();
  // For plans with session_details.
  std::shared_ptr<const common::v1::SessionDetails> Details() const;
  void Finished(const plan_cache::CachedPlan& plan, std::string_view sql, absl::Time start,
                const storage::v1::ExecutionSummary& summary, bool failed);
  // Tells telemetry.
  void Record(const plan_cache::CachedPlan& plan, std::string_view sql, absl::Duration elapsed,
              const storage::v1::ExecutionSummary& summary, bool failed);
  void ReportCardinalities(const plan_cache::CachedPlan& plan,
                           const storage::v1::ExecutionSummary& summary);
  // Records what the session's user was not allowed to do; nothing for other errors.
  template <typename Text>
  void AuditDenied(const Text& text, const absl::Status& status) {
    if (absl::IsPermissionDenied(status)) Audit("denied", AuditText(text), 0, status);
  }
  void Audit(std::string_view event, std::string_view statement, uint64_t rows,
             const absl::Status& status);

  // Everything else (utility.cc, *_statement(s).cc, cursors.cc, copy.cc, control_functions.cc).
  absl::Status RunUtility(const sql::Statement& statement, ResultSink* sink);
  // PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED.
  absl::Status RunPrepared(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunTransaction(const sql::Statement& statement, ResultSink* sink);
  absl::Status BeginBlock(const storage::api::BeginOptions& options);
  absl::Status SetTransaction(const sql::SetStatement& set, ResultSink* sink);
  absl::StatusOr<std::string> ShowValue(const std::string& name) const;
  static sql::SetStatement ModesOf(std::string_view name, std::string_view value);
  // ALTER ROLE … SET and ALTER DATABASE … SET: checks the value.
  absl::Status AddSetting(const sql::RoleStatement& role, const sql::Catalog& catalog,
                          security::v1::ChangeRolesRequest* request) const;
  absl::Status RunSet(const sql::Statement& statement, ResultSink* sink);
  void WarnIfLocal(const sql::SetStatement& set, ResultSink* sink) const;
  absl::Status RunShow(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunDdl(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunTableAs(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunRefresh(const sql::Statement& statement, ResultSink* sink);
  // Inserts the rows of the query's plan into a table with its columns; returns their number. Both
  // run a plan as it is; `sql` is what is told of it. Errors: 40001 when it is stale.
  absl::StatusOr<uint64_t> InsertRows(const common::v1::Plan& query, std::string_view sql,
                                      uint32_t table_id,
                                      const std::vector<types::Value>& parameters = {});
  absl::StatusOr<uint64_t> RunWriting(common::v1::Plan plan, std::string_view sql,
                                      const std::vector<types::Value>& parameters = {});
  // Fills a materialized view; `concurrently`: in place of the rows that it has.
  absl::StatusOr<uint64_t> RefreshRows(uint32_t view_id, bool concurrently);
  absl::Status RunRole(const sql::Statement& statement, ResultSink* sink);
  // What GRANT and REVOKE are about, as the policy lets the session's user change it.
  // ALTER DEFAULT PRIVILEGES. Errors: 42501, 3F000, 0LP01.
  absl::Status AddDefaults(const sql::RoleStatement& role, const sql::Catalog& catalog,
                           const security::v1::Policy& policy,
                           security::v1::ChangeRolesRequest* request) const;
  // Grants on a new object what its maker's default privileges say.
  absl::Status GiveDefaults(const common::v1::DdlStatement& ddl, uint32_t object_id);
  absl::Status AuthorizeCollations(const common::v1::DdlStatement& ddl,
                                   const security::v1::Policy& policy, const sql::Catalog& catalog);
  // used_objects.cc: USAGE of the declared types that the statement names, EXECUTE of the functions
  // that it calls or that what it makes is to call.
  absl::Status AuthorizeUses(const common::v1::DdlStatement& ddl, const sql::Catalog& catalog);
  // Of functions and types.
  absl::Status AddObjectGrants(const sql::Statement& statement, const sql::CatalogPtr& catalog,
                               const security::v1::Policy& policy,
                               security::v1::ChangeRolesRequest* request);
  absl::Status AddGrants(const sql::RoleStatement& role, const sql::Catalog& catalog,
                         const security::v1::Policy& policy,
                         security::v1::ChangeRolesRequest* request) const;
  absl::Status RunAnalyze(const sql::Statement& statement, ResultSink* sink);
  // Once: ADB01 when a table has changed since it was looked up.
  absl::Status AnalyzeTables(const sql::AnalyzeStatement& analyze, ResultSink* sink);
  absl::Status RunLock(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunSetConstraints(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunNotify(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunDiscard(const sql::Statement& statement, ResultSink* sink);
  // Errors: 55006 when deferred triggers of a table that it changes wait.
  absl::Status CheckNoneWaits(const common::v1::DdlStatement& ddl,
                              const sql::Catalog& catalog) const;
  // Of WHERE CURRENT OF, to the parameters (current_of.cc). Errors: 34000, 24000.
  absl::Status FindCurrentRow(const common::v1::Plan& plan, const common::v1::ProgramCall& call,
                              std::vector<types::Value>* parameters);
  // Functions and procedures (program_calls.cc). `call`: of a trigger, its rows. `may_end`: it may
  // end the transaction. Notices go to `sink`; null: they are kept for SendReports.
  absl::StatusOr<program::Result> CallFunction(const common::v1::FunctionDescriptor& function,
                                               const std::vector<types::Value>& arguments,
                                               program::Call call, bool may_end, ResultSink* sink);
  absl::StatusOr<program::Result> RunSqlBody(const common::v1::FunctionDescriptor& function,
                                             const std::vector<types::Value>& arguments,
                                             program::Host* host);
  absl::StatusOr<program::Result> RunProgramBody(const common::v1::FunctionDescriptor& function,
                                                 const std::vector<types::Value>& arguments,
                                                 program::Call call, program::Host* host);
  absl::StatusOr<std::vector<types::Value>> ProgramArguments(
      const common::v1::Plan& plan, const common::v1::ProgramCall& call,
      const std::vector<types::Value>& parameters);
  // Whether the plan is of what there is. Errors: ADB01.
  absl::Status CheckVersions(const common::v1::Plan& plan);
  // Runs the plan's programs; their results come behind the parameters.
  absl::Status RunProgramCalls(const common::v1::Plan& plan, std::vector<types::Value>* parameters);
  // Functions that a plan calls for rows (row_programs.cc).
  absl::Status PrepareInputs(plan_cache::CachedPlan* plan);
  // Reads the rows and calls the functions: what the CTEs become goes to `options`.
  absl::Status RunRowPrograms(const plan_cache::CachedPlan& plan,
                              storage::api::ExecuteOptions* options, WrittenRows* written);
  absl::Status CallForRows(const plan_cache::CachedPlan& plan, uint32_t cte,
                           std::vector<types::Batch> batches,
                           storage::api::ExecuteOptions* options);
  absl::Status RunCall(const PlanQuery& query, const std::vector<types::Value>& parameters,
                       bool may_end, ResultSink* sink);
  // Triggers (triggers.cc): for each statement before it, and all that come after it.
  absl::Status FireBeforeTriggers(const common::v1::Plan& plan);
  absl::Status FireAfterTriggers(const common::v1::Plan& plan, const TriggerRowsSink& rows,
                                 ResultSink* sink);
  // `changes` null: of triggers before the statement.
  absl::Status FireStatementTriggers(const common::v1::TriggerRows& sent,
                                     sql::binder::TriggerEvent event,
                                     common::v1::TriggerDescriptor::Timing timing,
                                     AfterQueue::Changes* changes, ResultSink* sink);
  // AFTER … FOR EACH ROW, for the rows of the unit; what actions of foreign keys change joins the
  // queue.
  absl::Status FireRowTriggers(const AfterQueue::Unit& unit, AfterQueue* queue, ResultSink* sink);
  // `changes`: what the trigger's transition tables show; null: it has none.
  absl::StatusOr<program::Result> FireTrigger(const sql::Catalog& catalog, const TriggerCall& call,
                                              AfterQueue::Changes* changes, ResultSink* sink);
  // Makes them.
  absl::Status FillTransitions(AfterQueue::Changes* changes);
  // What a statement can read by name now, and a text that differs where it differs.
  std::vector<sql::TransitionTable> TransitionShapes() const;
  std::string TransitionKey() const;
  // BEFORE and INSTEAD OF … FOR EACH ROW (row_programs.cc): of the rows of a CTE, what is left to
  // be written with the statement; what was written before goes to `written`.
  absl::Status FireForRows(const plan_cache::CachedPlan& plan, uint32_t cte,
                           const std::vector<types::Batch>& batches,
                           storage::api::ExecuteOptions* options, WrittenRows* written);
  // Actions of foreign keys that fire triggers (key_actions.cc).
  struct KeyAction {
    const common::v1::TableDescriptor* parent = nullptr;
    const common::v1::TableDescriptor* child = nullptr;
    const common::v1::ForeignKeyDescriptor* key = nullptr;
    std::optional<program::SqlText> on_delete, on_update;  // Made by the first row.
  };
  static std::vector<KeyAction> KeyActionsOf(const sql::Catalog& catalog,
                                             const common::v1::TableDescriptor& parent);
  // For a row of the parent; `new_row` null: it is gone.
  absl::Status RunKeyAction(KeyAction* action, const std::vector<types::Value>& old_row,
                            const std::vector<types::Value>* new_row, AfterQueue* queue,
                            ResultSink* sink);
  // TRUNCATE (schema_statements.cc).
  absl::Status FireTruncateTriggers(const common::v1::Truncate& truncate,
                                    const sql::Catalog& catalog,
                                    common::v1::TriggerDescriptor::Timing timing);
  // The same for INSERT … ON CONFLICT DO UPDATE (upsert_triggers.cc).
  absl::Status FireForUpserts(const plan_cache::CachedPlan& plan, uint32_t cte,
                              const std::vector<types::Batch>& batches,
                              storage::api::ExecuteOptions* options, WrittenRows* written);
  // The last rows of what the plan returns: of one row, which it writes, the only one.
  absl::StatusOr<types::Batch> RunForOneRow(const storage::api::PreparedPlanPtr& prepared,
                                            const storage::api::ExecuteOptions& options);
  // Constraint triggers that wait for the transaction's end (deferred_triggers.cc).
  bool IsDeferred(const common::v1::TriggerDescriptor& trigger) const;
  absl::Status Defer(const sql::CatalogPtr& catalog, const TriggerCall& call);
  // Those that wait, or of them those whose constraint is not deferred any more.
  absl::Status FireDeferred(bool all, ResultSink* sink);
  // DO and CALL (program_statement.cc).
  absl::Status RunProgram(const sql::Statement& statement, ResultSink* sink);
  // `types` and `parameters`: of $n in the explained statement, in the extended protocol.
  absl::Status RunExplain(const sql::Statement& statement, const std::vector<types::Type>& types,
                          const std::vector<types::Value>& parameters, ResultSink* sink);
  // The plan of what EXPLAIN is about in the end.
  absl::Status ExplainOne(const sql::Statement& statement, const std::vector<sql::Statement>& inner,
                          const std::vector<types::Type>& types,
                          const std::vector<types::Value>& parameters, ResultSink* sink);
  absl::Status RunPrepare(const sql::Statement& statement, ResultSink* sink);
  absl::Status RunExecute(const sql::Statement& statement, ResultSink* sink);
  // EXECUTE's arguments as values of the parameters' types. Errors: 42601 for another number.
  absl::StatusOr<std::vector<types::Value>> ArgumentsOf(const sql::ExecuteStatement& execute,
                                                        const PreparedStatement& prepared);
  absl::Status RunCursor(const sql::Statement& statement, ResultSink* sink);
  // What runs when it is asked for cannot have programs that write.
  static absl::Status CheckLazy(const common::v1::Plan& plan);
  absl::Status DeclareCursor(const sql::CursorStatement& cursor, ResultSink* sink);
  Portal* FindCursor(const std::string& name);
  // Starts a portal's plan, whose rows are then fetched.
  absl::Status OpenPortal(Portal* portal);
  // Runs a portal's statement to its end and keeps its rows.
  absl::Status RunPortal(Portal* portal, const PlanQuery& query);
  // REQUIRES: the cursor turns. It is one with SCROLL from then on.
  void TurnRound(Portal* cursor);
  absl::Status FetchForward(Portal* cursor, uint64_t count, ResultSink* sink);
  absl::Status FetchScroll(const sql::CursorStatement& fetch, Portal* cursor, ResultSink* sink);
  // Reads what is left of every open result into memory: storage runs one statement of a session at
  // a time.
  void BufferOpenResults();
  void BufferRest(Portal* portal);
  absl::Status EndStream(Portal* portal);
  // What the statement's set_config() has done becomes the session's; its notices are kept for
  // SendReports.
  absl::Status ChangeSettings(const storage::v1::ExecutionSummary& summary);
  void EndCursors(bool commit);
  absl::Status RunCopy(const sql::Statement& statement, ResultSink* sink);
  // `*begun`: the client was asked for data. Errors: ADB01 before that, when the table has changed.
  absl::Status RunCopyIn(const sql::Statement& statement, ResultSink* sink, bool* begun);
  // Rows that COPY has read, into a table with triggers.
  absl::StatusOr<uint64_t> InsertCopied(const std::string& sql, const std::string& name,
                                        program::Rows rows, ResultSink* sink);
  // Of a sequence, for rows that are being copied in.
  // `identity`: of a column that the role may insert into, else by its right to the sequence.
  absl::StatusOr<std::vector<int64_t>> TakeSequenceValues(uint32_t sequence_id, bool identity,
                                                          uint32_t count);
  absl::Status RunCopyOut(const sql::Statement& statement, ResultSink* sink);
  // The plan with the answers to its control functions in place of their calls. Errors: 42501, the
  // orchestrator's.
  absl::StatusOr<storage::api::PreparedPlanPtr> AnswerControl(
      const common::v1::Plan& plan, const std::vector<types::Value>& parameters);
  absl::Status CheckControl(absl::string_view function);
  absl::StatusOr<std::string> ChangeAction(bool revert, int64_t id);
  absl::StatusOr<std::vector<std::string>> RunAllTables();
  // database_statements.cc: CREATE, ALTER and DROP DATABASE, COMMENT ON DATABASE.
  absl::Status AuthorizeDatabaseDdl(const common::v1::DdlStatement& ddl,
                                    const security::v1::Policy& policy,
                                    const sql::Catalog& catalog);
  // Errors: 42501.
  absl::Status AuthorizeTemporary(const security::v1::Policy& policy,
                                  const sql::Catalog& catalog) const;
  // Whether the session's user may change the catalog so: the objects are those of
  // `ddl.resolution`. Errors: 42501, 42704, 55000.
  absl::Status AuthorizeDdl(const common::v1::DdlStatement& ddl, const sql::CatalogPtr& catalog);
  absl::Status AuthorizeAlteration(const common::v1::AlterTable& alter,
                                   const security::v1::Policy& policy, const sql::Catalog& catalog);
  // Functions and triggers, comments on functions too (function_rights.cc). Errors: 42501, 55P02.
  absl::Status AuthorizeFunctionDdl(const common::v1::DdlStatement& ddl,
                                    const security::v1::Policy& policy,
                                    const sql::Catalog& catalog);
  absl::Status AuthorizeFunctionAlteration(const common::v1::FunctionDescriptor& function,
                                           const security::v1::Policy& policy,
                                           const sql::Catalog& catalog);
  // ALTER TYPE, DROP TYPE and COMMENT ON TYPE.
  absl::Status AuthorizeOperators(const common::v1::DdlStatement& ddl,
                                  const security::v1::Policy& policy, const sql::Catalog& catalog);
  absl::Status AuthorizeTypes(const common::v1::DdlStatement& ddl,
                              const security::v1::Policy& policy, const sql::Catalog& catalog);
  // Whether `role` may own what is in `schema`, and be given it by the session's user.
  absl::Status AuthorizeNewOwner(const std::string& role, const std::string& schema,
                                 const security::v1::Policy& policy, const sql::Catalog& catalog);
  // What a view reads its maker must be able to read.
  absl::Status AuthorizeView(const common::v1::TableDescriptor& view,
                             const sql::CatalogPtr& catalog);
  // Binds, authorizes and makes the changes of one statement; `*started` once one is made in a
  // transaction that was there before. Errors: ADB01 when an object was another one by then.
  absl::Status ChangeCatalog(const sql::Statement& statement, DdlNotices* notices, bool* started);
  // One step's changes; `*started`, when given, as in ChangeCatalog.
  absl::Status MakeChanges(std::vector<common::v1::DdlStatement> changes,
                           const sql::CatalogPtr& catalog, DdlNotices* notices, bool* started);
  // SHOW's and EXPLAIN's column, and an answer of it.
  static common::v1::OutputColumn TextColumn(const sql::Statement& statement);
  absl::Status SendText(const sql::Statement& statement, const std::vector<std::string>& lines,
                        ResultSink* sink);
  // For a program's next step: pg_cancel_backend and pg_terminate_backend are called in storage,
  // which is asked about them now and then. Errors: 57014, 57P01.
  absl::Status CheckSignals();
  // What the client is to be told beside results: notices of functions, settings.
  void SendReports(ResultSink* sink);
  // For SendReports.
  void KeepNotice(std::string_view severity, std::string_view sqlstate, std::string_view message);
  // In storage, and for the changes of roles. Errors: storage's.
  absl::Status MakeSavepoint(const std::string& name);
  absl::Status ReleaseSavepoint(const std::string& name);
  absl::Status RollbackToSavepoint(const rpc::CallContext& context, const std::string& name);
  // At once, or with the transaction. Errors: security's; 25006.
  absl::StatusOr<security::v1::ChangeRolesResponse> ChangeRoles(
      security::v1::ChangeRolesRequest* request);
  absl::Status EndTransaction(bool commit);
  // `end` ends storage's part.
  absl::Status EndTransaction(bool commit,
                              const std::function<absl::Status(const rpc::CallContext&)>& end);
  absl::Status FetchPortal(Portal* portal, uint64_t max_rows, ResultSink* sink, bool* suspended);

  const Services services_;
  const SessionOptions options_;
  const std::shared_ptr<rpc::Cancellation> cancellation_;
  std::atomic<uint64_t> cancels_{0};  // By who may stop it, not by a limit of an execution's own.
  std::unique_ptr<storage::api::Session> storage_;
  // What the transaction has changed of roles; null: nothing.
  std::unique_ptr<RoleTransaction> role_changes_;
  std::unique_ptr<storage::api::Session> sequence_session_;  // Made when COPY needs it.
  Settings settings_;
  std::shared_ptr<ReadCounter> reads_;  // Every row that goes to the client.
  struct KeptNotice {
    std::string severity;
    status::SqlError notice;
  };
  std::vector<KeptNotice> notices_;
  std::shared_ptr<NotificationInbox> inbox_;  // Made by the first LISTEN.

  // Of options_.database; it stays the same under another name.
  uint32_t database_id_ = sql::kDatabaseOid;
  bool entered_ = false;  // CheckConnect() has let it in.
  // Who it acts as: SET SESSION AUTHORIZATION or who logged in; SET ROLE or the former.
  std::string session_user_;
  std::string current_user_;
  std::shared_ptr<policy::HeldPolicy> session_policy_;
  std::shared_ptr<policy::HeldPolicy> policy_;  // Of current_user_.
  uint64_t identity_ = 0;                       // Changes with the roles.
  uint64_t adopted_ = 0;                        // Settings::identity_changes() that this is of.
  // Of the roles that it has acted as, for the way back.
  std::unordered_map<std::string, std::shared_ptr<policy::HeldPolicy>> roles_;

  TransactionState state_ = TransactionState::kIdle;
  bool explicit_block_ = false;  // The failed transaction was an explicit one.
  bool changed_schema_ = false;  // In this transaction.
  uint32_t changed_object_ = 0;  // By the last change of the catalog; 0: nothing was.
  std::optional<std::string> temporary_key_ = "";  // Nothing: to be found out.
  int64_t transaction_timestamp_us_ = 0;
  // How the block began, and whether anything has been done in it.
  storage::api::BeginOptions begin_options_;
  bool block_used_ = false;
  std::string trace_id_;
  absl::Time statement_start_;
  uint32_t steps_ = 0;      // Of programs.
  absl::Time ask_storage_;  // When it is next asked about signals.
  absl::Time deadline_ = absl::InfiniteFuture();

  std::shared_ptr<ProgramCache> programs_;         // Made by the first program.
  const TransitionTables* transitions_ = nullptr;  // What its statements can read by name.
  PendingRows* pending_ = nullptr;                 // Of the statement whose triggers fire.
  AfterQueue* key_queue_ = nullptr;  // Where the triggers of a foreign key's action wait.
  int trigger_depth_ = 0;
  std::unique_ptr<DeferredTriggers> deferred_;  // Made by the first of them.
  // What the programs of a statement go by, and since when.
  sql::CatalogPtr seen_catalog_;
  absl::Time seen_at_;
  std::string_view source_;        // What the client has sent, while it runs.
  sql::ScannedStatement scanned_;  // Reused.
  std::string key_;                // Reused.
  std::unordered_map<std::string, std::shared_ptr<const std::vector<sql::Statement>>> parsed_;
  std::unordered_map<std::string, std::shared_ptr<PreparedStatement>> statements_;
  std::unordered_map<std::string, Portal> portals_;
  std::unordered_map<std::string, Portal> cursors_;
  std::vector<std::pair<std::string, uint64_t>> savepoints_;  // With serial, oldest first.
  uint64_t serial_ = 0;
};

}  // namespace adbms::gateway::session
