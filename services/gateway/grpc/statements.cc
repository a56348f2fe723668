#include "services/gateway/grpc/statements.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/grpc/errors.h"
#include "services/gateway/grpc/values.h"

namespace adbms::gateway::grpc_front {
namespace {

// More are dropped: they are told all at once.
constexpr int kMostNotices = 1000;
// Rows of no columns need no bytes to be many.
constexpr uint32_t kRowsWithoutColumns = 1'000'000;

absl::string_view LevelOf(v1::Isolation isolation) {
  switch (isolation) {
    case v1::ISOLATION_READ_COMMITTED:
      return " ISOLATION LEVEL READ COMMITTED";
    case v1::ISOLATION_REPEATABLE_READ:
      return " ISOLATION LEVEL REPEATABLE READ";
    case v1::ISOLATION_SERIALIZABLE:
      return " ISOLATION LEVEL SERIALIZABLE";
    default:
      return "";
  }
}

std::string BeginText(const v1::TransactionOptions& transaction) {
  std::string text = absl::StrCat("BEGIN", LevelOf(transaction.isolation()));
  if (transaction.has_read_only())
    absl::StrAppend(&text, transaction.read_only() ? " READ ONLY" : " READ WRITE");
  if (transaction.deferrable()) absl::StrAppend(&text, " DEFERRABLE");
  return text;
}

// The settings of a statement, for as long as this lives.
class Overrides {
 public:
  explicit Overrides(session::Session* session) : session_(*session) {}
  ~Overrides() {
    for (auto one = overrides_.rbegin(); one != overrides_.rend(); ++one)
      session_.settings().EndOverride(*one);
  }
  Overrides(const Overrides&) = delete;
  Overrides& operator=(const Overrides&) = delete;

  absl::Status Add(const std::string& name, const std::string& value) {
    if (session::Session::IsIdentity(name) || session::Session::IsOfTransaction(name)) {
      return status::Error(
          status::sqlstate::kFeatureNotSupported,
          absl::StrCat("parameter \"", name, "\" for one statement is not supported"), "",
          "Use SET.");
    }
    ASSIGN_OR_RETURN(session::Settings::Override made,
                     session_.settings().BeginOverride(name, value));
    overrides_.push_back(std::move(made));
    return absl::OkStatus();
  }

