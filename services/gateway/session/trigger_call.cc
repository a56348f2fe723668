#include "services/gateway/session/trigger_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/types/array.h"

namespace adbms::gateway::session {

using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using sql::binder::TriggerEvent;

namespace {

const char* TimingOf(const TriggerDescriptor& trigger) {
  switch (trigger.timing()) {
    case TriggerDescriptor::TIMING_BEFORE:
      return "BEFORE";
    case TriggerDescriptor::TIMING_INSTEAD:
      return "INSTEAD OF";
    default:
      return "AFTER";
  }
}

program::Call CallOf(const TableDescriptor& table, const TriggerDescriptor& trigger,
                     TriggerEvent event) {
  program::Call call;
  call.is_trigger = true;
  const auto text = [&](const char* name, std::string value) {
    call.trigger_values.emplace_back(name, types::Value::Text(std::move(value)));
  };
  text("tg_op", sql::binder::NameOf(event));
  text("tg_name", trigger.name());
  text("tg_when", TimingOf(trigger));
  text("tg_level", trigger.for_each_row() ? "ROW" : "STATEMENT");
  text("tg_table_name", table.name());
  text("tg_relname", table.name());
  text("tg_table_schema", table.schema());
  call.trigger_values.emplace_back("tg_relid",
                                   types::Value::Int(types::TypeId::kOid, table.table_id()));
  call.trigger_values.emplace_back(
      "tg_nargs", types::Value::Int(types::TypeId::kInt4, trigger.arguments_size()));
  types::ArrayBuilder arguments(types::TypeId::kTextArray);
  for (const std::string& argument : trigger.arguments())
    arguments.Add(types::Value::Text(argument));
  call.trigger_values.emplace_back(
      "tg_argv", types::Value::String({types::TypeId::kTextArray, 0},
                                      arguments.Finish(types::ArrayShape::OfLength(
                                          static_cast<uint32_t>(trigger.arguments_size()), 0))));
  return call;
}

void SetRow(const std::vector<types::Value>* values, program::Record* record) {
  record->missing = values == nullptr;
  if (values != nullptr) {
    record->values = *values;
    return;
  }
  for (size_t i = 0; i < record->types.size(); ++i)
    record->values[i] = types::Value::Null(record->types[i]);
}

}  // namespace

TriggerEvent EventOf(common::v1::StatementKind kind) {
  switch (kind) {
    case common::v1::STATEMENT_KIND_INSERT:
      return TriggerEvent::kInsert;
    case common::v1::STATEMENT_KIND_UPDATE:
      return TriggerEvent::kUpdate;
    default:
      return TriggerEvent::kDelete;
  }
}

program::Record ShapeOf(const TableDescriptor& table) {
  program::Record record;
  for (const auto& column : table.columns()) {
    if (column.dropped()) continue;
    record.names.push_back(column.name());
    record.types.push_back(types::FromProto(column.type()));
    record.values.push_back(types::Value::Null(record.types.back()));
  }
  return record;
}

types::Value ValueAt(const types::Vector& column, uint32_t row) {
  types::Value value = column.is_null(row) ? types::Value::Null(column.type()) : column.Get(row);
  value.set_type(column.type());
  return value;
}

TriggerCall::TriggerCall(const TableDescriptor& table, const TriggerDescriptor& trigger,
                         TriggerEvent event)
    : table_(&table), trigger_(&trigger), event_(event), call_(CallOf(table, trigger, event)) {
  if (!trigger.when_sql().empty()) condition_.text = absl::StrCat("SELECT ", trigger.when_sql());
  names_table_ = sql::binder::NamesTable(trigger);
  call_.old_row = call_.new_row = ShapeOf(table);  // NULL where there is no row.
}

void TriggerCall::SetRows(const std::vector<types::Value>* old_row,
                          const std::vector<types::Value>* new_row) {
  SetRow(old_row, &call_.old_row);
  SetRow(new_row, &call_.new_row);
}

absl::StatusOr<bool> TriggerCall::IsMeant(program::Host* host) {
  if (condition_.text.empty()) return true;
  std::vector<types::Value> values;
  const bool first = condition_.parameter_types.empty();
  for (const auto& [name, record] :
       {std::make_pair("old", &call_.old_row), std::make_pair("new", &call_.new_row)}) {
    for (size_t i = 0; i < record->names.size(); ++i) {
      values.push_back(record->values[i]);
      if (!first) continue;
      condition_.parameter_types.push_back(record->types[i]);
      condition_.parameter_names.push_back({name, record->names[i], false});
    }
    if (record->names.empty() || !names_table_) continue;
    values.push_back(types::Value::Int(types::TypeId::kOid, table_->table_id()));
    if (!first) continue;
    condition_.parameter_types.push_back({types::TypeId::kOid, 0});
    condition_.parameter_names.push_back({name, "tableoid", false});
  }
  ASSIGN_OR_RETURN(const types::Value value, host->Evaluate(&condition_, values));
  return !value.is_null() && value.bool_value();
}

std::vector<TriggerCall> RowCallsOf(const TableDescriptor& table, TriggerEvent event,
                                    TriggerDescriptor::Timing timing,
                                    const std::vector<uint32_t>& assigned, bool is_replica) {
  std::vector<TriggerCall> calls;
  for (const TriggerDescriptor* trigger :
       sql::binder::TriggersOf(table, event, timing, true, assigned, is_replica))
    calls.emplace_back(table, *trigger, event);
  return calls;
}

}  // namespace adbms::gateway::session
