// ALTER TABLE: one step an action, in the order of PostgreSQL's passes.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/ddl/relation_options.h"
#include "common/sql/parser/lexer.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;

std::string QuoteName(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

bool HasForeignKey(const common::v1::TableDescriptor& table, const std::string& name) {
  return std::any_of(table.foreign_keys().begin(), table.foreign_keys().end(),
                     [&](const auto& key) { return key.name() == name; });
}

bool HasConstraint(const common::v1::TableDescriptor& table, const std::string& name) {
  if (HasForeignKey(table, name)) return true;
  bool known = table.primary_key_name() == name && !name.empty();
  for (const auto& index : table.indexes()) known |= index.is_constraint() && index.name() == name;
  for (const auto& check : table.checks()) known |= check.name() == name;
  return known;
}

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

// One action, or one constraint of a column that an action adds.
struct AlterStep {
  const PgQuery__AlterTableCmd* command = nullptr;
  const PgQuery__Constraint* constraint = nullptr;
  int pass = 0;
};

// PostgreSQL's order of passes: what goes, new columns, their properties, keys, other constraints.
enum Pass { kDropPass, kColumnPass, kPropertyPass, kKeyPass, kConstraintPass, kOtherPass };

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
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
      return kPropertyPass;
    default:
      return kOtherPass;
  }
}

std::vector<AlterStep> StepsOf(const PgQuery__AlterTableStmt& alter) {
  std::vector<AlterStep> steps;
  for (const Node* node : NodeList(alter.cmds, alter.n_cmds)) {
    const PgQuery__AlterTableCmd& command = *node->alter_table_cmd;
    steps.push_back({&command, nullptr, PassOf(command)});
    if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) continue;
    const PgQuery__ColumnDef& definition = *command.def->column_def;
    for (const Node* constraint : NodeList(definition.constraints, definition.n_constraints)) {
      if (IsTableConstraint(*constraint->constraint))
        steps.push_back({&command, constraint->constraint, PassOf(*constraint->constraint)});
    }
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const AlterStep& a, const AlterStep& b) { return a.pass < b.pass; });
  return steps;
}

}  // namespace

// Counts the rows that violate the condition.
absl::StatusOr<common::v1::Plan> DdlBinder::ValidationPlan(const Table& table,
                                                           const std::string& condition) {
  PlanningInput input = input_;
  input.sql = absl::StrCat("SELECT count(*) FROM ", QuoteName(table.schema()), ".",
                           QuoteName(table.name()), " WHERE NOT (", condition, ")");
  input.statement = nullptr;
  input.literals = nullptr;
  input.parameter_types.clear();
  return PlanDefault(input);
}

absl::Status DdlBinder::AddTableConstraint(const PgQuery__Constraint& constraint,
                                           const std::string& column, NodeList siblings,
                                           const Table& table) {
  if (!parser::View(constraint.indexname).empty())
    return Unsupported(-1, "ADD CONSTRAINT … USING INDEX");
  Table copy = table;
  RETURN_IF_ERROR(AddConstraint(constraint, column, siblings, &copy));
  if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY && copy.primary_key().empty()) {
    for (const uint32_t ordinal : copy.indexes(copy.indexes_size() - 1).columns()) {
      auto* not_null = Add()->mutable_alter_table();
      not_null->set_table_id(table.table_id());
      not_null->mutable_set_not_null()->set_column(ordinal);
      not_null->mutable_set_not_null()->set_not_null(true);
    }
  }
  auto* alter = Add()->mutable_alter_table();
  alter->set_table_id(table.table_id());
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      if (copy.primary_key().empty()) {
        *alter->mutable_add_unique() = copy.indexes(copy.indexes_size() - 1);
        return absl::OkStatus();
      }
      *alter->mutable_add_primary_key()->mutable_columns() = copy.primary_key();
      alter->mutable_add_primary_key()->set_name(copy.primary_key_name());
      return absl::OkStatus();
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      *alter->mutable_add_unique() = copy.indexes(copy.indexes_size() - 1);
      return absl::OkStatus();
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: {
      *alter->mutable_add_check() = copy.checks(copy.checks_size() - 1);
      if (constraint.skip_validation) {
        alter->mutable_add_check()->set_not_valid(true);
        return ValidateChecks(copy);
      }
      ASSIGN_OR_RETURN(const common::v1::Plan plan,
                       ValidationPlan(table, alter->add_check().sql()));
      alter->set_validation(plan.SerializeAsString());
      return ValidateChecks(copy);
    }
    default:
      *alter->mutable_add_foreign_key() = copy.foreign_keys(copy.foreign_keys_size() - 1);
      alter->mutable_add_foreign_key()->set_not_valid(constraint.skip_validation);
      return absl::OkStatus();
  }
}

