// A client's conversation with the engine: at most one transaction, one execution at a time. Not
// thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/storage.h"
#include "services/storage/catalog/virtual_tables.h"
#include "services/storage/executor/operator.h"
#include "services/storage/server/connected_sessions.h"
#include "services/storage/server/sequence_functions.h"
#include "services/storage/server/session_activity.h"
#include "services/storage/server/temporary_objects.h"
#include "services/storage/statistics/statistics_store.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

// What all sessions of a server share; outlives them.
struct ServerParts {
  txn::Shared* shared = nullptr;
  const catalog::VirtualTables* virtual_tables = nullptr;
  statistics::StatisticsStore* statistics = nullptr;
  SessionRegistry* sessions = nullptr;
  TemporarySchemaNumbers* temporary_schemas = nullptr;
  ConnectedSessions* connected = nullptr;
};

// A plan with the compiled form for the catalog version that it was made for. Thread-safe.
class PreparedPlanImpl : public api::PreparedPlan {
 public:
  explicit PreparedPlanImpl(std::shared_ptr<const common::v1::Plan> plan)
      : plan_(std::move(plan)),
        tables_(TablesOf(*plan_)),
        written_(WrittenBy(*plan_)),
        session_effects_(plan_->session_effects()) {}
  const common::v1::Plan& plan() const override { return *plan_; }
  // The user's tables that it reads or writes.
  const std::vector<uint32_t>& tables() const { return tables_; }
  // Those that it writes, itself or by the actions of foreign keys; each once.
  const std::vector<uint32_t>& written() const { return written_; }
  // Whether it must run in a transaction though it only reads.
  bool session_effects() const { return session_effects_; }
  // A SELECT that does more than read: FOR UPDATE and its kin.
  bool locks_rows() const {
    return plan_->kind() == common::v1::STATEMENT_KIND_SELECT && !plan_->read_only();
  }

  // The compiled form. Errors: ADB01 when `catalog` is not what the plan was made for; as
  // CompilePlan.
  absl::StatusOr<std::shared_ptr<const executor::CompiledPlan>> Compiled(
      const catalog::CatalogState& catalog) const;

 private:
  static std::vector<uint32_t> TablesOf(const common::v1::Plan& plan);
  static std::vector<uint32_t> WrittenBy(const common::v1::Plan& plan);

  const std::shared_ptr<const common::v1::Plan> plan_;
  const std::vector<uint32_t> tables_;
  const std::vector<uint32_t> written_;
  const bool session_effects_;
  mutable std::atomic<uint64_t> checked_version_{0};  // Catalog version known to suit the plan.
  mutable std::mutex mutex_;
  mutable std::atomic<std::shared_ptr<const executor::CompiledPlan>> compiled_;
};

// The session's part that running streams refer to.
class SessionState {
 public:
  SessionState(const ServerParts& parts, catalog::DatabasePtr database)
      : parts_(parts),
        database_(std::move(database)),
        activity_(parts.sessions),
        advisory_(parts.shared->locks,
                  parts.shared->next_owner.fetch_add(1, std::memory_order_relaxed),
                  database_->id()),
        listener_(parts.connected->BusOf(database_->id())),
        temporary_(parts.temporary_schemas, this),
        reads_(parts.shared->locks),
        reader_(parts.shared->locks, 0) {
    reader_.SetSession(advisory_.owner());
  }

  ~SessionState() {
    {
      absl::MutexLock lock(&ending_mutex_);
      transaction_.reset();
    }
    {
      const Call call(this);
      temporary_.End();
    }
    if (entered_) parts_.connected->Leave(this);
  }
  // Before its first statement. Errors: 55006.
  absl::Status Enter() {
    RETURN_IF_ERROR(parts_.connected->Enter(this));
    entered_ = true;
    return absl::OkStatus();
  }
  SessionState(const SessionState&) = delete;
  SessionState& operator=(const SessionState&) = delete;

  const ServerParts& parts() const { return parts_; }
  catalog::Database* database() const { return database_.get(); }

