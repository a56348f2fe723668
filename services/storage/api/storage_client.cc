#include <list>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/storage_grpc.h"

namespace adbms::storage::api {
namespace {

using Stub = v1::StorageService::Stub;
using Stream = grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>;

// How soon a cancellation is noticed.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(20);

absl::Status Unreachable() {
  return status::Error(status::sqlstate::kConnectionFailure, "the connection to storage was lost",
                       "", "The transaction is rolled back; try again.");
}

class RemotePlan : public PreparedPlan {
 public:
  explicit RemotePlan(std::shared_ptr<const common::v1::Plan> plan) : plan_(std::move(plan)) {
    static thread_local absl::BitGen generator;
    key_ = absl::Uniform<uint64_t>(generator);
  }
  const common::v1::Plan& plan() const override { return *plan_; }
  uint64_t key() const { return key_; }
  // Whether storage has probably seen it.
  mutable std::atomic<bool> sent{false};

 private:
  const std::shared_ptr<const common::v1::Plan> plan_;
  uint64_t key_;
};

// A statement that runs.
struct Entry {
  std::shared_ptr<rpc::Cancellation> cancellation;
  uint64_t session_id;
  bool told;
};

// Watches running statements and tells storage when one is cancelled. Thread-safe.
class CancelWatcher {
 public:
  CancelWatcher(Stub* stub, std::string secret) : stub_(stub), secret_(std::move(secret)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~CancelWatcher() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    thread_.join();
  }

  class Watch {
   public:
    Watch(CancelWatcher* watcher, const rpc::CallContext& context, uint64_t session_id)
        : watcher_(context.cancellation == nullptr || session_id == 0 ? nullptr : watcher) {
      if (watcher_ == nullptr) return;
      absl::MutexLock lock(&watcher_->mutex_);
      entry_ = watcher_->entries_.insert(watcher_->entries_.end(),
                                         {context.cancellation, session_id, false});
    }
    ~Watch() {
      if (watcher_ == nullptr) return;
      absl::MutexLock lock(&watcher_->mutex_);
      watcher_->entries_.erase(entry_);
    }

   private:
    CancelWatcher* const watcher_;
    std::list<Entry>::iterator entry_;
  };

 private:
  friend class Watch;
  void Run();

  Stub* const stub_;
  const std::string secret_;
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

void CancelWatcher::Run() {
  for (;;) {
    std::vector<uint64_t> cancelled;
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kWatchInterval)) return;
      for (Entry& entry : entries_) {
        if (entry.told || !entry.cancellation->cancelled()) continue;
        entry.told = true;
        cancelled.push_back(entry.session_id);
      }
    }
    for (const uint64_t id : cancelled) {
      v1::CancelStatementRequest request;
      request.set_session_id(id);
      (void)rpc::Call(stub_, &Stub::CancelStatement, rpc::CallContext(), secret_, request, true);
    }
  }
}

class RemoteSession : public Session {
 public:
  RemoteSession(Stub* stub, std::string secret, CancelWatcher* watcher)
      : stub_(stub), secret_(std::move(secret)), watcher_(watcher) {}
  ~RemoteSession() override { Disconnect(); }

