// Triggers that fire around a statement: for the statement, and for each row that it has changed.
// BEFORE row triggers are a part of the plan.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/triggers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"
#include "services/gateway/session/inner_sink.h"
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

// A record of the table's live columns; the values begin at `first`.
program::Record RecordOf(const TableDescriptor& table, const std::vector<types::Value>& values,
                         size_t first) {
  program::Record record;
  for (const auto& column : table.columns()) {
    if (column.dropped()) continue;
    record.names.push_back(column.name());
    record.types.push_back(types::FromProto(column.type()));
    record.values.push_back(values[first++]);
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
  std::vector<Condition> conditions;
  std::vector<program::Call> calls;
  for (const TriggerDescriptor* trigger : triggers) {
    conditions.emplace_back(*trigger);
    calls.push_back(CallOf(*table, *trigger, event));
  }
  ProgramHost host(this, sink, false);
  for (const types::Batch& batch : rows.batches) {
    const program::Rows one{{}, rows.types, {batch}, batch.row_count, 0};
    for (uint32_t number = 0; number < batch.row_count; ++number) {
      RETURN_IF_ERROR(Context().Check());
      const std::vector<types::Value> values = one.Row(number);
      const size_t width = values.size() / (sent.has_old() && sent.has_new() ? 2 : 1);
      program::Record old_row;
      program::Record new_row;
      if (sent.has_old()) old_row = RecordOf(*table, values, 0);
      if (sent.has_new()) new_row = RecordOf(*table, values, sent.has_old() ? width : 0);
      // The one that there is not has NULLs in it.
      for (program::Record* record : {&old_row, &new_row}) {
        if (!record->names.empty()) continue;
        *record = record == &old_row ? new_row : old_row;
        record->missing = true;
        for (size_t i = 0; i < record->values.size(); ++i)
          record->values[i] = types::Value::Null(record->types[i]);
      }
      for (size_t i = 0; i < triggers.size(); ++i) {
        calls[i].old_row = old_row;
        calls[i].new_row = new_row;
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

absl::Status Session::BufferTriggered(Portal* portal, const PlanQuery& query) {
  // Takes everything: what is done does not depend on how many rows are fetched.
  class BufferingSink : public InnerSink {
   public:
    BufferingSink(Session* session, Portal* portal)
        : InnerSink(nullptr), session_(*session), portal_(*portal) {}
    absl::Status Rows(const types::Batch& batch) override { return portal_.rows->Append(batch); }
    absl::Status Complete(std::string_view tag) override {
      portal_.rows_affected = std::stoull(std::string(tag.substr(tag.rfind(' ') + 1)));
      return absl::OkStatus();
    }
    void Notice(std::string_view severity, std::string_view code,
                std::string_view message) override {
      storage::v1::Notice& notice = session_.notices_.emplace_back();
      notice.set_severity(std::string(severity));
      notice.set_sqlstate(std::string(code));
      notice.set_message(std::string(message));
    }

   private:
    Session& session_;
    Portal& portal_;
  };
  portal->rows.emplace();
  BufferingSink sink(this, portal);
  return RunPlan(portal->statement->plan, query, portal->parameters, &sink);
}

}  // namespace adbms::gateway::session
