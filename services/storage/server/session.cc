#include "services/storage/server/session.h"
#include "services/storage/txn/prepared_transactions.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/cleanup/cleanup.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/evaluation.h"
#include "services/storage/executor/cascade_rules.h"
#include "services/storage/executor/plan_shape.h"
#include "services/storage/executor/subqueries.h"
#include "services/storage/server/bulk_writer.h"
#include "services/storage/server/catalog_functions.h"
#include "services/storage/server/database_ddl.h"
#include "services/storage/server/ddl.h"
#include "services/storage/server/query_stream.h"

namespace adbms::storage::server {

namespace {

namespace sqlstate = status::sqlstate;

// The table that an operator writes to; 0: it does not write.
uint32_t TargetOf(const common::v1::Operator& op) {
  if (op.has_insert()) return op.insert().table_id();
  if (op.has_update()) return op.update().table_id();
  return op.has_delete_() ? op.delete_().table_id() : 0;
}

const char* VerbOf(const common::v1::Plan& plan) {
  // As in PostgreSQL, whatever WITH writes: the statement is not named by it.
  if (plan.root().has_insert()) return "INSERT";
  if (plan.root().has_update()) return "UPDATE";
  if (plan.root().has_delete_()) return "DELETE";
  if (plan.kind() == common::v1::STATEMENT_KIND_MERGE) return "MERGE";
  return executor::Writes(plan) ? "SELECT" : "SELECT FOR UPDATE";
}

// A transaction that reads only may write to temporary tables.
bool OnlyTemporary(const std::vector<uint32_t>& tables, const catalog::CatalogState& catalog) {
  return std::all_of(tables.begin(), tables.end(), [&](uint32_t id) {
    const catalog::TableEntryPtr* table = catalog.Find(id);
    return table != nullptr && sql::IsTemporarySchema((*table)->descriptor.schema());
  });
}

// Catalog functions with the catalog version that they answer from; lives as long as the stream.
class StreamWithFunctions : public QueryStream {
 public:
  using QueryStream::QueryStream;
  void Prepare(const ServerParts& parts, catalog::CatalogStatePtr catalog,
               const api::ExecuteOptions& options, SessionState* state) {
    executor::ExecutionContext* context = this->context();
    context->catalog = std::move(catalog);
    context->virtual_tables = parts.virtual_tables;
    context->measure_time = options.measure_time;
    sql::functions::EvaluationContext& session = context->state.context;
    sequence_use_.memory = state->sequences();
    sequence_use_.transaction = context->transaction;
    session_use_.session = state;
    session_use_.transaction = context->transaction;
    session_use_.call = context->call;
    session_use_.current_user = options.current_user;
    functions_.emplace(parts.shared, context->catalog.get(), &session, &sequence_use_,
                       &session_use_);
    api::FillEvaluation(options, &session);
    session.catalog = &*functions_;
    session.check_interrupts = [call = context->call] { return call->Check(); };
    context->state.parameters = &options.parameters;
    if (context->plan->correlation_slots > 0) {
      context->state.correlation_slots.resize(context->plan->correlation_slots);
    }
    if (!context->plan->subplans.empty()) {
      context->subqueries = std::make_unique<executor::SubqueryExecution>(context);
      context->state.subqueries = context->subqueries.get();
    }
    for (const api::CteRows& given : options.cte_rows) {
      const auto& ctes = context->plan->plan->ctes();
      if (given.cte < static_cast<uint32_t>(ctes.size()))
        context->given_rows[ctes[static_cast<int>(given.cte)].id()] = &given.batches;
    }
    context->working_tables.resize(context->plan->working_tables);
    if (!context->plan->ctes.empty()) context->ctes.resize(context->plan->ctes.size());
    Open();
  }

 private:
  void Complete(v1::ExecutionSummary* summary) override {
    for (v1::Notice& notice : session_use_.notices) summary->add_notices()->Swap(&notice);
  }

