// ALTER INDEX, and what changes the names and schemas of relations, constraints and schemas.
#include "absl/strings/str_cat.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {

namespace sqlstate = status::sqlstate;
using Table = common::v1::TableDescriptor;

absl::StatusOr<DdlBinder::IndexReference> DdlBinder::ResolveIndex(const std::string& schema,
                                                                  const std::string& name) const {
  std::vector<std::string> schemas = input_.search_path;
  if (!schema.empty()) schemas = {schema};
  for (const std::string& candidate : schemas) {
    for (const Table& table : input_.catalog->snapshot().tables()) {
      if (table.schema() != candidate) continue;
      if (table.primary_key_oid() != 0 && table.primary_key_name() == name)
        return IndexReference{&table, table.primary_key_oid(), name};
      for (const auto& index : table.indexes()) {
        if (index.name() == name) return IndexReference{&table, index.index_id(), name};
      }
      if (table.name() == name)
        return ErrorAt(sqlstate::kWrongObjectType, -1,
                       absl::StrCat("\"", name, "\" is not an index"));
    }
  }
  return ErrorAt(
      sqlstate::kUndefinedTable, -1,
      absl::StrCat("relation \"", schema, schema.empty() ? "" : ".", name, "\" does not exist"));
}

absl::Status DdlBinder::AlterIndex(const PgQuery__AlterTableStmt& alter) {
  const auto index = ResolveIndex(std::string(parser::View(alter.relation->schemaname)),
                                  std::string(parser::View(alter.relation->relname)));
  if (!index.ok()) {
    if (alter.missing_ok && status::HasSqlState(index.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return index.status();
  }
  for (const Node* node : NodeList(alter.cmds, alter.n_cmds)) {
    const PgQuery__AlterTableCmd& command = *node->alter_table_cmd;
    auto* change = Add()->mutable_alter_table();
    change->set_table_id(index->table->table_id());
    switch (command.subtype) {
      // Nothing that is stored here has such a setting; whose it is is asked all the same.
      case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
      case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions:
      case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
        break;
      case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: {
        if (!index->table->has_partition_key())
          return status::Error(
              sqlstate::kWrongObjectType,
              absl::StrCat("ALTER action ATTACH PARTITION cannot be performed on relation \"",
                           index->name, "\""),
              "This operation is not supported for indexes.");
        const PgQuery__RangeVar& name = *command.def->partition_cmd->name;
        ASSIGN_OR_RETURN(const IndexReference part,
                         ResolveIndex(std::string(parser::View(name.schemaname)),
                                      std::string(parser::View(name.relname))));
        change->mutable_attach_index()->set_index_id(index->id);
        change->mutable_attach_index()->set_partition_id(part.table->table_id());
        change->mutable_attach_index()->set_part_id(part.id);
        break;
      }
      default:
        return Unsupported(-1, "this change of an index");
    }
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::RenameIndex(const PgQuery__RenameStmt& rename) {
  const auto index = ResolveIndex(std::string(parser::View(rename.relation->schemaname)),
                                  std::string(parser::View(rename.relation->relname)));
  if (!index.ok()) {
    if (rename.missing_ok && status::HasSqlState(index.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return index.status();
  }
  auto* change = Add()->mutable_alter_table();
  change->set_table_id(index->table->table_id());
  change->mutable_rename_constraint()->set_name(index->name);
  change->mutable_rename_constraint()->set_new_name(std::string(parser::View(rename.newname)));
  return absl::OkStatus();
}

absl::Status DdlBinder::RenameConstraint(const PgQuery__RenameStmt& rename, const Table& table) {
  const std::string name(parser::View(rename.subname));
  bool found = table.primary_key_size() > 0 && table.primary_key_name() == name;
  for (const auto& index : table.indexes()) found |= index.is_constraint() && index.name() == name;
  for (const auto& key : table.foreign_keys()) found |= key.name() == name;
  for (const auto& check : table.checks()) {
    if (check.name() != name) continue;
    found = true;
    if (!rename.relation->inh && table.partition_key().partitions_size() > 0)
      return ErrorAt(
          sqlstate::kInvalidTableDefinition, -1,
          absl::StrCat("inherited constraint \"", name, "\" must be renamed in child tables too"));
    const Table* parent =
        table.partition_of() == 0 ? nullptr : input_.catalog->FindTable(table.partition_of());
    for (int i = 0; parent != nullptr && i < parent->checks_size(); ++i) {
      if (parent->checks(i).name() == name)
        return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                       absl::StrCat("cannot rename inherited constraint \"", name, "\""));
    }
  }
  if (!found)
    return ErrorAt(
        sqlstate::kUndefinedObject, -1,
        absl::StrCat("constraint \"", name, "\" for table \"", table.name(), "\" does not exist"));
  auto* change = Add()->mutable_alter_table();
  change->set_table_id(table.table_id());
  change->mutable_rename_constraint()->set_name(name);
  change->mutable_rename_constraint()->set_new_name(std::string(parser::View(rename.newname)));
  return absl::OkStatus();
}

absl::Status DdlBinder::RenameSchema(const PgQuery__RenameStmt& rename) {
  auto* change = Add()->mutable_alter_schema();
  change->set_name(std::string(parser::View(rename.subname)));
  change->set_rename(std::string(parser::View(rename.newname)));
  return absl::OkStatus();
}

absl::Status DdlBinder::SetSchemaOwner(const PgQuery__AlterOwnerStmt& change) {
  auto* alter = Add()->mutable_alter_schema();
  alter->set_name(std::string(parser::StringOf(change.object)));
  alter->set_owner(RoleOf(*change.newowner));
  return absl::OkStatus();
}

absl::Status DdlBinder::SetRelationSchema(const PgQuery__AlterObjectSchemaStmt& move) {
  const auto table = Resolve(*move.relation);
  if (!table.ok()) {
    if (move.missing_ok && status::HasSqlState(table.status(), sqlstate::kUndefinedTable))
      return absl::OkStatus();
    return table.status();
  }
  const Table& moved = **table;
  const auto must_be = [&](bool is, const char* what) {
    return is ? absl::OkStatus()
              : ErrorAt(sqlstate::kWrongObjectType, -1,
                        absl::StrCat("\"", moved.name(), "\" is not a ", what));
  };
  if (move.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW)
    RETURN_IF_ERROR(must_be(!moved.view_sql().empty(), "view"));
  if (move.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE)
    RETURN_IF_ERROR(must_be(moved.has_sequence(), "sequence"));
  if (move.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW)
    RETURN_IF_ERROR(must_be(moved.has_materialized_view(), "materialized view"));
  if (moved.sequence().owner_table_id() != 0) {
    const Table* owner = input_.catalog->FindTable(moved.sequence().owner_table_id());
    return status::Error(sqlstate::kFeatureNotSupported,
                         "cannot move an owned sequence into another schema",
                         absl::StrCat("Sequence \"", moved.name(), "\" is linked to table \"",
                                      owner == nullptr ? "" : owner->name(), "\"."));
  }
  const std::string schema(parser::View(move.newschema));
  if (schema == kTemporaryAlias || IsTemporarySchema(schema) || IsTemporarySchema(moved.schema()))
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   "cannot move objects into or out of temporary schemas");
  if (!input_.catalog->HasSchema(schema))
    return ErrorAt(sqlstate::kInvalidSchemaName, -1,
                   absl::StrCat("schema \"", schema, "\" does not exist"));
  RETURN_IF_ERROR(CheckNoViewNames(moved, std::nullopt));
  auto* change = Add()->mutable_alter_table();
  change->set_table_id(moved.table_id());
  change->set_set_schema(schema);
  return absl::OkStatus();
}

std::string DdlBinder::RoleOf(const PgQuery__RoleSpec& role) const {
  switch (role.roletype) {
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING:
      return std::string(parser::View(role.rolename));
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER:
      return input_.session_user;
    default:
      return input_.current_user;
  }
}

}  // namespace adbms::sql::ddl