  // For as long as a call of the session runs, or an execution that it has begun.
  class Call {
   public:
    Call(SessionState* session, const rpc::CallContext& context) : session_(session) {
      {
        absl::MutexLock lock(&session->running_mutex_);
        session->running_ = context.cancellation;
      }
      ++session->calls_;
    }
    // A part of an execution that has begun.
    explicit Call(SessionState* session) : session_(session) { ++session->calls_; }
    ~Call() { --session_->calls_; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    // To be asked before anything is done: from then on whoever has ended the session waits for the
    // call. Errors: 57P01 when it has ended before.
    absl::Status Check() const { return session_->CheckNotEnded(); }

   private:
    SessionState* const session_;
  };
  // DROP DATABASE … WITH (FORCE): what runs is canceled, and nothing runs any more. From any
  // thread.
  void EndByOther() {
    ended_ = true;  // Before it is asked whether anything runs, as a call asks in reverse.
    activity_.Hide();
    CancelByOther();
  }
  // pg_cancel_backend. From any thread.
  void CancelByOther() {
    absl::MutexLock lock(&running_mutex_);
    if (running_ != nullptr && busy()) {
      running_->Cancel();
    } else {
      canceled_at_ = absl::Now();  // The client may be at work itself.
    }
  }
  // Of a statement that has run for so long. Errors: 57P01, 57014.
  absl::Status CheckSignals(absl::Duration running) {
    RETURN_IF_ERROR(CheckNotEnded());
    absl::MutexLock lock(&running_mutex_);
    if (canceled_at_ < absl::Now() - running) return absl::OkStatus();
    canceled_at_ = absl::InfinitePast();
    return status::Error(status::sqlstate::kQueryCanceled,
                         "canceling statement due to user request");
  }
  // After EndByOther: an idle transaction lets go of its locks at once, not when its client does
  // something. What has a call or a portal open ends with that. From any thread.
  void RollBackByOther() {
    absl::MutexLock lock(&ending_mutex_);
    if (busy()) return;
    transaction_.reset();
    activity_.SetInTransaction(false);
  }
  bool is_ended() const { return ended_; }
  // Errors: 57P01.
  absl::Status CheckNotEnded() const {
    if (!ended_) [[likely]]
      return absl::OkStatus();
    return status::Error(status::sqlstate::kAdminShutdown,
                         "terminating connection due to administrator command");
  }
  txn::Transaction* transaction() { return transaction_.get(); }
  std::unique_ptr<txn::Transaction> NewTransaction(const api::BeginOptions& options) {
    api::BeginOptions allowed = options;
    allowed.read_only |= parts_.shared->engine->read_only();
    auto transaction =
        std::make_unique<txn::Transaction>(parts_.shared, database(), allowed, std::move(spare_));
    transaction->SetSession(&advisory_, &listener_);
    transaction->SetUnsynced(&unsynced_);
    temporary_.Join(transaction.get());
    SetLockingOf(transaction->locks());
    return transaction;
  }
  void SetLocking(absl::Duration timeout, int32_t pid) {
    lock_timeout_ = timeout;
    pid_ = pid;
    SetLockingOf(&reader_);
    SetLockingOf(advisory_.owner());
    if (transaction_ != nullptr) SetLockingOf(transaction_->locks());
  }
  // Until what the session has committed without waiting is in the durable snapshot.
  absl::Status WaitForOwn() {
    if (unsynced_ == 0) return absl::OkStatus();
    const absl::Status status = parts_.shared->log->WaitDurable(unsynced_);
    if (status.ok()) unsynced_ = 0;
    return status;
  }
  // A reading statement outside of transactions starts, which ends with ExecutionEnded.
  absl::Status EnterRead(const rpc::CallContext& context, const std::vector<uint32_t>& tables) {
    return parts_.shared->locks->EnterRead(context, &reader_, &reads_, tables);
  }
  void LeaveRead() { reads_.Leave(); }
  void SetTransaction(std::unique_ptr<txn::Transaction> transaction) {
    transaction_ = std::move(transaction);
    activity_.SetInTransaction(true);
  }
  void EndTransaction() {
    Recycle(transaction_.get());
    transaction_.reset();
    activity_.SetInTransaction(false);
  }
  // Keeps a finished transaction's memory for the next one.
  void Recycle(txn::Transaction* ended) {
    if (ended->ended() && spare_ == nullptr) spare_ = ended->TakeEngineTransaction();
  }
  // From any thread.
  bool busy() const { return executing() || in_call(); }
  // An execution that is not in a call waits for its client.
  bool in_call() const { return calls_ > 0; }
  bool executing() const { return busy_.load(std::memory_order_relaxed); }
  void ExecutionStarted() { busy_ = true; }
  void ExecutionEnded() {
    reads_.Leave();
    busy_ = false;
    activity_.Ended();
  }
  SessionActivity* activity() { return &activity_; }
  const SessionActivity& activity() const { return activity_; }
  SequenceMemory* sequences() { return &sequences_; }
  TemporaryObjects* temporary() { return &temporary_; }
  const TemporaryObjects& temporary() const { return temporary_; }
  txn::AdvisoryLocks* advisory_locks() { return &advisory_; }
  const txn::AdvisoryLocks& advisory_locks() const { return advisory_; }
  txn::Listener* listener() { return &listener_; }
  const txn::Listener& listener() const { return listener_; }
  int32_t pid() const { return pid_; }

 private:
  void SetLockingOf(txn::LockOwner* owner) const {
    if (!lock_timeout_.has_value()) return;
    owner->SetTimeout(*lock_timeout_);
    owner->SetPid(pid_);
  }

