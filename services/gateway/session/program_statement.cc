// DO and CALL.
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

absl::Status Session::RunProgram(const sql::Statement&, ResultSink*) {
  return status::NotSupported("DO and CALL");
}

}  // namespace adbms::gateway::session
