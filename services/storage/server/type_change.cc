#include "services/storage/server/type_change.h"

#include <algorithm>
#include <set>

#include "common/rpc/nested_message.h"
#include "common/sql/routing/row_expression.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::server {
namespace {

namespace sqlstate = status::sqlstate;

absl::StatusOr<sql::expression::CompiledExpressionPtr> CompileBytes(const std::string& bytes,
                                                                    size_t column_count) {
  common::v1::Expression expression;
  RETURN_IF_ERROR(rpc::ParseNested(bytes, &expression));
  std::set<uint32_t> columns;
  return sql::routing::CompileOverRow(expression, column_count, &columns);
}

template <typename Enum>
Enum AtMost(uint32_t value, Enum last) {
  return static_cast<Enum>(std::min<uint32_t>(value, static_cast<uint32_t>(last)));
}

void Fill(const common::v1::ConversionContext& from, sql::functions::EvaluationContext* context) {
  context->transaction_timestamp_us = from.transaction_timestamp_us();
  context->statement_timestamp_us = from.transaction_timestamp_us();
  context->current_user = from.current_user();
  context->session_user = from.session_user();
  if (!from.time_zone().empty()) context->time_zone = from.time_zone();
  context->extra_float_digits = from.extra_float_digits();
  context->bytea_hex = !from.bytea_escape();
  context->interval_style = AtMost(from.interval_style(), types::IntervalStyle::kIso8601);
  context->date_format.style = AtMost(from.date_style(), types::DateStyle::kGerman);
  context->date_format.order = AtMost(from.date_order(), types::DateOrder::kYmd);
}

absl::Status Violation(const catalog::TableEntry& table, std::string_view state,
                       std::string message, std::string column, std::string constraint) {
  status::SqlError error;
  error.sqlstate = std::string(state);
  error.message = std::move(message);
  error.schema = table.descriptor.schema();
  error.table = table.descriptor.name();
  error.column = std::move(column);
  error.constraint = std::move(constraint);
  return status::ToStatus(error);
}

}  // namespace

absl::StatusOr<TypeChange> TypeChange::Make(const rpc::CallContext* call,
                                            const common::v1::SetTypes& change,
                                            const catalog::TableEntry* after) {
  TypeChange made;
  made.after_ = after;
  made.changed_.resize(after->layout.types.size());
  for (const common::v1::ColumnType& column : change.columns()) {
    if (column.column() >= made.changed_.size() || made.changed_[column.column()])
      return absl::InvalidArgumentError("malformed change of types");
    made.changed_[column.column()] = true;
    Value& value = made.values_.emplace_back();
    value.ordinal = column.column();
    ASSIGN_OR_RETURN(value.expression, CompileBytes(column.value(), made.changed_.size()));
    if (types::PhysicalOf(value.expression->type().id) !=
        types::PhysicalOf(after->layout.types[value.ordinal].id))
      return absl::InvalidArgumentError("malformed change of types");
  }
  for (const common::v1::BoundCheck& bound : change.checks()) {
    Check& check = made.checks_.emplace_back();
    check.name = bound.name();
    ASSIGN_OR_RETURN(check.condition, CompileBytes(bound.condition(), made.changed_.size()));
    if (check.condition->type().id != types::TypeId::kBool)
      return absl::InvalidArgumentError("malformed change of types");
  }
  Fill(change.context(), &made.state_.context);
  made.state_.context.check_interrupts = [call] { return call->Check(); };
  return made;
}

absl::StatusOr<types::Batch> TypeChange::Convert(const types::Batch& rows) {
  state_.parameters = &no_parameters_;
  types::Batch result;
  result.row_count = rows.row_count;
  result.columns.assign(rows.columns.begin(),
                        rows.columns.begin() + static_cast<ptrdiff_t>(changed_.size()));
  for (const Value& value : values_) {
    ASSIGN_OR_RETURN(result.columns[value.ordinal], value.expression->Evaluate(state_, rows));
    if (result.columns[value.ordinal]->strings_refused())
      return result.columns[value.ordinal]->StringsRefusal();
  }
  RETURN_IF_ERROR(CheckRows(result));
  return result;
}

absl::Status TypeChange::CheckRows(const types::Batch& rows) {
  for (const Value& value : values_) {
    if (!after_->layout.not_null[value.ordinal]) continue;
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      if (!rows.columns[value.ordinal]->is_null(row)) continue;
      const std::string& column = after_->layout.names[value.ordinal];
      return Violation(*after_, sqlstate::kNotNullViolation,
                       "column \"" + column + "\" of relation \"" + after_->descriptor.name() +
                           "\" contains null values",
                       column, {});
    }
  }
  for (const Check& check : checks_) {
    ASSIGN_OR_RETURN(const types::VectorPtr held, check.condition->Evaluate(state_, rows));
    for (uint32_t row = 0; row < rows.row_count; ++row) {
      if (held->is_null(row) || held->data<uint8_t>()[row] != 0) continue;
      return Violation(*after_, sqlstate::kCheckViolation,
                       "check constraint \"" + check.name + "\" of relation \"" +
                           after_->descriptor.name() + "\" is violated by some row",
                       {}, check.name);
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::server
