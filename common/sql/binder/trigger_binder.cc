// Triggers of the table that a statement writes: BEFORE row triggers become a part of the
// statement, and for the others the rows that it changes are sent along (decision 042).
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/program_inliner.h"
#include "common/sql/binder/triggers.h"
#include "common/sql/program/program_parser.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/array.h"

namespace adbms::sql::binder {
namespace {

using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using plan::Rel;
namespace sqlstate = status::sqlstate;

ExprPtr Text(std::string text) { return plan::MakeLiteral(types::Value::Text(std::move(text))); }

// Which of the rows are new ones is not told: what fires for them cannot be run.
absl::Status CheckUpsert(const TableDescriptor& table) {
  for (const TriggerDescriptor& trigger : table.triggers()) {
    const bool row = trigger.for_each_row();
    const bool before_row = row && trigger.timing() == TriggerDescriptor::TIMING_BEFORE;
    const bool concerns = trigger.on_update() || (row && trigger.on_insert());
    if (before_row || !concerns || trigger.enabled() == "D" || trigger.enabled() == "R") continue;
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("ON CONFLICT DO UPDATE of table \"", table.name(),
                     "\" is not supported: it has trigger \"", trigger.name(), "\""),
        {}, "Try the UPDATE first, and INSERT where it finds no row.");
  }
  return absl::OkStatus();
}

}  // namespace

bool Fires(const TriggerDescriptor& trigger, TriggerEvent event,
           const std::vector<uint32_t>& assigned) {
  if (trigger.enabled() == "D" || trigger.enabled() == "R") return false;
  switch (event) {
    case TriggerEvent::kInsert:
      return trigger.on_insert();
    case TriggerEvent::kDelete:
      return trigger.on_delete();
    case TriggerEvent::kTruncate:
      return trigger.on_truncate();
    case TriggerEvent::kUpdate:
      break;
  }
  if (!trigger.on_update()) return false;
  return trigger.columns().empty() ||
         std::any_of(trigger.columns().begin(), trigger.columns().end(), [&](uint32_t column) {
           return std::find(assigned.begin(), assigned.end(), column) != assigned.end();
         });
}

std::vector<const TriggerDescriptor*> TriggersOf(const TableDescriptor& table, TriggerEvent event,
                                                 TriggerDescriptor::Timing timing,
                                                 bool for_each_row,
                                                 const std::vector<uint32_t>& assigned) {
  std::vector<const TriggerDescriptor*> found;
  for (const TriggerDescriptor& trigger : table.triggers()) {
    if (trigger.timing() == timing && trigger.for_each_row() == for_each_row &&
        Fires(trigger, event, assigned))
      found.push_back(&trigger);
  }
  std::sort(found.begin(), found.end(),
            [](const auto* a, const auto* b) { return a->name() < b->name(); });
  return found;
}

const char* NameOf(TriggerEvent event) {
  switch (event) {
    case TriggerEvent::kInsert:
      return "INSERT";
    case TriggerEvent::kUpdate:
      return "UPDATE";
    case TriggerEvent::kDelete:
      return "DELETE";
    case TriggerEvent::kTruncate:
      break;
  }
  return "TRUNCATE";
}