  absl::Status Begin(const rpc::CallContext& context, const BeginOptions& options) override {
    v1::SessionRequest request;
    request.mutable_begin()->set_repeatable_read(options.isolation == Isolation::kRepeatableRead);
    request.mutable_begin()->set_read_only(options.read_only);
    RETURN_IF_ERROR(Call(context, &request));
    in_transaction_ = true;
    return absl::OkStatus();
  }
  absl::Status Commit(const rpc::CallContext& context) override {
    v1::SessionRequest request;
    request.mutable_commit();
    const absl::Status status = Call(context, &request);
    in_transaction_ = false;
    return status;
  }
  absl::Status Rollback(const rpc::CallContext& context) override {
    in_transaction_ = false;
    if (stream_ == nullptr) return absl::OkStatus();  // Rolled back with the connection.
    v1::SessionRequest request;
    request.mutable_rollback();
    const absl::Status status = Call(context, &request);
    return stream_ == nullptr ? absl::OkStatus() : status;
  }
  absl::Status Savepoint(const rpc::CallContext& context, const std::string& name) override {
    return SavepointCall(context, name, v1::SavepointRequest::ACTION_SAVEPOINT);
  }
  absl::Status RollbackTo(const rpc::CallContext& context, const std::string& name) override {
    return SavepointCall(context, name, v1::SavepointRequest::ACTION_ROLLBACK_TO);
  }
  absl::Status Release(const rpc::CallContext& context, const std::string& name) override {
    return SavepointCall(context, name, v1::SavepointRequest::ACTION_RELEASE);
  }
  absl::StatusOr<std::unique_ptr<ResultStream>> Execute(const rpc::CallContext& context,
                                                        const PreparedPlanPtr& plan,
                                                        const ExecuteOptions& options) override;
  absl::StatusOr<v1::DdlResult> ExecuteDdl(const rpc::CallContext& context,
                                           const common::v1::DdlStatement& statement) override {
    v1::SessionRequest request;
    *request.mutable_ddl() = statement;
    RETURN_IF_ERROR(Call(context, &request));
    return std::move(*response_.mutable_ddl());
  }
  absl::StatusOr<std::unique_ptr<BulkWriter>> OpenBulkWriter(
      const rpc::CallContext& context, uint32_t table_id,
      const std::vector<common::v1::CheckConstraint>& checks) override;
  absl::Status Analyze(const rpc::CallContext& context,
                       const std::vector<uint32_t>& table_ids) override {
    v1::SessionRequest request;
    request.mutable_analyze();
    for (const uint32_t id : table_ids) request.mutable_analyze()->add_table_ids(id);
    return Call(context, &request);
  }
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context) override {
    v1::SessionRequest request;
    request.mutable_catalog();
    RETURN_IF_ERROR(Call(context, &request));
    return std::make_shared<const common::v1::CatalogSnapshot>(
        std::move(*response_.mutable_catalog()));
  }

  // One request, one response (in response_). Errors: the response's, or 08006 when the stream
  // broke.
  absl::Status Call(const rpc::CallContext& context, v1::SessionRequest* request) {
    if (stream_ == nullptr) {
      if (in_transaction_) return Unreachable();
      Connect(context);
    }
    if (context.deadline != absl::InfiniteFuture()) {
      request->set_timeout_us(
          std::max<int64_t>(1, absl::ToInt64Microseconds(context.deadline - absl::Now())));
    }
    request->set_trace_id(context.trace_id);
    response_.Clear();
    const CancelWatcher::Watch watch(watcher_, context, session_id_);
    if (!stream_->Write(*request) || !stream_->Read(&response_)) {
      Disconnect();
      return Unreachable();
    }
    if (response_.session_id() != 0) session_id_ = response_.session_id();
    return status::Decode(response_.error());
  }
  v1::SessionResponse& response() { return response_; }
  bool connected() const { return stream_ != nullptr; }

 private:
  absl::Status SavepointCall(const rpc::CallContext& context, const std::string& name,
                             v1::SavepointRequest::Action action) {
    v1::SessionRequest request;
    request.mutable_savepoint()->set_name(name);
    request.mutable_savepoint()->set_action(action);
    return Call(context, &request);
  }
  void Connect(const rpc::CallContext& context) {
    client_ = std::make_unique<grpc::ClientContext>();
    rpc::Prepare(context, secret_, client_.get(), /*bounded=*/false);
    stream_ = stub_->Session(client_.get());
    session_id_ = 0;
  }
  void Disconnect() {
    if (stream_ == nullptr) return;
    stream_->WritesDone();
    client_->TryCancel();
    stream_->Finish();
    stream_ = nullptr;
    client_ = nullptr;
  }

  Stub* const stub_;
  const std::string secret_;
  CancelWatcher* const watcher_;
  std::unique_ptr<grpc::ClientContext> client_;
  std::unique_ptr<Stream> stream_;
  uint64_t session_id_ = 0;
  bool in_transaction_ = false;
  v1::SessionRequest execute_request_;  // Reused.
  v1::SessionResponse response_;
};

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

