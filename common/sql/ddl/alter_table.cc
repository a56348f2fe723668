// ALTER TABLE: one step an action, in the order of PostgreSQL's passes.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/relation_options.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

// One action, one constraint of a column that an action adds, or all changes of types: these are
// made over the rows as they were before.
struct AlterStep {
  const PgQuery__AlterTableCmd* command = nullptr;
  const PgQuery__Constraint* constraint = nullptr;
  int pass = 0;
  std::vector<const PgQuery__AlterTableCmd*> types = {};
};

// PostgreSQL's order of passes: what goes, types, new columns, their properties, keys, other
// constraints.
enum Pass {
  kDropPass,
  kTypePass,
  kColumnPass,
  kPropertyPass,
  kKeyPass,
  kConstraintPass,
  kOtherPass
};

Pass PassOf(const PgQuery__Constraint& constraint) {
  return constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY ||
                 constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE
             ? kKeyPass
             : kConstraintPass;
}

Pass PassOf(const PgQuery__AlterTableCmd& command) {
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
      return kDropPass;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
      return kColumnPass;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
      return PassOf(*command.def->constraint);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
      return kDropPass;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
      return kPropertyPass;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
      return command.def == nullptr ? kDropPass : kConstraintPass;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
      return kConstraintPass;
    default:
      return kOtherPass;
  }
}

std::vector<AlterStep> StepsOf(const PgQuery__AlterTableStmt& alter) {
  std::vector<AlterStep> steps;
  AlterStep types{nullptr, nullptr, kTypePass};
  for (const Node* node : NodeList(alter.cmds, alter.n_cmds)) {
    const PgQuery__AlterTableCmd& command = *node->alter_table_cmd;
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType) {
      types.types.push_back(&command);
      continue;
    }
    steps.push_back({&command, nullptr, PassOf(command)});
    if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) continue;
    const PgQuery__ColumnDef& definition = *command.def->column_def;
    for (const Node* constraint : NodeList(definition.constraints, definition.n_constraints)) {
      if (IsTableConstraint(*constraint->constraint))
        steps.push_back({&command, constraint->constraint, PassOf(*constraint->constraint)});
    }
  }
  if (!types.types.empty()) steps.push_back(std::move(types));
  std::stable_sort(steps.begin(), steps.end(),
                   [](const AlterStep& a, const AlterStep& b) { return a.pass < b.pass; });
  return steps;
}

// Which kinds of relations have it is said by itself.
bool IsRowSecurity(PgQuery__AlterTableType type) {
  return type == PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity ||
         type == PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity ||
         type == PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity ||
         type == PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity;
}

}  // namespace

bool IsTableConstraint(const PgQuery__Constraint& constraint) {
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      return true;
    default:
      return false;
  }
}

common::v1::AlterTable* DdlBinder::Alter(const Table& table, bool if_exists) {
  auto* alter = Add()->mutable_alter_table();
  alter->set_table_id(table.table_id());
  alter->set_if_exists(if_exists);
  return alter;
}

