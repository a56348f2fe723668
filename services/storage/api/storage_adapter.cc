#include <map>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "adbms/storage/v1/storage.grpc.pb.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/api/storage_grpc.h"

namespace adbms::storage::api {
namespace {

using Stream = grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>;

// Compiled plans by the planner's key. Thread-safe.
class PlanStore {
 public:
  PreparedPlanPtr Find(uint64_t key) {
    absl::ReaderMutexLock lock(&mutex_);
    const auto found = plans_.find(key);
    return found == plans_.end() ? nullptr : found->second;
  }
  void Add(uint64_t key, PreparedPlanPtr plan) {
    absl::MutexLock lock(&mutex_);
    // Gateways send again what is missing.
    if (plans_.size() >= kPlans) plans_.clear();
    plans_[key] = std::move(plan);
  }

 private:
  static constexpr size_t kPlans = 16384;
  absl::Mutex mutex_;
  std::unordered_map<uint64_t, PreparedPlanPtr> plans_ ABSL_GUARDED_BY(mutex_);
};

// Cancellation flags of running sessions. Thread-safe.
class SessionTable {
 public:
  uint64_t Add(std::shared_ptr<rpc::Cancellation> cancellation) {
    absl::MutexLock lock(&mutex_);
    sessions_[++last_] = std::move(cancellation);
    return last_;
  }
  void Remove(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    sessions_.erase(id);
  }
  bool Cancel(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return false;
    found->second->Cancel();
    return true;
  }

 private:
  absl::Mutex mutex_;
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::shared_ptr<rpc::Cancellation>> sessions_ ABSL_GUARDED_BY(mutex_);
};

// One stream's conversation.
class Conversation {
 public:
  Conversation(Storage* storage, PlanStore* plans, std::unique_ptr<Session> session,
               std::shared_ptr<rpc::Cancellation> cancellation)
      : storage_(storage),
        plans_(plans),
        cancellation_(std::move(cancellation)),
        session_(std::move(session)) {}

  absl::Status Handle(const v1::SessionRequest& request, v1::SessionResponse* response) {
    rpc::CallContext context;
    context.cancellation = cancellation_;
    context.trace_id = request.trace_id();
    if (request.timeout_us() > 0) {
      context.deadline = absl::Now() + absl::Microseconds(request.timeout_us());
    }
    using Body = v1::SessionRequest::BodyCase;
    const bool goes_on =
        request.has_next() || request.has_write_bulk() || request.has_finish_bulk();
    if (!goes_on) {
      cancellation_->Reset();
      stream_ = nullptr;
      bulk_ = nullptr;
    }
    switch (request.body_case()) {
      case Body::kBegin: {
        BeginOptions options;
        if (request.begin().repeatable_read()) options.isolation = Isolation::kRepeatableRead;
        options.read_only = request.begin().read_only();
        return session_->Begin(context, options);
      }
      case Body::kCommit:
        return session_->Commit(context);
      case Body::kRollback:
        return session_->Rollback(context);
      case Body::kSavepoint:
        return HandleSavepoint(context, request.savepoint());
      case Body::kExecute:
        return HandleExecute(context, request.execute(), response);
      case Body::kNext:
        if (stream_ == nullptr) return absl::FailedPreconditionError("nothing is being executed");
        return FillPage(response);
      case Body::kClose:
        return absl::OkStatus();
      case Body::kDdl: {
        ASSIGN_OR_RETURN(*response->mutable_ddl(), session_->ExecuteDdl(context, request.ddl()));
        return absl::OkStatus();
      }
      case Body::kOpenBulk: {
        ASSIGN_OR_RETURN(bulk_, session_->OpenBulkWriter(context, request.open_bulk().table_id(),
                                                         {request.open_bulk().checks().begin(),
                                                          request.open_bulk().checks().end()}));
        return absl::OkStatus();
      }
      case Body::kWriteBulk: {
        if (bulk_ == nullptr) return absl::FailedPreconditionError("no bulk write is open");
        ASSIGN_OR_RETURN(const auto batch, types::DecodeBatch(request.write_bulk().batch()));
        return bulk_->Write(batch);
      }
      case Body::kFinishBulk: {
        if (bulk_ == nullptr) return absl::FailedPreconditionError("no bulk write is open");
        auto rows = bulk_->Finish();
        bulk_ = nullptr;
        RETURN_IF_ERROR(rows.status());
        response->set_rows_written(*rows);
        return absl::OkStatus();
      }
      case Body::kAnalyze:
        return session_->Analyze(
            context, {request.analyze().table_ids().begin(), request.analyze().table_ids().end()});
      case Body::kCatalog: {
        ASSIGN_OR_RETURN(const auto catalog, session_->GetCatalog(context));
        *response->mutable_catalog() = *catalog;
        return absl::OkStatus();
      }
      case Body::BODY_NOT_SET:
        break;
    }
    return absl::InvalidArgumentError("the request is empty");
  }

