// DISCARD.
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::RunDiscard(const sql::Statement& statement, ResultSink* sink) {
  using Kind = sql::DiscardStatement::Kind;
  storage::v1::DiscardRequest request;
  switch (statement.discard.kind) {
    case Kind::kTemp:
      BufferOpenResults();
      request.set_temporary_objects(true);
      RETURN_IF_ERROR(storage_->Discard(Context(), request));
      if (in_transaction() && !settings_.temporary_schema().empty()) changed_schema_ = true;
      TemporaryChanged(settings_.temporary_schema());
      break;
    case Kind::kPlans:
      ++identity_;
      break;
    case Kind::kSequences:
      BufferOpenResults();
      request.set_sequences(true);
      RETURN_IF_ERROR(storage_->Discard(Context(), request));
      break;
    case Kind::kAll:
      if (in_transaction()) {
        return status::Error(status::sqlstate::kActiveTransaction,
                             "DISCARD ALL cannot run inside a transaction block");
      }
      cursors_.clear();
      portals_.clear();
      RETURN_IF_ERROR(ChangeIdentity("session_authorization", std::nullopt, /*is_local=*/false));
      RETURN_IF_ERROR(ChangeIdentity("role", std::nullopt, /*is_local=*/false));
      settings_.ResetAll();
      statements_.clear();
      request.set_sequences(true);
      request.set_advisory_locks(true);
      request.set_listening(true);
      request.set_temporary_objects(true);
      RETURN_IF_ERROR(storage_->Discard(Context(), request));
      TemporaryChanged(settings_.temporary_schema());
      break;
  }
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