absl::Status DdlBinder::AlterConstraint(const PgQuery__Constraint& constraint, const Table& table,
                                        common::v1::AlterTable* alter) const {
  const std::string name(parser::View(constraint.conname));
  if (HasForeignKey(table, name)) {
    alter->mutable_alter_constraint()->set_name(name);
    alter->mutable_alter_constraint()->set_deferral(
        constraint.initdeferred ? common::v1::DEFERRAL_DEFERRED
        : constraint.deferrable ? common::v1::DEFERRAL_IMMEDIATE
                                : common::v1::DEFERRAL_UNSPECIFIED);
    return absl::OkStatus();
  }
  const std::string shown =
      absl::StrCat("constraint \"", name, "\" of relation \"", table.name(), "\"");
  if (!HasConstraint(table, name))
    return ErrorAt(sqlstate::kUndefinedObject, -1, absl::StrCat(shown, " does not exist"));
  return ErrorAt(sqlstate::kWrongObjectType, -1,
                 absl::StrCat(shown, " is not a foreign key constraint"));
}

absl::Status DdlBinder::ValidateConstraint(const std::string& name, const Table& table,
                                           common::v1::AlterTable* alter) {
  alter->set_validate_constraint(name);
  if (HasForeignKey(table, name)) return absl::OkStatus();
  for (const auto& check : table.checks()) {
    if (check.name() != name) continue;
    if (!check.not_valid()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const common::v1::Plan plan, ValidationPlan(table, check.sql()));
    alter->set_validation(plan.SerializeAsString());
    return absl::OkStatus();
  }
  const std::string shown =
      absl::StrCat("constraint \"", name, "\" of relation \"", table.name(), "\"");
  if (!HasConstraint(table, name))
    return ErrorAt(sqlstate::kUndefinedObject, -1, absl::StrCat(shown, " does not exist"));
  return ErrorAt(sqlstate::kWrongObjectType, -1,
                 absl::StrCat(shown, " is not a foreign key or check constraint"));
}