 private:
  absl::Status HandleSavepoint(const rpc::CallContext& context,
                               const v1::SavepointRequest& request) {
    switch (request.action()) {
      case v1::SavepointRequest::ACTION_SAVEPOINT:
        return session_->Savepoint(context, request.name());
      case v1::SavepointRequest::ACTION_ROLLBACK_TO:
        return session_->RollbackTo(context, request.name());
      case v1::SavepointRequest::ACTION_RELEASE:
        return session_->Release(context, request.name());
      default:
        return absl::InvalidArgumentError("the savepoint request has no action");
    }
  }

  absl::Status HandleExecute(const rpc::CallContext& context, const v1::ExecuteRequest& request,
                             v1::SessionResponse* response) {
    PreparedPlanPtr plan = plans_->Find(request.plan_key());
    if (plan == nullptr) {
      if (!request.has_plan()) {
        response->set_unknown_plan(true);
        return absl::OkStatus();
      }
      ASSIGN_OR_RETURN(
          plan,
          storage_->Prepare(context, std::make_shared<const common::v1::Plan>(request.plan())));
      plans_->Add(request.plan_key(), plan);
    }
    options_ = ExecuteOptions();
    if (!request.parameters().empty()) {
      ASSIGN_OR_RETURN(const auto row, types::DecodeBatch(request.parameters()));
      if (row.row_count != 1) return absl::InvalidArgumentError("parameters are not one row");
      for (const auto& column : row.columns) options_.parameters.push_back(column->Get(0));
    }
    if (options_.parameters.size() != static_cast<size_t>(plan->plan().parameter_types_size())) {
      return absl::InvalidArgumentError("the number of parameters does not suit the plan");
    }
    options_.transaction_timestamp_us = request.transaction_timestamp_us();
    options_.statement_timestamp_us = request.statement_timestamp_us();
    options_.current_user = request.current_user();
    options_.session_user = request.session_user();
    options_.backend_pid = request.backend_pid();
    options_.current_database = request.current_database();
    options_.current_schema = request.current_schema();
    options_.search_path.assign(request.search_path().begin(), request.search_path().end());
    options_.time_zone = request.time_zone();
    options_.measure_time = request.measure_time();
    ASSIGN_OR_RETURN(stream_, session_->Execute(context, plan, options_));
    return FillPage(response);
  }

  // One batch, and the end when it follows at once.
  absl::Status FillPage(v1::SessionResponse* response) {
    types::Batch batch;
    bool more = true;
    if (has_ahead_) {
      batch = std::move(ahead_);
      has_ahead_ = false;
    } else {
      ASSIGN_OR_RETURN(more, stream_->Next(&batch));
    }
    if (more) {
      types::EncodeBatch(batch, response->mutable_batch());
      if (batch.row_count >= types::kBatchRows) return absl::OkStatus();
      ASSIGN_OR_RETURN(more, stream_->Next(&ahead_));
      has_ahead_ = more;
    }
    if (!more) {
      response->set_end(true);
      *response->mutable_summary() = stream_->summary();
      stream_ = nullptr;
    }
    return absl::OkStatus();
  }

  Storage* const storage_;
  PlanStore* const plans_;
  const std::shared_ptr<rpc::Cancellation> cancellation_;
  // Streams and writers refer to the session and the options: they go first.
  std::unique_ptr<Session> session_;
  ExecuteOptions options_;
  std::unique_ptr<ResultStream> stream_;
  types::Batch ahead_;
  bool has_ahead_ = false;
  std::unique_ptr<BulkWriter> bulk_;
};

class StorageAdapter : public v1::StorageService::Service {
 public:
  StorageAdapter(Storage* implementation, rpc::ServerSide side)
      : implementation_(implementation), side_(std::move(side)) {}

