#include "services/storage/api/evaluation.h"

#include <memory>

#include "common/sql/functions/setting_changes.h"

namespace adbms::storage::api {

void FillEvaluation(const ExecuteOptions& options, sql::functions::EvaluationContext* context) {
  context->transaction_timestamp_us = options.transaction_timestamp_us;
  context->statement_timestamp_us = options.statement_timestamp_us;
  context->current_user = options.current_user;
  context->session_user = options.session_user;
  context->backend_pid = options.backend_pid;
  context->current_database = options.current_database;
  context->current_schema = options.current_schema;
  context->search_path = options.search_path;
  context->time_zone = options.time_zone;
  context->extra_float_digits = options.text.extra_float_digits;
  context->bytea_hex = options.text.bytea_hex;
  context->interval_style = options.text.interval_style;
  context->date_format = options.text.date_format;
  context->session_details = options.details;
  if (options.details != nullptr)
    context->setting_changes = std::make_shared<sql::functions::SettingChanges>();
}

}  // namespace adbms::storage::api
