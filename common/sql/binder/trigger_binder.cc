// BEFORE row triggers of the table that a statement writes become a part of the statement, where
// all of them are expressions (decision 042).
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/binder/binder.h"
#include "common/sql/binder/invoking_role.h"
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

// Never told: such triggers fire in the gateway.
absl::Status NoPartOfPlan() { return absl::UnimplementedError("no part of a plan"); }

ExprPtr Text(std::string text) { return plan::MakeLiteral(types::Value::Text(std::move(text))); }

}  // namespace

absl::StatusOr<ExprPtr> Binder::RunBeforeTrigger(const TriggerDescriptor& trigger,
                                                 TriggerEvent event, TriggeredRow* row) {
  const TableDescriptor& table = *query_->target;
  const auto* function = input_.catalog->FindFunction(trigger.function_id());
  if (function == nullptr)
    return status::Error(
        sqlstate::kUndefinedFunction,
        absl::StrCat("the function of trigger \"", trigger.name(), "\" does not exist"));
  UseFunction(function);
  // It would tell of the statement around it.
  if (function->source().find("pg_trigger_depth") != std::string::npos || NamesTable(trigger))
    return NoPartOfPlan();
  auto program = function->language() == "plpgsql"
                     ? program::ParseProgram(function->source())
                     : absl::StatusOr<program::ProgramPtr>(NoPartOfPlan());
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
  acting_role_ = function->security_definer() ? function->owner() : InvokingRole(inlining_);
  inlining_.push_back(function);
  auto ran = inliner.Run(**program, std::move(state));
  inlining_.pop_back();
  missing_record_.clear();
  met_program_ = false;
  acting_role_ = acting_role;
  ASSIGN_OR_RETURN(auto outcome, std::move(ran));
  if (!outcome.has_value()) return NoPartOfPlan();
  // PostgreSQL's would see the rows that the statement has written before this one.
  const bool single = event == TriggerEvent::kInsert && query_->root->kind == Rel::Kind::kValues &&
                      query_->root->rows.size() == 1;
  bool reads = outcome->keep != nullptr && ReadsTable(*outcome->keep, table.table_id());
  for (const ExprPtr& value : outcome->values) reads |= ReadsTable(*value, table.table_id());
  if (reads && !single) return NoPartOfPlan();
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

bool Binder::BecomesPlan(const std::function<absl::Status()>& inlined) {
  const plan::Query before = *query_;
  const std::string acting_role = acting_role_;
  if (inlined().ok()) return true;
  // What cannot be bound now may never be run.
  *query_ = before;
  acting_role_ = acting_role;
  missing_record_.clear();
  met_program_ = false;
  return false;
}

absl::Status Binder::InlineInsertTriggers(const Triggers& triggers) {
  const TableDescriptor& table = *query_->target;
  for (const TriggerDescriptor* trigger : triggers) {
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

absl::Status Binder::InlineUpdateTriggers(const Triggers& triggers) {
  const TableDescriptor& table = *query_->target;
  plan::ChangeTarget& change = query_->change;
  for (const TriggerDescriptor* trigger : triggers) {
    TriggeredRow row;
    for (int i = 0; i < table.columns_size(); ++i) {
      const auto at = static_cast<size_t>(i);
      row.old_values.push_back(
          plan::MakeColumn(change.columns[at], types::FromProto(table.columns(i).type())));
    }
    row.new_values = row.old_values;
    // What is generated is computed when the triggers have fired.
    for (int i = 0; i < table.columns_size(); ++i) {
      if (table.columns(i).has_generated())
        row.new_values[static_cast<size_t>(i)] =
            plan::MakeNull(types::FromProto(table.columns(i).type()));
    }
    for (size_t i = 0; i < change.assigned.size(); ++i) {
      // What it comes to may be read more than once.
      if (plan::IsVolatile(change.values[i]) || plan::HasSubquery(change.values[i]))
        return NoPartOfPlan();
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

absl::Status Binder::InlineDeleteTriggers(const Triggers& triggers) {
  const TableDescriptor& table = *query_->target;
  for (const TriggerDescriptor* trigger : triggers) {
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

absl::Status Binder::ConflictTriggers(const std::vector<uint32_t>& assigned) {
  const TableDescriptor& table = *query_->target;
  plan::InsertTarget& insert = query_->insert;
  if (upsert_fires_) {
    const auto fired = std::find_if(query_->ctes.rbegin(), query_->ctes.rend(),
                                    [](const plan::Cte& cte) { return cte.triggers.has_value(); });
    fired->triggers->assigned = assigned;
    return CheckExcluded();
  }
  const bool fires = FiresForRows(*input_.catalog, table, TriggerEvent::kUpdate,
                                  TriggerDescriptor::TIMING_BEFORE, assigned, is_replica());
  const Triggers triggers = TriggersOf(
      table, TriggerEvent::kUpdate, TriggerDescriptor::TIMING_BEFORE, true, assigned, is_replica());
  const auto inlined = [&]() -> absl::Status {
    if (table.has_partition_key()) return NoPartOfPlan();
    for (const TriggerDescriptor* trigger : triggers) {
      TriggeredRow row;
      for (int i = 0; i < table.columns_size(); ++i)
        row.old_values.push_back(plan::MakeColumn(insert.columns[static_cast<size_t>(i)],
                                                  types::FromProto(table.columns(i).type())));
      row.new_values = insert.conflict_update;
      ASSIGN_OR_RETURN(ExprPtr keep, RunBeforeTrigger(*trigger, TriggerEvent::kUpdate, &row));
      bool runs_queries = keep != nullptr && plan::HasSubquery(keep);
      for (const ExprPtr& value : row.new_values) runs_queries |= plan::HasSubquery(value);
      if (runs_queries) return NoPartOfPlan();
      insert.conflict_update = std::move(row.new_values);
      if (keep == nullptr) continue;
      insert.conflict_filter =
          insert.conflict_filter == nullptr ? keep : plan::MakeAnd({insert.conflict_filter, keep});
    }
    return absl::OkStatus();
  };
  upsert_fires_ = fires && !BecomesPlan(inlined);
  const bool fired_before =
      std::any_of(query_->ctes.begin(), query_->ctes.end(),
                  [](const plan::Cte& cte) { return cte.triggers.has_value(); });
  return fired_before ? CheckExcluded() : absl::OkStatus();
}

// The gateway computes what DO UPDATE sets, and knows no generated columns of a row that is not
// stored.
absl::Status Binder::CheckExcluded() const {
  const TableDescriptor& table = *query_->target;
  plan::ColumnSet used;
  for (const ExprPtr& value : query_->insert.conflict_update) plan::CollectColumns(*value, &used);
  for (int i = 0; i < table.columns_size(); ++i) {
    if (table.columns(i).has_generated() &&
        used.contains(query_->insert.excluded[static_cast<size_t>(i)]))
      return NoConflictTrigger(absl::StrCat("it has triggers, and excluded.",
                                            table.columns(i).name(), " is a generated column"));
  }
  return absl::OkStatus();
}

absl::Status Binder::NoConflictTrigger(const std::string& why) const {
  return status::Error(sqlstate::kFeatureNotSupported,
                       absl::StrCat("ON CONFLICT DO UPDATE of table \"", query_->target->name(),
                                    "\" is not supported: ", why),
                       {}, "Try the UPDATE first, and INSERT where it finds no row.");
}

}  // namespace adbms::sql::binder
