#include "services/storage/catalog/catalog_state.h"

#include "common/sql/sql.h"

namespace adbms::storage::catalog {

CatalogState::CatalogState(uint64_t version, Place place, Objects objects)
    : version_(version), place_(std::move(place)), objects_(std::move(objects)) {
  for (const auto& [oid, type] : types()) {
    const common::v1::DeclaredType& declared = type->declared();
    types_by_name_.emplace(Name{declared.schema(), declared.name()}, type.get());
    types_by_name_.emplace(Name{declared.schema(), declared.array_name()}, type.get());
    if (!declared.has_range()) continue;
    const common::v1::RangeDefinition& range = declared.range();
    const std::string& schema = range.multirange_schema();
    types_by_name_.emplace(Name{schema, range.multirange_name()}, type.get());
    types_by_name_.emplace(Name{schema, range.multirange_array_name()}, type.get());
  }
  for (const auto& [id, entry] : tables()) {
    const common::v1::TableDescriptor& table = entry->descriptor;
    by_id_.emplace(id, &entry);
    // The rows that refer are in its partitions, which have the same keys.
    for (const auto& key : table.foreign_keys()) {
      if (table.has_partition_key()) break;
      references_[key.referenced_table_id()].push_back({entry.get(), &key});
    }
    by_name_.emplace(Name{table.schema(), table.name()}, entry.get());
    if (table.primary_key_oid() != 0) {
      const IndexRef ref{entry.get(), nullptr};
      indexes_.emplace(table.primary_key_oid(), ref);
      indexes_by_name_.emplace(Name{table.schema(), table.primary_key_name()}, ref);
    }
    for (const common::v1::IndexDescriptor& index : table.indexes()) {
      const IndexRef ref{entry.get(), &index};
      indexes_.emplace(index.index_id(), ref);
      indexes_by_name_.emplace(Name{table.schema(), index.name()}, ref);
    }
  }
  for (const auto& [id, function] : functions())
    functions_by_name_.emplace(Name{function->schema(), sql::SignatureOf(*function)}, function);
}

const TableEntryPtr* CatalogState::Find(uint32_t table_id) const {
  const auto it = by_id_.find(table_id);
  return it == by_id_.end() ? nullptr : it->second;
}

const TableEntry* CatalogState::FindByName(const std::string& schema,
                                           const std::string& name) const {
  const auto it = by_name_.find({schema, name});
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<const TableEntry*> CatalogState::TablesIn(const std::string& schema) const {
  std::vector<const TableEntry*> tables;
  for (auto it = by_name_.lower_bound({schema, ""});
       it != by_name_.end() && it->first.first == schema; ++it)
    tables.push_back(it->second);
  return tables;
}

const common::v1::SchemaDescriptor* CatalogState::FindSchema(const std::string& name) const {
  for (const auto& [id, schema] : schemas()) {
    if (schema.name() == name) return &schema;
  }
  return nullptr;
}

const common::v1::DatabaseDescriptor* CatalogState::FindDatabase(const std::string& name) const {
  for (const auto& [id, database] : *place_.databases) {
    if (database.name() == name) return &database;
  }
  return nullptr;
}

const common::v1::DatabaseDescriptor* CatalogState::database() const {
  const auto found = place_.databases->find(place_.database_id);
  return found == place_.databases->end() ? nullptr : &found->second;
}

const std::string& CatalogState::OwnerOf(const common::v1::SchemaDescriptor& schema) const {
  const common::v1::DatabaseDescriptor* const own = database();
  return schema.owner() == kDatabaseOwnerRole && own != nullptr ? own->owner() : schema.owner();
}

CatalogState::IndexRef CatalogState::FindIndex(uint32_t index_id) const {
  const auto it = indexes_.find(index_id);
  return it == indexes_.end() ? IndexRef{} : it->second;
}

CatalogState::IndexRef CatalogState::FindIndexByName(const std::string& schema,
                                                     const std::string& name) const {
  const auto it = indexes_by_name_.find({schema, name});
  return it == indexes_by_name_.end() ? IndexRef{} : it->second;
}

const std::vector<CatalogState::Reference>& CatalogState::ReferencesTo(uint32_t table_id) const {
  static const std::vector<Reference>* const kNone = new std::vector<Reference>();
  const auto it = references_.find(table_id);
  return it == references_.end() ? *kNone : it->second;
}

const common::v1::TypeDescriptor* CatalogState::FindType(uint32_t oid) const {
  const auto it = types().find(oid);
  return it == types().end() ? nullptr : it->second.get();
}

const common::v1::TypeDescriptor* CatalogState::FindTypeByName(const std::string& schema,
                                                               const std::string& name) const {
  const auto it = types_by_name_.find({schema, name});
  return it == types_by_name_.end() || it->second->declared().name() != name ? nullptr : it->second;
}

bool CatalogState::HasType(const std::string& schema, const std::string& name) const {
  return types_by_name_.contains({schema, name});
}

bool CatalogState::HasRelation(const std::string& schema, const std::string& name) const {
  return by_name_.contains({schema, name}) || indexes_by_name_.contains({schema, name});
}

FunctionPtr CatalogState::FindFunction(uint32_t function_id) const {
  const auto it = functions().find(function_id);
  return it == functions().end() ? nullptr : it->second;
}

FunctionPtr CatalogState::FindFunctionByName(const std::string& schema,
                                             const std::string& signature) const {
  const auto it = functions_by_name_.find({schema, signature});
  return it == functions_by_name_.end() ? nullptr : it->second;
}

CollationPtr CatalogState::FindCollation(const std::string& schema, const std::string& name) const {
  for (const auto& [oid, collation] : collations()) {
    if (collation->collation().schema() == schema && collation->collation().name() == name)
      return collation;
  }
  return nullptr;
}

std::shared_ptr<const common::v1::CatalogSnapshot> CatalogState::Snapshot() const {
  std::call_once(snapshot_once_, [this] {
    auto snapshot = std::make_shared<common::v1::CatalogSnapshot>();
    snapshot->set_version(version_);
    snapshot->set_database_id(place_.database_id);
    for (const auto& [id, database] : *place_.databases) *snapshot->add_databases() = database;
    for (const auto& [id, schema] : schemas()) {
      common::v1::SchemaDescriptor* const shown = snapshot->add_schemas();
      *shown = schema;
      shown->set_owner(OwnerOf(schema));
    }
    for (const auto& [id, entry] : tables()) *snapshot->add_tables() = entry->descriptor;
    for (const auto& [id, function] : functions()) *snapshot->add_functions() = *function;
    for (const auto& [oid, type] : types()) *snapshot->add_types() = *type;
    for (const auto& [oid, collation] : collations()) *snapshot->add_collations() = *collation;
    for (const auto& [id, op] : operators()) *snapshot->add_operators() = *op;
    snapshot_ = std::move(snapshot);
  });
  return snapshot_;
}

namespace {

// Takes over what has changed; what is gone has no value.
template <typename Changes, typename Map>
void Change(const Changes& changes, Map* all) {
  for (const auto& [id, now] : changes) {
    if (now) {
      (*all)[id] = now;
    } else {
      all->erase(id);
    }
  }
}

}  // namespace

CatalogStatePtr CatalogChanges::ApplyTo(const CatalogState& base, uint64_t version) const {
  CatalogState::Objects objects = base.objects();
  for (const auto& [id, schema] : schemas) {
    if (schema.has_value()) {
      objects.schemas[id] = *schema;
    } else {
      objects.schemas.erase(id);
    }
  }
  Change(tables, &objects.tables);
  Change(functions, &objects.functions);
  Change(types, &objects.types);
  Change(collations, &objects.collations);
  Change(operators, &objects.operators);
  CatalogState::Place place = base.place();
  if (!databases.empty()) {
    auto all = std::make_shared<CatalogState::DatabaseMap>(base.databases());
    for (const auto& [id, database] : databases) {
      if (database.has_value()) {
        (*all)[id] = *database;
      } else {
        all->erase(id);
      }
    }
    place.databases = std::move(all);
  }
  return std::make_shared<CatalogState>(version, std::move(place), std::move(objects));
}

}  // namespace adbms::storage::catalog
