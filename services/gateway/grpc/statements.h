// What calls run on a session: the extended protocol's steps, and what goes with every statement.
// On the thread of the call that has the session.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "adbms/gateway/v1/gateway.pb.h"
#include "services/gateway/grpc/call_watcher.h"
#include "services/gateway/grpc/response_sink.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::grpc_front {

// Begins a transaction. Notices go to the sink.
absl::Status Begin(session::Session* session, const v1::TransactionOptions& transaction,
                   session::ResultSink* sink);

// Runs `run` as the options say: in a transaction that it begins, with settings that end with it.
// Errors: those of both; 0A000 for settings that no statement has for itself.
absl::Status WithOptions(session::Session* session, const v1::StatementOptions& options,
                         session::ResultSink* sink, const std::function<absl::Status()>& run);

// What the request asks for, after its options. The rows and the end go to the sink. Errors: the
// statement's; 25P01 for a portal outside of a transaction; 08P01.
absl::Status RunStatement(session::Session* session, const v1::ExecuteRequest& request,
                          ResponseSink* sink);
// Errors: 34000, the statement's.
absl::Status RunFetch(session::Session* session, const v1::FetchRequest& request,
                      ResponseSink* sink);
// Errors: those of the first row that has one, which takes back all of them.
absl::Status RunBatch(session::Session* session, const v1::ExecuteBatchRequest& request,
                      const RunningCall& call, v1::ExecuteBatchResponse* response);

// Gives what was heard of functions and triggers to a response's notices; there are no rows.
class NoticeSink : public ResponseSink {
 public:
  explicit NoticeSink(session::Session* session)
      : ResponseSink(
            session, [](const v1::ExecuteResponse&) { return absl::OkStatus(); }, true),
        session_(session) {}
  absl::Status BeginRows(const session::OutputColumns&) override { return absl::OkStatus(); }
  absl::Status Rows(const types::Batch&) override { return absl::OkStatus(); }
  absl::Status Complete(std::string_view command_tag) override {
    rows_ = RowsOfTag(command_tag).value_or(0);
    return absl::OkStatus();
  }
  using session::ResultSink::Notice;
  void Notice(std::string_view severity, const status::SqlError& notice) override;
  // Of the last statement.
  uint64_t rows() const { return rows_; }
  google::protobuf::RepeatedPtrField<v1::Notice>* notices() { return &notices_; }

 private:
  session::Session* const session_;
  uint64_t rows_ = 0;
  google::protobuf::RepeatedPtrField<v1::Notice> notices_;
};

}  // namespace adbms::gateway::grpc_front
