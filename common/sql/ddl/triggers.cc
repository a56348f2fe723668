// CREATE, DROP and ALTER TRIGGER, ALTER TABLE … ENABLE and DISABLE TRIGGER.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/trigger_condition.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;

constexpr char kInvalidObjectDefinition[] = "42P17";

// PostgreSQL's bits of CreateTrigStmt.timing and events.
constexpr int kBefore = 1 << 1;
constexpr int kInsert = 1 << 2;
constexpr int kDelete = 1 << 3;
constexpr int kUpdate = 1 << 4;
constexpr int kTruncate = 1 << 5;
constexpr int kInstead = 1 << 6;

absl::Status Unavailable(std::string_view message) {
  return status::Error(sqlstate::kFeatureNotSupported, message);
}

absl::Status Invalid(std::string_view message) {
  return status::Error(kInvalidObjectDefinition, message);
}

absl::Status CheckTarget(const TableDescriptor& table, const PgQuery__CreateTrigStmt& create) {
  const std::string quoted = absl::StrCat("\"", table.name(), "\"");
  const auto wrong = [&](absl::string_view kind, std::string_view detail) {
    return status::Error(sqlstate::kWrongObjectType, absl::StrCat(quoted, " is a ", kind), detail);
  };
  const bool instead = create.timing == kInstead;
  if (table.has_sequence())
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("relation ", quoted, " cannot have triggers"),
                         "This operation is not supported for sequences.");
  if (table.has_materialized_view())
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("relation ", quoted, " cannot have triggers"),
                         "This operation is not supported for materialized views.");
  if (table.view_sql().empty()) {
    if (!instead) return absl::OkStatus();
    return wrong("table", "Tables cannot have INSTEAD OF triggers.");
  }
  if (create.row && !instead)
    return wrong("view", "Views cannot have row-level BEFORE or AFTER triggers.");
  if ((create.events & kTruncate) != 0)
    return wrong("view", "Views cannot have TRUNCATE triggers.");
  if (!instead) return absl::OkStatus();
  if (!create.row) return Unavailable("INSTEAD OF triggers must be FOR EACH ROW");
  if (create.when_clause != nullptr)
    return Unavailable("INSTEAD OF triggers cannot have WHEN conditions");
  return create.n_columns == 0 ? absl::OkStatus()
                               : Unavailable("INSTEAD OF triggers cannot have column lists");
}

// Where a trigger with transition tables cannot be.
absl::Status CheckTransitionTarget(const TableDescriptor& table, const TriggerDescriptor& trigger) {
  const std::string quoted = absl::StrCat("\"", table.name(), "\"");
  const auto refused = [&](absl::string_view kind, std::string_view detail) {
    return status::Error(sqlstate::kWrongObjectType, absl::StrCat(quoted, " is a ", kind), detail);
  };
  if (!table.view_sql().empty())
    return refused("view", "Triggers on views cannot have transition tables.");
  if (trigger.for_each_row() && table.has_partition_key())
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat(quoted, " is a partitioned table"),
                         "ROW triggers with transition tables are not supported on partitioned "
                         "tables.");
  if (trigger.for_each_row() && table.partition_of() != 0)
    return Unavailable("ROW triggers with transition tables are not supported on partitions");
  return absl::OkStatus();
}

absl::Status ReadTransition(const PgQuery__TriggerTransition& transition, bool single_event,
                            TriggerDescriptor* trigger) {
  if (!transition.is_table)
    return status::Error(sqlstate::kFeatureNotSupported,
                         "ROW variable naming in the REFERENCING clause is not supported", {},
                         "Use OLD TABLE or NEW TABLE for naming transition tables.");
  if (trigger->timing() != TriggerDescriptor::TIMING_AFTER)
    return Invalid("transition table name can only be specified for an AFTER trigger");
  if (trigger->on_truncate())
    return Unavailable("TRUNCATE triggers with transition tables are not supported");
  if (!single_event)
    return Unavailable(
        "transition tables cannot be specified for triggers with more than one event");
  if (trigger->columns_size() > 0)
    return Unavailable("transition tables cannot be specified for triggers with column lists");
  const std::string name(parser::View(transition.name));
  if (transition.is_new) {
    if (!trigger->on_insert() && !trigger->on_update())
      return Invalid("NEW TABLE can only be specified for an INSERT or UPDATE trigger");
    if (!trigger->new_table().empty())
      return Invalid("NEW TABLE cannot be specified multiple times");
    trigger->set_new_table(name);
  } else {
    if (!trigger->on_delete() && !trigger->on_update())
      return Invalid("OLD TABLE can only be specified for a DELETE or UPDATE trigger");
    if (!trigger->old_table().empty())
      return Invalid("OLD TABLE cannot be specified multiple times");
    trigger->set_old_table(name);
  }
  return trigger->old_table() == trigger->new_table()
             ? Invalid("OLD TABLE name and NEW TABLE name cannot be the same")
             : absl::OkStatus();
}

