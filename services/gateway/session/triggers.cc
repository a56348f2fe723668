// Triggers that fire around a statement: for the statement, and for each row that it has changed.
// BEFORE row triggers are a part of the plan.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/triggers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using sql::binder::TriggerEvent;

TriggerEvent EventOf(const common::v1::Plan& plan) {
  switch (plan.kind()) {
    case common::v1::STATEMENT_KIND_INSERT:
      return TriggerEvent::kInsert;
    case common::v1::STATEMENT_KIND_UPDATE:
      return TriggerEvent::kUpdate;
    default:
      return TriggerEvent::kDelete;
  }
}

// A record of the table's live columns, all NULL.
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

program::Call CallOf(const TableDescriptor& table, const TriggerDescriptor& trigger,
                     TriggerEvent event) {
  program::Call call;
  call.is_trigger = true;
  const auto text = [&](const char* name, std::string value) {
    call.trigger_values.emplace_back(name, types::Value::Text(std::move(value)));
  };
  text("tg_op", sql::binder::NameOf(event));
  text("tg_name", trigger.name());
  text("tg_when", trigger.timing() == TriggerDescriptor::TIMING_BEFORE ? "BEFORE" : "AFTER");
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

// WHEN, over the rows of a call.
class Condition {
 public:
  explicit Condition(const TriggerDescriptor& trigger) {
    if (!trigger.when_sql().empty()) text_.text = absl::StrCat("SELECT ", trigger.when_sql());
  }

  absl::StatusOr<bool> Holds(const program::Call& call, program::Host* host) {
    if (text_.text.empty()) return true;
    std::vector<types::Value> values;
    const bool first = text_.parameter_types.empty();
    for (const auto& [name, record] :
         {std::make_pair("old", &call.old_row), std::make_pair("new", &call.new_row)}) {
      for (size_t i = 0; i < record->names.size(); ++i) {
        values.push_back(record->values[i]);
        if (!first) continue;
        text_.parameter_types.push_back(record->types[i]);
        text_.parameter_names.push_back({name, record->names[i], false});
      }
    }
    ASSIGN_OR_RETURN(const types::Value value, host->Evaluate(&text_, values));
    return !value.is_null() && value.bool_value();
  }

 private:
  program::SqlText text_;
};

// The first columns of the batch, or those from there on.
types::Batch ColumnsOf(const types::Batch& batch, size_t begin, size_t end) {
  types::Batch part;
  part.row_count = batch.row_count;
  part.columns.assign(batch.columns.begin() + static_cast<std::ptrdiff_t>(begin),
                      batch.columns.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

}  // namespace

absl::Status TriggerRowsSink::Take(const types::Batch& batch, ResultSink* sink) {
  if (batch.row_count == 0) return absl::OkStatus();
  const size_t client = rows_of_.client_columns();
  if (client > 0) RETURN_IF_ERROR(sink->Rows(ColumnsOf(batch, 0, client)));
  types::Batch kept = CopyOf(ColumnsOf(batch, client, batch.columns.size()), 0);
  rows_.bytes += BytesOf(kept);
  if (rows_.bytes > RowBuffer::kMaxBytes)
    return status::Error(sqlstate::kOutOfMemory,
                         "the rows that triggers are to be run for are too large", {},
                         "Change the rows in parts.");
  rows_.size += kept.row_count;
  rows_.batches.push_back(std::move(kept));
  return absl::OkStatus();
}

absl::Status Session::FireStatementTriggers(const common::v1::Plan& plan,
                                            TriggerDescriptor::Timing timing, ResultSink* sink) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const TableDescriptor* table = catalog->FindTable(plan.trigger_rows().table_id());
  if (table == nullptr) return absl::OkStatus();
  const std::vector<uint32_t> assigned(plan.trigger_rows().assigned().begin(),
                                       plan.trigger_rows().assigned().end());
  const TriggerEvent event = EventOf(plan);
  ProgramHost host(this, sink, false);
  for (const TriggerDescriptor* trigger :
       sql::binder::TriggersOf(*table, event, timing, false, assigned)) {
    const program::Call call = CallOf(*table, *trigger, event);
    ASSIGN_OR_RETURN(const bool meant, Condition(*trigger).Holds(call, &host));
    if (meant) RETURN_IF_ERROR(FireTrigger(*catalog, *trigger, call, sink));
  }
  return absl::OkStatus();
}

absl::Status Session::FireTrigger(const sql::Catalog& catalog, const TriggerDescriptor& trigger,
                                  const program::Call& call, ResultSink* sink) {
  const auto* function = catalog.FindFunction(trigger.function_id());
  if (function == nullptr)
    return status::Error(
        sqlstate::kUndefinedFunction,
        absl::StrCat("the function of trigger \"", trigger.name(), "\" does not exist"));
  return CallFunction(*function, {}, call, /*may_end=*/false, sink).status();
}

absl::Status Session::FireRowTriggers(const common::v1::Plan& plan, const program::Rows& rows,
                                      ResultSink* sink) {
  if (rows.size == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const common::v1::TriggerRows& sent = plan.trigger_rows();
  const TableDescriptor* table = catalog->FindTable(sent.table_id());
  if (table == nullptr) return absl::OkStatus();
  const std::vector<uint32_t> assigned(sent.assigned().begin(), sent.assigned().end());
  const TriggerEvent event = EventOf(plan);
  const auto triggers =
      sql::binder::TriggersOf(*table, event, TriggerDescriptor::TIMING_AFTER, true, assigned);
  // The row that there is not has NULLs in it.
  program::Record old_row = ShapeOf(*table);
  program::Record new_row = old_row;
  old_row.missing = !sent.has_old();
  new_row.missing = !sent.has_new();
  std::vector<Condition> conditions;
  std::vector<program::Call> calls;
  for (const TriggerDescriptor* trigger : triggers) {
    conditions.emplace_back(*trigger);
    program::Call& call = calls.emplace_back(CallOf(*table, *trigger, event));
    call.old_row = old_row;
    call.new_row = new_row;
  }
  const auto width = static_cast<std::ptrdiff_t>(old_row.types.size());
  ProgramHost host(this, sink, false);
  for (const types::Batch& batch : rows.batches) {
    const program::Rows one{{}, rows.types, {batch}, batch.row_count, 0};
    for (uint32_t number = 0; number < batch.row_count; ++number) {
      RETURN_IF_ERROR(Context().Check());
      const std::vector<types::Value> values = one.Row(number);
      for (size_t i = 0; i < triggers.size(); ++i) {
        auto next = values.begin();
        if (sent.has_old()) calls[i].old_row.values.assign(next, next + width);
        if (sent.has_old()) next += width;
        if (sent.has_new()) calls[i].new_row.values.assign(next, next + width);
        ASSIGN_OR_RETURN(const bool meant, conditions[i].Holds(calls[i], &host));
        if (meant) RETURN_IF_ERROR(FireTrigger(*catalog, *triggers[i], calls[i], sink));
      }
    }
  }
  return absl::OkStatus();
}

OutputColumns ClientColumns(const common::v1::Plan& plan) {
  OutputColumns columns = plan.root().output();
  if (plan.has_trigger_rows())
    columns.DeleteSubrange(static_cast<int>(plan.trigger_rows().client_columns()),
                           columns.size() - static_cast<int>(plan.trigger_rows().client_columns()));
  return columns;
}

}  // namespace adbms::gateway::session
