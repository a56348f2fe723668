#include "services/storage/api/sql_client.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"

namespace adbms::storage::api {
namespace {

constexpr int64_t kPostgresEpochUs = 946684800000000;

}  // namespace

absl::StatusOr<sql::CatalogPtr> SqlClient::GetCatalog(const rpc::CallContext& context) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(auto snapshot,
                   storage_->GetCatalog(context, catalog_ == nullptr ? 0 : catalog_->version()));
  if (snapshot != nullptr) catalog_ = std::make_shared<const sql::Catalog>(std::move(snapshot));
  return catalog_;
}

absl::StatusOr<SqlResult> SqlClient::Attempt(const rpc::CallContext& context, Session* session,
                                             std::string_view sql,
                                             const std::vector<types::Value>& parameters) {
  ASSIGN_OR_RETURN(const auto statements, sql::Parse(sql));
  if (statements.size() != 1) {
    return absl::InvalidArgumentError("expected exactly one statement");
  }
  sql::PlanningInput input;
  input.sql = std::string(sql);
  input.statement = &statements.front();
  ASSIGN_OR_RETURN(input.catalog, GetCatalog(context));
  input.search_path = {"adbms", "public"};
  input.current_user = user_;
  input.session_user = user_;
  SqlResult result;
  if (statements.front().statement_class == sql::StatementClass::kDdl) {
    ASSIGN_OR_RETURN(const size_t steps, sql::CountDdlSteps(input));
    if (steps > 1) return status::NotSupported("several actions in one ALTER TABLE here");
    ASSIGN_OR_RETURN(auto changes, sql::BindDdl(input));
    for (common::v1::DdlStatement& change : changes) {
      if (change.has_create_table()) {
        change.mutable_create_table()->mutable_table()->set_owner(user_);
      }
      RETURN_IF_ERROR(session->ExecuteDdl(context, change).status());
    }
    return result;
  }
  for (const types::Value& value : parameters) input.parameter_types.push_back(value.type());
  input.exempt = true;
  ASSIGN_OR_RETURN(auto plan, sql::PlanDefault(input));
  ASSIGN_OR_RETURN(
      auto prepared,
      storage_->Prepare(context, std::make_shared<const common::v1::Plan>(std::move(plan))));
  ExecuteOptions options;
  options.parameters = parameters;
  options.transaction_timestamp_us = absl::ToUnixMicros(absl::Now()) - kPostgresEpochUs;
  options.statement_timestamp_us = options.transaction_timestamp_us;
  options.current_user = user_;
  options.session_user = user_;
  options.current_database = "adbms";
  options.current_schema = "adbms";
  for (const auto& column : prepared->plan().root().output())
    result.columns.push_back(column.name());
  ASSIGN_OR_RETURN(auto stream, session->Execute(context, prepared, options));
  types::Batch batch;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
    if (!more) break;
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      std::vector<types::Value>& target = result.rows.emplace_back();
      target.reserve(batch.columns.size());
      for (const auto& column : batch.columns) target.push_back(column->Get(row));
    }
  }
  result.rows_affected = stream->summary().rows_affected();
  return result;
}

absl::StatusOr<SqlResult> SqlClient::RunOn(const rpc::CallContext& context, Session* session,
                                           std::string_view sql,
                                           const std::vector<types::Value>& parameters) {
  for (int attempt = 0;; ++attempt) {
    auto result = Attempt(context, session, sql, parameters);
    if (result.ok() || attempt >= kStaleRetries ||
        !status::HasSqlState(result.status(), status::sqlstate::kStalePlan)) {
      return result;
    }
  }
}

absl::StatusOr<SqlResult> SqlClient::Run(const rpc::CallContext& context, std::string_view sql,
                                         const std::vector<types::Value>& parameters) {
  ASSIGN_OR_RETURN(const auto session, storage_->OpenSession(context));
  return RunOn(context, session.get(), sql, parameters);
}

absl::Status SqlClient::RunTransaction(const rpc::CallContext& context,
                                       const std::vector<Step>& steps) {
  ASSIGN_OR_RETURN(const auto session, storage_->OpenSession(context));
  RETURN_IF_ERROR(session->Begin(context, BeginOptions()));
  for (const Step& step : steps) {
    RETURN_IF_ERROR(RunOn(context, session.get(), step.sql, step.parameters).status());
  }
  return session->Commit(context);
}

std::string ToText(const types::Value& value) {
  std::string text;
  if (!value.is_null()) types::FormatText(value, types::TextOptions(), &text);
  return text;
}

}  // namespace adbms::storage::api
