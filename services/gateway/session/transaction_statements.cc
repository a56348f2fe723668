// BEGIN, COMMIT, ROLLBACK, savepoints, SET TRANSACTION.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/deferred_triggers.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::EndTransaction(bool commit) {
  return EndTransaction(commit, [this, commit](const rpc::CallContext& context) {
    return commit ? storage_->Commit(context) : storage_->Rollback(context);
  });
}

absl::Status Session::EndTransaction(
    bool commit, const std::function<absl::Status(const rpc::CallContext&)>& end) {
  if (commit) {
    const absl::Status fired = FireDeferred(/*all=*/true, nullptr);
    if (!fired.ok()) {
      EndTransaction(/*commit=*/false).IgnoreError();
      return fired;
    }
  }
  if (deferred_ != nullptr) deferred_->Clear();
  portals_.clear();
  EndCursors(commit);
  savepoints_.clear();
  state_ = TransactionState::kIdle;
  explicit_block_ = false;
  if (changed_schema_) TemporaryChanged(settings_.temporary_schema());
  const bool changed_schema = std::exchange(changed_schema_, false);
  transaction_timestamp_us_ = 0;
  seen_catalog_ = nullptr;
  // A commit is not given up for a deadline once it has begun.
  rpc::CallContext context = Context();
  context.deadline = absl::InfiniteFuture();
  context.cancellation = nullptr;
  if (!commit) {
    settings_.Rollback();
    AdoptIdentity();
    if (role_changes_ != nullptr) {
      (void)role_changes_->Rollback(context);
      role_changes_ = nullptr;
    }
    return end(context);
  }
  absl::Status status = WithoutHidden(end(context));
  if (role_changes_ != nullptr) {
    if (!status.ok()) {
      (void)role_changes_->Rollback(context);
    } else if (absl::Status roles = role_changes_->Commit(context); !roles.ok()) {
      status = status::Error(status::sqlstate::kInternalError,
                             "the transaction is committed, but its changes of roles are lost",
                             std::string(roles.message()), "Make them again.");
    } else {
      services_.policies->Refresh();
    }
    role_changes_ = nullptr;
  }
  if (status.ok()) {
    settings_.Commit();
    // Prepared statements to come are told of what is there now. A catalog that cannot be had is
    // told of by the next statement.
    if (changed_schema) services_.catalog->Get(context, options_.database).IgnoreError();
  } else {
    settings_.Rollback();
  }
  AdoptIdentity();
  return status;
}

absl::Status Session::MakeSavepoint(const std::string& name) {
  RETURN_IF_ERROR(storage_->Savepoint(Context(), name));
  return role_changes_ == nullptr ? absl::OkStatus() : role_changes_->Savepoint(Context(), name);
}

absl::Status Session::ReleaseSavepoint(const std::string& name) {
  RETURN_IF_ERROR(storage_->Release(Context(), name));
  return role_changes_ == nullptr ? absl::OkStatus() : role_changes_->Release(Context(), name);
}

absl::Status Session::RollbackToSavepoint(const rpc::CallContext& context,
                                          const std::string& name) {
  RETURN_IF_ERROR(storage_->RollbackTo(context, name));
  return role_changes_ == nullptr ? absl::OkStatus() : role_changes_->RollbackTo(context, name);
}

void Session::ReleaseFailed() {
  rpc::CallContext context = Context();
  context.deadline = absl::InfiniteFuture();
  context.cancellation = nullptr;
  absl::Status status;
  if (savepoints_.empty()) {
    EndCursors(/*commit=*/false);
    status = storage_->Rollback(context);
  } else {
    BufferOpenResults();
    status = RollbackToSavepoint(context, savepoints_.back().first);
  }
  (void)status;  // The block ends with a rollback in any case.
}