absl::Status DdlBinder::AlterAction(const PgQuery__AlterTableCmd& command, const Table& table) {
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
      return AddColumn(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
      return DropColumn(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
      return AlterNotNull(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
      return AlterDefault(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
      return AddTableConstraint(*command.def->constraint, "", NodeList(), table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint:
      return AlterConstraint(*command.def->constraint, table, Alter(table, false));
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint:
      return ValidateConstraint(std::string(parser::View(command.name)), table,
                                Alter(table, false));
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
      return DropConstraint(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: {
      const std::string role(parser::View(command.newowner->rolename));
      Alter(table, false)->set_owner(role.empty() ? input_.current_user : role);
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
      return AlterIdentity(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser:
      return EnableTrigger(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity:
      return SetRowSecurity(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
      return DropExpression(command, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
      return AttachPartition(*command.def->partition_cmd, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
      return DetachPartition(*command.def->partition_cmd, table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
      // Of a column by number there is nothing to look up.
      return command.name == nullptr || *command.name == '\0'
                 ? absl::OkStatus()
                 : ColumnNamed(table, command.name, -1).status();
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOids:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged:
      // Rows have neither oids nor an order of their own, and every table is logged.
      return absl::OkStatus();
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn:
      return IndexNamed(table, command.name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: {
      const PgQuery__ReplicaIdentityStmt& identity = *command.def->replica_identity_stmt;
      return parser::View(identity.name).empty() ? absl::OkStatus()
                                                 : IndexNamed(table, identity.name);
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions: {
      const NodeList options{command.def->list->items, command.def->list->n_items};
      const bool resets = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions;
      return table.view_sql().empty() ? CheckRelationOptions(RelationKind::kTable, options, resets)
                                      : AlterViewOptions(table, options, resets);
    }
    default:
      return Unsupported(-1, "this ALTER TABLE action");
  }
}

absl::Status DdlBinder::IndexNamed(const Table& table, const std::string& name) const {
  const bool found = (table.primary_key_oid() != 0 && table.primary_key_name() == name) ||
                     std::any_of(table.indexes().begin(), table.indexes().end(),
                                 [&](const auto& index) { return index.name() == name; });
  if (found) return absl::OkStatus();
  return ErrorAt(
      sqlstate::kUndefinedObject, -1,
      absl::StrCat("index \"", name, "\" for table \"", table.name(), "\" does not exist"));
}

absl::Status DdlBinder::AlterTable(const PgQuery__AlterTableStmt& alter) {
  const bool sequences = alter.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE;
  const bool views = alter.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
  const bool materialized = alter.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
  if (alter.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) return AlterIndex(alter);
  if (alter.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && !sequences && !views && !materialized)
    return Unsupported(-1, "ALTER of this kind of object");
  auto table = Resolve(*alter.relation);
  if (!table.ok()) {
    if (alter.missing_ok && status::HasSqlState(table.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return table.status();
  }
  // All that there is to alter of a view is its owner and its options.
  for (const Node* command : NodeList(alter.cmds, alter.n_cmds)) {
    const PgQuery__AlterTableCmd& change = *command->alter_table_cmd;
    const bool owner = change.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner;
    const bool resets = change.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions;
    const bool options = resets || change.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions;
    if ((options && !(*table)->view_sql().empty()) || IsRowSecurity(change.subtype)) continue;
    if (views && !owner) return Unsupported(-1, "this change of a view");
    if (materialized && !owner) return Unsupported(-1, "this change of a materialized view");
    if ((!(*table)->view_sql().empty() || (*table)->has_materialized_view()) && !owner)
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     absl::StrCat("\"", (*table)->name(), "\" is not a table"));
  }
  if (views && (*table)->view_sql().empty())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a view"));
  if (materialized && !(*table)->has_materialized_view())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a materialized view"));
  if (sequences && !(*table)->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a sequence"));
  for (const Node* command : NodeList(alter.cmds, alter.n_cmds)) {
    if (!(*table)->has_sequence()) break;
    if (IsRowSecurity(command->alter_table_cmd->subtype)) continue;
    if (command->alter_table_cmd->subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner)
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     absl::StrCat("\"", (*table)->name(), "\" is not a table"));
    if ((*table)->sequence().owner_table_id() != 0)
      return status::Error(
          sqlstate::kFeatureNotSupported,
          absl::StrCat("cannot change owner of sequence \"", (*table)->name(), "\""),
          "The sequence belongs to a table.");
  }
  const std::vector<AlterStep> steps = StepsOf(alter);
  if (step_ >= steps.size()) return absl::OkStatus();
  const AlterStep& step = steps[step_];
  for (const Node* command : NodeList(alter.cmds, alter.n_cmds))
    RETURN_IF_ERROR(CheckPartitionAction(*command->alter_table_cmd, !alter.relation->inh, **table));
  if (step.constraint != nullptr) {
    const PgQuery__ColumnDef& definition = *step.command->def->column_def;
    return AddTableConstraint(*step.constraint, definition.colname,
                              {definition.constraints, definition.n_constraints}, **table);
  }
  RETURN_IF_ERROR(step.types.empty() ? AlterAction(*step.command, **table)
                                     : AlterTypes(step.types, **table));
  for (common::v1::DdlStatement& change : result_) {
    if (!change.has_alter_table()) continue;
    common::v1::AlterTable* action = change.mutable_alter_table();
    if (action->has_add_primary_key() || action->has_add_unique())
      action->set_only(!alter.relation->inh && (*table)->has_partition_key());
  }
  // Where nothing changes it is still asked whose table it is.
  if (result_.empty()) Add()->mutable_alter_table()->set_table_id((*table)->table_id());
  return absl::OkStatus();
}

size_t CountSteps(const parser::StatementTree& tree) {
  if (tree.node->node_case == PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT)
    return 1 + tree.node->create_schema_stmt->n_schema_elts;
  if (tree.node->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_STMT ||
      tree.node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)
    return 1;
  return std::max<size_t>(StepsOf(*tree.node->alter_table_stmt).size(), 1);
}

}  // namespace adbms::sql::ddl
