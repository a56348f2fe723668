// CatalogDraft: tables and views come, are emptied, get another key.
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

CatalogDraft::Result CatalogDraft::CreateTable(const common::v1::CreateTable& statement) {
  v1::DdlResult result;
  TableDescriptor table = statement.table();
  table.clear_triggers();  // Only CreateTrigger makes them.
  table.clear_policies();
  table.set_schema(SchemaOrPublic(table.schema()));
  RETURN_IF_ERROR(RequireSchema(table.schema()));
  if (state_->HasRelation(table.schema(), table.name())) {
    if (statement.if_not_exists()) {
      result.add_notices("relation " + Quoted(table.name()) + " already exists, skipping");
      return result;
    }
    return status::Error(sqlstate::kDuplicateTable,
                         "relation " + Quoted(table.name()) + " already exists");
  }
  if (state_->HasType(table.schema(), table.name())) {
    return status::Error(sqlstate::kDuplicateObject,
                         "type " + Quoted(table.name()) + " already exists", {},
                         "A relation has an associated type of the same name, so you must use a "
                         "name that doesn't conflict with any existing type.");
  }
  if (table.columns_size() > 1600) {
    return status::Error(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
  }
  ASSIGN_OR_RETURN(const uint32_t table_id, catalog_->AllocateId());
  table.set_table_id(table_id);
  RETURN_IF_ERROR(NewStorage(&table));
  if (table.partition_of() != 0) {
    ASSIGN_OR_RETURN(const TableEntryPtr parent, Table(table.partition_of()));
    RETURN_IF_ERROR(InheritKeys(parent->descriptor, &table));
  }
  table.set_is_virtual(false);
  if (table.owner().empty()) table.set_owner("postgres");
  if (table.primary_key_size() > 0) {
    ASSIGN_OR_RETURN(const uint32_t oid, catalog_->AllocateId());
    table.set_primary_key_oid(oid);
    if (table.primary_key_name().empty()) {
      table.set_primary_key_name(FreeName(table.schema(), table.name() + "_pkey"));
    } else if (state_->HasRelation(table.schema(), table.primary_key_name())) {
      return status::Error(sqlstate::kDuplicateTable,
                           "relation " + Quoted(table.primary_key_name()) + " already exists");
    }
    RETURN_IF_ERROR(CheckColumns(&table, table.primary_key()));
    for (uint32_t ordinal : table.primary_key()) {
      table.mutable_columns(static_cast<int>(ordinal))->set_not_null(true);
    }
  }
  std::vector<IndexDescriptor> indexes(table.indexes().begin(), table.indexes().end());
  std::vector<common::v1::ForeignKeyDescriptor> keys(table.foreign_keys().begin(),
                                                     table.foreign_keys().end());
  table.clear_indexes();
  table.clear_foreign_keys();
  for (IndexDescriptor& index : indexes) {
    index.set_state(IndexDescriptor::STATE_PUBLIC);
    uint32_t index_id = 0;
    const char* suffix = index.is_constraint() ? "_key" : "_idx";
    RETURN_IF_ERROR(AddIndex(&table, std::move(index), suffix, &index_id));
  }
  for (common::v1::ForeignKeyDescriptor& key : keys) {
    RETURN_IF_ERROR(AddForeignKey(&table, std::move(key)));
  }
  for (const common::v1::OwnedSequence& owned : statement.sequences()) {
    RETURN_IF_ERROR(AddOwnedSequence(&table, owned));
  }
  const uint32_t parent_id = table.partition_of();
  table.clear_partition_of();
  RETURN_IF_ERROR(PutTable(std::move(table)));
  if (parent_id != 0) {
    common::v1::PartitionMember member;
    member.set_table_id(table_id);
    *member.mutable_bound() = statement.partition_bound();
    RETURN_IF_ERROR(AddPartition(parent_id, member));
  }
  result.set_object_id(table_id);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::Truncate(uint32_t table_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  const TableDescriptor& table = entry->descriptor;
  if (table.is_virtual() || std::string_view(KindOf(table)) != "table") {
    return status::Error(sqlstate::kWrongObjectType, Quoted(table.name()) + " is not a table");
  }
  return MoveRows(table_id);
}

absl::Status CatalogDraft::MoveRows(uint32_t table_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(NewSpaces(&table));
  return PutTable(std::move(table));
}

absl::Status CatalogDraft::ChangePrimaryKey(uint32_t table_id, const std::vector<uint32_t>& columns,
                                            std::string name) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  if (!columns.empty() && table.primary_key_size() > 0) {
    return status::Error(
        sqlstate::kInvalidTableDefinition,
        "multiple primary keys for table " + Quoted(table.name()) + " are not allowed");
  }
  RETURN_IF_ERROR(NewSpaces(&table));
  table.clear_primary_key();
  table.clear_primary_key_name();
  table.clear_primary_key_comment();
  table.clear_primary_key_index_comment();
  table.set_primary_key_oid(0);
  if (!columns.empty()) {
    if (name.empty()) {
      name = FreeName(table.schema(), table.name() + "_pkey");
    } else if (state_->HasRelation(table.schema(), name)) {
      return status::Error(sqlstate::kDuplicateTable,
                           "relation " + Quoted(name) + " already exists");
    }
    table.set_primary_key_name(name);
    ASSIGN_OR_RETURN(const uint32_t oid, catalog_->AllocateId());
    table.set_primary_key_oid(oid);
    RETURN_IF_ERROR(CheckColumns(&table, columns));
    for (uint32_t ordinal : columns) {
      common::v1::ColumnDescriptor* column = table.mutable_columns(static_cast<int>(ordinal));
      if (!types::IsIndexable(types::FromProto(column->type()))) {
        return status::Error(sqlstate::kUndefinedObject,
                             "data type of column " + Quoted(column->name()) +
                                 " has no default operator class for access method \"btree\"");
      }
      column->set_not_null(true);
      table.add_primary_key(ordinal);
    }
  }
  return PutTable(std::move(table));
}

absl::Status CatalogDraft::SetPopulated(const common::v1::RefreshMaterializedView& statement) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  if (!table.has_materialized_view()) {
    return status::Error(sqlstate::kWrongObjectType,
                         Quoted(table.name()) + " is not a materialized view");
  }
  if (statement.concurrently()) {
    return table.materialized_view().populated()
               ? absl::OkStatus()
               : status::Error(sqlstate::kFeatureNotSupported,
                               "CONCURRENTLY cannot be used when the materialized view is not "
                               "populated");
  }
  table.mutable_materialized_view()->set_populated(!statement.no_data());
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return MoveRows(statement.table_id());
}

