#include "services/storage/catalog/catalog_draft.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::catalog {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

std::string Quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

std::string SchemaOrPublic(const std::string& schema) { return schema.empty() ? "public" : schema; }

const char* KindOf(const TableDescriptor& table) {
  return table.view_sql().empty() ? "table" : "view";
}

bool Contains(const google::protobuf::RepeatedField<uint32_t>& list, uint32_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// What another process sends may name columns that are not there, or not any more.
template <typename Ordinals>
absl::Status CheckColumns(const TableDescriptor& table, const Ordinals& ordinals) {
  for (const uint32_t ordinal : ordinals) {
    if (ordinal >= static_cast<uint32_t>(table.columns_size()) ||
        table.columns(static_cast<int>(ordinal)).dropped()) {
      return absl::InvalidArgumentError(
          absl::StrCat("table ", table.name(), " has no column ", ordinal));
    }
  }
  return absl::OkStatus();
}

}  // namespace

CatalogDraft::CatalogDraft(Catalog* catalog, CatalogStatePtr base)
    : catalog_(catalog), state_(std::move(base)) {}

std::vector<CatalogDraft::Record> CatalogDraft::TakeRecords() {
  return std::exchange(records_, {});
}
std::vector<uint32_t> CatalogDraft::TakeDroppedSpaces() {
  return std::exchange(dropped_spaces_, {});
}

void CatalogDraft::Rebuild(CatalogState::SchemaMap schemas, CatalogState::TableMap tables) {
  state_ = std::make_shared<CatalogState>(catalog_->NextVersion(), std::move(schemas),
                                          std::move(tables));
}

absl::StatusOr<TableEntryPtr> CatalogDraft::Table(uint32_t table_id) const {
  const TableEntryPtr* entry = state_->Find(table_id);
  if (entry == nullptr) {
    return status::Error(sqlstate::kUndefinedTable,
                         "relation with OID " + std::to_string(table_id) + " does not exist");
  }
  return *entry;
}

absl::Status CatalogDraft::PutTable(TableDescriptor table) {
  table.set_schema_version(catalog_->NextVersion());
  records_.push_back({SystemKey('t', table.table_id()), table.SerializeAsString(), false});
  CatalogState::TableMap tables = state_->tables();
  const uint32_t id = table.table_id();
  ASSIGN_OR_RETURN(tables[id], MakeTableEntry(std::move(table)));
  Rebuild(state_->schemas(), std::move(tables));
  return absl::OkStatus();
}

void CatalogDraft::EraseTable(const TableEntry& entry) {
  const uint32_t id = entry.descriptor.table_id();
  records_.push_back({SystemKey('t', id), {}, true});
  records_.push_back({SystemKey('a', id), {}, true});
  records_.push_back({SystemKey('r', id), {}, true});
  if (entry.descriptor.storage_id() != 0) dropped_spaces_.push_back(entry.descriptor.storage_id());
  for (const IndexDescriptor& index : entry.descriptor.indexes())
    dropped_spaces_.push_back(index.index_id());
  CatalogState::TableMap tables = state_->tables();
  tables.erase(id);
  Rebuild(state_->schemas(), std::move(tables));
}

absl::Status CatalogDraft::RequireSchema(const std::string& schema) const {
  if (state_->FindSchema(schema) == nullptr) {
    return status::Error(sqlstate::kInvalidSchemaName,
                         "schema " + Quoted(schema) + " does not exist");
  }
  if (schema == "pg_catalog" || schema == "information_schema") {
    return status::Error(sqlstate::kInsufficientPrivilege, "permission denied for schema " + schema,
                         "System catalog modifications are currently disallowed.");
  }
  return absl::OkStatus();
}

std::string CatalogDraft::FreeName(const std::string& schema, const std::string& base) const {
  std::string name = base.substr(0, 63);
  for (int i = 1; state_->HasRelation(schema, name); ++i) {
    const std::string number = std::to_string(i);
    name = base.substr(0, 63 - number.size()) + number;
  }
  return name;
}

