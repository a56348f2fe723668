// Where a session's results go: the wire protocols implement it. Called on the session's thread. An
// error returned from a method (the client is gone) ends the statement.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/plan.pb.h"
#include "common/status/sql_error.h"
#include "common/types/vector.h"

namespace adbms::gateway::session {

using OutputColumns = google::protobuf::RepeatedPtrField<common::v1::OutputColumn>;

class ResultSink {
 public:
  virtual ~ResultSink() = default;

  // Columns of the rows that follow. `described` says that the client knows them already (Execute).
  virtual absl::Status BeginRows(const OutputColumns& columns) = 0;
  virtual absl::Status Rows(const types::Batch& batch) = 0;
  virtual absl::Status Complete(std::string_view command_tag) = 0;
  // The query string held no statement.
  virtual absl::Status Empty() = 0;
  // severity: NOTICE, WARNING, …
  virtual void Notice(std::string_view severity, const status::SqlError& notice) = 0;
  // One of these fields only.
  void Notice(std::string_view severity, std::string_view sqlstate, std::string_view message) {
    status::SqlError notice;
    notice.sqlstate = std::string(sqlstate);
    notice.message = std::string(message);
    Notice(severity, notice);
  }
  virtual void ParameterStatus(std::string_view name, std::string_view value) = 0;

  // COPY FROM STDIN: asks for data; false at its end. Errors: the client's CopyFail (57014).
  virtual absl::Status BeginCopyIn(int columns, bool binary) = 0;
  virtual absl::StatusOr<bool> ReadCopyData(std::string* data) = 0;
  // COPY TO STDOUT: lines, or in binary format one row, the header before the first, or the
  // trailer.
  virtual absl::Status BeginCopyOut(int columns, bool binary) = 0;
  virtual absl::Status CopyData(std::string_view data) = 0;
  virtual absl::Status EndCopyOut() = 0;
};

}  // namespace adbms::gateway::session
