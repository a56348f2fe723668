// Where a cursor's rows go: the client's columns to its client, those that tell which rows of
// tables they are made of to the cursor. Not thread-safe.
#pragma once

#include "services/gateway/session/inner_sink.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {

class CursorSink : public InnerSink {
 public:
  // Borrows both.
  CursorSink(ResultSink* sink, Portal* portal) : InnerSink(sink), portal_(*portal) {}
  absl::Status BeginRows(const OutputColumns& columns) override {
    return sink()->BeginRows(columns);
  }
  absl::Status Rows(const types::Batch& batch) override;

 private:
  // What a cursor that may turn round keeps of what it has passed.
  static constexpr uint64_t kMaxPassedBytes = uint64_t{4} << 20;
  static constexpr uint64_t kMaxPassedRows = 20'000;

  absl::Status Remember(const types::Batch& batch);

  Portal& portal_;
};

}  // namespace adbms::gateway::session