bool HasTrigger(const TableDescriptor& table, const std::string& name) {
  return std::any_of(table.triggers().begin(), table.triggers().end(),
                     [&](const auto& trigger) { return trigger.name() == name; });
}

}  // namespace

absl::Status DdlBinder::NoTrigger(const std::string& name, const Table& table) const {
  return status::Error(
      sqlstate::kUndefinedObject,
      absl::StrCat("trigger \"", name, "\" for table \"", table.name(), "\" does not exist"));
}

absl::StatusOr<uint32_t> DdlBinder::TriggerFunction(const std::vector<std::string>& names) const {
  ASSIGN_OR_RETURN(const std::string schema, SchemaOf(names));
  const std::string written = absl::StrJoin(names, ".");
  if (!schema.empty() && !input_.catalog->HasSchema(schema))
    return status::Error(sqlstate::kInvalidSchemaName,
                         absl::StrCat("schema \"", schema, "\" does not exist"));
  for (const auto* function :
       input_.catalog->FindFunctions(schema, names.back(), input_.search_path)) {
    const bool takes = std::any_of(function->arguments().begin(), function->arguments().end(),
                                   [](const auto& argument) { return IsInput(argument); });
    if (takes) continue;
    if (!function->returns_trigger())
      return Invalid(absl::StrCat("function ", written, " must return type trigger"));
    return function->function_id();
  }
  if (absl::StartsWith(names.back(), "tsvector_update_trigger") &&
      (schema.empty() || schema == "pg_catalog"))
    return status::Error(sqlstate::kFeatureNotSupported,
                         absl::StrCat("function ", written, "() is not supported"), {},
                         "Use a column GENERATED ALWAYS AS (to_tsvector('english', …)) STORED.");
  return status::Error(sqlstate::kUndefinedFunction,
                       absl::StrCat("function ", written, "() does not exist"));
}

