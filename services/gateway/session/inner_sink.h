// Where a statement that a session runs on behalf of another puts its answer. Not thread-safe.
#pragma once

#include "services/gateway/session/result_sink.h"

namespace adbms::gateway::session {

// Hands notices on and takes everything else for itself; there is no COPY in it.
class InnerSink : public ResultSink {
 public:
  explicit InnerSink(ResultSink* sink) : sink_(sink) {}
  absl::Status BeginRows(const OutputColumns&) override { return absl::OkStatus(); }
  absl::Status Rows(const types::Batch&) override { return absl::OkStatus(); }
  absl::Status Complete(std::string_view) override { return absl::OkStatus(); }
  absl::Status Empty() override { return absl::OkStatus(); }
  void Notice(std::string_view severity, const status::SqlError& notice) override {
    sink_->Notice(severity, notice);
  }
  void ParameterStatus(std::string_view, std::string_view) override {}
  absl::Status BeginCopyIn(int, bool) override { return NoCopy(); }
  absl::StatusOr<bool> ReadCopyData(std::string*) override { return NoCopy(); }
  absl::Status BeginCopyOut(int, bool) override { return NoCopy(); }
  absl::Status CopyData(std::string_view) override { return NoCopy(); }
  absl::Status EndCopyOut() override { return NoCopy(); }

 protected:
  ResultSink* sink() const { return sink_; }

 private:
  static absl::Status NoCopy() { return absl::InternalError("no COPY here"); }

  ResultSink* const sink_;
};

}  // namespace adbms::gateway::session