 private:
  session::Session& session_;
  std::vector<session::Settings::Override> overrides_;
};

// The prepared statement that is asked for: of its name, or made of the text.
absl::StatusOr<const session::PreparedStatement*> Statement(session::Session* session,
                                                            const std::string& name,
                                                            std::string_view sql,
                                                            std::vector<types::Type> declared) {
  if (name.empty()) {
    session->CloseStatement("");
    RETURN_IF_ERROR(session->Prepare("", sql, std::move(declared)));
  }
  return session->FindStatement(name);
}

// The end of what was not a simple query.
absl::Status Settle(session::Session* session, const absl::Status& status) {
  if (!status.ok()) session->Fail();
  const absl::Status synced = session->Sync();
  return status.ok() ? synced : status;
}

absl::Status RunPrepared(session::Session* session, const v1::ExecuteRequest& request,
                         ResponseSink* sink) {
  std::vector<types::Type> declared;
  if (request.statement().empty()) {
    google::protobuf::RepeatedField<uint32_t> oids;
    for (const v1::Value& value : request.parameters()) oids.Add(value.type_oid());
    ASSIGN_OR_RETURN(declared, DeclaredTypes(oids, session));
  }
  ASSIGN_OR_RETURN(const session::PreparedStatement* const prepared,
                   Statement(session, request.statement(), request.sql(), std::move(declared)));
  ASSIGN_OR_RETURN(std::vector<types::Value> parameters,
                   ParametersOf(request.parameters(), *prepared, session));
  const bool all = request.max_rows() == 0;
  const std::string portal = all ? std::string() : request.portal();
  if (portal.empty()) session->ClosePortal("");
  RETURN_IF_ERROR(session->Bind(portal, request.statement(), std::move(parameters)));
  bool suspended = false;
  RETURN_IF_ERROR(session->Execute(portal, request.max_rows(), /*alone=*/all, sink, &suspended));
  return suspended ? sink->Suspend() : absl::OkStatus();
}

}  // namespace

absl::Status Begin(session::Session* session, const v1::TransactionOptions& transaction,
                   session::ResultSink* sink) {
  class Quiet : public session::ResultSink {
   public:
    explicit Quiet(session::ResultSink* sink) : sink_(sink) {}
    absl::Status BeginRows(const session::OutputColumns&) override { return absl::OkStatus(); }
    absl::Status Rows(const types::Batch&) override { return absl::OkStatus(); }
    absl::Status Complete(std::string_view) override { return absl::OkStatus(); }
    absl::Status Empty() override { return absl::OkStatus(); }
    void Notice(std::string_view severity, const status::SqlError& notice) override {
      sink_->Notice(severity, notice);
    }
    void ParameterStatus(std::string_view name, std::string_view value) override {
      sink_->ParameterStatus(name, value);
    }
    absl::Status BeginCopyIn(int, bool) override { return absl::InternalError("no COPY here"); }
    absl::StatusOr<bool> ReadCopyData(std::string*) override {
      return absl::InternalError("no COPY here");
    }
    absl::Status BeginCopyOut(int, bool) override { return absl::InternalError("no COPY here"); }
    absl::Status CopyData(std::string_view) override { return absl::InternalError("no COPY here"); }
    absl::Status EndCopyOut() override { return absl::InternalError("no COPY here"); }

   private:
    session::ResultSink* const sink_;
  };
  Quiet quiet(sink);
  return session->Query(BeginText(transaction), &quiet);
}

absl::Status WithOptions(session::Session* session, const v1::StatementOptions& options,
                         session::ResultSink* sink, const std::function<absl::Status()>& run) {
  if (options.has_begin() && session->transaction_status() == 'I')
    RETURN_IF_ERROR(Begin(session, options.begin(), sink));
  Overrides overrides(session);
  absl::Status status;
  if (options.timeout_ms() > 0)
    status = overrides.Add("statement_timeout", absl::StrCat(options.timeout_ms()));
  for (const auto& [name, value] : options.settings()) {
    if (status.ok()) status = overrides.Add(name, value);
  }
  if (!status.ok()) {
    session->Fail();
    return status;
  }
  return run();
}

absl::Status RunStatement(session::Session* session, const v1::ExecuteRequest& request,
                          ResponseSink* sink) {
  if (request.max_rows() > 0 && session->transaction_status() != 'T') {
    return status::Error(status::sqlstate::kNoActiveTransaction, "a portal needs a transaction", "",
                         "Begin one, or read the whole result as a stream.");
  }
  const bool simple = request.statement().empty() && request.parameters().empty();
  if (simple && request.max_rows() == 0) return session->Query(request.sql(), sink);
  return Settle(session, RunPrepared(session, request, sink));
}

absl::Status RunFetch(session::Session* session, const v1::FetchRequest& request,
                      ResponseSink* sink) {
  const auto fetch = [&]() -> absl::Status {
    bool suspended = false;
    RETURN_IF_ERROR(
        session->Execute(request.portal(), request.max_rows(), /*alone=*/false, sink, &suspended));
    return suspended ? sink->Suspend() : absl::OkStatus();
  };
  return Settle(session, fetch());
}

void NoticeSink::Notice(std::string_view severity, const status::SqlError& notice) {
  if (session_->settings().Wants(severity) && notices_.size() < kMostNotices)
    *notices_.Add() = NoticeOf(severity, notice);
}

absl::Status RunBatch(session::Session* session, const v1::ExecuteBatchRequest& request,
                      const RunningCall& call, v1::ExecuteBatchResponse* response) {
  const absl::Time start = absl::Now();
  NoticeSink sink(session);
  const auto check = [&]() -> absl::Status {
    const uint32_t limit_ms = request.options().timeout_ms();
    if (limit_ms > 0 && absl::Now() - start > absl::Milliseconds(limit_ms)) {
      return status::Error(status::sqlstate::kQueryCanceled,
                           "canceling statement due to statement timeout");
    }
    if (!call.stopped() && !call.abandoned()) return absl::OkStatus();
    return status::Error(status::sqlstate::kQueryCanceled,
                         "canceling statement due to user request");
  };
  const auto run = [&]() -> absl::Status {
    const v1::Page& page = request.parameters();
    if (page.columns().empty() && page.row_count() > kRowsWithoutColumns) {
      return status::Error(
          status::sqlstate::kProgramLimitExceeded,
          absl::StrCat("a batch without parameters has ", kRowsWithoutColumns, " rows at most"));
    }
    ASSIGN_OR_RETURN(const types::Batch batch, api::DecodePage(page));
    ASSIGN_OR_RETURN(std::vector<types::Type> declared,
                     DeclaredTypes(request.parameter_types(), session));
    ASSIGN_OR_RETURN(const session::PreparedStatement* const prepared,
                     Statement(session, request.statement(), request.sql(), std::move(declared)));
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      RETURN_IF_ERROR(check());
      const auto one = [&]() -> absl::Status {
        ASSIGN_OR_RETURN(std::vector<types::Value> parameters,
                         ParametersOf(batch, row, *prepared, session));
        session->ClosePortal("");
        RETURN_IF_ERROR(session->Bind("", request.statement(), std::move(parameters)));
        bool suspended = false;
        return session->Execute("", 0, /*alone=*/false, &sink, &suspended);
      };
      if (const absl::Status status = one(); !status.ok()) {
        status::SqlError error = status::FromStatus(status);
        absl::StrAppend(&error.detail, error.detail.empty() ? "" : " ", "Row ", row + 1,
                        " of the batch.");
        return status::ToStatus(error);
      }
      response->add_rows(sink.rows());
    }
    return absl::OkStatus();
  };
  const absl::Status status = Settle(session, run());
  response->mutable_notices()->Swap(sink.notices());
  response->set_transaction_status(TransactionStatusOf(session->transaction_status()));
  return status;
}

}  // namespace adbms::gateway::grpc_front
