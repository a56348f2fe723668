#include "services/storage/catalog/catalog_draft.h"

#include <algorithm>

#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/definition_walk.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

CatalogDraft::CatalogDraft(Database* database, CatalogStatePtr base)
    : database_(database), catalog_(database->catalog()), base_(std::move(base)), state_(base_) {}

std::vector<CatalogDraft::Record> CatalogDraft::TakeRecords() {
  renewed_.clear();
  return std::exchange(records_, {});
}

std::vector<uint32_t> CatalogDraft::TakeDroppedSpaces() {
  return std::exchange(dropped_spaces_, {});
}

bool CatalogDraft::ChangesOnlyTemporary() const {
  if (!changes_.databases.empty()) return false;
  // What each of them is, and was.
  std::vector<std::string_view> schemas;
  for (const auto& [id, now] : changes_.tables) {
    const TableEntryPtr* before = base_->Find(id);
    if (now != nullptr) schemas.push_back(now->descriptor.schema());
    if (before != nullptr) schemas.push_back((*before)->descriptor.schema());
  }
  for (const auto& [id, now] : changes_.functions) {
    const auto before = base_->functions().find(id);
    if (now != nullptr) schemas.push_back(now->schema());
    if (before != base_->functions().end()) schemas.push_back(before->second->schema());
  }
  for (const auto& [oid, now] : changes_.types) {
    const common::v1::TypeDescriptor* before = base_->FindType(oid);
    if (now != nullptr) schemas.push_back(now->declared().schema());
    if (before != nullptr) schemas.push_back(before->declared().schema());
  }
  for (const auto& [oid, now] : changes_.collations) {
    const auto before = base_->collations().find(oid);
    if (now != nullptr) schemas.push_back(now->collation().schema());
    if (before != base_->collations().end())
      schemas.push_back(before->second->collation().schema());
  }
  for (const auto& [id, now] : changes_.operators) {
    const auto before = base_->operators().find(id);
    if (now != nullptr) schemas.push_back(now->schema());
    if (before != base_->operators().end()) schemas.push_back(before->second->schema());
  }
  for (const auto& [id, now] : changes_.schemas) {
    const auto before = base_->schemas().find(id);
    if (now.has_value()) schemas.push_back(now->name());
    if (before != base_->schemas().end()) schemas.push_back(before->second.name());
  }
  return std::all_of(schemas.begin(), schemas.end(), sql::IsTemporarySchema);
}

void CatalogDraft::Rebase() {
  CatalogStatePtr now = database_->Current();
  if (now == base_) return;
  base_ = std::move(now);
  state_ = changes_.empty() ? base_ : changes_.ApplyTo(*base_, catalog_->NextVersion());
}

void CatalogDraft::PutEntry(uint32_t table_id, TableEntryPtr entry) {
  CatalogState::Objects objects = state_->objects();
  if (entry == nullptr) {
    objects.tables.erase(table_id);
  } else {
    objects.tables[table_id] = entry;
  }
  changes_.tables[table_id] = std::move(entry);
  SetObjects(std::move(objects));
}

void CatalogDraft::SetObjects(CatalogState::Objects objects) {
  state_ =
      std::make_shared<CatalogState>(catalog_->NextVersion(), state_->place(), std::move(objects));
}

void CatalogDraft::PutSchema(uint32_t schema_id,
                             std::optional<common::v1::SchemaDescriptor> schema) {
  CatalogState::Objects objects = state_->objects();
  if (schema.has_value()) {
    schema->set_database_id(KeptDatabaseId());
    objects.schemas[schema_id] = *schema;
    records_.push_back({SystemKey('s', schema_id), schema->SerializeAsString(), false});
  } else {
    objects.schemas.erase(schema_id);
    records_.push_back({SystemKey('s', schema_id), {}, true});
  }
  changes_.schemas[schema_id] = std::move(schema);
  SetObjects(std::move(objects));
}

absl::StatusOr<TableEntryPtr> CatalogDraft::Table(uint32_t table_id) const {
  const TableEntryPtr* entry = state_->Find(table_id);
  if (entry == nullptr) {
    return status::Error(sqlstate::kUndefinedTable,
                         "relation with OID " + std::to_string(table_id) + " does not exist");
  }
  return *entry;
}

absl::Status CatalogDraft::CheckOutlived(const TableDescriptor& table) const {
  if (sql::IsTemporarySchema(table.schema())) return absl::OkStatus();
  for (const auto& column : table.columns()) {
    const TableEntryPtr* sequence = state_->Find(column.default_sequence_id());
    if (sequence != nullptr && sql::IsTemporarySchema((*sequence)->descriptor.schema()))
      return status::NotSupported(
          "a default of a permanent table that comes from a temporary sequence");
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::PutTable(TableDescriptor table) {
  RETURN_IF_ERROR(CheckOutlived(table));
  table.set_schema_version(catalog_->NextVersion());
  table.set_database_id(KeptDatabaseId());
  if (changes_.holds_labels) {
    TableDescriptor kept = table;
    ReleaseLabels(&kept);
    records_.push_back({SystemKey('t', table.table_id()), kept.SerializeAsString(), false});
  } else {
    records_.push_back({SystemKey('t', table.table_id()), table.SerializeAsString(), false});
  }
  const uint32_t id = table.table_id();
  ASSIGN_OR_RETURN(TableEntryPtr entry, MakeTableEntry(std::move(table)));
  PutEntry(id, entry);
  return RenewAbove(entry->descriptor);
}

void CatalogDraft::EraseTable(const TableEntry& entry) {
  const uint32_t id = entry.descriptor.table_id();
  records_.push_back({SystemKey('t', id), {}, true});
  records_.push_back({SystemKey('a', id), {}, true});
  records_.push_back({SystemKey('r', id), {}, true});
  if (entry.descriptor.has_sequence()) {
    records_.push_back({SystemKey('q', entry.descriptor.storage_id()), {}, true});
  } else if (entry.descriptor.storage_id() != 0) {
    dropped_spaces_.push_back(entry.descriptor.storage_id());
  }
  for (const IndexDescriptor& index : entry.descriptor.indexes())
    dropped_spaces_.push_back(index.index_id());
  PutEntry(id, nullptr);
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

absl::Status CatalogDraft::NewStorage(TableDescriptor* table) {
  ASSIGN_OR_RETURN(const uint32_t storage_id, catalog_->AllocateId());
  table->set_storage_id(storage_id);
  records_.push_back({CounterKey(storage_id, 0), engine::EncodeCounter({0, true}), false});
  return absl::OkStatus();
}

absl::Status CatalogDraft::NewSpaces(TableDescriptor* table) {
  // A partitioned table has none, and its indexes are known by their numbers.
  if (table->has_partition_key()) return absl::OkStatus();
  dropped_spaces_.push_back(table->storage_id());
  for (const IndexDescriptor& index : table->indexes()) dropped_spaces_.push_back(index.index_id());
  RETURN_IF_ERROR(NewStorage(table));
  for (IndexDescriptor& index : *table->mutable_indexes()) {
    ASSIGN_OR_RETURN(const uint32_t index_id, catalog_->AllocateId());
    index.set_index_id(index_id);
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
