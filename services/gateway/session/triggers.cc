// Triggers that fire around a statement: for the statement, and for each row that it has changed.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/trigger_call.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using common::v1::TriggerRows;
using sql::binder::TriggerEvent;

constexpr size_t kTransitionEvents = 3;  // INSERT, UPDATE, DELETE.

std::vector<uint32_t> AssignedIn(const TriggerRows& sent) {
  return {sent.assigned().begin(), sent.assigned().end()};
}

// Some columns of the batch.
types::Batch ColumnsOf(const types::Batch& batch, size_t begin, size_t end) {
  types::Batch part;
  part.row_count = batch.row_count;
  part.columns.assign(batch.columns.begin() + static_cast<std::ptrdiff_t>(begin),
                      batch.columns.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

// The events of the statement that fire triggers for each statement, in the order in which they
// do so before it; afterwards it is the other way round. An INSERT that assigns is one with
// ON CONFLICT DO UPDATE.
std::vector<TriggerEvent> EventsOf(const TriggerRows& sent) {
  std::vector<TriggerEvent> events = {EventOf(sent.event())};
  if (events[0] == TriggerEvent::kInsert && sent.assigned_size() > 0)
    events.push_back(TriggerEvent::kUpdate);
  return events;
}

// What one of a statement's rows tells its triggers.
struct ChangedRow {
  TriggerEvent event = TriggerEvent::kInsert;
  const TableDescriptor* table = nullptr;
  const TableDescriptor* old_table = nullptr;  // Where it was before it moved; else the same.
  std::optional<std::vector<types::Value>> old_row;
  std::optional<std::vector<types::Value>> new_row;
};

// Reads what a statement has sent for its triggers.
class ChangedRows {
 public:
  ChangedRows(const sql::Catalog& catalog, const TriggerRows& sent, const program::Rows& rows)
      : catalog_(catalog), sent_(sent), rows_(rows), table_(catalog.FindTable(sent.table_id())) {
    if (table_ != nullptr) width_ = ShapeOf(*table_).types.size();
  }
  // Calls `visit` with each. Errors: its own; ADB01 for a table that is gone.
  absl::Status ForEach(const std::function<absl::Status(ChangedRow)>& visit) const {
    if (table_ == nullptr) return absl::OkStatus();
    for (const types::Batch& batch : rows_.batches) {
      for (uint32_t row = 0; row < batch.row_count; ++row) {
        ASSIGN_OR_RETURN(ChangedRow one, RowAt(batch, row));
        RETURN_IF_ERROR(visit(std::move(one)));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<ChangedRow> RowAt(const types::Batch& batch, uint32_t row) const {
    ChangedRow one;
    one.event = EventOf(sent_.event());
    one.table = table_;
    size_t next = 0;
    const auto take = [&] {
      std::vector<types::Value> values;
      for (size_t i = 0; i < width_; ++i) values.push_back(ValueAt(*batch.columns[next++], row));
      return values;
    };
    const auto take_table = [&]() -> absl::StatusOr<const TableDescriptor*> {
      const types::Value oid = ValueAt(*batch.columns[next++], row);
      const auto* table = catalog_.FindTable(static_cast<uint32_t>(oid.int_value()));
      if (table != nullptr) return table;
      return status::Error(sqlstate::kStalePlan, "a partition is not there any more");
    };
    if (sent_.has_old()) one.old_row = take();
    if (sent_.has_new()) one.new_row = take();
    if (sent_.has_table_oid()) {
      ASSIGN_OR_RETURN(one.table, take_table());
    }
    one.old_table = one.table;
    if (sent_.tells_updated()) {
      if (ValueAt(*batch.columns[next++], row).bool_value()) {
        one.event = TriggerEvent::kUpdate;
      } else {
        one.old_row.reset();
      }
    }
    if (sent_.has_old_table_oid()) {
      ASSIGN_OR_RETURN(one.old_table, take_table());
    }
    return one;
  }

  const sql::Catalog& catalog_;
  const TriggerRows& sent_;
  const program::Rows& rows_;
  const TableDescriptor* const table_;
  size_t width_ = 0;
};

}  // namespace

TriggerRowsSink::TriggerRowsSink(const common::v1::Plan& plan, const sql::Catalog& catalog)
    : plan_(plan) {
  size_t column = plan.trigger_rows().client_columns();
  const auto add = [&](const TriggerRows& sent) {
    Part& part = parts_.emplace_back();
    part.first = column;
    const TableDescriptor* table = catalog.FindTable(sent.table_id());
    const size_t width = table == nullptr ? 0 : ShapeOf(*table).types.size();
    size_t columns = width * (sent.has_old() + sent.has_new());
    columns += sent.has_table_oid() + sent.tells_updated() + sent.has_old_table_oid();
    for (; columns > 0; --columns, ++column)
      part.rows.types.push_back(
          types::FromProto(plan.root().output(static_cast<int>(column)).type()));
  };
  add(plan.trigger_rows());
  for (const TriggerRows& sent : plan.with_trigger_rows()) add(sent);
}

absl::Status TriggerRowsSink::Take(const types::Batch& batch, ResultSink* sink) {
  if (batch.row_count == 0) return absl::OkStatus();
  if (plan_.with_trigger_rows_size() == 0) {
    own_rows_ += batch.row_count;
    return TakePart(batch, 0, sink);
  }
  const types::Vector& whose = *batch.columns.back();
  std::vector<std::vector<uint32_t>> rows(parts_.size());
  for (uint32_t row = 0; row < batch.row_count; ++row)
    rows[static_cast<size_t>(whose.Get(row).int_value())].push_back(row);
  own_rows_ += rows[0].size();
  for (size_t part = 0; part < rows.size(); ++part) {
    if (rows[part].empty()) continue;
    RETURN_IF_ERROR(
        TakePart(types::Gather(batch, rows[part].data(), static_cast<uint32_t>(rows[part].size())),
                 part, sink));
  }
  return absl::OkStatus();
}

absl::Status TriggerRowsSink::TakePart(const types::Batch& batch, size_t number, ResultSink* sink) {
  Part& part = parts_[number];
  const size_t client = plan_.trigger_rows().client_columns();
  if (client > 0 && number == 0) RETURN_IF_ERROR(sink->Rows(ColumnsOf(batch, 0, client)));
  if (part.rows.types.empty()) return absl::OkStatus();
  types::Batch kept = CopyOf(ColumnsOf(batch, part.first, part.first + part.rows.types.size()), 0);
  bytes_ += BytesOf(kept);
  if (bytes_ > RowBuffer::kMaxBytes)
    return status::Error(sqlstate::kOutOfMemory,
                         "the rows that triggers are to be run for are too large", {},
                         "Change the rows in parts.");
  part.rows.size += kept.row_count;
  part.rows.batches.push_back(std::move(kept));
  return absl::OkStatus();
}

absl::Status Session::FireStatementTriggers(const TriggerRows& sent, TriggerEvent event,
                                            TriggerDescriptor::Timing timing,
                                            AfterQueue::Changes* changes, ResultSink* sink) {
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const TableDescriptor* table = catalog->FindTable(sent.table_id());
  if (table == nullptr) return absl::OkStatus();
  ProgramHost host(this, sink, false);
  for (const TriggerDescriptor* trigger : sql::binder::TriggersOf(
           *table, event, timing, false, AssignedIn(sent), settings_.switches().is_replica())) {
    TriggerCall call(*table, *trigger, event);
    ASSIGN_OR_RETURN(const bool meant, call.IsMeant(&host));
    if (!meant) continue;
    RETURN_IF_ERROR(FireTrigger(*catalog, call, changes, sink).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<program::Result> Session::FireTrigger(const sql::Catalog& catalog,
                                                     const TriggerCall& call,
                                                     AfterQueue::Changes* changes,
                                                     ResultSink* sink) {
  const TriggerDescriptor& trigger = call.trigger();
  const auto* function = catalog.FindFunction(trigger.function_id());
  if (function == nullptr)
    return status::Error(
        sqlstate::kUndefinedFunction,
        absl::StrCat("the function of trigger \"", trigger.name(), "\" does not exist"));
  // The trigger's own names for its transition tables.
  TransitionTables own;
  for (const auto& [name, of_new] :
       {std::make_pair(trigger.old_table(), false), std::make_pair(trigger.new_table(), true)}) {
    if (name.empty() || changes == nullptr) continue;
    RETURN_IF_ERROR(FillTransitions(changes));
    const size_t at = 2 * static_cast<size_t>(call.event()) + (of_new ? 1 : 0);
    own.push_back({name, (*changes->transitions)[at].rows});
  }
  const TransitionTables* const before = std::exchange(transitions_, &own);
  AfterQueue* const queue = std::exchange(key_queue_, nullptr);
  ++trigger_depth_;
  const absl::Cleanup restore = [&] {
    transitions_ = before;
    key_queue_ = queue;
    --trigger_depth_;
  };
  return CallFunction(*function, {}, call.call(), /*may_end=*/false, sink);
}

absl::Status Session::FireRowTriggers(const AfterQueue::Unit& unit, AfterQueue* queue,
                                      ResultSink* sink) {
  const TriggerRows& sent = unit.changes->sent;
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const std::vector<uint32_t> assigned = AssignedIn(sent);
  const bool is_replica = settings_.switches().is_replica();
  std::map<std::pair<uint32_t, TriggerEvent>, std::vector<TriggerCall>> calls;
  std::map<uint32_t, std::vector<KeyAction>> actions;  // By the parent.
  ProgramHost host(this, sink, false);
  const auto fire = [&](const TableDescriptor& table, TriggerEvent event,
                        const std::vector<types::Value>* old_row,
                        const std::vector<types::Value>* new_row) -> absl::Status {
    const auto [known, added] = calls.try_emplace({table.table_id(), event});
    if (added)
      known->second =
          RowCallsOf(table, event, TriggerDescriptor::TIMING_AFTER, assigned, is_replica);
    for (TriggerCall& call : known->second) {
      call.SetRows(old_row, new_row);
      ASSIGN_OR_RETURN(const bool meant, call.IsMeant(&host));
      if (!meant) continue;
      if (IsDeferred(call.trigger())) {
        RETURN_IF_ERROR(Defer(catalog, call));
        continue;
      }
      RETURN_IF_ERROR(FireTrigger(*catalog, call, unit.changes.get(), sink).status());
    }
    return absl::OkStatus();
  };
  return ChangedRows(*catalog, sent, unit.rows).ForEach([&](ChangedRow row) -> absl::Status {
    RETURN_IF_ERROR(Context().Check());
    const std::vector<types::Value>* old_row = row.old_row.has_value() ? &*row.old_row : nullptr;
    const std::vector<types::Value>* new_row = row.new_row.has_value() ? &*row.new_row : nullptr;
    if (row.old_row.has_value() && row.event != TriggerEvent::kInsert) {
      const auto [known, added] = actions.try_emplace(row.table->table_id());
      if (added) known->second = KeyActionsOf(*catalog, *row.table);
      for (KeyAction& action : known->second)
        RETURN_IF_ERROR(RunKeyAction(&action, *row.old_row, new_row, queue, sink));
    }
    if (row.table == row.old_table) return fire(*row.table, row.event, old_row, new_row);
    RETURN_IF_ERROR(fire(*row.old_table, TriggerEvent::kDelete, old_row, nullptr));
    return fire(*row.table, TriggerEvent::kInsert, nullptr, new_row);
  });
}

absl::Status Session::FillTransitions(AfterQueue::Changes* changes) {
  if (changes->transitions.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const TableDescriptor* table = catalog->FindTable(changes->sent.table_id());
  if (table == nullptr)
    return status::Error(sqlstate::kStalePlan, "the table of the trigger is not there any more");
  const program::Record shape = ShapeOf(*table);
  TransitionTables tables(2 * kTransitionEvents);
  for (TransitionRows& one : tables) {
    one.rows.names = shape.names;
    one.rows.types = shape.types;
  }
  const auto add = [&](TriggerEvent event, bool of_new, const std::vector<types::Value>& values) {
    program::Rows& to = tables[2 * static_cast<size_t>(event) + (of_new ? 1 : 0)].rows;
    if (to.batches.empty() || to.batches.back().row_count >= types::BatchRows()) {
      types::Batch& batch = to.batches.emplace_back();
      for (const types::Type& type : shape.types)
        batch.columns.push_back(std::make_shared<types::Vector>(type));
    }
    types::Batch& batch = to.batches.back();
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].is_null()) {
        batch.columns[i]->AppendNull();
      } else {
        batch.columns[i]->Append(values[i]);
      }
    }
    ++batch.row_count;
    ++to.size;
  };
  RETURN_IF_ERROR(ChangedRows(*catalog, changes->sent, changes->rows).ForEach([&](ChangedRow row) {
    if (row.old_row.has_value() && row.event != TriggerEvent::kInsert)
      add(row.event, false, *row.old_row);
    if (row.new_row.has_value() && row.event != TriggerEvent::kDelete)
      add(row.event, true, *row.new_row);
    return absl::OkStatus();
  }));
  changes->transitions = std::move(tables);
  return absl::OkStatus();
}

absl::Status Session::FireBeforeTriggers(const common::v1::Plan& plan) {
  const auto fire = [&](const TriggerRows& sent) -> absl::Status {
    for (const TriggerEvent event : EventsOf(sent)) {
      if (key_queue_ != nullptr && !key_queue_->Begin(sent.table_id(), event)) continue;
      RETURN_IF_ERROR(
          FireStatementTriggers(sent, event, TriggerDescriptor::TIMING_BEFORE, nullptr, nullptr));
    }
    return absl::OkStatus();
  };
  for (const TriggerRows& sent : plan.with_trigger_rows()) RETURN_IF_ERROR(fire(sent));
  return fire(plan.trigger_rows());
}

absl::Status Session::FireAfterTriggers(const common::v1::Plan& plan, const TriggerRowsSink& rows,
                                        ResultSink* sink) {
  AfterQueue own;
  AfterQueue* const queue = key_queue_ != nullptr ? key_queue_ : &own;
  const auto add = [&](const TriggerRows& sent, const program::Rows& changed) {
    if (sent.table_id() == 0) return;
    for (const TriggerEvent event : EventsOf(sent)) queue->Begin(sent.table_id(), event);
    queue->Add(sent, changed);
  };
  for (int i = 0; i < plan.with_trigger_rows_size(); ++i)
    add(plan.with_trigger_rows(i), rows.rows(static_cast<size_t>(i) + 1));
  add(plan.trigger_rows(), rows.rows(0));
  if (queue != &own) return absl::OkStatus();
  while (const std::optional<AfterQueue::Unit> unit = own.Next()) {
    if (!unit->of_statement) {
      RETURN_IF_ERROR(FireRowTriggers(*unit, &own, sink));
      continue;
    }
    const std::vector<TriggerEvent> events = EventsOf(unit->changes->sent);
    for (auto event = events.rbegin(); event != events.rend(); ++event)
      RETURN_IF_ERROR(FireStatementTriggers(
          unit->changes->sent, *event, TriggerDescriptor::TIMING_AFTER, unit->changes.get(), sink));
  }
  return absl::OkStatus();
}

std::vector<sql::TransitionTable> Session::TransitionShapes() const {
  std::vector<sql::TransitionTable> shapes;
  if (transitions_ == nullptr) return shapes;
  for (const TransitionRows& table : *transitions_) {
    sql::TransitionTable& shape = shapes.emplace_back();
    shape.name = table.name;
    for (size_t i = 0; i < table.rows.names.size(); ++i)
      shape.columns.emplace_back(table.rows.names[i], table.rows.types[i]);
  }
  return shapes;
}

std::string Session::TransitionKey() const {
  std::string key;
  for (const sql::TransitionTable& table : TransitionShapes()) {
    absl::StrAppend(&key, "\n>", table.name);
    for (const auto& [name, type] : table.columns)
      absl::StrAppend(&key, "\n", name, ":", static_cast<int>(type.id), ".", type.modifier, ".",
                      types::OidOf(type));
  }
  return key;
}

OutputColumns ClientColumns(const common::v1::Plan& plan) {
  OutputColumns columns = plan.root().output();
  if (plan.has_trigger_rows())
    columns.DeleteSubrange(static_cast<int>(plan.trigger_rows().client_columns()),
                           columns.size() - static_cast<int>(plan.trigger_rows().client_columns()));
  return columns;
}

}  // namespace adbms::gateway::session
