// LISTEN, UNLISTEN, NOTIFY: storage carries them out with the transaction (decision 029).
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::RunNotify(const sql::Statement& statement, ResultSink* sink) {
  const sql::NotifyStatement& notify = statement.notify;
  using Kind = sql::NotifyStatement::Kind;
  if (notify.kind == Kind::kUnlisten && inbox_ == nullptr)
    return sink->Complete(statement.command_tag);
  BufferOpenResults();
  switch (notify.kind) {
    case Kind::kNotify:
      RETURN_IF_ERROR(storage_->Notify(Context(), notify.channel, notify.payload));
      break;
    case Kind::kListen:
      if (!options_.notifiable) {
        return status::Error(status::sqlstate::kFeatureNotSupported,
                             "LISTEN is not supported over gRPC", {},
                             "Listen by the PostgreSQL protocol.");
      }
      if (inbox_ == nullptr) {
        ASSIGN_OR_RETURN(inbox_, NotificationInbox::Open());
      }
      RETURN_IF_ERROR(storage_->Listen(Context(), notify.channel, inbox_));
      break;
    case Kind::kUnlisten:
      RETURN_IF_ERROR(storage_->Unlisten(Context(), notify.channel));
      break;
  }
  return sink->Complete(statement.command_tag);
}

}  // namespace adbms::gateway::session