  grpc::Status Session(grpc::ServerContext* server, Stream* stream) override {
    if (!side_.secret.empty() && !rpc::CarriesSecret(*server, side_.secret)) {
      return {grpc::StatusCode::UNAUTHENTICATED, "the call does not carry the cluster's secret"};
    }
    auto session = implementation_->OpenSession(rpc::FromServer(*server));
    if (!session.ok()) return rpc::ToGrpc(session.status(), server);
    auto cancellation = std::make_shared<rpc::Cancellation>();
    const uint64_t id = sessions_.Add(cancellation);
    {
      Conversation conversation(implementation_, &plans_, *std::move(session), cancellation);
      v1::SessionRequest request;
      v1::SessionResponse response;
      while (stream->Read(&request)) {
        response.Clear();
        const absl::Status status = conversation.Handle(request, &response);
        if (!status.ok()) {
          response.Clear();
          response.set_error(status::Encode(status));
        }
        response.set_session_id(id);
        if (!stream->Write(response)) break;
      }
    }
    sessions_.Remove(id);
    return grpc::Status::OK;
  }

  grpc::Status CancelStatement(grpc::ServerContext* server,
                               const v1::CancelStatementRequest* request,
                               v1::CancelStatementResponse* response) override {
    return rpc::Serve(side_, "CancelStatement", server, response,
                      [&](const rpc::CallContext&) -> absl::StatusOr<v1::CancelStatementResponse> {
                        if (!sessions_.Cancel(request->session_id())) {
                          return absl::NotFoundError("there is no such session");
                        }
                        return v1::CancelStatementResponse();
                      });
  }
  grpc::Status GetCatalog(grpc::ServerContext* server, const v1::GetCatalogRequest* request,
                          v1::GetCatalogResponse* response) override {
    return rpc::Serve(
        side_, "GetCatalog", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<v1::GetCatalogResponse> {
          v1::GetCatalogResponse answer;
          ASSIGN_OR_RETURN(const auto catalog,
                           implementation_->GetCatalog(context, request->known_version()));
          if (catalog != nullptr) *answer.mutable_catalog() = *catalog;
          return answer;
        });
  }
  grpc::Status GetStatistics(grpc::ServerContext* server, const v1::GetStatisticsRequest* request,
                             v1::GetStatisticsResponse* response) override {
    return rpc::Serve(
        side_, "GetStatistics", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<v1::GetStatisticsResponse> {
          v1::GetStatisticsResponse answer;
          ASSIGN_OR_RETURN(const auto statistics,
                           implementation_->GetStatistics(context, request->known_version()));
          if (statistics != nullptr) *answer.mutable_statistics() = *statistics;
          return answer;
        });
  }
  grpc::Status GetMetrics(grpc::ServerContext* server, const v1::GetMetricsRequest*,
                          v1::GetMetricsResponse* response) override {
    return rpc::Serve(
        side_, "GetMetrics", server, response,
        [&](const rpc::CallContext& context) -> absl::StatusOr<v1::GetMetricsResponse> {
          v1::GetMetricsResponse answer;
          ASSIGN_OR_RETURN(*answer.mutable_metrics(), implementation_->GetMetrics(context));
          return answer;
        });
  }
  grpc::Status ListKnobs(grpc::ServerContext* server, const v1::ListKnobsRequest*,
                         v1::ListKnobsResponse* response) override {
    return rpc::Serve(side_, "ListKnobs", server, response, [&](const rpc::CallContext& context) {
      return implementation_->ListKnobs(context);
    });
  }
  grpc::Status SetKnob(grpc::ServerContext* server, const v1::SetKnobRequest* request,
                       v1::SetKnobResponse* response) override {
    return rpc::Serve(side_, "SetKnob", server, response,
                      [&](const rpc::CallContext& context) -> absl::StatusOr<v1::SetKnobResponse> {
                        v1::SetKnobResponse answer;
                        ASSIGN_OR_RETURN(
                            *answer.mutable_knob(),
                            implementation_->SetKnob(context, request->name(), request->value()));
                        return answer;
                      });
  }

 private:
  Storage* const implementation_;
  const rpc::ServerSide side_;
  PlanStore plans_;
  SessionTable sessions_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewStorageAdapter(Storage* implementation, rpc::ServerSide side) {
  return std::make_unique<StorageAdapter>(implementation, std::move(side));
}

}  // namespace adbms::storage::api