absl::StatusOr<std::unique_ptr<ResultStream>> RemoteSession::Execute(
    const rpc::CallContext& context, const PreparedPlanPtr& plan, const ExecuteOptions& options) {
  const auto* remote = static_cast<const RemotePlan*>(plan.get());
  execute_request_.Clear();
  v1::ExecuteRequest* execute = execute_request_.mutable_execute();
  execute->set_plan_key(remote->key());
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
  execute->set_transaction_timestamp_us(options.transaction_timestamp_us);
  execute->set_statement_timestamp_us(options.statement_timestamp_us);
  execute->set_current_user(options.current_user);
  execute->set_session_user(options.session_user);
  execute->set_backend_pid(options.backend_pid);
  execute->set_current_database(options.current_database);
  execute->set_current_schema(options.current_schema);
  *execute->mutable_search_path() = {options.search_path.begin(), options.search_path.end()};
  execute->set_time_zone(options.time_zone);
  execute->set_measure_time(options.measure_time);
  if (!remote->sent.load(std::memory_order_relaxed)) *execute->mutable_plan() = remote->plan();
  RETURN_IF_ERROR(Call(context, &execute_request_));
  if (response_.unknown_plan()) {
    *execute->mutable_plan() = remote->plan();
    RETURN_IF_ERROR(Call(context, &execute_request_));
  }
  remote->sent.store(true, std::memory_order_relaxed);
  return std::make_unique<RemoteStream>(this, context);
}

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

absl::StatusOr<std::unique_ptr<BulkWriter>> RemoteSession::OpenBulkWriter(
    const rpc::CallContext& context, uint32_t table_id,
    const std::vector<common::v1::CheckConstraint>& checks) {
  v1::SessionRequest request;
  request.mutable_open_bulk()->set_table_id(table_id);
  for (const auto& check : checks) *request.mutable_open_bulk()->add_checks() = check;
  RETURN_IF_ERROR(Call(context, &request));
  return std::make_unique<RemoteBulkWriter>(this, context);
}

class StorageClient : public Storage {
 public:
  StorageClient(const std::string& address, std::string secret)
      : secret_(std::move(secret)),
        stub_(v1::StorageService::NewStub(rpc::OpenChannel(address))),
        watcher_(stub_.get(), secret_) {}

  absl::StatusOr<std::unique_ptr<Session>> OpenSession(const rpc::CallContext&) override {
    return std::make_unique<RemoteSession>(stub_.get(), secret_, &watcher_);
  }
  absl::StatusOr<PreparedPlanPtr> Prepare(const rpc::CallContext&,
                                          std::shared_ptr<const common::v1::Plan> plan) override {
    return std::make_shared<const RemotePlan>(std::move(plan));
  }
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context, uint64_t known_version) override {
    v1::GetCatalogRequest request;
    request.set_known_version(known_version);
    ASSIGN_OR_RETURN(auto response,
                     rpc::Call(stub_.get(), &Stub::GetCatalog, context, secret_, request, true));
    if (!response.has_catalog()) return nullptr;
    return std::make_shared<const common::v1::CatalogSnapshot>(
        std::move(*response.mutable_catalog()));
  }
  absl::StatusOr<std::shared_ptr<const common::v1::StatisticsSnapshot>> GetStatistics(
      const rpc::CallContext& context, uint64_t known_version) override {
    v1::GetStatisticsRequest request;
    request.set_known_version(known_version);
    ASSIGN_OR_RETURN(auto response,
                     rpc::Call(stub_.get(), &Stub::GetStatistics, context, secret_, request, true));
    if (!response.has_statistics()) return nullptr;
    return std::make_shared<const common::v1::StatisticsSnapshot>(
        std::move(*response.mutable_statistics()));
  }
  absl::StatusOr<v1::EngineMetrics> GetMetrics(const rpc::CallContext& context) override {
    ASSIGN_OR_RETURN(auto response, rpc::Call(stub_.get(), &Stub::GetMetrics, context, secret_,
                                              v1::GetMetricsRequest(), true));
    return std::move(*response.mutable_metrics());
  }
  absl::StatusOr<v1::ListKnobsResponse> ListKnobs(const rpc::CallContext& context) override {
    return rpc::Call(stub_.get(), &Stub::ListKnobs, context, secret_, v1::ListKnobsRequest(), true);
  }
  absl::StatusOr<v1::Knob> SetKnob(const rpc::CallContext& context, const std::string& name,
                                   int64_t value) override {
    v1::SetKnobRequest request;
    request.set_name(name);
    request.set_value(value);
    ASSIGN_OR_RETURN(auto response,
                     rpc::Call(stub_.get(), &Stub::SetKnob, context, secret_, request, true));
    return std::move(*response.mutable_knob());
  }

 private:
  const std::string secret_;
  const std::unique_ptr<Stub> stub_;
  CancelWatcher watcher_;
};

}  // namespace

std::unique_ptr<Storage> NewStorageClient(const std::string& address, const std::string& secret) {
  return std::make_unique<StorageClient>(address, secret);
}

}  // namespace adbms::storage::api