absl::Status DdlBinder::SetMissingValue(const PgQuery__ColumnDef& definition,
                                        common::v1::ColumnDescriptor* column) {
  if (column->default_sql().empty()) return absl::OkStatus();
  Binder binder(input_, tree_);
  ASSIGN_OR_RETURN(const plan::ExprPtr value, binder.BindDefault(column->default_sql(), *column));
  if (plan::IsVolatile(value))
    return Unsupported(definition.location, "ADD COLUMN with a volatile default");
  ASSIGN_OR_RETURN(
      const types::Value missing,
      EvaluateConstant(column->default_sql(), types::FromProto(column->type()), input_));
  if (!missing.is_null()) *column->mutable_missing_value() = types::ToProto(missing);
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckNoViewNames(const Table& table, std::optional<uint32_t> column) const {
  for (const Table& view : input_.catalog->snapshot().tables()) {
    for (const auto& used : view.view_dependencies()) {
      if (used.table_id() != table.table_id()) continue;
      if (!column.has_value())
        return Unsupported(-1,
                           absl::StrCat("renaming a table that view \"", view.name(), "\" reads"));
      if (std::find(used.columns().begin(), used.columns().end(), *column) != used.columns().end())
        return Unsupported(-1,
                           absl::StrCat("renaming a column that view \"", view.name(), "\" reads"));
    }
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterIdentity(const PgQuery__AlterTableCmd& command, const Table& table,
                                      const std::function<common::v1::AlterTable*()>& add) {
  using common::v1::ColumnDescriptor;
  const std::string name(parser::View(command.name));
  ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
  const ColumnDescriptor& column = table.columns(static_cast<int>(ordinal));
  const std::string shown =
      absl::StrCat("column \"", name, "\" of relation \"", table.name(), "\" ");
  const bool is_identity = column.identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED;
  if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity) {
    if (!column.not_null())
      return status::Error(
          sqlstate::kObjectNotInPrerequisiteState,
          absl::StrCat(shown, "must be declared NOT NULL before identity can be added"));
    if (is_identity)
      return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                           absl::StrCat(shown, "is already an identity column"));
    if (!column.default_sql().empty())
      return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                           absl::StrCat(shown, "already has a default value"));
    const PgQuery__Constraint& identity = *command.def->constraint;
    ASSIGN_OR_RETURN(auto sequence, OwnedSequence(&identity, table, ordinal));
    *add()->mutable_add_identity() = *std::move(sequence);
    auto* action = add()->mutable_set_identity();
    action->set_column(ordinal);
    action->set_identity(*identity.generated_when == 'a' ? ColumnDescriptor::IDENTITY_ALWAYS
                                                         : ColumnDescriptor::IDENTITY_BY_DEFAULT);
    return absl::OkStatus();
  }
  if (!is_identity) {
    if (command.missing_ok) return absl::OkStatus();
    return status::Error(sqlstate::kObjectNotInPrerequisiteState,
                         absl::StrCat(shown, "is not an identity column"));
  }
  auto* action = add()->mutable_set_identity();
  action->set_column(ordinal);
  if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity) return absl::OkStatus();
  action->set_identity(column.identity());
  for (const Node* node : NodeList(command.def->list->items, command.def->list->n_items)) {
    if (parser::View(node->def_elem->defname) != "generated")
      return Unsupported(-1, "changing an identity column's sequence here; ALTER SEQUENCE does it");
    action->set_identity(node->def_elem->arg->integer->ival == 'a'
                             ? ColumnDescriptor::IDENTITY_ALWAYS
                             : ColumnDescriptor::IDENTITY_BY_DEFAULT);
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::AlterAction(const PgQuery__AlterTableCmd& command, const Table& table) {
  const std::string name(parser::View(command.name));
  auto add = [&]() {
    auto* alter = Add()->mutable_alter_table();
    alter->set_table_id(table.table_id());
    alter->set_if_exists(command.missing_ok);
    return alter;
  };
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: {
      const PgQuery__ColumnDef& definition = *command.def->column_def;
      ASSIGN_OR_RETURN(common::v1::ColumnDescriptor column, ColumnOf(definition, table.name()));
      for (const auto& known : table.columns()) {
        if (known.dropped() || known.name() != column.name()) continue;
        if (command.missing_ok) return absl::OkStatus();
        return ErrorAt(sqlstate::kDuplicateColumn, -1,
                       absl::StrCat("column \"", column.name(), "\" of relation \"", table.name(),
                                    "\" already exists"));
      }
      if (column.default_sequence_id() != 0)
        return Unsupported(definition.location, "ADD COLUMN with a volatile default");
      RETURN_IF_ERROR(SetMissingValue(definition, &column));
      // Constraints of the column follow as steps of their own.
      Table extended = table;
      *extended.add_columns() = column;
      ASSIGN_OR_RETURN(auto sequence,
                       OwnedSequenceOf(definition, extended,
                                       static_cast<uint32_t>(extended.columns_size() - 1)));
      auto* alter = add();
      *alter->mutable_add_column() = column;
      if (sequence.has_value()) {
        alter->mutable_add_column()->set_not_null(true);
        *alter->mutable_sequence() = *std::move(sequence);
      }
      for (const Node* node : NodeList(definition.constraints, definition.n_constraints)) {
        // Whether the column was there before is not known any more at the constraint's own step.
        if (command.missing_ok && IsTableConstraint(*node->constraint))
          return Unsupported(node->constraint->location,
                             "ADD COLUMN IF NOT EXISTS with a key, check or reference");
      }
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: {
      auto ordinal = ColumnNamed(table, name, -1);
      if (!ordinal.ok()) return command.missing_ok ? absl::OkStatus() : ordinal.status();
      auto* alter = add();
      alter->set_drop_column(*ordinal);
      alter->set_cascade(command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: {
      ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
      const bool set = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull;
      if (!set && table.columns(static_cast<int>(ordinal)).identity() !=
                      common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED)
        return status::Error(sqlstate::kSyntaxError,
                             absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                          "\" is an identity column"));
      std::vector<uint32_t> keys(table.primary_key().begin(), table.primary_key().end());
      for (const auto& index : table.indexes()) {
        if (index.is_primary()) keys.assign(index.columns().begin(), index.columns().end());
      }
      for (const uint32_t key : keys) {
        if (!set && key == ordinal)
          return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                         absl::StrCat("column \"", name, "\" is in a primary key"));
      }
      auto* action = add()->mutable_set_not_null();
      action->set_column(ordinal);
      action->set_not_null(set);
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault: {
      ASSIGN_OR_RETURN(const uint32_t ordinal, ColumnNamed(table, name, -1));
      if (table.columns(static_cast<int>(ordinal)).identity() !=
          common::v1::ColumnDescriptor::IDENTITY_UNSPECIFIED)
        return status::Error(sqlstate::kSyntaxError,
                             absl::StrCat("column \"", name, "\" of relation \"", table.name(),
                                          "\" is an identity column"),
                             {},
                             command.def == nullptr
                                 ? "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead."
                                 : "");
      std::string sql;
      uint32_t sequence_id = 0;
      if (command.def != nullptr) {
        // The clause is found by its column's name.
        const std::string_view text = tree_.parse->text();
        parser::Lexer lexer(text, tree_.offset);
        int location = -1;
        for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;
             token = lexer.Next()) {
          std::string word(lexer.TextOf(token));
          if (token.kind == parser::Token::Kind::kQuotedWord)
            word = word.substr(1, word.size() - 2);
          else
            for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
          if (word != name) continue;
          parser::Lexer ahead = lexer;
          const parser::Token first = ahead.Next();
          if (ahead.Is(first, "set")) location = first.offset;
        }
        if (location < 0) return Unsupported(-1, "this form of SET DEFAULT");
        ASSIGN_OR_RETURN(sql, ExpressionText(command.def, location, "default"));
        Binder binder(input_, tree_);
        ASSIGN_OR_RETURN(const plan::ExprPtr value,
                         binder.BindDefault(sql, table.columns(static_cast<int>(ordinal))));
        LinkSequenceDefault(value, &sql, &sequence_id);
      }
      auto* action = add()->mutable_set_default();
      action->set_column(ordinal);
      action->set_default_sql(sql);
      action->set_default_sequence_id(sequence_id);
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
      return AddTableConstraint(*command.def->constraint, "", NodeList(), table);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint:
      return AlterConstraint(*command.def->constraint, table, add());
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint:
      return ValidateConstraint(name, table, add());
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: {
      if (!HasConstraint(table, name)) {
        if (command.missing_ok) return absl::OkStatus();
        return ErrorAt(sqlstate::kUndefinedObject, -1,
                       absl::StrCat("constraint \"", name, "\" of relation \"", table.name(),
                                    "\" does not exist"));
      }
      auto* alter = add();
      alter->set_drop_constraint(name);
      alter->set_cascade(command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: {
      const std::string role(parser::View(command.newowner->rolename));
      add()->set_owner(role.empty() ? input_.current_user : role);
      return absl::OkStatus();
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
      return AlterIdentity(command, table, add);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
      return absl::OkStatus();
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions:
      return CheckRelationOptions(
          RelationKind::kTable, {command.def->list->items, command.def->list->n_items},
          command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
      return Unsupported(-1, "ALTER COLUMN TYPE");
    default:
      return Unsupported(-1, "this ALTER TABLE action");
  }
}

absl::Status DdlBinder::AlterTable(const PgQuery__AlterTableStmt& alter) {
  const bool sequences = alter.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE;
  const bool views = alter.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
  if (alter.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && !sequences && !views)
    return Unsupported(-1, "ALTER of this kind of object");
  auto table = Resolve(*alter.relation);
  if (!table.ok()) {
    if (alter.missing_ok && status::HasSqlState(table.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return table.status();
  }
  // All that there is to alter of a view is its owner.
  for (const Node* command : NodeList(alter.cmds, alter.n_cmds)) {
    const bool owner =
        command->alter_table_cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner;
    if (views && !owner) return Unsupported(-1, "this change of a view");
    if (!(*table)->view_sql().empty() && !owner)
      return ErrorAt(sqlstate::kWrongObjectType, -1,
                     absl::StrCat("\"", (*table)->name(), "\" is not a table"));
  }
  if (views && (*table)->view_sql().empty())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a view"));
  if (sequences && !(*table)->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a sequence"));
  for (const Node* command : NodeList(alter.cmds, alter.n_cmds)) {
    if (!(*table)->has_sequence()) break;
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
  if (step.constraint != nullptr) {
    const PgQuery__ColumnDef& definition = *step.command->def->column_def;
    return AddTableConstraint(*step.constraint, definition.colname,
                              {definition.constraints, definition.n_constraints}, **table);
  }
  RETURN_IF_ERROR(AlterAction(*step.command, **table));
  // Where nothing changes it is still asked whose table it is.
  if (result_.empty()) Add()->mutable_alter_table()->set_table_id((*table)->table_id());
  return absl::OkStatus();
}

size_t CountSteps(const parser::StatementTree& tree) {
  if (tree.node->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) return 1;
  return std::max<size_t>(StepsOf(*tree.node->alter_table_stmt).size(), 1);
}

absl::Status DdlBinder::Rename(const PgQuery__RenameStmt& rename) {
  auto table = Resolve(*rename.relation);
  if (!table.ok()) {
    if (rename.missing_ok && status::HasSqlState(table.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return table.status();
  }
  const std::string to(parser::View(rename.newname));
  if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE && !(*table)->has_sequence())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", (*table)->name(), "\" is not a sequence"));
  if (rename.rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
    RETURN_IF_ERROR(CheckNoViewNames(**table, std::nullopt));
    auto* alter = Add()->mutable_alter_table();
    alter->set_table_id((*table)->table_id());
    alter->set_rename_table(to);
    return absl::OkStatus();
  }
  const std::string from(parser::View(rename.subname));
  uint32_t ordinal = 0;
  bool found = false;
  for (int i = 0; i < (*table)->columns_size(); ++i) {
    const auto& column = (*table)->columns(i);
    if (column.dropped()) continue;
    if (column.name() == from) {
      ordinal = static_cast<uint32_t>(i);
      found = true;
    }
    if (column.name() == to)
      return ErrorAt(sqlstate::kDuplicateColumn, -1,
                     absl::StrCat("column \"", to, "\" of relation \"", (*table)->name(),
                                  "\" already exists"));
  }
  if (!found)
    return ErrorAt(sqlstate::kUndefinedColumn, -1,
                   absl::StrCat("column \"", from, "\" does not exist"));
  RETURN_IF_ERROR(CheckNoViewNames(**table, ordinal));
  // A check's text names its columns.
  if ((*table)->checks_size() > 0) {
    for (const auto& check : (*table)->checks()) {
      parser::Lexer lexer(check.sql());
      for (parser::Token token = lexer.Next(); token.kind != parser::Token::Kind::kEnd;
           token = lexer.Next()) {
        if (lexer.TextOf(token) == from || lexer.TextOf(token) == QuoteName(from) ||
            lexer.Is(token, from))
          return Unsupported(-1, "renaming a column that a CHECK constraint names");
      }
    }
  }
  auto* alter = Add()->mutable_alter_table();
  alter->set_table_id((*table)->table_id());
  alter->mutable_rename_column()->set_column(ordinal);
  alter->mutable_rename_column()->set_name(to);
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