absl::StatusOr<ExprPtr> Binder::RunBeforeTrigger(const TriggerDescriptor& trigger,
                                                 TriggerEvent event, TriggeredRow* row) {
  const TableDescriptor& table = *query_->target;
  const auto* function = input_.catalog->FindFunction(trigger.function_id());
  if (function == nullptr)
    return status::Error(
        sqlstate::kUndefinedFunction,
        absl::StrCat("the function of trigger \"", trigger.name(), "\" does not exist"));
  auto& used = query_->functions;
  if (std::find(used.begin(), used.end(), function) == used.end()) used.push_back(function);
  const auto refused = [&] {
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("trigger \"", trigger.name(), "\" on table \"", table.name(),
                     "\" is not supported"),
        absl::StrCat("The body of ", SignatureOf(*function),
                     " runs before the row is written, and has more in it than assignments, "
                     "branches, single values from queries, RAISE EXCEPTION and RETURN."),
        "Move what else it does into an AFTER trigger.");
  };
  auto program = function->language() == "plpgsql" ? program::ParseProgram(function->source())
                                                   : absl::StatusOr<program::ProgramPtr>(refused());
  if (!program.ok()) return program.status();
  ProgramInliner::State state;
  const auto add = [&](const std::string& name, ExprPtr value) {
    ProgramInliner::Variable variable;
    variable.name = {"", name, true};
    variable.type = value->type;
    variable.value = std::move(value);
    state.push_back(std::move(variable));
  };
  add("tg_op", Text(NameOf(event)));
  add("tg_name", Text(trigger.name()));
  add("tg_when", Text("BEFORE"));
  add("tg_level", Text("ROW"));
  add("tg_table_name", Text(table.name()));
  add("tg_relname", Text(table.name()));
  add("tg_table_schema", Text(table.schema()));
  add("tg_relid", plan::MakeLiteral(types::Value::Int(TypeId::kOid, table.table_id())));
  add("tg_nargs", plan::MakeLiteral(types::Value::Int(TypeId::kInt4, trigger.arguments_size())));
  types::ArrayBuilder arguments(TypeId::kTextArray);
  for (const std::string& argument : trigger.arguments())
    arguments.Add(types::Value::Text(argument));
  add("tg_argv",
      plan::MakeLiteral(types::Value::String(
          {TypeId::kTextArray, 0}, arguments.Finish(types::ArrayShape::OfLength(
                                       static_cast<uint32_t>(trigger.arguments_size()), 0)))));
  // Records last: RETURN finds its row among them.
  std::vector<NamedValue> names;
  for (const bool is_new : {true, false}) {
    const std::vector<ExprPtr>& values = is_new ? row->new_values : row->old_values;
    for (int i = 0; i < table.columns_size(); ++i) {
      if (table.columns(i).dropped()) continue;
      ProgramInliner::Variable variable;
      variable.name = {is_new ? "new" : "old", table.columns(i).name(), false};
      variable.type = types::FromProto(table.columns(i).type());
      variable.value =
          values.empty() ? plan::MakeNull(variable.type) : values[static_cast<size_t>(i)];
      names.push_back({variable.name, variable.value});
      state.push_back(std::move(variable));
    }
  }
  missing_record_ = row->new_values.empty() ? "new" : row->old_values.empty() ? "old" : "";
  ExprPtr when;
  if (!trigger.when_sql().empty()) {
    std::shared_ptr<const parser::ParseTree> tree;
    ASSIGN_OR_RETURN(const Node* node, ParseExpression(trigger.when_sql(), &tree));
    kept_trees_.push_back(tree);
    RETURN_IF_ERROR(WithText(tree->text(), &names, /*conflict=*/false, [&]() -> absl::Status {
      Scope scope(nullptr);
      scope.clause = "trigger WHEN conditions";
      ASSIGN_OR_RETURN(when, BindExpr(node, &scope));
      ASSIGN_OR_RETURN(when, ToBoolean(when, "WHEN"));
      return absl::OkStatus();
    }));
  }
  ProgramInliner inliner(this, std::nullopt, missing_record_);
  const std::string acting_role = acting_role_;
  if (function->security_definer()) acting_role_ = function->owner();
  inlining_.push_back(function);
  auto ran = inliner.Run(**program, std::move(state));
  inlining_.pop_back();
  missing_record_.clear();
  met_program_ = false;
  acting_role_ = acting_role;
  ASSIGN_OR_RETURN(auto outcome, std::move(ran));
  if (!outcome.has_value()) return refused();
  // PostgreSQL's would see the rows that the statement has written before this one.
  const bool single = event == TriggerEvent::kInsert && query_->root->kind == Rel::Kind::kValues &&
                      query_->root->rows.size() == 1;
  bool reads = outcome->keep != nullptr && ReadsTable(*outcome->keep, table.table_id());
  for (const ExprPtr& value : outcome->values) reads |= ReadsTable(*value, table.table_id());
  if (reads && !single)
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat("trigger \"", trigger.name(), "\" on table \"", table.name(),
                     "\" is not supported in this statement"),
        absl::StrCat("The body of ", SignatureOf(*function), " reads the table itself."),
        "INSERT the rows one by one, each in VALUES.");
  const auto choose = [&](const ExprPtr& changed, const ExprPtr& unchanged) {
    if (when == nullptr || plan::Equal(*changed, *unchanged)) return changed;
    return plan::MakeCase(unchanged->type, {when, changed, unchanged});
  };
  // A deleted row is what it was, whatever has been returned for it.
  if (event != TriggerEvent::kDelete && !outcome->values.empty()) {
    size_t live = 0;
    for (int i = 0; i < table.columns_size(); ++i) {
      if (table.columns(i).dropped()) continue;
      ExprPtr& value = row->new_values[static_cast<size_t>(i)];
      value = choose(outcome->values[live++], value);
    }
  }
  return outcome->keep == nullptr ? ExprPtr() : choose(outcome->keep, plan::MakeBool(true));
}