  SequenceUse sequence_use_;
  SessionUse session_use_;
  std::optional<CatalogFunctionsImpl> functions_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const executor::CompiledPlan>> PreparedPlanImpl::Compiled(
    const catalog::CatalogState& catalog) const {
  if (checked_version_.load(std::memory_order_acquire) == catalog.version()) {
    return compiled_.load(std::memory_order_acquire);
  }
  for (const common::v1::TableUse& use : plan_->tables()) {
    const catalog::TableEntryPtr* entry = catalog.Find(use.table_id());
    if (entry == nullptr || (*entry)->descriptor.schema_version() != use.schema_version()) {
      return status::Error(sqlstate::kStalePlan,
                           "the plan was made for another version of table " + use.name());
    }
  }
  for (const common::v1::FunctionUse& use : plan_->functions()) {
    const catalog::FunctionPtr function = catalog.FindFunction(use.function_id());
    if (function == nullptr || function->version() != use.version())
      return status::Error(
          sqlstate::kStalePlan,
          "the plan was made for another version of function " + std::to_string(use.function_id()));
  }
  for (const common::v1::OperatorUse& use : plan_->operators()) {
    const auto op = catalog.operators().find(use.operator_id());
    if (op == catalog.operators().end() || op->second->version() != use.version())
      return status::Error(sqlstate::kStalePlan,
                           "the plan was made for another version of an operator");
  }
  for (const common::v1::TypeUse& use : plan_->types()) {
    const common::v1::TypeDescriptor* type = catalog.FindType(use.type_oid());
    if (type == nullptr || type->schema_version() != use.schema_version())
      return status::Error(sqlstate::kStalePlan, "the plan was made for another version of a type");
  }
  if (!executor::KnowsItsCascades(*plan_, catalog)) {
    return status::Error(sqlstate::kStalePlan,
                         "the plan was made before a foreign key that acts on other tables");
  }
  std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<const executor::CompiledPlan> compiled =
      compiled_.load(std::memory_order_acquire);
  bool fits = compiled != nullptr;
  if (fits) {
    // Tables that the plan refers to without listing them are held to the very entries it was
    // compiled with.
    for (const catalog::TableEntryPtr& entry : compiled->tables) {
      const catalog::TableEntryPtr* now = catalog.Find(entry->descriptor.table_id());
      fits &= now != nullptr && *now == entry;
    }
  }
  if (!fits) {
    ASSIGN_OR_RETURN(compiled, executor::CompilePlan(plan_, catalog));
    compiled_.store(compiled, std::memory_order_release);
  }
  checked_version_.store(catalog.version(), std::memory_order_release);
  return compiled;
}

absl::Status Session::Connect(const rpc::CallContext& context, bool superuser) {
  RETURN_IF_ERROR(CheckIdle());
  return state_.parts().connected->Connect(&state_, superuser);
}

absl::Status Session::CheckIdle() const {
  RETURN_IF_ERROR(state_.CheckNotEnded());
  if (!state_.executing()) return absl::OkStatus();
  return status::Error(sqlstate::kObjectInUse, "another execution of this session is still open");
}

absl::Status Session::Begin(const rpc::CallContext& context, const api::BeginOptions& options) {
  RETURN_IF_ERROR(CheckIdle());
  if (state_.transaction() != nullptr) {
    return status::Error(sqlstate::kActiveTransaction,
                         "there is already a transaction in progress");
  }
  state_.SetTransaction(state_.NewTransaction(options));
  return absl::OkStatus();
}

absl::Status Session::Commit(const rpc::CallContext& context) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  if (state_.transaction() == nullptr) return absl::OkStatus();
  const absl::Status status = state_.transaction()->Commit(context);
  state_.EndTransaction();
  const std::vector<uint32_t> created = std::exchange(analyze_at_commit_, {});
  // Statistics are never a reason for a commit to fail; the tables may be gone again, too.
  if (status.ok() && !created.empty())
    (void)state_.parts().statistics->Analyze(context, *state_.database()->Current(), created);
  return status;
}

absl::Status Session::Rollback(const rpc::CallContext& context) {
  RETURN_IF_ERROR(CheckIdle());
  if (state_.transaction() == nullptr) return absl::OkStatus();
  state_.transaction()->Rollback();
  state_.EndTransaction();
  analyze_at_commit_.clear();
  return absl::OkStatus();
}

absl::Status Session::PrepareTransaction(const rpc::CallContext& context,
                                         const v1::PreparedTransactionRequest& request) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  txn::PreparedTransactions* const prepared = state_.parts().shared->prepared;
  if (request.kind() != v1::PreparedTransactionRequest::KIND_PREPARE)
    return prepared->Finish(request, state_.database()->id());
  if (state_.transaction() == nullptr)
    return status::Error(sqlstate::kNoActiveTransaction, "there is no transaction in progress");
  const absl::Status status = prepared->Prepare(context, request, state_.transaction());
  state_.EndTransaction();
  analyze_at_commit_.clear();
  return status;
}

absl::Status Session::Savepoint(const rpc::CallContext& context, const std::string& name) {
  RETURN_IF_ERROR(CheckIdle());
  if (state_.transaction() == nullptr) {
    return status::Error(sqlstate::kNoActiveTransaction,
                         "SAVEPOINT can only be used in transaction blocks");
  }
  return state_.transaction()->Savepoint(name);
}

absl::Status Session::RollbackTo(const rpc::CallContext& context, const std::string& name) {
  RETURN_IF_ERROR(CheckIdle());
  if (state_.transaction() == nullptr) {
    return status::Error(sqlstate::kNoActiveTransaction,
                         "ROLLBACK TO SAVEPOINT can only be used in transaction blocks");
  }
  return state_.transaction()->RollbackTo(name);
}

absl::Status Session::Release(const rpc::CallContext& context, const std::string& name) {
  RETURN_IF_ERROR(CheckIdle());
  if (state_.transaction() == nullptr) {
    return status::Error(sqlstate::kNoActiveTransaction,
                         "RELEASE SAVEPOINT can only be used in transaction blocks");
  }
  return state_.transaction()->Release(name);
}

absl::StatusOr<std::unique_ptr<api::ResultStream>> Session::Execute(
    const rpc::CallContext& context, const api::PreparedPlanPtr& plan,
    const api::ExecuteOptions& options) {
  RETURN_IF_ERROR(CheckIdle());
  RETURN_IF_ERROR(context.Check());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  state_.activity()->Started(options);
  const auto* prepared = static_cast<const PreparedPlanImpl*>(plan.get());
  const bool writes = executor::Writes(prepared->plan());
  if (!writes && state_.transaction() == nullptr && !prepared->session_effects())
    return ExecuteRead(context, *prepared, options);
  return ExecuteIn(context, *prepared, options, writes);
}

absl::StatusOr<std::unique_ptr<api::ResultStream>> Session::ExecuteRead(
    const rpc::CallContext& context, const PreparedPlanImpl& plan,
    const api::ExecuteOptions& options) {
  const ServerParts& parts = state_.parts();
  const catalog::Database& database = *state_.database();
  RETURN_IF_ERROR(state_.WaitForOwn());
  // Before the version check: no one changes the tables between the two.
  RETURN_IF_ERROR(state_.EnterRead(context, plan.tables()));
  const absl::Cleanup leave = [this] {
    if (!state_.executing()) state_.LeaveRead();
  };
  catalog::CatalogStatePtr catalog = database.Current();
  engine::SnapshotPtr snapshot;
  while (true) {
    snapshot = parts.shared->log->DurableSnapshot();
    // Taken while `catalog` is current, the snapshot holds the rows of its tables.
    catalog::CatalogStatePtr now = database.Current();
    if (now == catalog) break;
    catalog = std::move(now);
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const executor::CompiledPlan> compiled, plan.Compiled(*catalog));
  if (compiled->writes)
    return absl::InvalidArgumentError("malformed plan: it writes below its root");
  if (compiled->locks_rows) {
    state_.LeaveRead();
    return ExecuteIn(context, plan, options, true);
  }
  auto stream = std::make_unique<StreamWithFunctions>(&state_, context, parts.shared,
                                                      std::move(compiled), nullptr, nullptr);
  stream->context()->view = txn::ReadView(parts.shared->engine, nullptr, std::move(snapshot));
  stream->Prepare(parts, std::move(catalog), options, &state_);
  state_.ExecutionStarted();
  return std::unique_ptr<api::ResultStream>(std::move(stream));
}

std::vector<uint32_t> PreparedPlanImpl::TablesOf(const common::v1::Plan& plan) {
  std::vector<uint32_t> ids;
  for (const common::v1::TableUse& use : plan.tables()) {
    if (use.table_id() >= catalog::kFirstUserId) ids.push_back(use.table_id());
  }
  return ids;
}

std::vector<uint32_t> PreparedPlanImpl::WrittenBy(const common::v1::Plan& plan) {
  std::set<uint32_t> written = {TargetOf(plan.root())};
  for (const common::v1::Operator& cte : plan.ctes()) written.insert(TargetOf(cte));
  for (const uint32_t id : executor::CascadedTables(plan)) written.insert(id);
  written.erase(0);
  return {written.begin(), written.end()};
}

absl::Status Session::LockPlan(const rpc::CallContext& context, const PreparedPlanImpl& prepared,
                               txn::Transaction* transaction) {
  const std::vector<uint32_t>& written = prepared.written();
  for (const uint32_t id : written)
    RETURN_IF_ERROR(transaction->LockTable(context, id, txn::LockMode::kRowExclusive));
  const txn::LockMode read =
      prepared.locks_rows() ? txn::LockMode::kRowShare : txn::LockMode::kAccessShare;
  for (const uint32_t id : prepared.tables()) {
    if (std::find(written.begin(), written.end(), id) == written.end())
      RETURN_IF_ERROR(transaction->LockTable(context, id, read));
  }
  return absl::OkStatus();
}

namespace {

// The tables with those above them, by whose locks others write to a partition, and all below.
std::vector<uint32_t> WithPartitions(const google::protobuf::RepeatedField<uint32_t>& ids,
                                     const catalog::CatalogState& catalog) {
  std::vector<uint32_t> result;
  const std::function<void(uint32_t)> below = [&](uint32_t id) {
    result.push_back(id);
    const catalog::TableEntryPtr* table = catalog.Find(id);
    if (table == nullptr) return;
    for (const auto& member : (*table)->descriptor.partition_key().partitions())
      below(member.table_id());
  };
  for (const uint32_t id : ids) {
    const size_t first = result.size();
    const catalog::TableEntryPtr* table = catalog.Find(id);
    while (table != nullptr && (*table)->descriptor.partition_of() != 0) {
      const uint32_t above = (*table)->descriptor.partition_of();
      result.insert(result.begin() + static_cast<long>(first), above);
      table = catalog.Find(above);
    }
    below(id);
  }
  return result;
}

}  // namespace

absl::Status Session::LockTables(const rpc::CallContext& context,
                                 const v1::LockTablesRequest& request) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  txn::Transaction* const transaction = state_.transaction();
  if (transaction == nullptr) {
    return status::Error(sqlstate::kNoActiveTransaction,
                         "LOCK TABLE can only be used in transaction blocks");
  }
  if (request.mode() < v1::TABLE_LOCK_MODE_ACCESS_SHARE ||
      request.mode() > v1::TABLE_LOCK_MODE_ACCESS_EXCLUSIVE) {
    return absl::InvalidArgumentError("no such lock mode");
  }
  const auto mode = static_cast<txn::LockMode>(request.mode() - 1);
  for (const uint32_t id : WithPartitions(request.table_ids(), *transaction->SessionCatalog())) {
    const catalog::CatalogStatePtr before = transaction->SessionCatalog();
    const catalog::TableEntryPtr* table = before->Find(id);
    if (!request.nowait()) {
      RETURN_IF_ERROR(transaction->LockTable(context, id, mode));
    } else if (table != nullptr && !transaction->TryLockTable(id, mode)) {
      return status::Error(sqlstate::kLockNotAvailable, "could not obtain lock on relation \"" +
                                                            (*table)->descriptor.name() + "\"");
    }
    if (table == nullptr || transaction->SessionCatalog()->Find(id) == nullptr) {
      return status::Error(sqlstate::kUndefinedTable,
                           "relation with OID " + std::to_string(id) + " does not exist");
    }
  }
  return absl::OkStatus();
}

