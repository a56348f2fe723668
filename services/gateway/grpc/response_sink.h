// Where the results of a session go on their way to a gRPC client: rows are gathered to pages, and
// a small result is one message. Not thread-safe.
#pragma once

#include <functional>
#include <string>

#include "adbms/gateway/v1/gateway.pb.h"
#include "services/gateway/api/pages.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

class ResponseSink : public session::ResultSink {
 public:
  // Takes a message. Errors: CANCELLED when the caller is gone.
  using Write = std::function<absl::Status(const v1::ExecuteResponse& response)>;

  // Borrows the session. `described`: the client knows the columns.
  ResponseSink(session::Session* session, Write write, bool described);

  absl::Status BeginRows(const session::OutputColumns& columns) override;
  absl::Status Rows(const types::Batch& batch) override;
  absl::Status Complete(std::string_view command_tag) override;
  absl::Status Empty() override { return Complete(""); }
  using session::ResultSink::Notice;
  void Notice(std::string_view severity, const status::SqlError& notice) override;
  void ParameterStatus(std::string_view name, std::string_view value) override;
  absl::Status BeginCopyIn(int columns, bool binary) override;
  absl::StatusOr<bool> ReadCopyData(std::string* data) override;
  absl::Status BeginCopyOut(int columns, bool binary) override;
  absl::Status CopyData(std::string_view data) override;
  absl::Status EndCopyOut() override;

  // The statement is left in its portal, with rows.
  absl::Status Suspend();
  // Sends what is held back until all is known to be well: the last statement's end.
  absl::Status Finish();
  // Instead of Finish(), when the caller is told nothing but this.
  v1::ExecuteResponse Take();

 private:
  // Sends what is held.
  absl::Status Flush();
  absl::Status End(v1::Completion completion);

  session::Session* const session_;
  const Write write_;
  const bool described_;
  api::PageBuilder page_;
  uint64_t rows_ = 0;  // Of the statement that runs.
  size_t held_notices_ = 0;
  v1::ExecuteResponse held_;
};

// The number that a command tag ends with: rows. Nothing: it has none.
std::optional<uint64_t> RowsOfTag(std::string_view command_tag);

}  // namespace adbms::gateway::grpc_front