absl::Status Session::RunTransaction(const sql::Statement& statement, ResultSink* sink) {
  const sql::TransactionStatement& transaction = statement.transaction;
  using Kind = sql::TransactionStatement::Kind;
  const auto outside_block = [&](absl::string_view command) {
    return status::Error(status::sqlstate::kNoActiveTransaction,
                         absl::StrCat(command, " can only be used in transaction blocks"));
  };
  switch (transaction.kind) {
    case Kind::kPrepare:
    case Kind::kCommitPrepared:
    case Kind::kRollbackPrepared:
      return RunPrepared(statement, sink);
    case Kind::kBegin: {
      if (state_ == TransactionState::kExplicit) {
        sink->Notice("WARNING", status::sqlstate::kActiveTransaction,
                     "there is already a transaction in progress");
        return sink->Complete(statement.command_tag);
      }
      const std::string isolation =
          transaction.isolation.empty() ? settings_.default_isolation() : transaction.isolation;
      if (state_ == TransactionState::kImplicit) {
        state_ = TransactionState::kExplicit;
        sql::SetStatement modes;
        modes.isolation = transaction.isolation;
        modes.read_only = transaction.read_only;
        RETURN_IF_ERROR(SetTransaction(modes, sink));
        return sink->Complete(statement.command_tag);
      }
      storage::api::BeginOptions options;
      options.read_only = transaction.read_only.value_or(settings_.default_read_only());
      options.isolation = IsolationOf(isolation);
      RETURN_IF_ERROR(BeginBlock(options));
      return sink->Complete(statement.command_tag);
    }
    case Kind::kCommit: {
      if (transaction.chain && state_ != TransactionState::kExplicit &&
          state_ != TransactionState::kFailed) {
        return outside_block("COMMIT AND CHAIN");
      }
      if (state_ == TransactionState::kIdle) {
        sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                     "there is no transaction in progress");
        return sink->Complete("COMMIT");
      }
      const bool failed = state_ == TransactionState::kFailed;
      RETURN_IF_ERROR(EndTransaction(!failed));
      if (transaction.chain) RETURN_IF_ERROR(BeginBlock(begin_options_));
      SendReports(sink);
      return sink->Complete(failed ? "ROLLBACK" : "COMMIT");
    }
    case Kind::kRollback:
      if (transaction.chain && state_ != TransactionState::kExplicit &&
          state_ != TransactionState::kFailed) {
        return outside_block("ROLLBACK AND CHAIN");
      }
      if (state_ == TransactionState::kIdle) {
        sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                     "there is no transaction in progress");
        return sink->Complete("ROLLBACK");
      }
      RETURN_IF_ERROR(EndTransaction(/*commit=*/false));
      if (transaction.chain) RETURN_IF_ERROR(BeginBlock(begin_options_));
      SendReports(sink);
      return sink->Complete("ROLLBACK");
    case Kind::kSavepoint:
      if (state_ != TransactionState::kExplicit) return outside_block("SAVEPOINT");
      BufferOpenResults();
      RETURN_IF_ERROR(MakeSavepoint(transaction.savepoint));
      savepoints_.emplace_back(transaction.savepoint, ++serial_);
      settings_.Savepoint();
      return sink->Complete("SAVEPOINT");
    case Kind::kRelease:
      if (state_ != TransactionState::kExplicit) return outside_block("RELEASE SAVEPOINT");
      BufferOpenResults();
      RETURN_IF_ERROR(ReleaseSavepoint(transaction.savepoint));
      while (!savepoints_.empty()) {
        const bool found = savepoints_.back().first == transaction.savepoint;
        savepoints_.pop_back();
        if (found) break;
      }
      settings_.Release(savepoints_.size());
      return sink->Complete("RELEASE");
    case Kind::kRollbackTo:
      if (state_ != TransactionState::kExplicit && state_ != TransactionState::kFailed) {
        return outside_block("ROLLBACK TO SAVEPOINT");
      }
      if (std::none_of(savepoints_.begin(), savepoints_.end(), [&](const auto& savepoint) {
            return savepoint.first == transaction.savepoint;
          })) {
        return status::Error(
            status::sqlstate::kInvalidSavepoint,
            absl::StrCat("savepoint \"", transaction.savepoint, "\" does not exist"));
      }
      BufferOpenResults();
      RETURN_IF_ERROR(RollbackToSavepoint(Context(), transaction.savepoint));
      while (!savepoints_.empty() && savepoints_.back().first != transaction.savepoint) {
        savepoints_.pop_back();
      }
      if (!savepoints_.empty()) {
        std::erase_if(cursors_, [since = savepoints_.back().second](const auto& cursor) {
          return cursor.second.serial > since;
        });
      }
      if (deferred_ != nullptr) deferred_->RollBackTo(savepoints_.back().second);
      settings_.RollbackTo(savepoints_.size() - 1);
      if (changed_schema_) TemporaryChanged(settings_.temporary_schema());
      AdoptIdentity();
      state_ = TransactionState::kExplicit;
      return sink->Complete("ROLLBACK");
  }
  return absl::InternalError("unknown transaction statement");
}