absl::Status Session::SetConstraints(const rpc::CallContext& context,
                                     const v1::SetConstraintsRequest& request) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  txn::Transaction* const transaction = state_.transaction();
  if (transaction == nullptr) {
    return status::Error(sqlstate::kNoActiveTransaction,
                         "SET CONSTRAINTS can only be used in transaction blocks");
  }
  txn::DeferredConstraints* const deferred = transaction->deferred();
  if (request.constraints().empty()) deferred->SetAll(request.deferred());
  for (const auto& constraint : request.constraints())
    deferred->Set(constraint.table_id(), constraint.name(), request.deferred());
  return request.deferred() ? absl::OkStatus()
                            : deferred->Check(context, transaction, /*commit=*/false);
}

absl::Status Session::Pend(const std::function<absl::Status(txn::PendingNotifications*)>& add) {
  RETURN_IF_ERROR(CheckIdle());
  if (state_.transaction() != nullptr) return add(state_.transaction()->notifications());
  const std::unique_ptr<txn::Transaction> own = state_.NewTransaction({});
  RETURN_IF_ERROR(add(own->notifications()));
  RETURN_IF_ERROR(own->Commit(rpc::CallContext()));
  state_.Recycle(own.get());
  return absl::OkStatus();
}

absl::Status Session::Notify(const rpc::CallContext&, const std::string& channel,
                             const std::string& payload) {
  return Pend([&](txn::PendingNotifications* pending) {
    return pending->Notify(channel, payload, state_.pid());
  });
}