CatalogDraft::Result CatalogDraft::CreateView(const common::v1::CreateView& statement) {
  v1::DdlResult result;
  TableDescriptor view = statement.view();
  view.clear_triggers();
  view.set_schema(SchemaOrPublic(view.schema()));
  RETURN_IF_ERROR(RequireSchema(view.schema()));
  const TableEntry* existing = state_->FindByName(view.schema(), view.name());
  if (state_->HasRelation(view.schema(), view.name())) {
    if (!statement.or_replace()) {
      return status::Error(sqlstate::kDuplicateTable,
                           "relation " + Quoted(view.name()) + " already exists");
    }
    if (existing == nullptr || existing->descriptor.view_sql().empty()) {
      return status::Error(sqlstate::kWrongObjectType, Quoted(view.name()) + " is not a view");
    }
    const TableDescriptor& old = existing->descriptor;
    *view.mutable_triggers() = old.triggers();
    if (view.columns_size() < old.columns_size()) {
      return status::Error(sqlstate::kInvalidTableDefinition, "cannot drop columns from view");
    }
    for (int i = 0; i < old.columns_size(); ++i) {
      if (old.columns(i).name() != view.columns(i).name()) {
        return status::Error(
            sqlstate::kInvalidTableDefinition,
            "cannot change name of view column " + Quoted(old.columns(i).name()) + " to " +
                Quoted(view.columns(i).name()),
            {}, "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
      }
      const types::Type before = types::FromProto(old.columns(i).type());
      const types::Type after = types::FromProto(view.columns(i).type());
      if (before != after) {
        return status::Error(sqlstate::kInvalidTableDefinition,
                             "cannot change data type of view column " +
                                 Quoted(old.columns(i).name()) + " from " + types::Format(before) +
                                 " to " + types::Format(after));
      }
    }
    for (int i = 0; i < old.columns_size(); ++i)
      view.mutable_columns(i)->set_comment(old.columns(i).comment());
    view.set_comment(old.comment());
    view.set_table_id(old.table_id());
    view.set_owner(old.owner());
  } else {
    ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
    view.set_table_id(id);
    if (view.owner().empty()) view.set_owner("postgres");
  }
  view.set_is_virtual(false);
  view.set_storage_id(0);
  result.set_object_id(view.table_id());
  result.set_changed(true);
  RETURN_IF_ERROR(PutTable(std::move(view)));
  return result;
}

}  // namespace adbms::storage::catalog
