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
  Portal& portal_;
};

}  // namespace adbms::gateway::session
