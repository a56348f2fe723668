#include "services/storage/api/conversation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/time/clock.h"
#include "common/rpc/nested_message.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/api/batched_writer.h"

namespace adbms::storage::api {
namespace {

// The longest wait for a lock on a thread that others need.
constexpr absl::Duration kAtOnce = absl::Milliseconds(1);
// Rows of more bytes are not sent together.
constexpr size_t kPageBytes = size_t{16} << 20;

// How many of the first rows make a page, one at least.
uint32_t RowsOfPage(const types::Batch& batch) {
  size_t bytes = 0;
  for (uint32_t row = 0; row < batch.row_count; ++row) {
    for (const types::VectorPtr& column : batch.columns) {
      if (!column->has_strings() || column->is_null(row)) continue;
      bytes += column->string(row).size();
    }
    if (bytes > kPageBytes) return std::max<uint32_t>(row, 1);
  }
  return batch.row_count;
}

types::Batch Rows(const types::Batch& batch, uint32_t begin, uint32_t end) {
  std::vector<uint32_t> selection(end - begin);
  std::iota(selection.begin(), selection.end(), begin);
  types::Batch rows = types::Gather(batch, selection.data(), end - begin);
  rows.row_count = end - begin;
  return rows;
}

}  // namespace

void Conversation::Answer(const v1::SessionRequest& request, v1::SessionResponse* response) {
  const absl::Time start = absl::Now();
  const absl::Status status = Handle(request, response);
  if (!status.ok()) {
    stream_ = nullptr;
    response->Clear();
    response->set_error(status::Encode(status));
  }
  response->set_session(request.session());
  if (session_->keeps_state()) response->set_keeps_state(true);
  metrics_->Observe(request, status.ok(), start);
}

bool Conversation::AnswerAtOnce(const v1::SessionRequest& request, v1::SessionResponse* response) {
  waits_ = false;
  Answer(request, response);
  waits_ = true;
  return response->error().empty() || !status::HasSqlState(status::Decode(response->error()),
                                                           status::sqlstate::kLockNotAvailable);
}

absl::Status Conversation::Handle(const v1::SessionRequest& request,
                                  v1::SessionResponse* response) {
  RETURN_IF_ERROR(rights_->CheckRequest(request, storage_));
  rpc::CallContext context;
  context.cancellation = cancellation_;
  context.trace_id = request.trace_id();
  if (request.timeout_us() > 0) {
    context.deadline = absl::Now() + absl::Microseconds(request.timeout_us());
  }
  if (request.lock_timeout_ms_plus_one() > 0) {
    lock_timeout_ = absl::Milliseconds(request.lock_timeout_ms_plus_one() - 1);
    backend_pid_ = request.backend_pid();
  }
  session_->SetLocking(waits_ ? lock_timeout_ : kAtOnce, backend_pid_);
  using Body = v1::SessionRequest::BodyCase;
  const bool goes_on = request.has_next() || request.has_write_bulk() || request.has_finish_bulk();
  if (!goes_on) {
    cancellation_->Reset();
    stream_ = nullptr;
    has_ahead_ = false;
    bulk_ = nullptr;
  }
  if (request.execute().has_attributes()) SetAttributes(request.execute().attributes());
  if (request.has_begin_first()) {
    BeginOptions options;
    switch (request.begin_first().isolation()) {
      case v1::BeginRequest::ISOLATION_UNSPECIFIED:
        break;
      case v1::BeginRequest::ISOLATION_REPEATABLE_READ:
        options.isolation = Isolation::kRepeatableRead;
        break;
      case v1::BeginRequest::ISOLATION_SERIALIZABLE:
        options.isolation = Isolation::kSerializable;
        break;
      default:
        return absl::InvalidArgumentError("unknown isolation level");
    }
    options.read_only = request.begin_first().read_only();
    RETURN_IF_ERROR(session_->Begin(context, options));
    in_transaction_ = true;
  }
  switch (request.body_case()) {
    case Body::kCommit:
      in_transaction_ = false;
      return session_->Commit(context);
    case Body::kRollback:
      in_transaction_ = false;
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
      if (request.open_bulk().has_attributes()) SetAttributes(request.open_bulk().attributes());
      options_.transaction_timestamp_us = request.open_bulk().transaction_timestamp_us();
      options_.statement_timestamp_us = request.open_bulk().statement_timestamp_us();
      options_.details =
          std::make_shared<const common::v1::SessionDetails>(request.open_bulk().details());
      std::vector<common::v1::CheckConstraint> checks(request.open_bulk().checks_size());
      for (size_t i = 0; i < checks.size(); ++i) {
        RETURN_IF_ERROR(
            rpc::ParseNested(request.open_bulk().checks(static_cast<int>(i)), &checks[i]));
      }
      ASSIGN_OR_RETURN(bulk_, session_->OpenBulkWriter(context,
                                                       {request.open_bulk().table_id(),
                                                        request.open_bulk().schema_version()},
                                                       checks, options_));
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
    case Body::kAnalyze: {
      const v1::AnalyzeRequest& analyze = request.analyze();
      std::vector<TableVersion> tables;
      for (int i = 0; i < analyze.table_ids_size(); ++i) {
        const bool versioned = i < analyze.schema_versions_size();
        tables.push_back({analyze.table_ids(i), versioned ? analyze.schema_versions(i) : 0});
      }
      return session_->Analyze(context, tables);
    }
    case Body::kCatalog: {
      ASSIGN_OR_RETURN(const auto catalog, session_->GetCatalog(context));
      *response->mutable_catalog() = *catalog;
      return absl::OkStatus();
    }
    case Body::kLockTables:
      return session_->LockTables(context, request.lock_tables());
    case Body::kSetConstraints:
      return session_->SetConstraints(context, request.set_constraints());
    case Body::kNotify:
      return session_->Notify(context, request.notify().channel(), request.notify().payload());
    case Body::kListen:
      return HandleListen(context, request.listen());
    case Body::kDiscard:
      return session_->Discard(context, request.discard());
    case Body::kCheckSignals:
      return session_->CheckSignals(context,
                                    absl::Microseconds(request.check_signals().running_us()));
    case Body::kPreparedTransaction:
      return session_->PrepareTransaction(context, request.prepared_transaction());
    case Body::kConnect:
      return session_->Connect(context, request.connect().superuser());
    case Body::kEnd:
    case Body::BODY_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("the request is empty");
}

absl::Status Conversation::HandleSavepoint(const rpc::CallContext& context,
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

absl::Status Conversation::HandleListen(const rpc::CallContext& context,
                                        const v1::ListenRequest& request) {
  return request.unlisten() ? session_->Unlisten(context, request.channel())
                            : session_->Listen(context, request.channel(), sink_);
}

void Conversation::SetAttributes(const v1::SessionAttributes& attributes) {
  options_.current_user = attributes.current_user();
  options_.session_user = attributes.session_user();
  options_.backend_pid = attributes.backend_pid();
  options_.current_database = attributes.current_database();
  options_.current_schema = attributes.current_schema();
  options_.search_path.assign(attributes.search_path().begin(), attributes.search_path().end());
  options_.time_zone = attributes.time_zone();
  options_.text.extra_float_digits = attributes.extra_float_digits();
  options_.text.bytea_hex = !attributes.bytea_escape();
  options_.text.interval_style = static_cast<types::IntervalStyle>(std::min<uint32_t>(
      attributes.interval_style(), static_cast<uint32_t>(types::IntervalStyle::kIso8601)));
  options_.text.date_format.style = static_cast<types::DateStyle>(std::min<uint32_t>(
      attributes.date_style(), static_cast<uint32_t>(types::DateStyle::kGerman)));
  options_.text.date_format.order = static_cast<types::DateOrder>(
      std::min<uint32_t>(attributes.date_order(), static_cast<uint32_t>(types::DateOrder::kYmd)));
}

absl::Status Conversation::HandleExecute(const rpc::CallContext& context,
                                         const v1::ExecuteRequest& request,
                                         v1::SessionResponse* response) {
  PreparedPlanPtr plan = plans_->Find(request.plan_key()).plan;
  if (plan == nullptr) {
    if (!request.has_plan()) {
      response->set_unknown_plan(true);
      return absl::OkStatus();
    }
    auto decoded = std::make_shared<common::v1::Plan>();
    RETURN_IF_ERROR(rpc::ParseNested(request.plan(), decoded.get()));
    RETURN_IF_ERROR(rights_->CheckPlan(*decoded, storage_));
    ASSIGN_OR_RETURN(plan, storage_->Prepare(context, std::move(decoded)));
    plans_->Add(request.plan_key(), plan, storage_);
  }
  // One that another service of restricted rights has stored, may be of its tables.
  RETURN_IF_ERROR(rights_->CheckPlan(plan->plan(), storage_));
  options_.parameters.clear();
  if (!request.parameters().empty()) {
    ASSIGN_OR_RETURN(const auto row, types::DecodeBatch(request.parameters()));
    if (row.row_count != 1) return absl::InvalidArgumentError("parameters are not one row");
    for (const auto& column : row.columns) options_.parameters.push_back(column->Get(0));
  }
  if (options_.parameters.size() != static_cast<size_t>(plan->plan().parameter_types_size())) {
    return absl::InvalidArgumentError("the number of parameters does not suit the plan");
  }
  options_.cte_rows.clear();
  for (const v1::CteRows& given : request.cte_rows()) {
    CteRows& rows = options_.cte_rows.emplace_back();
    rows.cte = given.cte();
    for (const std::string& bytes : given.batches()) {
      ASSIGN_OR_RETURN(rows.batches.emplace_back(), types::DecodeBatch(bytes));
    }
  }
  options_.transaction_timestamp_us = request.transaction_timestamp_us();
  options_.statement_timestamp_us = request.statement_timestamp_us();
  options_.measure_time = request.measure_time();
  options_.details = request.has_details()
                         ? std::make_shared<const common::v1::SessionDetails>(request.details())
                         : nullptr;
  ASSIGN_OR_RETURN(stream_, session_->Execute(context, plan, options_));
  return FillPage(response);
}

absl::Status Conversation::FillPage(v1::SessionResponse* response) {
  types::Batch batch;
  bool more = true;
  if (has_ahead_) {
    batch = std::move(ahead_);
    has_ahead_ = false;
  } else {
    ASSIGN_OR_RETURN(more, stream_->Next(&batch));
  }
  if (more) {
    if (StringBytes(batch) > kPageBytes) [[unlikely]] {
      const uint32_t rows = RowsOfPage(batch);
      if (rows < batch.row_count) {
        ahead_ = Rows(batch, rows, batch.row_count);
        has_ahead_ = true;
        batch = Rows(batch, 0, rows);
      }
      RETURN_IF_ERROR(CheckMessage(StringBytes(batch), "the row's values"));
    }
    types::EncodeBatch(batch, response->mutable_batch());
    if (has_ahead_ || batch.row_count >= types::BatchRows()) return absl::OkStatus();
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

}  // namespace adbms::storage::api