  const ServerParts parts_;
  const catalog::DatabasePtr database_;
  bool entered_ = false;
  std::atomic<bool> ended_{false};
  std::atomic<int> calls_{0};
  absl::Mutex running_mutex_;
  absl::Time canceled_at_ ABSL_GUARDED_BY(running_mutex_) = absl::InfinitePast();
  std::shared_ptr<rpc::Cancellation> running_ ABSL_GUARDED_BY(running_mutex_);
  absl::Mutex ending_mutex_;  // Held by whoever ends the transaction of an ended session.
  std::optional<absl::Duration> lock_timeout_;
  std::atomic<int32_t> pid_{0};
  std::unique_ptr<engine::Transaction> spare_;
  std::atomic<bool> busy_{false};
  uint64_t unsynced_ = 0;  // Transaction::SetUnsynced.
  SequenceMemory sequences_;
  SessionActivity activity_;
  // Transactions refer to both.
  txn::AdvisoryLocks advisory_;
  txn::Listener listener_;
  TemporaryObjects temporary_;
  std::unique_ptr<txn::Transaction> transaction_;
  txn::ReadSlots reads_;
  txn::LockOwner reader_;
};

class Session : public api::Session {
 public:
  Session(const ServerParts& parts, catalog::DatabasePtr database)
      : state_(parts, std::move(database)) {}
  ~Session() override = default;

  // Before anything else. Errors: 55006 while the database is being dropped.
  absl::Status Enter() { return state_.Enter(); }

  absl::Status Connect(const rpc::CallContext& context, bool superuser) override;
  absl::Status Begin(const rpc::CallContext& context, const api::BeginOptions& options) override;
  absl::Status Commit(const rpc::CallContext& context) override;
  absl::Status Rollback(const rpc::CallContext& context) override;
  absl::Status Savepoint(const rpc::CallContext& context, const std::string& name) override;
  absl::Status RollbackTo(const rpc::CallContext& context, const std::string& name) override;
  absl::Status Release(const rpc::CallContext& context, const std::string& name) override;
  absl::StatusOr<std::unique_ptr<api::ResultStream>> Execute(
      const rpc::CallContext& context, const api::PreparedPlanPtr& plan,
      const api::ExecuteOptions& options) override;
  absl::StatusOr<v1::DdlResult> ExecuteDdl(const rpc::CallContext& context,
                                           const common::v1::DdlStatement& statement) override;
  absl::StatusOr<std::unique_ptr<api::BulkWriter>> OpenBulkWriter(
      const rpc::CallContext& context, api::TableVersion table,
      const std::vector<common::v1::CheckConstraint>& checks,
      const api::ExecuteOptions& options) override;
  absl::Status LockTables(const rpc::CallContext& context,
                          const v1::LockTablesRequest& request) override;
  absl::Status SetConstraints(const rpc::CallContext& context,
                              const v1::SetConstraintsRequest& request) override;
  absl::Status Notify(const rpc::CallContext& context, const std::string& channel,
                      const std::string& payload) override;
  absl::Status Listen(const rpc::CallContext& context, const std::string& channel,
                      std::shared_ptr<api::NotificationSink> sink) override;
  absl::Status Unlisten(const rpc::CallContext& context, const std::string& channel) override;
  absl::Status PrepareTransaction(const rpc::CallContext& context,
                                  const v1::PreparedTransactionRequest& request) override;
  absl::Status CheckSignals(const rpc::CallContext&, absl::Duration running) override {
    return state_.CheckSignals(running);
  }
  absl::Status Discard(const rpc::CallContext& context, const v1::DiscardRequest& request) override;
  bool keeps_state() const override {
    return state_.advisory_locks().holds_for_session() || !state_.listener().channels().empty() ||
           !state_.temporary().schema().empty();
  }
  void SetLocking(absl::Duration lock_timeout, int32_t backend_pid) override {
    state_.SetLocking(lock_timeout, backend_pid);
  }
  absl::Status Analyze(const rpc::CallContext& context,
                       const std::vector<api::TableVersion>& tables) override;
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context) override;

 private:
  absl::Status CheckIdle() const;
  // Adds to what the transaction does when it commits, or commits it at once.
  absl::Status Pend(const std::function<absl::Status(txn::PendingNotifications*)>& add);
  absl::Status LockPlan(const rpc::CallContext& context, const PreparedPlanImpl& plan,
                        txn::Transaction* transaction);
  absl::StatusOr<std::unique_ptr<api::ResultStream>> ExecuteRead(
      const rpc::CallContext& context, const PreparedPlanImpl& plan,
      const api::ExecuteOptions& options);
  absl::StatusOr<std::unique_ptr<api::ResultStream>> ExecuteIn(const rpc::CallContext& context,
                                                               const PreparedPlanImpl& plan,
                                                               const api::ExecuteOptions& options,
                                                               bool writes);

  SessionState state_;
  // Made by the transaction, and to be analyzed once everybody sees them.
  std::vector<uint32_t> analyze_at_commit_;
};

}  // namespace adbms::storage::server