absl::Status CatalogDraft::NewSpaces(TableDescriptor* table) {
  ASSIGN_OR_RETURN(const uint32_t storage_id, catalog_->AllocateId());
  table->set_storage_id(storage_id);
  for (IndexDescriptor& index : *table->mutable_indexes()) {
    ASSIGN_OR_RETURN(const uint32_t index_id, catalog_->AllocateId());
    index.set_index_id(index_id);
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::CreateTable(const common::v1::CreateTable& statement) {
  v1::DdlResult result;
  TableDescriptor table = statement.table();
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
  if (table.columns_size() > 1600) {
    return status::Error(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
  }
  ASSIGN_OR_RETURN(const uint32_t table_id, catalog_->AllocateId());
  table.set_table_id(table_id);
  ASSIGN_OR_RETURN(const uint32_t storage_id, catalog_->AllocateId());
  table.set_storage_id(storage_id);
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
    RETURN_IF_ERROR(CheckColumns(table, table.primary_key()));
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
  RETURN_IF_ERROR(PutTable(std::move(table)));
  result.set_object_id(table_id);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::AddIndex(TableDescriptor* table, IndexDescriptor index,
                                    const char* suffix, uint32_t* index_id) {
  if (index.columns().empty()) return absl::InvalidArgumentError("an index without columns");
  RETURN_IF_ERROR(CheckColumns(*table, index.columns()));
  RETURN_IF_ERROR(CheckColumns(*table, index.include()));
  if (index.name().empty()) {
    std::string base = table->name();
    for (uint32_t ordinal : index.columns())
      base += "_" + table->columns(static_cast<int>(ordinal)).name();
    std::string name = FreeName(table->schema(), base + suffix);
    const auto taken = [&](const std::string& candidate) {
      return std::any_of(table->indexes().begin(), table->indexes().end(),
                         [&](const IndexDescriptor& other) { return other.name() == candidate; });
    };
    for (int i = 1; taken(name); ++i)
      name = FreeName(table->schema(), base + suffix + std::to_string(i));
    index.set_name(name);
  } else if (state_->HasRelation(table->schema(), index.name())) {
    return status::Error(sqlstate::kDuplicateTable,
                         "relation " + Quoted(index.name()) + " already exists");
  }
  for (uint32_t ordinal : index.columns()) {
    const types::TypeId type =
        types::FromProto(table->columns(static_cast<int>(ordinal)).type()).id;
    if (!types::IsIndexable(type)) {
      return status::Error(sqlstate::kUndefinedObject,
                           "data type " + types::Format({type, 0}) +
                               " has no default operator class for access method \"btree\"");
    }
  }
  while (index.descending_size() < index.columns_size()) index.add_descending(false);
  ASSIGN_OR_RETURN(*index_id, catalog_->AllocateId());
  index.set_index_id(*index_id);
  *table->add_indexes() = std::move(index);
  return absl::OkStatus();
}

absl::Status CatalogDraft::AddForeignKey(TableDescriptor* table,
                                         common::v1::ForeignKeyDescriptor key) {
  RETURN_IF_ERROR(CheckColumns(*table, key.columns()));
  const TableDescriptor* parent = table;
  TableEntryPtr entry;
  if (key.referenced_table_id() != 0 && key.referenced_table_id() != table->table_id()) {
    ASSIGN_OR_RETURN(entry, Table(key.referenced_table_id()));
    parent = &entry->descriptor;
  } else {
    key.set_referenced_table_id(table->table_id());
  }
  std::vector<uint32_t> wanted(key.referenced_columns().begin(), key.referenced_columns().end());
  if (wanted.empty()) {
    wanted.assign(parent->primary_key().begin(), parent->primary_key().end());
    if (wanted.empty()) {
      return status::Error(
          sqlstate::kUndefinedObject,
          "there is no primary key for referenced table " + Quoted(parent->name()));
    }
    for (uint32_t ordinal : wanted) key.add_referenced_columns(ordinal);
  }
  if (static_cast<int>(wanted.size()) != key.columns_size()) {
    return status::Error("42830",
                         "number of referencing and referenced columns for foreign key disagree");
  }
  std::sort(wanted.begin(), wanted.end());
  const auto same = [&](const google::protobuf::RepeatedField<uint32_t>& columns) {
    std::vector<uint32_t> have(columns.begin(), columns.end());
    std::sort(have.begin(), have.end());
    return have == wanted;
  };
  bool unique = same(parent->primary_key());
  for (const IndexDescriptor& index : parent->indexes()) {
    unique |=
        index.unique() && index.state() == IndexDescriptor::STATE_PUBLIC && same(index.columns());
  }
  if (!unique) {
    return status::Error("42830",
                         "there is no unique constraint matching given keys for referenced table " +
                             Quoted(parent->name()));
  }
  for (int i = 0; i < key.columns_size(); ++i) {
    const auto child_type =
        types::FromProto(table->columns(static_cast<int>(key.columns(i))).type()).id;
    const auto parent_type =
        types::FromProto(parent->columns(static_cast<int>(key.referenced_columns(i))).type()).id;
    const bool text = types::IsString(child_type) && types::IsString(parent_type);
    if (child_type != parent_type &&
        !(types::IsInteger(child_type) && types::IsInteger(parent_type)) && !text) {
      return status::Error(
          sqlstate::kDatatypeMismatch,
          "foreign key constraint " + Quoted(key.name()) + " cannot be implemented",
          "Key columns have incompatible types: " + types::Format({child_type, 0}) + " and " +
              types::Format({parent_type, 0}) + ".");
    }
  }
  if (key.name().empty()) {
    std::string name = table->name();
    for (uint32_t ordinal : key.columns())
      name += "_" + table->columns(static_cast<int>(ordinal)).name();
    key.set_name(name + "_fkey");
  }
  for (const auto& other : table->foreign_keys()) {
    if (other.name() == key.name()) {
      return status::Error(sqlstate::kDuplicateObject,
                           "constraint " + Quoted(key.name()) + " for relation " +
                               Quoted(table->name()) + " already exists");
    }
  }
  *table->add_foreign_keys() = std::move(key);
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropViewsOn(
    const std::string& what, const std::function<bool(const common::v1::ViewDependency&)>& depends,
    const std::vector<uint32_t>& dropping, bool cascade, v1::DdlResult* result) {
  const CatalogState::TableMap tables = state_->tables();
  for (const auto& [id, view] : tables) {
    const auto& uses = view->descriptor.view_dependencies();
    if (std::find(dropping.begin(), dropping.end(), id) != dropping.end() ||
        state_->Find(id) == nullptr || std::none_of(uses.begin(), uses.end(), depends)) {
      continue;
    }
    const std::string text = "view " + view->descriptor.name();
    if (!cascade) {
      return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                           text + " depends on " + what,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    }
    result->add_notices("drop cascades to " + text);
    const uint32_t view_id = id;
    RETURN_IF_ERROR(DropViewsOn(
        text, [view_id](const auto& used) { return used.table_id() == view_id; }, dropping, true,
        result));
    EraseTable(*view);
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::CheckNoReferences(const TableEntry& entry,
                                             const std::vector<uint32_t>& dropping, bool cascade,
                                             v1::DdlResult* result) {
  const uint32_t dropped = entry.descriptor.table_id();
  RETURN_IF_ERROR(DropViewsOn(
      std::string(KindOf(entry.descriptor)) + " " + entry.descriptor.name(),
      [dropped](const auto& used) { return used.table_id() == dropped; }, dropping, cascade,
      result));
  const CatalogState::TableMap tables = state_->tables();
  for (const auto& [id, other] : tables) {
    if (std::find(dropping.begin(), dropping.end(), id) != dropping.end()) continue;
    TableDescriptor changed = other->descriptor;
    changed.clear_foreign_keys();
    for (const auto& key : other->descriptor.foreign_keys()) {
      if (key.referenced_table_id() != entry.descriptor.table_id()) {
        *changed.add_foreign_keys() = key;
        continue;
      }
      const std::string text = "constraint " + key.name() + " on table " + other->descriptor.name();
      if (!cascade) {
        return status::Error(
            "2BP01",
            "cannot drop table " + entry.descriptor.name() + " because other objects depend on it",
            text + " depends on table " + entry.descriptor.name(),
            "Use DROP ... CASCADE to drop the dependent objects too.");
      }
      result->add_notices("drop cascades to " + text);
    }
    if (changed.foreign_keys_size() != other->descriptor.foreign_keys_size()) {
      RETURN_IF_ERROR(PutTable(std::move(changed)));
    }
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropTables(const common::v1::DropTable& statement, bool views) {
  v1::DdlResult result;
  const char* kind = views ? "view" : "table";
  std::vector<uint32_t> ids;
  for (const common::v1::RelationName& name : statement.tables()) {
    const TableEntry* entry = state_->FindByName(SchemaOrPublic(name.schema()), name.name());
    if (entry == nullptr && name.schema().empty()) entry = state_->FindByName("adbms", name.name());
    if (entry == nullptr) {
      if (statement.if_exists()) {
        result.add_notices(std::string(kind) + " " + Quoted(name.name()) +
                           " does not exist, skipping");
        continue;
      }
      return status::Error(sqlstate::kUndefinedTable,
                           std::string(kind) + " " + Quoted(name.name()) + " does not exist");
    }
    if (entry->descriptor.is_virtual()) {
      return status::Error(sqlstate::kInsufficientPrivilege,
                           "permission denied: " + Quoted(name.name()) + " is a system catalog");
    }
    if (entry->descriptor.view_sql().empty() == views) {
      return status::Error(
          sqlstate::kWrongObjectType, Quoted(name.name()) + " is not a " + kind, {},
          views ? "Use DROP TABLE to remove a table." : "Use DROP VIEW to remove a view.");
    }
    ids.push_back(entry->descriptor.table_id());
  }
  for (uint32_t id : ids) {
    if (state_->Find(id) == nullptr) continue;  // Named twice.
    const TableEntryPtr entry = *state_->Find(id);
    RETURN_IF_ERROR(CheckNoReferences(*entry, ids, statement.cascade(), &result));
    EraseTable(*entry);
    result.set_object_id(id);
    result.set_changed(true);
  }
  return result;
}

absl::Status CatalogDraft::DropColumn(TableDescriptor* table, uint32_t ordinal, bool cascade,
                                      v1::DdlResult* result) {
  common::v1::ColumnDescriptor* column = table->mutable_columns(static_cast<int>(ordinal));
  if (Contains(table->primary_key(), ordinal)) {
    return status::NotSupported("dropping a column of the primary key");
  }
  const uint32_t table_id = table->table_id();
  RETURN_IF_ERROR(DropViewsOn(
      "column " + column->name() + " of table " + table->name(),
      [&](const auto& used) {
        return used.table_id() == table_id && Contains(used.columns(), ordinal);
      },
      {}, cascade, result));
  for (const auto& [id, other] : state_->tables()) {
    for (const auto& key : other->descriptor.foreign_keys()) {
      if (key.referenced_table_id() == table->table_id() &&
          Contains(key.referenced_columns(), ordinal)) {
        return status::Error("2BP01", "cannot drop column " + column->name() + " of table " +
                                          table->name() + " because other objects depend on it");
      }
    }
  }
  std::vector<IndexDescriptor> kept;
  for (const IndexDescriptor& index : table->indexes()) {
    if (Contains(index.columns(), ordinal) || Contains(index.include(), ordinal)) {
      dropped_spaces_.push_back(index.index_id());
    } else {
      kept.push_back(index);
    }
  }
  table->clear_indexes();
  for (IndexDescriptor& index : kept) *table->add_indexes() = std::move(index);
  std::vector<common::v1::ForeignKeyDescriptor> keys;
  for (const auto& key : table->foreign_keys()) {
    if (!Contains(key.columns(), ordinal)) keys.push_back(key);
  }
  table->clear_foreign_keys();
  for (auto& key : keys) *table->add_foreign_keys() = std::move(key);
  std::vector<common::v1::CheckDescriptor> checks;
  for (const auto& check : table->checks()) {
    if (!MentionsIdentifier(check.sql(), column->name())) checks.push_back(check);
  }
  table->clear_checks();
  for (auto& check : checks) *table->add_checks() = std::move(check);
  column->set_name("........pg.dropped." + std::to_string(ordinal + 1) + "........");
  column->set_dropped(true);
  column->set_not_null(false);
  column->clear_default_sql();
  column->clear_missing_value();
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropConstraint(TableDescriptor* table, const std::string& name,
                                          bool if_exists, v1::DdlResult* result) {
  for (int i = 0; i < table->checks_size(); ++i) {
    if (table->checks(i).name() != name) continue;
    table->mutable_checks()->DeleteSubrange(i, 1);
    return absl::OkStatus();
  }
  for (int i = 0; i < table->foreign_keys_size(); ++i) {
    if (table->foreign_keys(i).name() != name) continue;
    table->mutable_foreign_keys()->DeleteSubrange(i, 1);
    return absl::OkStatus();
  }
  for (int i = 0; i < table->indexes_size(); ++i) {
    if (table->indexes(i).name() != name || !table->indexes(i).is_constraint()) continue;
    for (const auto& [id, other] : state_->tables()) {
      for (const auto& key : other->descriptor.foreign_keys()) {
        if (key.referenced_table_id() != table->table_id()) continue;
        std::vector<uint32_t> a(key.referenced_columns().begin(), key.referenced_columns().end());
        std::vector<uint32_t> b(table->indexes(i).columns().begin(),
                                table->indexes(i).columns().end());
        std::sort(a.begin(), a.end());
        std::sort(b.begin(), b.end());
        if (a == b) {
          return status::Error("2BP01",
                               "cannot drop constraint " + name + " on table " + table->name() +
                                   " because other objects depend on it",
                               "constraint " + key.name() + " on table " +
                                   other->descriptor.name() + " depends on index " + name);
        }
      }
    }
    dropped_spaces_.push_back(table->indexes(i).index_id());
    table->mutable_indexes()->DeleteSubrange(i, 1);
    return absl::OkStatus();
  }
  if (if_exists) {
    result->add_notices("constraint " + Quoted(name) + " of relation " + Quoted(table->name()) +
                        " does not exist, skipping");
    result->set_changed(false);
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kUndefinedObject, "constraint " + Quoted(name) + " of relation " +
                                                       Quoted(table->name()) + " does not exist");
}

absl::Status CatalogDraft::AlterDescriptor(const common::v1::AlterTable& statement,
                                           TableDescriptor* table, v1::DdlResult* result) {
  using common::v1::AlterTable;
  const auto column_at = [&](uint32_t ordinal) -> common::v1::ColumnDescriptor* {
    return ordinal < static_cast<uint32_t>(table->columns_size()) &&
                   !table->columns(static_cast<int>(ordinal)).dropped()
               ? table->mutable_columns(static_cast<int>(ordinal))
               : nullptr;
  };
  const auto find_column = [&](const std::string& name) {
    for (const auto& column : table->columns()) {
      if (!column.dropped() && column.name() == name) return true;
    }
    return false;
  };
  switch (statement.action_case()) {
    case AlterTable::kAddColumn: {
      if (find_column(statement.add_column().name())) {
        if (statement.if_exists()) {
          result->add_notices("column " + Quoted(statement.add_column().name()) + " of relation " +
                              Quoted(table->name()) + " already exists, skipping");
          result->set_changed(false);
          return absl::OkStatus();
        }
        return status::Error(sqlstate::kDuplicateColumn,
                             "column " + Quoted(statement.add_column().name()) + " of relation " +
                                 Quoted(table->name()) + " already exists");
      }
      if (table->columns_size() >= 1600) {
        return status::Error(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
      }
      *table->add_columns() = statement.add_column();
      return absl::OkStatus();
    }
    case AlterTable::kDropColumn:
      if (column_at(statement.drop_column()) == nullptr)
        return absl::InvalidArgumentError("no such column");
      return DropColumn(table, statement.drop_column(), statement.cascade(), result);
    case AlterTable::kRenameColumn: {
      common::v1::ColumnDescriptor* column = column_at(statement.rename_column().column());
      if (column == nullptr) return absl::InvalidArgumentError("no such column");
      if (find_column(statement.rename_column().name())) {
        return status::Error(sqlstate::kDuplicateColumn,
                             "column " + Quoted(statement.rename_column().name()) +
                                 " of relation " + Quoted(table->name()) + " already exists");
      }
      for (auto& check : *table->mutable_checks()) {
        check.set_sql(
            ReplaceIdentifier(check.sql(), column->name(), statement.rename_column().name()));
      }
      column->set_name(statement.rename_column().name());
      return absl::OkStatus();
    }
    case AlterTable::kAddCheck: {
      common::v1::CheckDescriptor check = statement.add_check();
      if (check.name().empty()) check.set_name(table->name() + "_check");
      for (const auto& other : table->checks()) {
        if (other.name() == check.name()) {
          return status::Error(sqlstate::kDuplicateObject,
                               "constraint " + Quoted(check.name()) + " for relation " +
                                   Quoted(table->name()) + " already exists");
        }
      }
      *table->add_checks() = std::move(check);
      return absl::OkStatus();
    }
    case AlterTable::kDropConstraint:
      return DropConstraint(table, statement.drop_constraint(), statement.if_exists(), result);
    case AlterTable::kRenameTable:
      if (state_->HasRelation(table->schema(), statement.rename_table())) {
        return status::Error(sqlstate::kDuplicateTable,
                             "relation " + Quoted(statement.rename_table()) + " already exists");
      }
      table->set_name(statement.rename_table());
      return absl::OkStatus();
    case AlterTable::kSetNotNull: {
      common::v1::ColumnDescriptor* column = column_at(statement.set_not_null().column());
      if (column == nullptr) return absl::InvalidArgumentError("no such column");
      if (!statement.set_not_null().not_null() &&
          Contains(table->primary_key(), statement.set_not_null().column())) {
        return status::Error(sqlstate::kInvalidTableDefinition,
                             "column " + Quoted(column->name()) + " is in a primary key");
      }
      column->set_not_null(statement.set_not_null().not_null());
      return absl::OkStatus();
    }
    case AlterTable::kSetDefault: {
      common::v1::ColumnDescriptor* column = column_at(statement.set_default().column());
      if (column == nullptr) return absl::InvalidArgumentError("no such column");
      column->set_default_sql(statement.set_default().default_sql());
      return absl::OkStatus();
    }
    case AlterTable::kOwner:
      table->set_owner(statement.owner());
      return absl::OkStatus();
    case AlterTable::kAddForeignKey:
      return AddForeignKey(table, statement.add_foreign_key());
    default:
      return absl::InvalidArgumentError("malformed ALTER TABLE");
  }
}

CatalogDraft::Result CatalogDraft::AlterTable(const common::v1::AlterTable& statement) {
  v1::DdlResult result;
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  if (entry->descriptor.is_virtual()) {
    return status::Error(
        sqlstate::kInsufficientPrivilege,
        "permission denied: " + Quoted(entry->descriptor.name()) + " is a system catalog");
  }
  result.set_object_id(statement.table_id());
  result.set_changed(true);
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(AlterDescriptor(statement, &table, &result));
  if (result.changed()) RETURN_IF_ERROR(PutTable(std::move(table)));
  return result;
}

CatalogDraft::Result CatalogDraft::CreateIndex(const common::v1::CreateIndex& statement,
                                               IndexDescriptor::State state) {
  v1::DdlResult result;
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  if (table.is_virtual() || !table.view_sql().empty()) {
    return status::Error(sqlstate::kWrongObjectType,
                         "cannot create index on relation " + Quoted(table.name()));
  }
  if (statement.if_not_exists() && !statement.index().name().empty() &&
      state_->HasRelation(table.schema(), statement.index().name())) {
    result.add_notices("relation " + Quoted(statement.index().name()) +
                       " already exists, skipping");
    return result;
  }
  IndexDescriptor index = statement.index();
  index.set_state(state);
  uint32_t index_id = 0;
  const char* suffix = index.is_constraint() ? "_key" : "_idx";
  RETURN_IF_ERROR(AddIndex(&table, std::move(index), suffix, &index_id));
  RETURN_IF_ERROR(PutTable(std::move(table)));
  result.set_object_id(index_id);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::SetIndexPublic(uint32_t table_id, uint32_t index_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (IndexDescriptor& index : *table.mutable_indexes()) {
    if (index.index_id() != index_id) continue;
    index.set_state(IndexDescriptor::STATE_PUBLIC);
    return PutTable(std::move(table));
  }
  return status::Error(sqlstate::kUndefinedObject,
                       "the index was dropped while it was being built");
}

absl::Status CatalogDraft::RemoveIndex(uint32_t table_id, uint32_t index_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (int i = 0; i < table.indexes_size(); ++i) {
    if (table.indexes(i).index_id() != index_id) continue;
    table.mutable_indexes()->DeleteSubrange(i, 1);
    dropped_spaces_.push_back(index_id);
    return PutTable(std::move(table));
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropIndexes(const common::v1::DropIndex& statement) {
  v1::DdlResult result;
  for (const common::v1::RelationName& name : statement.indexes()) {
    CatalogState::IndexRef ref =
        state_->FindIndexByName(SchemaOrPublic(name.schema()), name.name());
    if (ref.table == nullptr && name.schema().empty())
      ref = state_->FindIndexByName("adbms", name.name());
    if (ref.table == nullptr) {
      if (state_->HasRelation(SchemaOrPublic(name.schema()), name.name())) {
        return status::Error(sqlstate::kWrongObjectType, Quoted(name.name()) + " is not an index");
      }
      if (statement.if_exists()) {
        result.add_notices("index " + Quoted(name.name()) + " does not exist, skipping");
        continue;
      }
      return status::Error(sqlstate::kUndefinedObject,
                           "index " + Quoted(name.name()) + " does not exist");
    }
    const std::string table = ref.table->descriptor.name();
    if (ref.index == nullptr || ref.index->is_constraint()) {
      return status::Error(
          "2BP01",
          "cannot drop index " + name.name() + " because constraint " + name.name() + " on table " +
              table + " requires it",
          {}, "You can drop constraint " + name.name() + " on table " + table + " instead.");
    }
    const uint32_t index_id = ref.index->index_id();
    RETURN_IF_ERROR(RemoveIndex(ref.table->descriptor.table_id(), index_id));
    result.set_object_id(index_id);
    result.set_changed(true);
  }
  return result;
}

absl::Status CatalogDraft::Truncate(uint32_t table_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  if (table.is_virtual() || !table.view_sql().empty()) {
    return status::Error(sqlstate::kWrongObjectType, Quoted(table.name()) + " is not a table");
  }
  dropped_spaces_.push_back(table.storage_id());
  for (const IndexDescriptor& index : table.indexes()) dropped_spaces_.push_back(index.index_id());
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
  dropped_spaces_.push_back(table.storage_id());
  for (const IndexDescriptor& index : table.indexes()) dropped_spaces_.push_back(index.index_id());
  RETURN_IF_ERROR(NewSpaces(&table));
  table.clear_primary_key();
  table.clear_primary_key_name();
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
    RETURN_IF_ERROR(CheckColumns(table, columns));
    for (uint32_t ordinal : columns) {
      common::v1::ColumnDescriptor* column = table.mutable_columns(static_cast<int>(ordinal));
      if (!types::IsIndexable(types::FromProto(column->type()).id)) {
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

CatalogDraft::Result CatalogDraft::CreateSchema(const common::v1::CreateSchema& statement) {
  v1::DdlResult result;
  if (state_->FindSchema(statement.name()) != nullptr) {
    if (statement.if_not_exists()) {
      result.add_notices("schema " + Quoted(statement.name()) + " already exists, skipping");
      return result;
    }
    return status::Error(sqlstate::kDuplicateSchema,
                         "schema " + Quoted(statement.name()) + " already exists");
  }
  if (statement.name().starts_with("pg_")) {
    return status::Error("42939", "unacceptable schema name " + Quoted(statement.name()),
                         "The prefix \"pg_\" is reserved for system schemas.");
  }
  common::v1::SchemaDescriptor schema;
  ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
  schema.set_schema_id(id);
  schema.set_name(statement.name());
  schema.set_owner(statement.owner().empty() ? "postgres" : statement.owner());
  records_.push_back({SystemKey('s', id), schema.SerializeAsString(), false});
  CatalogState::SchemaMap schemas = state_->schemas();
  schemas[id] = std::move(schema);
  Rebuild(std::move(schemas), state_->tables());
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::DropSchema(const common::v1::DropSchema& statement) {
  v1::DdlResult result;
  for (const std::string& name : statement.names()) {
    const common::v1::SchemaDescriptor* schema = state_->FindSchema(name);
    if (schema == nullptr) {
      if (statement.if_exists()) {
        result.add_notices("schema " + Quoted(name) + " does not exist, skipping");
        continue;
      }
      return status::Error(sqlstate::kInvalidSchemaName,
                           "schema " + Quoted(name) + " does not exist");
    }
    if (schema->schema_id() < kFirstUserId && name != "public") {
      return status::Error(
          "2BP01", "cannot drop schema " + name + " because it is required by the database system");
    }
    const uint32_t id = schema->schema_id();
    common::v1::DropTable tables, views;
    tables.set_cascade(true);
    views.set_cascade(true);
    for (const auto& [table_id, entry] : state_->tables()) {
      if (entry->descriptor.schema() != name) continue;
      auto* target = (entry->descriptor.view_sql().empty() ? tables : views).add_tables();
      target->set_schema(name);
      target->set_name(entry->descriptor.name());
      if (!statement.cascade()) {
        return status::Error("2BP01",
                             "cannot drop schema " + name + " because other objects depend on it",
                             std::string(KindOf(entry->descriptor)) + " " + name + "." +
                                 entry->descriptor.name() + " depends on schema " + name,
                             "Use DROP ... CASCADE to drop the dependent objects too.");
      }
      result.add_notices("drop cascades to " + std::string(KindOf(entry->descriptor)) + " " + name +
                         "." + entry->descriptor.name());
    }
    RETURN_IF_ERROR(DropTables(views, true).status());
    RETURN_IF_ERROR(DropTables(tables, false).status());
    records_.push_back({SystemKey('s', id), {}, true});
    CatalogState::SchemaMap schemas = state_->schemas();
    schemas.erase(id);
    Rebuild(std::move(schemas), state_->tables());
    result.set_object_id(id);
    result.set_changed(true);
  }
  return result;
}

CatalogDraft::Result CatalogDraft::CreateView(const common::v1::CreateView& statement) {
  v1::DdlResult result;
  TableDescriptor view = statement.view();
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
    }
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
