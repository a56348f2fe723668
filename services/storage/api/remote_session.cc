#include "services/storage/api/remote_session.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/batched_writer.h"

namespace adbms::storage::api {
namespace {

// How long new work waits for a storage that is being replaced, and how often it asks.
constexpr absl::Duration kSuccessorWait = absl::Seconds(10);
constexpr absl::Duration kSuccessorPoll = absl::Milliseconds(25);

absl::Status Unreachable() {
  return status::Error(status::sqlstate::kConnectionFailure, "the connection to storage was lost",
                       "", "The transaction is rolled back; try again.");
}

absl::Status Gone() {
  return status::Error(status::sqlstate::kAdminShutdown,
                       "terminating connection: the connection to storage was lost, and what the "
                       "session kept there with it",
                       "Its advisory locks are free, and it listens to no channel any more.",
                       "Connect again.");
}

class RemoteStream : public ResultStream {
 public:
  // The first page is the session's current response.
  RemoteStream(RemoteSession* session, rpc::CallContext context)
      : session_(session), context_(std::move(context)) {}
  ~RemoteStream() override {
    if (ended_ || !session_->connected()) return;
    v1::SessionRequest request;
    request.mutable_close();
    (void)session_->Call(rpc::CallContext(), &request);
  }
  absl::StatusOr<bool> Next(types::Batch* batch) override {
    for (;;) {
      if (ended_) return false;
      if (!first_) {
        v1::SessionRequest request;
        request.mutable_next();
        const absl::Status status = session_->Call(context_, &request);
        if (!status.ok()) {
          ended_ = true;
          return status;
        }
      }
      first_ = false;
      v1::SessionResponse& response = session_->response();
      if (response.end()) {
        ended_ = true;
        summary_.Swap(response.mutable_summary());
      }
      if (response.batch().empty()) continue;
      ASSIGN_OR_RETURN(*batch, types::DecodeBatch(response.batch()));
      return true;
    }
  }
  const v1::ExecutionSummary& summary() const override { return summary_; }

 private:
  RemoteSession* const session_;
  const rpc::CallContext context_;
  v1::ExecutionSummary summary_;
  bool first_ = true;
  bool ended_ = false;
};

class RemoteBulkWriter : public BulkWriter {
 public:
  RemoteBulkWriter(RemoteSession* session, rpc::CallContext context)
      : session_(session), context_(std::move(context)) {}
  ~RemoteBulkWriter() override {
    if (finished_ || !session_->connected()) return;
    v1::SessionRequest request;
    request.mutable_close();
    (void)session_->Call(rpc::CallContext(), &request);
  }
  absl::Status Write(const types::Batch& batch) override {
    RETURN_IF_ERROR(CheckMessage(StringBytes(batch), "the rows"));
    v1::SessionRequest request;
    types::EncodeBatch(batch, request.mutable_write_bulk()->mutable_batch());
    return session_->Call(context_, &request);
  }
  absl::StatusOr<uint64_t> Finish() override {
    finished_ = true;
    v1::SessionRequest request;
    request.mutable_finish_bulk();
    RETURN_IF_ERROR(session_->Call(context_, &request));
    return session_->response().rows_written();
  }