absl::Status Session::Listen(const rpc::CallContext&, const std::string& channel,
                             std::shared_ptr<api::NotificationSink> sink) {
  if (sink == nullptr) return absl::InvalidArgumentError("nobody is there to listen");
  if (state_.listener()->channels().empty()) state_.listener()->SetSink(std::move(sink));
  return Pend([&](txn::PendingNotifications* pending) {
    return pending->Listen(*state_.listener(), channel);
  });
}

absl::Status Session::Unlisten(const rpc::CallContext&, const std::string& channel) {
  return Pend([&](txn::PendingNotifications* pending) { return pending->Unlisten(channel); });
}

absl::Status Session::Discard(const rpc::CallContext& context, const v1::DiscardRequest& request) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  if (state_.transaction() != nullptr && (request.advisory_locks() || request.listening())) {
    return status::Error(sqlstate::kActiveTransaction,
                         "DISCARD ALL cannot run inside a transaction block");
  }
  if (request.sequences()) *state_.sequences() = SequenceMemory();
  if (request.advisory_locks()) state_.advisory_locks()->UnlockAll();
  if (request.listening()) state_.listener()->bus()->UnlistenAll(state_.listener());
  return request.temporary_objects() ? state_.temporary()->Drop(context) : absl::OkStatus();
}

