#include "services/optimizer/feedback/model_store.h"

#include <utility>

#include "common/status/macros.h"

namespace adbms::optimizer::feedback {
namespace {

using types::TypeId;
using types::Value;

constexpr int64_t kPostgresEpochUs = 946684800000000;
constexpr int64_t kKeptVersions = 5;

constexpr char kCreate[] =
    "CREATE TABLE IF NOT EXISTS adbms.models (name text, version bigint, state text NOT NULL, "
    "trained_at timestamptz, changed_at timestamptz, training_rows bigint, holdout_rows bigint, "
    "q_error_uncorrected double precision, q_error_corrected double precision, reason text, model "
    "bytea, training_window bytea, calibration bytea, PRIMARY KEY (name, version))";
constexpr char kSelect[] =
    "SELECT version, state, trained_at, changed_at, training_rows, holdout_rows, "
    "q_error_uncorrected, q_error_corrected, reason, model, training_window, calibration FROM "
    "adbms.models WHERE name = $1 ORDER BY version";
constexpr char kDelete[] =
    "DELETE FROM adbms.models WHERE name = $1 AND (version = $2 OR (version > 0 AND version < $3))";
constexpr char kInsert[] =
    "INSERT INTO adbms.models VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

Value Timestamp(int64_t unix_us) {
  if (unix_us == 0) return Value::Null({TypeId::kTimestamptz, 0});
  return Value::Int(TypeId::kTimestamptz, unix_us - kPostgresEpochUs);
}

int64_t UnixMicros(const Value& value) {
  return value.is_null() ? 0 : value.int_value() + kPostgresEpochUs;
}

Value Bytes(const std::string& bytes) { return Value::String({TypeId::kBytea, 0}, bytes); }

std::string Text(const Value& value) {
  return value.is_null() ? std::string() : std::string(value.bytes());
}

}  // namespace

absl::StatusOr<std::vector<ModelRow>> ModelStore::Open(const rpc::CallContext& context,
                                                       const std::string& name) {
  RETURN_IF_ERROR(sql_.Run(context, kCreate).status());
  ASSIGN_OR_RETURN(const auto found, sql_.Run(context, kSelect, {Value::Text(name)}));
  std::vector<ModelRow> rows;
  for (const auto& row : found.rows) {
    ModelRow& out = rows.emplace_back();
    out.version = row[0].int_value();
    out.state = Text(row[1]);
    out.trained_at_us = UnixMicros(row[2]);
    out.changed_at_us = UnixMicros(row[3]);
    out.training_rows = row[4].is_null() ? 0 : row[4].int_value();
    out.holdout_rows = row[5].is_null() ? 0 : row[5].int_value();
    out.uncorrected_q_error = row[6].is_null() ? 1 : row[6].float_value();
    out.corrected_q_error = row[7].is_null() ? 1 : row[7].float_value();
    out.reason = Text(row[8]);
    out.model = Text(row[9]);
    out.training_window = Text(row[10]);
    out.calibration = Text(row[11]);
  }
  return rows;
}

absl::Status ModelStore::Save(const rpc::CallContext& context, const std::string& name,
                              const ModelRow& row) {
  return sql_.RunTransaction(
      context,
      {{kDelete,
        {Value::Text(name), Value::Int(TypeId::kInt8, row.version),
         Value::Int(TypeId::kInt8, row.version - kKeptVersions + 1)}},
       {kInsert,
        {Value::Text(name), Value::Int(TypeId::kInt8, row.version), Value::Text(row.state),
         Timestamp(row.trained_at_us), Timestamp(row.changed_at_us),
         Value::Int(TypeId::kInt8, row.training_rows), Value::Int(TypeId::kInt8, row.holdout_rows),
         Value::Float(TypeId::kFloat8, row.uncorrected_q_error),
         Value::Float(TypeId::kFloat8, row.corrected_q_error), Value::Text(row.reason),
         Bytes(row.model), Bytes(row.training_window), Bytes(row.calibration)}}});
}

}  // namespace adbms::optimizer::feedback