 private:
  RemoteSession* const session_;
  const rpc::CallContext context_;
  bool finished_ = false;
};

size_t BytesOf(const std::vector<types::Value>& values) {
  size_t bytes = 0;
  for (const types::Value& value : values) {
    if (!value.is_null()) bytes += value.bytes().size();
  }
  return bytes;
}

size_t BytesOf(const CteRows& rows) {
  size_t bytes = 0;
  for (const types::Batch& batch : rows.batches) {
    for (const types::VectorPtr& column : batch.columns) {
      bytes += size_t{batch.row_count} * types::WidthOf(column->physical());
      if (!column->has_strings()) continue;
      for (uint32_t row = 0; row < batch.row_count; ++row)
        bytes += column->is_null(row) ? 0 : column->string(row).size();
    }
  }
  return bytes;
}

void FillExecute(const RemotePlan& plan, const ExecuteOptions& options, bool with_plan,
                 v1::ExecuteRequest* execute) {
  execute->set_plan_key(plan.key());
  if (with_plan) execute->set_plan(plan.plan().SerializeAsString());
  if (!options.parameters.empty()) {
    types::Batch row;
    row.row_count = 1;
    for (const types::Value& value : options.parameters) {
      auto vector = std::make_shared<types::Vector>(value.type());
      vector->Append(value);
      row.columns.push_back(std::move(vector));
    }
    types::EncodeBatch(row, execute->mutable_parameters());
  }
  for (const CteRows& rows : options.cte_rows) {
    v1::CteRows* given = execute->add_cte_rows();
    given->set_cte(rows.cte);
    for (const types::Batch& batch : rows.batches) types::EncodeBatch(batch, given->add_batches());
  }
  execute->set_transaction_timestamp_us(options.transaction_timestamp_us);
  execute->set_statement_timestamp_us(options.statement_timestamp_us);
  execute->set_measure_time(options.measure_time);
  if (options.details != nullptr) *execute->mutable_details() = *options.details;
}

v1::SessionAttributes AttributesOf(const ExecuteOptions& options) {
  v1::SessionAttributes attributes;
  attributes.set_current_user(options.current_user);
  attributes.set_session_user(options.session_user);
  attributes.set_backend_pid(options.backend_pid);
  attributes.set_current_database(options.current_database);
  attributes.set_current_schema(options.current_schema);
  attributes.set_time_zone(options.time_zone);
  attributes.set_extra_float_digits(options.text.extra_float_digits);
  attributes.set_bytea_escape(!options.text.bytea_hex);
  attributes.set_interval_style(static_cast<uint32_t>(options.text.interval_style));
  attributes.set_date_style(static_cast<uint32_t>(options.text.date_format.style));
  attributes.set_date_order(static_cast<uint32_t>(options.text.date_format.order));
  *attributes.mutable_search_path() = {options.search_path.begin(), options.search_path.end()};
  return attributes;
}

bool Same(const v1::SessionAttributes& attributes, const ExecuteOptions& options) {
  return attributes.current_user() == options.current_user &&
         attributes.session_user() == options.session_user &&
         attributes.backend_pid() == options.backend_pid &&
         attributes.current_database() == options.current_database &&
         attributes.current_schema() == options.current_schema &&
         attributes.time_zone() == options.time_zone &&
         attributes.extra_float_digits() == options.text.extra_float_digits &&
         attributes.bytea_escape() == !options.text.bytea_hex &&
         attributes.interval_style() == static_cast<uint32_t>(options.text.interval_style) &&
         attributes.date_style() == static_cast<uint32_t>(options.text.date_format.style) &&
         attributes.date_order() == static_cast<uint32_t>(options.text.date_format.order) &&
         std::equal(attributes.search_path().begin(), attributes.search_path().end(),
                    options.search_path.begin(), options.search_path.end());
}

}  // namespace

SessionChannel::Outcome RemoteSession::Send(const rpc::CallContext& context,
                                            v1::SessionRequest* request, bool brief) {
  if (line_ == nullptr) {
    line_ = std::make_unique<SessionChannel::Line>(open_());
    if (sink_ != nullptr) line_->SetSink(sink_);
  }
  if (context.deadline != absl::InfiniteFuture()) {
    request->set_timeout_us(
        std::max<int64_t>(1, absl::ToInt64Microseconds(context.deadline - absl::Now())));
  }
  request->set_trace_id(context.trace_id);
  if (database_ != kSystemDatabase) request->set_database(database_);
  if (lock_timeout_.has_value()) {
    request->set_lock_timeout_ms_plus_one(absl::ToInt64Milliseconds(*lock_timeout_) + 1);
    request->set_backend_pid(backend_pid_);
  }
  const std::optional<BeginOptions> begin = std::exchange(begin_, std::nullopt);
  if (begin.has_value()) {
    request->mutable_begin_first()->set_isolation(
        static_cast<v1::BeginRequest::Isolation>(begin->isolation));
    request->mutable_begin_first()->set_read_only(begin->read_only);
  }
  if (response_.batch().capacity() > kLongMessage) {
    response_ = v1::SessionResponse();  // Its memory would be kept by Clear.
  } else {
    response_.Clear();
  }
  const CancelWatcher::Watch watch(watcher_, context, line_->number());
  const SessionChannel::Outcome outcome = line_->Call(request, brief, &response_);
  if (outcome == SessionChannel::Outcome::kAnswered) {
    keeps_state_ = response_.keeps_state();
    return outcome;
  }
  gone_ |= keeps_state_;
  line_ = nullptr;
  attributes_.reset();
  if (outcome == SessionChannel::Outcome::kNotStarted) begin_ = begin;
  return outcome;
}

absl::Status RemoteSession::Call(const rpc::CallContext& context, v1::SessionRequest* request,
                                 bool brief) {
  if (gone_) return Gone();
  if (line_ == nullptr && in_transaction_ && !begin_.has_value()) return Unreachable();
  if (Send(context, request, brief) != SessionChannel::Outcome::kAnswered)
    return gone_ ? Gone() : Unreachable();
  return status::Decode(response_.error());
}

absl::Status RemoteSession::AwaitSuccessor(const rpc::CallContext& context, absl::Time give_up) {
  RETURN_IF_ERROR(context.Check());
  if (absl::Now() > give_up) {
    return status::Error(status::sqlstate::kConnectionFailure, "storage does not answer", "",
                         "Nothing was changed; try again.");
  }
  absl::SleepFor(kSuccessorPoll);
  return absl::OkStatus();
}

template <typename Fill>
absl::Status RemoteSession::Start(const rpc::CallContext& context, v1::SessionRequest* request,
                                  bool brief, const Fill& fill) {
  absl::Time give_up = absl::InfiniteFuture();
  for (;;) {
    // What a transaction has done so far is gone with the channel.
    const bool fresh = !in_transaction_ || begin_.has_value();
    if (gone_) return Gone();
    if (line_ == nullptr && !fresh) return Unreachable();
    request->Clear();
    fill(request);
    const SessionChannel::Outcome outcome = Send(context, request, brief);
    if (outcome == SessionChannel::Outcome::kAnswered) return status::Decode(response_.error());
    if (gone_) return Gone();
    if (outcome == SessionChannel::Outcome::kLost || !fresh) return Unreachable();
    if (give_up == absl::InfiniteFuture()) give_up = absl::Now() + kSuccessorWait;
    RETURN_IF_ERROR(AwaitSuccessor(context, give_up));
  }
}

absl::Status RemoteSession::Connect(const rpc::CallContext& context, bool superuser) {
  v1::SessionRequest request;
  return Start(context, &request, /*brief=*/false, [superuser](v1::SessionRequest* connect) {
    connect->mutable_connect()->set_superuser(superuser);
  });
}

// BEGIN travels with the first statement; a transaction without one never reaches storage.
absl::Status RemoteSession::Begin(const rpc::CallContext&, const BeginOptions& options) {
  if (in_transaction_) {
    return status::Error(status::sqlstate::kActiveTransaction,
                         "there is already a transaction in progress");
  }
  begin_ = options;
  in_transaction_ = true;
  return absl::OkStatus();
}

absl::Status RemoteSession::Commit(const rpc::CallContext& context) {
  const bool begun = std::exchange(in_transaction_, false) && !begin_.has_value();
  begin_.reset();
  if (!begun) return absl::OkStatus();
  if (line_ == nullptr) return Unreachable();
  v1::SessionRequest request;
  request.mutable_commit();
  return Call(context, &request);
}

absl::Status RemoteSession::Rollback(const rpc::CallContext& context) {
  const bool begun = std::exchange(in_transaction_, false) && !begin_.has_value();
  begin_.reset();
  if (!begun || line_ == nullptr) return absl::OkStatus();  // Rolled back with the channel.
  v1::SessionRequest request;
  request.mutable_rollback();
  const absl::Status status = Call(context, &request);
  return line_ == nullptr ? absl::OkStatus() : status;
}

absl::Status RemoteSession::SavepointCall(const rpc::CallContext& context, const std::string& name,
                                          v1::SavepointRequest::Action action) {
  v1::SessionRequest request;
  request.mutable_savepoint()->set_name(name);
  request.mutable_savepoint()->set_action(action);
  return Call(context, &request);
}

absl::StatusOr<std::unique_ptr<ResultStream>> RemoteSession::Execute(
    const rpc::CallContext& context, const PreparedPlanPtr& plan, const ExecuteOptions& options) {
  const auto* remote = static_cast<const RemotePlan*>(plan.get());
  RETURN_IF_ERROR(CheckMessage(BytesOf(options.parameters), "the statement's values"));
  size_t row_bytes = 0;
  for (const CteRows& rows : options.cte_rows) row_bytes += BytesOf(rows);
  RETURN_IF_ERROR(CheckMessage(row_bytes, "the rows that functions were called for"));
  const auto fill = [&](v1::SessionRequest* request) {
    FillExecute(*remote, options, !remote->sent.load(std::memory_order_relaxed),
                request->mutable_execute());
    if (line_ != nullptr && attributes_.has_value() && Same(*attributes_, options)) return;
    attributes_ = AttributesOf(options);
    *request->mutable_execute()->mutable_attributes() = *attributes_;
  };
  const absl::Status status =
      Start(context, &request_, remote->brief.load(std::memory_order_relaxed), fill);
  if (!status.ok()) {
    attributes_.reset();  // Whether it got as far as to note them is not known.
    return status;
  }
  if (response_.unknown_plan()) {
    request_.Clear();
    FillExecute(*remote, options, /*with_plan=*/true, request_.mutable_execute());
    RETURN_IF_ERROR(Call(context, &request_));
  }
  remote->sent.store(true, std::memory_order_relaxed);
  remote->brief.store(response_.brief(), std::memory_order_relaxed);
  return std::make_unique<RemoteStream>(this, context);
}

absl::StatusOr<v1::DdlResult> RemoteSession::ExecuteDdl(const rpc::CallContext& context,
                                                        const common::v1::DdlStatement& statement) {
  v1::SessionRequest request;
  RETURN_IF_ERROR(Start(context, &request, /*brief=*/false,
                        [&](v1::SessionRequest* ddl) { *ddl->mutable_ddl() = statement; }));
  return std::move(*response_.mutable_ddl());
}

absl::StatusOr<std::unique_ptr<BulkWriter>> RemoteSession::OpenBulkWriter(
    const rpc::CallContext& context, TableVersion table,
    const std::vector<common::v1::CheckConstraint>& checks, const ExecuteOptions& options) {
  v1::SessionRequest request;
  RETURN_IF_ERROR(Start(context, &request, /*brief=*/false, [&](v1::SessionRequest* open) {
    v1::OpenBulkRequest* bulk = open->mutable_open_bulk();
    bulk->set_table_id(table.id);
    bulk->set_schema_version(table.version);
    *bulk->mutable_attributes() = AttributesOf(options);
    bulk->set_transaction_timestamp_us(options.transaction_timestamp_us);
    bulk->set_statement_timestamp_us(options.statement_timestamp_us);
    if (options.details != nullptr) *bulk->mutable_details() = *options.details;
    for (const auto& check : checks) bulk->add_checks(check.SerializeAsString());
  }));
  return std::make_unique<RemoteBulkWriter>(this, context);
}

absl::Status RemoteSession::LockTables(const rpc::CallContext& context,
                                       const v1::LockTablesRequest& request) {
  v1::SessionRequest call;
  *call.mutable_lock_tables() = request;
  return Call(context, &call);
}

absl::Status RemoteSession::SetConstraints(const rpc::CallContext& context,
                                           const v1::SetConstraintsRequest& request) {
  v1::SessionRequest call;
  *call.mutable_set_constraints() = request;
  return Call(context, &call);
}

absl::Status RemoteSession::PrepareTransaction(const rpc::CallContext& context,
                                               const v1::PreparedTransactionRequest& request) {
  v1::SessionRequest call;
  const absl::Status status = Start(
      context, &call, /*brief=*/false,
      [&](v1::SessionRequest* prepare) { *prepare->mutable_prepared_transaction() = request; });
  if (request.kind() == v1::PreparedTransactionRequest::KIND_PREPARE) {
    in_transaction_ = false;  // Whatever came of it.
    begin_.reset();
  }
  return status;
}

absl::Status RemoteSession::CheckSignals(const rpc::CallContext& context, absl::Duration running) {
  v1::SessionRequest request;
  return Start(context, &request, /*brief=*/false, [running](v1::SessionRequest* check) {
    check->mutable_check_signals()->set_running_us(absl::ToInt64Microseconds(running));
  });
}

absl::Status RemoteSession::Notify(const rpc::CallContext& context, const std::string& channel,
                                   const std::string& payload) {
  v1::SessionRequest request;
  return Start(context, &request, /*brief=*/false, [&](v1::SessionRequest* notify) {
    notify->mutable_notify()->set_channel(channel);
    notify->mutable_notify()->set_payload(payload);
  });
}

absl::Status RemoteSession::Listen(const rpc::CallContext& context, const std::string& channel,
                                   std::shared_ptr<NotificationSink> sink) {
  sink_ = std::move(sink);
  if (line_ != nullptr) line_->SetSink(sink_);
  v1::SessionRequest request;
  return Start(context, &request, /*brief=*/false,
               [&](v1::SessionRequest* listen) { listen->mutable_listen()->set_channel(channel); });
}

absl::Status RemoteSession::Unlisten(const rpc::CallContext& context, const std::string& channel) {
  v1::SessionRequest request;
  return Start(context, &request, /*brief=*/false, [&](v1::SessionRequest* unlisten) {
    unlisten->mutable_listen()->set_channel(channel);
    unlisten->mutable_listen()->set_unlisten(true);
  });
}

absl::Status RemoteSession::Discard(const rpc::CallContext& context,
                                    const v1::DiscardRequest& request) {
  if (line_ == nullptr && !gone_) return absl::OkStatus();  // Storage knows nothing of it.
  v1::SessionRequest discard;
  *discard.mutable_discard() = request;
  return Call(context, &discard);
}

absl::Status RemoteSession::Analyze(const rpc::CallContext& context,
                                    const std::vector<TableVersion>& tables) {
  v1::SessionRequest request;
  return Start(context, &request, /*brief=*/false, [&](v1::SessionRequest* analyze) {
    for (const TableVersion& table : tables) {
      analyze->mutable_analyze()->add_table_ids(table.id);
      analyze->mutable_analyze()->add_schema_versions(table.version);
    }
  });
}

absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> RemoteSession::GetCatalog(
    const rpc::CallContext& context) {
  v1::SessionRequest request;
  RETURN_IF_ERROR(Start(context, &request, /*brief=*/false,
                        [](v1::SessionRequest* catalog) { catalog->mutable_catalog(); }));
  return std::make_shared<const common::v1::CatalogSnapshot>(
      std::move(*response_.mutable_catalog()));
}

}  // namespace adbms::storage::api
