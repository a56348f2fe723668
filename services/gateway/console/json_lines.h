// A session's results as lines of JSON (console.h has their form). On the thread of the session.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/result_sink.h"
#include "services/gateway/session/settings.h"

namespace adbms::gateway::console {

// {"code":…,"message":…,…}: the fields that there are.
std::string ErrorObject(const status::SqlError& error);
// {"error":{…}}, without the line's end.
std::string ErrorLine(const status::SqlError& error);

class JsonLines : public session::ResultSink {
 public:
  // Takes lines, each with its end. An error ends the statement.
  using Write = std::function<absl::Status(std::string lines)>;

  // `settings` must outlive this. `max_rows`: of a result; 0: all.
  JsonLines(const session::Settings& settings, uint64_t max_rows, Write write);

  absl::Status BeginRows(const session::OutputColumns& columns) override;
  absl::Status Rows(const types::Batch& batch) override;
  absl::Status Complete(std::string_view command_tag) override;
  absl::Status Empty() override;
  using session::ResultSink::Notice;
  void Notice(std::string_view severity, const status::SqlError& notice) override;
  void ParameterStatus(std::string_view, std::string_view) override {}
  // COPY needs a file or a program: 0A000.
  absl::Status BeginCopyIn(int columns, bool binary) override;
  absl::StatusOr<bool> ReadCopyData(std::string* data) override;
  absl::Status BeginCopyOut(int columns, bool binary) override;
  absl::Status CopyData(std::string_view data) override;
  absl::Status EndCopyOut() override;

  // The statement stopped where more rows were left.
  absl::Status Suspend();
  // Hands on what is held back.
  absl::Status Flush();

 private:
  void EndRows();
  absl::Status FlushIfLarge();

  const session::Settings& settings_;
  const uint64_t max_rows_;
  const Write write_;
  std::string lines_;     // Not handed on yet.
  bool in_rows_ = false;  // In a line of rows.
  uint64_t rows_ = 0;     // Of this result.
  size_t held_notices_ = 0;
  std::string cell_;  // Reused.
};

}  // namespace adbms::gateway::console