absl::Status Binder::InsertTriggers() {
  const TableDescriptor& table = *query_->target;
  for (const TriggerDescriptor* trigger :
       TriggersOf(table, TriggerEvent::kInsert, TriggerDescriptor::TIMING_BEFORE, true, {})) {
    TriggeredRow row;
    for (int i = 0; i < table.columns_size(); ++i)
      row.new_values.push_back(plan::MakeColumn(query_->root->output[static_cast<size_t>(i)],
                                                types::FromProto(table.columns(i).type())));
    ASSIGN_OR_RETURN(ExprPtr keep, RunBeforeTrigger(*trigger, TriggerEvent::kInsert, &row));
    RelPtr rel = query_->root;
    if (keep != nullptr) rel = plan::MakeFilter(rel, {keep});
    RelPtr project = plan::MakeRel(Rel::Kind::kProject, {rel});
    for (int i = 0; i < table.columns_size(); ++i) {
      const ExprPtr& value = row.new_values[static_cast<size_t>(i)];
      project->output.push_back(
          query_->AddColumn({table.columns(i).name(), value->type, table.table_id(),
                             static_cast<uint32_t>(i + 1), false}));
      project->expressions.push_back(value);
    }
    query_->root = project;
  }
  return absl::OkStatus();
}

absl::Status Binder::UpdateTriggers(const std::vector<uint32_t>& assigned) {
  const TableDescriptor& table = *query_->target;
  plan::ChangeTarget& change = query_->change;
  for (const TriggerDescriptor* trigger :
       TriggersOf(table, TriggerEvent::kUpdate, TriggerDescriptor::TIMING_BEFORE, true, assigned)) {
    TriggeredRow row;
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto at = static_cast<size_t>(i);
      row.old_values.push_back(
          plan::MakeColumn(change.columns[at], types::FromProto(table.columns(i).type())));
    }
    row.new_values = row.old_values;
    for (size_t i = 0; i < change.assigned.size(); ++i) {
      // What it comes to may be read more than once.
      if (plan::IsVolatile(change.values[i]) || plan::HasSubquery(change.values[i]))
        return status::Error(
            sqlstate::kFeatureNotSupported,
            absl::StrCat("an UPDATE that sets a column to a subquery or a volatile value, of a "
                         "table with trigger \"",
                         trigger->name(), "\", is not supported"),
            {}, "Compute the value in FROM.");
      row.new_values[change.assigned[i]] = change.values[i];
    }
    const std::vector<ExprPtr> before = row.new_values;
    ASSIGN_OR_RETURN(ExprPtr keep, RunBeforeTrigger(*trigger, TriggerEvent::kUpdate, &row));
    if (keep != nullptr) {
      query_->root = plan::MakeFilter(query_->root, {keep});
      change.recheck.push_back(keep);
    }
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto ordinal = static_cast<uint32_t>(i);
      if (row.new_values[ordinal] == before[ordinal]) continue;
      const auto known = std::find(change.assigned.begin(), change.assigned.end(), ordinal);
      if (known != change.assigned.end()) {
        change.values[static_cast<size_t>(known - change.assigned.begin())] =
            row.new_values[ordinal];
      } else {
        change.assigned.push_back(ordinal);
        change.values.push_back(row.new_values[ordinal]);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Binder::ConflictTriggers(const std::vector<uint32_t>& assigned) {
  const TableDescriptor& table = *query_->target;
  plan::InsertTarget& insert = query_->insert;
  for (const TriggerDescriptor* trigger :
       TriggersOf(table, TriggerEvent::kUpdate, TriggerDescriptor::TIMING_BEFORE, true, assigned)) {
    TriggeredRow row;
    for (int i = 0; i < table.columns_size(); ++i)
      row.old_values.push_back(plan::MakeColumn(insert.columns[static_cast<size_t>(i)],
                                                types::FromProto(table.columns(i).type())));
    row.new_values = insert.conflict_update;
    ASSIGN_OR_RETURN(ExprPtr keep, RunBeforeTrigger(*trigger, TriggerEvent::kUpdate, &row));
    for (const ExprPtr& value : row.new_values) {
      if (plan::HasSubquery(value))
        return status::Error(
            sqlstate::kFeatureNotSupported,
            absl::StrCat("ON CONFLICT DO UPDATE of a table with trigger \"", trigger->name(),
                         "\", which runs queries, is not "
                         "supported"),
            {}, "Try the UPDATE first, and INSERT where it finds no row.");
    }
    insert.conflict_update = std::move(row.new_values);
    if (keep == nullptr) continue;
    insert.conflict_filter =
        insert.conflict_filter == nullptr ? keep : plan::MakeAnd({insert.conflict_filter, keep});
  }
  return absl::OkStatus();
}

absl::Status Binder::DeleteTriggers() {
  const TableDescriptor& table = *query_->target;
  for (const TriggerDescriptor* trigger :
       TriggersOf(table, TriggerEvent::kDelete, TriggerDescriptor::TIMING_BEFORE, true, {})) {
    TriggeredRow row;
    for (int i = 0; i < table.columns_size(); ++i)
      row.old_values.push_back(plan::MakeColumn(query_->change.columns[static_cast<size_t>(i)],
                                                types::FromProto(table.columns(i).type())));
    ASSIGN_OR_RETURN(ExprPtr keep, RunBeforeTrigger(*trigger, TriggerEvent::kDelete, &row));
    if (keep == nullptr) continue;
    query_->root = plan::MakeFilter(query_->root, {keep});
    query_->change.recheck.push_back(keep);
  }
  return absl::OkStatus();
}

// RETURNING sees the new row and the input's further columns: the old one becomes such. It is
// locked first, so that it is the one which is then changed.
std::vector<ColumnId> Binder::KeepOldRow() {
  std::vector<Rel*> stack = {query_->root.get()};
  while (!stack.empty()) {
    Rel* at = stack.back();
    stack.pop_back();
    const bool target =
        at->kind == Rel::Kind::kScan &&
        std::find(at->output.begin(), at->output.end(), query_->change.row_key) != at->output.end();
    if (target && !at->lock.has_value()) {
      at->lock.emplace();
      at->lock->set_strength(common::v1::ROW_LOCK_STRENGTH_NO_KEY_UPDATE);
      query_->has_locks = true;
    }
    for (const RelPtr& input : at->inputs) stack.push_back(input.get());
  }
  RelPtr project = plan::MakeRel(Rel::Kind::kProject, {query_->root});
  for (const ColumnId id : query_->root->output) {
    project->output.push_back(id);
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  }
  std::vector<ColumnId> kept;
  for (const ColumnId id : query_->change.columns) {
    kept.push_back(query_->AddColumn({"old", query_->columns[id].type, 0, 0, false}));
    project->output.push_back(kept.back());
    project->expressions.push_back(plan::MakeColumn(id, query_->columns[id].type));
  }
  query_->root = project;
  return kept;
}

absl::Status Binder::SendTriggerRows(TriggerEvent event, const std::vector<uint32_t>& assigned,
                                     bool alone, std::vector<ExprPtr>* returning) {
  const TableDescriptor& table = *query_->target;
  const auto fires = [&](TriggerDescriptor::Timing timing, bool for_each_row) {
    return !TriggersOf(table, event, timing, for_each_row, assigned).empty();
  };
  if (query_->insert.conflict_index_id.has_value() && !query_->insert.conflict_update.empty())
    RETURN_IF_ERROR(CheckUpsert(table));
  const bool rows = fires(TriggerDescriptor::TIMING_AFTER, true);
  const bool statement = fires(TriggerDescriptor::TIMING_AFTER, false) ||
                         fires(TriggerDescriptor::TIMING_BEFORE, false);
  if (!rows && !statement) return absl::OkStatus();
  if (!alone)
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("changing table \"", table.name(),
                                      "\" in WITH is not supported: it has AFTER triggers"),
                         {}, "Change it by a statement of its own.");
  common::v1::TriggerRows& sent = query_->trigger_rows;
  sent.set_table_id(table.table_id());
  sent.set_client_columns(static_cast<uint32_t>(returning->size()));
  for (const uint32_t ordinal : assigned) sent.add_assigned(ordinal);
  if (!rows) return absl::OkStatus();
  const auto send = [&](const std::vector<ColumnId>& columns, const char* record) {
    for (int i = 0; i < table.columns_size(); ++i) {
      if (table.columns(i).dropped()) continue;
      returning->push_back(plan::MakeColumn(columns[static_cast<size_t>(i)],
                                            types::FromProto(table.columns(i).type())));
      query_->output_names.push_back(absl::StrCat(record, ".", table.columns(i).name()));
    }
  };
  if (event != TriggerEvent::kInsert) {
    sent.set_has_old(true);
    send(event == TriggerEvent::kUpdate ? KeepOldRow() : query_->change.columns, "old");
  }
  if (event != TriggerEvent::kDelete) {
    sent.set_has_new(true);
    send(event == TriggerEvent::kInsert ? query_->insert.columns : query_->change.new_columns,
         "new");
  }
  return absl::OkStatus();
}

absl::Status CheckNoTriggers(const TableDescriptor& table, TriggerEvent event,
                             const std::vector<uint32_t>& assigned, const char* what) {
  for (const TriggerDescriptor& trigger : table.triggers()) {
    if (!Fires(trigger, event, assigned)) continue;
    return status::Error(
        sqlstate::kFeatureNotSupported,
        absl::StrCat(what, " table \"", table.name(), "\" is not supported: it has trigger \"",
                     trigger.name(), "\""),
        {}, "Change the rows by a statement of their own.");
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::binder