namespace {

// What the statement names, and what it reads and writes for that, as the partitions of a table.
absl::Status CheckTablesSuit(const txn::Transaction& transaction,
                             const executor::CompiledPlan& compiled) {
  for (const common::v1::TableUse& use : compiled.plan->tables())
    RETURN_IF_ERROR(transaction.CheckSnapshotSuits(use.table_id()));
  for (const catalog::TableEntryPtr& table : compiled.tables)
    RETURN_IF_ERROR(transaction.CheckSnapshotSuits(table->descriptor.table_id()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<api::ResultStream>> Session::ExecuteIn(
    const rpc::CallContext& context, const PreparedPlanImpl& plan,
    const api::ExecuteOptions& options, bool writes) {
  const ServerParts& parts = state_.parts();
  std::unique_ptr<txn::Transaction> own;
  txn::Transaction* transaction = state_.transaction();
  if (transaction == nullptr) {
    own = state_.NewTransaction({});
    transaction = own.get();
  }
  if (writes && transaction->options().read_only &&
      !OnlyTemporary(plan.written(), *transaction->SessionCatalog()))
    RETURN_IF_ERROR(transaction->CheckWritable(VerbOf(plan.plan())));
  // Before the version check: no one changes the table between the two.
  RETURN_IF_ERROR(LockPlan(context, plan, transaction));
  RETURN_IF_ERROR(transaction->StartStatement(writes, own != nullptr));
  catalog::CatalogStatePtr catalog = transaction->CatalogView();
  absl::StatusOr<std::shared_ptr<const executor::CompiledPlan>> compiled = plan.Compiled(*catalog);
  absl::Status suits = compiled.status();
  if (suits.ok() && transaction->validates()) suits = CheckTablesSuit(*transaction, **compiled);
  if (!suits.ok()) {
    RETURN_IF_ERROR(transaction->FailStatement());
    return suits;
  }
  const bool read_locks = (*compiled)->locks_rows && !writes;
  if (read_locks) RETURN_IF_ERROR(transaction->CheckWritable("SELECT FOR UPDATE"));
  auto stream = std::make_unique<StreamWithFunctions>(
      &state_, context, parts.shared, *std::move(compiled), transaction, std::move(own));
  stream->context()->view = transaction->View();
  stream->Prepare(parts, std::move(catalog), options, &state_);
  state_.ExecutionStarted();
  return std::unique_ptr<api::ResultStream>(std::move(stream));
}

absl::StatusOr<v1::DdlResult> Session::ExecuteDdl(const rpc::CallContext& context,
                                                  const common::v1::DdlStatement& statement) {
  RETURN_IF_ERROR(CheckIdle());
  RETURN_IF_ERROR(context.Check());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  return statement.has_create_database() || statement.has_drop_database()
             ? RunDatabaseDdl(context, &state_, statement)
             : RunDdl(context, &state_, statement);
}

absl::StatusOr<std::unique_ptr<api::BulkWriter>> Session::OpenBulkWriter(
    const rpc::CallContext& context, api::TableVersion table,
    const std::vector<common::v1::CheckConstraint>& checks, const api::ExecuteOptions& options) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  return BulkWriterImpl::Open(context, &state_, table, checks, options);
}

absl::Status Session::Analyze(const rpc::CallContext& context,
                              const std::vector<api::TableVersion>& tables) {
  RETURN_IF_ERROR(CheckIdle());
  const SessionState::Call call(&state_, context);
  RETURN_IF_ERROR(call.Check());
  const auto committed = state_.database()->Current();
  const auto own =
      state_.transaction() == nullptr ? committed : state_.transaction()->SessionCatalog();
  std::vector<uint32_t> known;
  for (const api::TableVersion& table : tables) {
    const catalog::TableEntryPtr* const entry = own->Find(table.id);
    if (table.version != 0 &&
        (entry == nullptr || (*entry)->descriptor.schema_version() != table.version)) {
      return status::Error(sqlstate::kStalePlan, "ANALYZE was authorized for another version");
    }
    // Some only this transaction sees yet.
    const bool created = entry != nullptr && committed->Find(table.id) == nullptr;
    (created ? analyze_at_commit_ : known).push_back(table.id);
  }
  if (known.empty() && !tables.empty()) return absl::OkStatus();
  return state_.parts().statistics->Analyze(context, *state_.database()->Current(), known);
}

absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> Session::GetCatalog(
    const rpc::CallContext& context) {
  if (state_.transaction() != nullptr) return state_.transaction()->SessionCatalog()->Snapshot();
  return state_.database()->Current()->Snapshot();
}

}  // namespace adbms::storage::server