absl::Status Session::RunPrepared(const sql::Statement& statement, ResultSink* sink) {
  const sql::TransactionStatement& transaction = statement.transaction;
  using Kind = sql::TransactionStatement::Kind;
  using Request = storage::v1::PreparedTransactionRequest;
  ASSIGN_OR_RETURN(const auto policy, policy_->Get());
  Request request;
  request.set_global_id(transaction.global_id);
  request.set_role(current_user_);
  request.set_superuser(policy->superuser());
  if (transaction.kind != Kind::kPrepare) {
    if (in_transaction())
      return status::Error(
          status::sqlstate::kActiveTransaction,
          absl::StrCat(statement.command_tag, " cannot run inside a transaction block"));
    request.set_kind(transaction.kind == Kind::kCommitPrepared ? Request::KIND_COMMIT
                                                               : Request::KIND_ROLLBACK);
    const absl::Status ended = storage_->PrepareTransaction(Context(), request);
    return ended.ok() ? sink->Complete(statement.command_tag) : WithoutHidden(ended);
  }
  if (state_ == TransactionState::kFailed) {
    RETURN_IF_ERROR(EndTransaction(/*commit=*/false));
    return sink->Complete("ROLLBACK");
  }
  if (state_ != TransactionState::kExplicit) {
    sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                 "there is no transaction in progress");
    return sink->Complete("ROLLBACK");
  }
  if (role_changes_ != nullptr) {
    EndTransaction(/*commit=*/false).IgnoreError();
    return status::Error(status::sqlstate::kFeatureNotSupported,
                         "cannot PREPARE a transaction that has changed roles or rights");
  }
  if (std::any_of(cursors_.begin(), cursors_.end(),
                  [](const auto& cursor) { return cursor.second.hold && !cursor.second.held; })) {
    EndTransaction(/*commit=*/false).IgnoreError();
    return status::Error(status::sqlstate::kFeatureNotSupported,
                         "cannot PREPARE a transaction that has created a cursor WITH HOLD");
  }
  request.set_kind(Request::KIND_PREPARE);
  RETURN_IF_ERROR(EndTransaction(/*commit=*/true, [&](const rpc::CallContext& context) {
    return storage_->PrepareTransaction(context, request);
  }));
  SendReports(sink);
  return sink->Complete(statement.command_tag);
}

absl::Status Session::BeginBlock(const storage::api::BeginOptions& options) {
  RETURN_IF_ERROR(storage_->Begin(Context(), options));
  begin_options_ = options;
  state_ = TransactionState::kExplicit;
  settings_.Begin();
  transaction_timestamp_us_ = 0;
  block_used_ = false;
  return absl::OkStatus();
}

absl::Status Session::SetTransaction(const sql::SetStatement& set, ResultSink* sink) {
  if (state_ != TransactionState::kExplicit) {
    sink->Notice("WARNING", status::sqlstate::kNoActiveTransaction,
                 "SET TRANSACTION can only be used in transaction blocks");
    return absl::OkStatus();
  }
  storage::api::BeginOptions options = begin_options_;
  if (!set.isolation.empty()) options.isolation = IsolationOf(set.isolation);
  if (set.read_only.has_value()) options.read_only = *set.read_only;
  if (options.isolation == begin_options_.isolation &&
      options.read_only == begin_options_.read_only) {
    return absl::OkStatus();
  }
  if (block_used_) {
    if (options.isolation != begin_options_.isolation) {
      return status::Error(status::sqlstate::kActiveTransaction,
                           "SET TRANSACTION ISOLATION LEVEL must be called before any query");
    }
    return status::NotSupported("SET TRANSACTION READ ONLY after the first statement");
  }
  // Nothing has been done in it yet: another one in its place.
  RETURN_IF_ERROR(storage_->Rollback(Context()));
  RETURN_IF_ERROR(storage_->Begin(Context(), options));
  begin_options_ = options;
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
