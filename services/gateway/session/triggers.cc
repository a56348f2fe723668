// Triggers that fire around a statement: for the statement, and for each row that it has changed.
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/sql/plan/operator_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/gateway/session/changed_rows.h"
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

// The events of the statement that fire triggers for each statement, in the order in which they
// do so before it; afterwards it is the other way round. An INSERT that assigns is one with
// ON CONFLICT DO UPDATE.
std::vector<TriggerEvent> EventsOf(const TriggerRows& sent) {
  std::vector<TriggerEvent> events = {EventOf(sent.event())};
  if (events[0] == TriggerEvent::kInsert && sent.assigned_size() > 0)
    events.push_back(TriggerEvent::kUpdate);
  return events;
}

size_t ReadersOf(const common::v1::Operator& op, uint32_t cte) {
  size_t readers = op.has_cte_scan() && op.cte_scan().cte() == cte ? 1 : 0;
  for (const common::v1::Operator* child : sql::plan::ChildrenOf(op))
    readers += ReadersOf(*child, cte);
  return readers;
}

// Whether the WITH query whose rows come nth is read by another than what sends them.
bool IsRead(const common::v1::Plan& plan, int n) {
  const auto& parts = plan.root().append().inputs();
  if (n + 1 >= parts.size()) return true;
  const common::v1::Operator* reader = &parts[n + 1];
  while (!reader->has_cte_scan()) {
    const auto below = sql::plan::ChildrenOf(*reader);
    if (below.size() != 1) return true;
    reader = below[0];
  }
  const uint32_t cte = reader->cte_scan().cte();
  size_t readers = ReadersOf(plan.root(), cte);
  for (const common::v1::Operator& other : plan.ctes()) readers += ReadersOf(other, cte);
  for (const auto& subplan : plan.subplans()) readers += ReadersOf(subplan.root(), cte);
  return readers > 1;
}

}  // namespace

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
  // Once for all parts of the statement.
  std::set<std::pair<uint32_t, TriggerEvent>> fired;
  const auto fire = [&](const TriggerRows& sent) -> absl::Status {
    for (const TriggerEvent event : EventsOf(sent)) {
      if (!fired.emplace(sent.table_id(), event).second) continue;
      if (key_queue_ != nullptr && !key_queue_->Begin(sent.table_id(), event)) continue;
      RETURN_IF_ERROR(
          FireStatementTriggers(sent, event, TriggerDescriptor::TIMING_BEFORE, nullptr, nullptr));
    }
    return absl::OkStatus();
  };
  const bool merges = plan.kind() == common::v1::STATEMENT_KIND_MERGE;
  const int count = plan.with_trigger_rows_size();
  for (int i = 0; i < count; ++i)
    RETURN_IF_ERROR(fire(plan.with_trigger_rows(merges ? count - 1 - i : i)));
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
  // WITH queries that nobody reads run after the statement, the last one first.
  std::vector<int> unread;
  for (int i = 0; i < plan.with_trigger_rows_size(); ++i) {
    if (IsRead(plan, i)) {
      add(plan.with_trigger_rows(i), rows.rows(static_cast<size_t>(i) + 1));
    } else {
      unread.push_back(i);
    }
  }
  add(plan.trigger_rows(), rows.rows(0));
  for (auto i = unread.rbegin(); i != unread.rend(); ++i)
    add(plan.with_trigger_rows(*i), rows.rows(static_cast<size_t>(*i) + 1));
  // Triggers for each statement fire when those for all rows of MERGE have.
  if (plan.kind() == common::v1::STATEMENT_KIND_MERGE) {
    for (const TriggerRows& sent : plan.with_trigger_rows()) queue->Add(sent, program::Rows());
  }
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
  if (plan.cursor_rows_size() > 0) {
    const auto first = static_cast<int>(plan.cursor_rows(0).column());
    columns.DeleteSubrange(first, columns.size() - first);
  }
  return columns;
}

}  // namespace adbms::gateway::session
