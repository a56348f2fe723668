// Results as PostgreSQL messages.
#pragma once

#include <string>
#include <vector>

#include "services/gateway/pgwire/wire.h"
#include "services/gateway/session/result_sink.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::pgwire {

void WriteRowDescription(const session::OutputColumns& columns, const std::vector<int16_t>& formats,
                         WireWriter* writer);
// severity: ERROR or FATAL.
void WriteError(const absl::Status& status, std::string_view severity, WireWriter* writer);

// Binary when `formats` says so: none: text; one: for all; otherwise one a column.
bool IsBinary(const std::vector<int16_t>& formats, size_t column);

class WireSink : public session::ResultSink {
 public:
  // All borrowed for the sink's life. `describe`: BeginRows sends a RowDescription.
  WireSink(WireReader* reader, WireWriter* writer, const session::Settings* settings, bool describe,
           std::vector<int16_t> formats = {})
      : reader_(reader),
        writer_(writer),
        settings_(settings),
        describe_(describe),
        formats_(std::move(formats)) {}

  absl::Status BeginRows(const session::OutputColumns& columns) override;
  absl::Status Rows(const types::Batch& batch) override;
  absl::Status Complete(std::string_view command_tag) override;
  absl::Status Empty() override;
  void Notice(std::string_view severity, const status::SqlError& notice) override;
  void ParameterStatus(std::string_view name, std::string_view value) override;
  absl::Status BeginCopyIn(int columns, bool binary) override;
  absl::StatusOr<bool> ReadCopyData(std::string* data) override;
  absl::Status BeginCopyOut(int columns, bool binary) override;
  absl::Status CopyData(std::string_view data) override;
  absl::Status EndCopyOut() override;

 private:
  WireReader* const reader_;
  WireWriter* const writer_;
  const session::Settings* const settings_;
  const bool describe_;
  const std::vector<int16_t> formats_;
  bool binary_copy_ = false;
};

}  // namespace adbms::gateway::pgwire
