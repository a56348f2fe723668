// ALTER TABLE of partitioned tables and partitions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/sql/catalog/index_keys.h"
#include "common/sql/catalog/inherited_keys.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/sql/ddl/ddl_binder.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

namespace sqlstate = status::sqlstate;
using Table = common::v1::TableDescriptor;

// Whether the partition has the constraint because `parent` has it.
bool IsInherited(const Table& parent, const Table& partition, const std::string& name) {
  return std::any_of(parent.checks().begin(), parent.checks().end(),
                     [&](const auto& check) { return check.name() == name; }) ||
         std::any_of(parent.foreign_keys().begin(), parent.foreign_keys().end(),
                     [&](const auto& key) {
                       const auto* own = InheritedKey(partition, key);
                       return own != nullptr && own->name() == name;
                     });
}

}  // namespace

absl::Status DdlBinder::CheckNoPartitionKey(const Table& table, const std::string& column,
                                            const char* verb) const {
  const Table* found = nullptr;
  const auto look = [&](const Table& one) {
    for (int i = 0; i < one.columns_size(); ++i) {
      if (found == nullptr && !one.columns(i).dropped() && one.columns(i).name() == column &&
          IsInKey(one.partition_key(), static_cast<uint32_t>(i)))
        found = &one;
    }
  };
  look(table);
  ForEachPartition(*input_.catalog, table, look);
  if (found == nullptr) return absl::OkStatus();
  return ErrorAt(sqlstate::kInvalidTableDefinition, -1,
                 absl::StrCat("cannot ", verb, " column \"", column,
                              "\" because it is part of the partition key of relation \"",
                              found->name(), "\""));
}