absl::Status DdlBinder::TriggerEvents(const PgQuery__CreateTrigStmt& create, const Table& table,
                                      TriggerDescriptor* trigger) const {
  trigger->set_timing(create.timing == kBefore    ? TriggerDescriptor::TIMING_BEFORE
                      : create.timing == kInstead ? TriggerDescriptor::TIMING_INSTEAD
                                                  : TriggerDescriptor::TIMING_AFTER);
  trigger->set_on_insert((create.events & kInsert) != 0);
  trigger->set_on_update((create.events & kUpdate) != 0);
  trigger->set_on_delete((create.events & kDelete) != 0);
  trigger->set_on_truncate((create.events & kTruncate) != 0);
  trigger->set_for_each_row(create.row);
  if (trigger->for_each_row() && trigger->on_truncate())
    return Unavailable("TRUNCATE FOR EACH ROW triggers are not supported");
  for (const Node* node : NodeList(create.columns, create.n_columns)) {
    const std::string name(parser::StringOf(node));
    ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
    if (std::find(trigger->columns().begin(), trigger->columns().end(), ordinal) !=
        trigger->columns().end())
      return status::Error(sqlstate::kDuplicateColumn,
                           absl::StrCat("column \"", name, "\" specified more than once"));
    trigger->add_columns(ordinal);
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CreateTrigger(const PgQuery__CreateTrigStmt& create) {
  ASSIGN_OR_RETURN(const Table* table, Resolve(*create.relation));
  RETURN_IF_ERROR(CheckTarget(*table, create));
  if (create.replace && create.isconstraint)
    return Unavailable("CREATE OR REPLACE CONSTRAINT TRIGGER is not supported");
  TriggerDescriptor trigger;
  trigger.set_name(std::string(parser::View(create.trigname)));
  trigger.set_enabled("O");
  trigger.set_is_constraint(create.isconstraint);
  if (create.constrrel != nullptr) {
    ASSIGN_OR_RETURN(const Table* other, Resolve(*create.constrrel));
    trigger.set_constraint_table_id(other->table_id());
  }
  if (create.deferrable)
    trigger.set_deferral(create.initdeferred ? common::v1::DEFERRAL_DEFERRED
                                             : common::v1::DEFERRAL_IMMEDIATE);
  RETURN_IF_ERROR(TriggerEvents(create, *table, &trigger));
  const int events = trigger.on_insert() + trigger.on_update() + trigger.on_delete();
  for (const Node* node : NodeList(create.transition_rels, create.n_transition_rels))
    RETURN_IF_ERROR(ReadTransition(*node->trigger_transition, events == 1, &trigger));
  if (create.n_transition_rels > 0) RETURN_IF_ERROR(CheckTransitionTarget(*table, trigger));
  if (create.when_clause != nullptr) {
    ASSIGN_OR_RETURN(*trigger.mutable_when_sql(),
                     TriggerCondition(input_, create.when_clause, tree_.parse->text(), tree_.offset,
                                      *table, trigger));
  }
  ASSIGN_OR_RETURN(const uint32_t function,
                   TriggerFunction(parser::StringsOf({create.funcname, create.n_funcname})));
  trigger.set_function_id(function);
  for (const std::string& argument : parser::StringsOf({create.args, create.n_args}))
    trigger.add_arguments(argument);
  auto* statement = Add()->mutable_create_trigger();
  statement->set_table_id(table->table_id());
  *statement->mutable_trigger() = std::move(trigger);
  statement->set_or_replace(create.replace);
  return absl::OkStatus();
}

absl::Status DdlBinder::DropTrigger(const PgQuery__DropStmt& drop) {
  common::v1::DdlStatement* const statement = Add();
  auto* out = statement->mutable_drop_trigger();
  ASSIGN_OR_RETURN(const Table* table, TableOfPart(drop, out->mutable_name(), statement));
  out->set_if_exists(drop.missing_ok);
  if (table == nullptr) return absl::OkStatus();
  out->set_table_id(table->table_id());
  return HasTrigger(*table, out->name()) || drop.missing_ok ? absl::OkStatus()
                                                            : NoTrigger(out->name(), *table);
}

absl::Status DdlBinder::RenameTrigger(const PgQuery__RenameStmt& rename) {
  ASSIGN_OR_RETURN(const Table* table, Resolve(*rename.relation));
  const std::string from(parser::View(rename.subname));
  const std::string to(parser::View(rename.newname));
  if (HasTrigger(*table, to))
    return status::Error(
        sqlstate::kDuplicateObject,
        absl::StrCat("trigger \"", to, "\" for relation \"", table->name(), "\" already exists"));
  if (!HasTrigger(*table, from)) return NoTrigger(from, *table);
  auto* out = Add()->mutable_alter_trigger();
  out->set_table_id(table->table_id());
  out->set_name(from);
  out->set_new_name(to);
  return absl::OkStatus();
}

absl::Status DdlBinder::EnableTrigger(const PgQuery__AlterTableCmd& command, const Table& table) {
  const std::string name(parser::View(command.name));
  if (!name.empty() && !HasTrigger(table, name)) return NoTrigger(name, table);
  auto* out = Add()->mutable_alter_trigger();
  out->set_table_id(table.table_id());
  out->set_name(name);
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
      out->set_enabled("A");
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
      out->set_enabled("R");
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
      out->set_enabled("O");
      break;
    default:
      out->set_enabled("D");
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckNoTriggerNames(const Table& table, uint32_t column) const {
  for (const TriggerDescriptor& trigger : table.triggers()) {
    if (trigger.when_sql().empty()) continue;
    if (MentionsColumn(trigger.when_sql(), table.columns(static_cast<int>(column)).name()))
      return status::Error(sqlstate::kFeatureNotSupported,
                           absl::StrCat("renaming a column that the condition of trigger \"",
                                        trigger.name(), "\" names is not supported"),
                           {}, "Drop the trigger, and create it again.");
  }
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