absl::Status DdlBinder::CheckPartitionAction(const PgQuery__AlterTableCmd& command, bool only,
                                             const Table& table) const {
  const std::string name(parser::View(command.name));
  const auto invalid = [&](const std::string& message, std::string_view hint = {}) {
    return ErrorAt(sqlstate::kInvalidTableDefinition, -1, message, hint);
  };
  const Table* parent =
      table.partition_of() == 0 ? nullptr : input_.catalog->FindTable(table.partition_of());
  const bool apart = only && table.partition_key().partitions_size() > 0;
  constexpr char kNotOnly[] = "Do not specify the ONLY keyword.";
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser:
      for (const auto& trigger : table.triggers()) {
        if (apart && trigger.for_each_row() && (name.empty() || trigger.name() == name))
          return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                         "enabling and disabling triggers of only the partitioned table is not "
                         "supported",
                         "Leave out ONLY, and set the partitions' triggers afterwards.");
      }
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
      if (parent != nullptr)
        return ErrorAt(sqlstate::kWrongObjectType, -1, "cannot add column to a partition");
      if (apart) return invalid("column must be added to child tables too");
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
      if (parent != nullptr)
        return invalid(absl::StrCat("cannot drop inherited column \"", name, "\""));
      RETURN_IF_ERROR(CheckNoPartitionKey(table, name, "drop"));
      if (apart)
        return invalid("cannot drop column from only the partitioned table when partitions exist",
                       kNotOnly);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
      if (parent != nullptr)
        return invalid(absl::StrCat("cannot alter inherited column \"", name, "\""));
      RETURN_IF_ERROR(CheckNoPartitionKey(table, name, "alter"));
      if (apart)
        return invalid(absl::StrCat("type of inherited column \"", name,
                                    "\" must be changed in child tables too"));
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
      if (parent != nullptr) {
        for (const auto& column : parent->columns()) {
          if (column.name() == name && column.not_null())
            return invalid(
                absl::StrCat("column \"", name, "\" is marked NOT NULL in parent table"));
        }
      }
      if (apart)
        return invalid(
            "cannot remove constraint from only the partitioned table when partitions "
            "exist",
            kNotOnly);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
      if (apart) return invalid("constraint must be added to child tables too", kNotOnly);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
      if (apart && command.def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK)
        return invalid("constraint must be added to child tables too");
      if (table.has_partition_key() && command.def->constraint->is_no_inherit)
        return invalid(absl::StrCat("cannot add NO INHERIT constraint to partitioned table \"",
                                    table.name(), "\""));
      if (apart && command.def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN)
        return ErrorAt(
            sqlstate::kWrongObjectType, -1,
            absl::StrCat("cannot use ONLY for foreign key on partitioned table \"", table.name(),
                         "\" referencing relation \"",
                         std::string(parser::View(command.def->constraint->pktable->relname)),
                         "\""));
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: {
      const bool inherited = parent != nullptr && IsInherited(*parent, table, name);
      bool of_key = parent != nullptr && !name.empty() && table.primary_key_name() == name &&
                    parent->primary_key_size() > 0;
      for (const auto& index : table.indexes())
        of_key |= index.name() == name && index.parent_index_id() != 0;
      if (inherited || of_key)
        return invalid(absl::StrCat("cannot drop inherited constraint \"", name,
                                    "\" of relation \"", table.name(), "\""));
      if (apart)
        return invalid(
            "cannot remove constraint from only the partitioned table when partitions "
            "exist",
            kNotOnly);
      break;
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
      if (parent != nullptr)
        return invalid("cannot drop generation expression from inherited column");
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
      if (!table.has_partition_key())
        return ErrorAt("42P17", -1,
                       absl::StrCat("table \"", table.name(), "\" is not partitioned"));
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit:
      if (table.partition_of() != 0 && command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit)
        return ErrorAt(sqlstate::kWrongObjectType, -1, "cannot change inheritance of a partition");
      if (table.has_partition_key())
        return ErrorAt(sqlstate::kWrongObjectType, -1,
                       "cannot change inheritance of partitioned table");
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

absl::Status DdlBinder::CheckFitsParent(const Table& child, const Table& parent) const {
  const auto mismatch = [&](const std::string& message) {
    return ErrorAt(sqlstate::kDatatypeMismatch, -1, message);
  };
  for (const auto& column : child.columns()) {
    if (column.dropped()) continue;
    if (std::none_of(parent.columns().begin(), parent.columns().end(), [&](const auto& other) {
          return !other.dropped() && other.name() == column.name();
        }))
      return status::Error(
          sqlstate::kDatatypeMismatch,
          absl::StrCat("table \"", child.name(), "\" contains column \"", column.name(),
                       "\" not found in parent \"", parent.name(), "\""),
          "The new partition may contain only the columns present in parent.");
  }
  bool in_place = child.columns_size() == parent.columns_size();
  for (int i = 0; i < parent.columns_size(); ++i) {
    const auto& column = parent.columns(i);
    if (column.dropped()) {
      in_place &= i < child.columns_size() && child.columns(i).dropped();
      continue;
    }
    const auto ordinal = ColumnNamed(child, column.name(), -1);
    if (!ordinal.ok())
      return mismatch(absl::StrCat("child table is missing column \"", column.name(), "\""));
    const auto& own = child.columns(static_cast<int>(*ordinal));
    if (types::FromProto(own.type()) != types::FromProto(column.type()))
      return mismatch(absl::StrCat("child table \"", child.name(),
                                   "\" has different type for column \"", column.name(), "\""));
    if (column.not_null() && !own.not_null())
      return mismatch(
          absl::StrCat("column \"", column.name(), "\" in child table must be marked NOT NULL"));
    if (column.has_generated() != own.has_generated())
      return mismatch(absl::StrCat("column \"", column.name(), "\" in child table must ",
                                   column.has_generated() ? "" : "not ", "be a generated column"));
    in_place &= static_cast<int>(*ordinal) == i;
    if (in_place && column.has_generated() && column.generated().bound() != own.generated().bound())
      return mismatch(absl::StrCat("column \"", column.name(),
                                   "\" in child table has a conflicting generation expression"));
  }
  for (const auto& check : parent.checks()) {
    const auto own = std::find_if(child.checks().begin(), child.checks().end(),
                                  [&](const auto& one) { return one.name() == check.name(); });
    if (own == child.checks().end())
      return mismatch(absl::StrCat("child table is missing constraint \"", check.name(), "\""));
    if (own->sql() != check.sql())
      return mismatch(absl::StrCat("child table \"", child.name(),
                                   "\" has different definition for check constraint \"",
                                   check.name(), "\""));
    if (own->not_valid())
      return Unsupported(-1, "attaching a table whose constraint is not validated");
  }
  if (!in_place)
    return ErrorAt(sqlstate::kFeatureNotSupported, -1,
                   absl::StrCat("attaching table \"", child.name(),
                                "\", whose columns have other numbers than those of \"",
                                parent.name(), "\", is not supported"),
                   "Create a table PARTITION OF the parent and insert the rows into it.");
  return absl::OkStatus();
}

absl::Status DdlBinder::AttachPartition(const PgQuery__PartitionCmd& command, const Table& table) {
  ASSIGN_OR_RETURN(const Table* child, Resolve(*command.name));
  if (!child->view_sql().empty() || child->has_sequence() || child->has_materialized_view())
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", child->name(), "\" is not a table"));
  ASSIGN_OR_RETURN(const common::v1::PartitionBound bound,
                   BindBound(*command.bound, table, child->name()));
  if (child->partition_of() != 0)
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("\"", child->name(), "\" is already a partition"));
  bool circular = child->table_id() == table.table_id();
  ForEachPartition(*input_.catalog, *child,
                   [&](const Table& below) { circular |= below.table_id() == table.table_id(); });
  if (circular)
    return status::Error(
        sqlstate::kDuplicateTable, "circular inheritance not allowed",
        absl::StrCat("\"", table.name(), "\" is already a child of \"", child->name(), "\"."));
  const bool temporary = IsTemporarySchema(child->schema());
  if (temporary != IsTemporarySchema(table.schema()))
    return ErrorAt(sqlstate::kWrongObjectType, -1,
                   absl::StrCat("cannot attach a ", temporary ? "temporary" : "permanent",
                                " relation as partition of ", temporary ? "permanent" : "temporary",
                                " relation \"", table.name(), "\""));
  RETURN_IF_ERROR(CheckFitsParent(*child, table));
  RETURN_IF_ERROR(CheckKeysOf(table, *child));
  absl::Status keys;
  ForEachPartition(*input_.catalog, *child, [&](const Table& below) {
    if (keys.ok()) keys = CheckKeysOf(table, below);
  });
  RETURN_IF_ERROR(keys);
  for (const Table& other : input_.catalog->snapshot().tables()) {
    for (const auto& key : other.foreign_keys()) {
      if (key.referenced_table_id() == child->table_id())
        return Unsupported(-1, "attaching a table that a foreign key references");
    }
  }
  auto* attach = Alter(table, false)->mutable_attach_partition();
  attach->set_table_id(child->table_id());
  *attach->mutable_bound() = bound;
  return absl::OkStatus();
}

absl::Status DdlBinder::DetachPartition(const PgQuery__PartitionCmd& command, const Table& table) {
  ASSIGN_OR_RETURN(const Table* child, Resolve(*command.name));
  if (child->partition_of() != table.table_id())
    return ErrorAt(sqlstate::kUndefinedTable, -1,
                   absl::StrCat("relation \"", child->name(),
                                "\" is not a partition of relation \"", table.name(), "\""));
  const auto& members = table.partition_key().partitions();
  if (command.concurrent && std::any_of(members.begin(), members.end(), [](const auto& member) {
        return member.bound().is_default();
      }))
    return ErrorAt(sqlstate::kObjectNotInPrerequisiteState, -1,
                   "cannot detach partitions concurrently when a default partition exists");
  Alter(table, false)->set_detach_partition(child->table_id());
  return absl::OkStatus();
}

}  // namespace adbms::sql::ddl
