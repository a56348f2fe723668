#include "services/storage/catalog/catalog.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/sql/catalog_numbers.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/definition_walk.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/system_tables.h"

namespace adbms::storage::catalog {
namespace {

constexpr uint32_t kIdBlock = 64;
constexpr char kFormatVersion[] = "2";

struct BootstrapSchema {
  uint32_t id;
  const char* name;
};
// Of adbms. The other databases see those of the system as well, and have a public of their own.
constexpr BootstrapSchema kBootstrapSchemas[] = {{11, "pg_catalog"},
                                                 {sql::kPublicSchemaOid, "public"},
                                                 {13000, "information_schema"},
                                                 {13001, "adbms"}};

struct BootstrapDatabase {
  uint32_t id;
  const char* name;
  uint32_t public_schema_id;
  bool is_template;
  bool allows_connections;
  const char* comment;
};
// Under PostgreSQL's numbers.
constexpr BootstrapDatabase kBootstrapDatabases[] = {
    {sql::kDatabaseOid, "adbms", sql::kPublicSchemaOid, false, true, ""},
    {1, "template1", 13901, true, true, "default template for new databases"},
    {4, "template0", 13904, true, false, "unmodifiable empty database"},
    {5, "postgres", 13905, false, true, "default administrative connection database"}};

// Which the descriptor is in.
template <typename Descriptor>
uint32_t DatabaseIdOf(const Descriptor& descriptor) {
  return descriptor.database_id() == 0 ? sql::kDatabaseOid : descriptor.database_id();
}

common::v1::SchemaDescriptor PublicSchemaOf(const common::v1::DatabaseDescriptor& database) {
  common::v1::SchemaDescriptor schema;
  schema.set_database_id(database.database_id());
  schema.set_schema_id(database.public_schema_id());
  schema.set_name("public");
  schema.set_owner(std::string(kDatabaseOwnerRole));
  return schema;
}

// Its records; its rows and entries are to be erased.
void EraseRelation(const common::v1::TableDescriptor& table, engine::WriteBatch* batch) {
  for (const char letter : {'t', 'a', 'r'}) batch->Delete(SystemKey(letter, table.table_id()));
  if (table.has_sequence()) {
    batch->Delete(SystemKey('q', table.storage_id()));
  } else if (table.storage_id() != 0) {
    batch->Put(SystemKey('d', table.storage_id()), "");
  }
  for (const common::v1::IndexDescriptor& index : table.indexes()) {
    batch->Put(SystemKey('d', index.index_id()), "");
    if (index.delta_id() != 0) batch->Put(SystemKey('d', index.delta_id()), "");
  }
}

absl::Status CorruptDescriptor() {
  return status::Error(status::sqlstate::kDataCorrupted, "a catalog record is corrupted", {},
                       "Restore from a backup.");
}

}  // namespace

std::string SystemKey(char letter) {
  std::string key = codec::SpaceBegin(0);
  key.push_back(letter);
  return key;
}

std::string SystemKey(char letter, uint32_t id) {
  std::string key = SystemKey(letter);
  codec::AppendSpace(id, &key);
  return key;
}

std::string SystemKey(char letter, std::string_view name) {
  std::string key = SystemKey(letter);
  key.append(name);
  return key;
}

std::string CounterKey(uint32_t space, int part) {
  std::string key = SystemKey('c', space);
  key.push_back(static_cast<char>(part));
  return key;
}

absl::StatusOr<TableEntryPtr> MakeTableEntry(common::v1::TableDescriptor descriptor) {
  auto entry = std::make_shared<TableEntry>();
  ASSIGN_OR_RETURN(entry->layout, codec::TableLayout::Make(descriptor));
  entry->descriptor = std::move(descriptor);
  return TableEntryPtr(std::move(entry));
}

CatalogChanges CatalogChanges::Committed() const {
  CatalogChanges result = *this;
  if (!holds_labels) return result;
  for (auto& [id, entry] : result.tables) {
    if (entry == nullptr) continue;
    common::v1::TableDescriptor table = entry->descriptor;
    ReleaseLabels(&table);
    // Its layout is that of the entry, which was made.
    auto made = MakeTableEntry(std::move(table));
    if (made.ok()) entry = *std::move(made);
  }
  for (auto& [oid, type] : result.types) {
    if (type == nullptr) continue;
    auto released = std::make_shared<common::v1::TypeDescriptor>(*type);
    ReleaseLabels(released.get());
    type = std::move(released);
  }
  return result;
}

absl::StatusOr<std::unique_ptr<Catalog>> Catalog::Open(engine::Engine* engine) {
  auto catalog = std::unique_ptr<Catalog>(new Catalog(engine));
  RETURN_IF_ERROR(catalog->Load());
  return catalog;
}

absl::Status Catalog::Load() {
  engine::PinnableSlice value;
  bool found = false;
  engine::WriteBatch batch;
  bool changed = false;
  RETURN_IF_ERROR(engine_->Get(nullptr, SystemKey('f'), &value, &found));
  if (!found && engine_->read_only()) {
    return status::Error(status::sqlstate::kDataCorrupted,
                         "the data directory has nothing that can be read",
                         "Its first log is missing, or it was never written to.",
                         "Restore the data directory from a backup.");
  }
  if (!found) {
    RETURN_IF_ERROR(Bootstrap());
  } else if (engine::ToView(value) != kFormatVersion) {
    return status::Error(status::sqlstate::kObjectNotInPrerequisiteState,
                         "the data directory has format version " + value.ToString() +
                             ", this server reads version " + kFormatVersion,
                         {}, "Use the server that wrote it, or dump and restore.");
  }
  value.Reset();
  RETURN_IF_ERROR(engine_->Get(nullptr, SystemKey('n'), &value, &found));
  uint32_t next = kFirstUserId;
  if (found && !absl::SimpleAtoi(absl::string_view(value.data(), value.size()), &next))
    return CorruptDescriptor();
  {
    absl::MutexLock lock(&mutex_);
    next_id_ = reserved_ids_ = next;
  }

  uint64_t version = static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()));
  // By database.
  std::map<uint32_t, common::v1::DatabaseDescriptor> databases;
  std::map<uint32_t, CatalogState::SchemaMap> schemas;
  std::map<uint32_t, CatalogState::TableMap> tables;
  std::map<uint32_t, CatalogState::FunctionMap> functions;
  std::map<uint32_t, CatalogState::TypeMap> types;
  auto it = engine_->NewIterator(nullptr, {codec::SpaceBegin(0), codec::SpaceEnd(0)}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const std::string_view key = engine::ToView(it->key());
    if (key.size() < 5) return CorruptDescriptor();
    if (key[4] == 'b') {
      common::v1::DatabaseDescriptor database;
      if (!database.ParseFromArray(it->value().data(), static_cast<int>(it->value().size())))
        return CorruptDescriptor();
      databases[database.database_id()] = std::move(database);
    } else if (key[4] == 's') {
      common::v1::SchemaDescriptor schema;
      if (!schema.ParseFromArray(it->value().data(), static_cast<int>(it->value().size()))) {
        return CorruptDescriptor();
      }
      // Its session is gone.
      if (sql::IsTemporarySchema(schema.name())) {
        batch.Delete(SystemKey('s', schema.schema_id()));
        changed = true;
        continue;
      }
      // As PostgreSQL has it; what it may do was the superuser's before.
      if (schema.schema_id() == sql::kPublicSchemaOid && schema.owner() == "postgres")
        schema.set_owner(std::string(kDatabaseOwnerRole));
      schemas[DatabaseIdOf(schema)][schema.schema_id()] = std::move(schema);
    } else if (key[4] == 'p') {
      auto function = std::make_shared<common::v1::FunctionDescriptor>();
      if (!function->ParseFromArray(it->value().data(), static_cast<int>(it->value().size())))
        return CorruptDescriptor();
      version = std::max(version, function->version() + 1);
      functions[DatabaseIdOf(*function)][function->function_id()] = std::move(function);
    } else if (key[4] == 'e') {
      auto type = std::make_shared<common::v1::TypeDescriptor>();
      if (!type->ParseFromArray(it->value().data(), static_cast<int>(it->value().size()))) {
        return CorruptDescriptor();
      }
      version = std::max(version, type->schema_version() + 1);
      types[DatabaseIdOf(*type)][type->declared().oid()] = std::move(type);
    } else if (key[4] == 't') {
      common::v1::TableDescriptor table;
      if (!table.ParseFromArray(it->value().data(), static_cast<int>(it->value().size()))) {
        return CorruptDescriptor();
      }
      version = std::max(version, table.schema_version() + 1);
      if (sql::IsTemporarySchema(table.schema())) {
        EraseRelation(table, &batch);
        changed = true;
        continue;
      }
      bool unfinished = false;
      common::v1::TableDescriptor cleaned = table;
      cleaned.clear_indexes();
      for (const common::v1::IndexDescriptor& index : table.indexes()) {
        if (index.state() == common::v1::IndexDescriptor::STATE_PUBLIC) {
          *cleaned.add_indexes() = index;
        } else {
          unfinished = true;
          batch.Put(SystemKey('d', index.index_id()), "");
          if (index.delta_id() != 0) batch.Put(SystemKey('d', index.delta_id()), "");
        }
      }
      if (unfinished) {
        cleaned.set_schema_version(version++);
        batch.Put(SystemKey('t', table.table_id()), cleaned.SerializeAsString());
        changed = true;
      }
      const uint32_t id = cleaned.table_id();
      const uint32_t database_id = DatabaseIdOf(cleaned);
      ASSIGN_OR_RETURN(tables[database_id][id], MakeTableEntry(std::move(cleaned)));
    }
  }
  RETURN_IF_ERROR(it->status());
  // What was still being changed in a database while it was dropped.
  if (databases.contains(sql::kDatabaseOid)) {
    for (const auto& [database_id, gone] : tables) {
      if (databases.contains(database_id)) continue;
      for (const auto& [id, entry] : gone) EraseRelation(entry->descriptor, &batch);
      changed = true;
    }
  }
  if (changed && !engine_->read_only()) {
    RETURN_IF_ERROR(engine_->Write(&batch));
    RETURN_IF_ERROR(engine_->SyncWal());
  }
  RETURN_IF_ERROR(AddMissingDatabases(&databases, &schemas));
  CatalogState::TableMap system_tables;
  for (common::v1::TableDescriptor& table : SystemTableDescriptors()) {
    const uint32_t id = table.table_id();
    ASSIGN_OR_RETURN(system_tables[id], MakeTableEntry(std::move(table)));
  }
  const auto all = std::make_shared<const CatalogState::DatabaseMap>(databases);
  auto by_id = std::make_shared<DatabasesById>();
  for (const auto& [id, descriptor] : databases) {
    for (const BootstrapSchema& schema : kBootstrapSchemas) {
      if (schema.id != sql::kPublicSchemaOid)
        schemas[id].insert(*schemas[sql::kDatabaseOid].find(schema.id));
    }
    tables[id].insert(system_tables.begin(), system_tables.end());
    (*by_id)[id] = std::make_shared<Database>(
        this, id,
        std::make_shared<CatalogState>(version++, CatalogState::Place{id, all},
                                       std::move(schemas[id]), std::move(tables[id]),
                                       std::move(functions[id]), std::move(types[id])));
  }
  system_ = by_id->at(sql::kDatabaseOid);
  databases_ = std::move(by_id);
  next_version_ = version + 1;
  newest_version_ = version;
  return absl::OkStatus();
}

absl::Status Catalog::Bootstrap() {
  engine::WriteBatch batch;
  batch.Put(SystemKey('f'), kFormatVersion);
  for (const BootstrapSchema& schema : kBootstrapSchemas) {
    common::v1::SchemaDescriptor descriptor;
    descriptor.set_schema_id(schema.id);
    descriptor.set_name(schema.name);
    descriptor.set_owner("postgres");
    batch.Put(SystemKey('s', schema.id), descriptor.SerializeAsString());
  }
  RETURN_IF_ERROR(engine_->Write(&batch));
  return engine_->SyncWal();
}

absl::Status Catalog::AddMissingDatabases(
    std::map<uint32_t, common::v1::DatabaseDescriptor>* databases,
    std::map<uint32_t, CatalogState::SchemaMap>* schemas) {
  // One that was there may have been dropped since.
  if (databases->contains(sql::kDatabaseOid)) return absl::OkStatus();
  engine::WriteBatch batch;
  for (const BootstrapDatabase& one : kBootstrapDatabases) {
    common::v1::DatabaseDescriptor database;
    database.set_database_id(one.id);
    database.set_name(one.name);
    database.set_owner("postgres");
    database.set_allows_connections(one.allows_connections);
    database.set_is_template(one.is_template);
    database.set_connection_limit(-1);
    database.set_public_schema_id(one.public_schema_id);
    database.set_comment(one.comment);
    batch.Put(SystemKey('b', one.id), database.SerializeAsString());
    if (one.id != sql::kDatabaseOid) {
      common::v1::SchemaDescriptor schema = PublicSchemaOf(database);
      batch.Put(SystemKey('s', schema.schema_id()), schema.SerializeAsString());
      (*schemas)[one.id][schema.schema_id()] = std::move(schema);
    }
    (*databases)[one.id] = std::move(database);
  }
  if (engine_->read_only()) return absl::OkStatus();
  RETURN_IF_ERROR(engine_->Write(&batch));
  return engine_->SyncWal();
}

DatabasePtr Catalog::Find(uint32_t database_id) const {
  const auto all = databases_.load(std::memory_order_acquire);
  const auto found = all->find(database_id);
  return found == all->end() ? nullptr : found->second;
}

DatabasePtr Catalog::Find(std::string_view name) const {
  const CatalogStatePtr state = system_->Current();
  const common::v1::DatabaseDescriptor* const found = state->FindDatabase(std::string(name));
  return found == nullptr ? nullptr : Find(found->database_id());
}

std::vector<DatabasePtr> Catalog::Databases() const {
  std::vector<DatabasePtr> result;
  for (const auto& [id, database] : *databases_.load(std::memory_order_acquire))
    result.push_back(database);
  return result;
}

DatabasePtr Catalog::DatabaseOf(uint32_t table_id) const {
  for (const auto& [id, database] : *databases_.load(std::memory_order_acquire)) {
    if (database->Current()->Find(table_id) != nullptr) return database;
  }
  return nullptr;
}

void Database::Publish(const CatalogChanges& changes) { catalog_->Publish(this, changes); }

void Catalog::Publish(Database* database, const CatalogChanges& changes) {
  const auto committed = changes.Committed();
  absl::MutexLock lock(&publish_mutex_);
  const CatalogStatePtr state = committed.ApplyTo(*database->Current(), NextVersion());
  // The list of all before what any of them has: who finds a name finds its database.
  if (!committed.databases.empty()) PublishDatabases(*state, committed);
  database->current_.store(state, std::memory_order_release);
  newest_version_.store(NextVersion(), std::memory_order_release);
}

CatalogState::SchemaMap Catalog::SystemSchemas() const {
  CatalogState::SchemaMap result;
  for (const auto& [id, schema] : system_->Current()->schemas()) {
    if (id < kFirstUserId && id != sql::kPublicSchemaOid) result.emplace(id, schema);
  }
  return result;
}

void Catalog::PublishDatabases(const CatalogState& with, const CatalogChanges& changes) {
  const auto& all = with.place().databases;
  auto by_id = std::make_shared<DatabasesById>(*databases_.load(std::memory_order_acquire));
  CatalogState::TableMap system_tables;
  for (const auto& [id, entry] : system_->Current()->tables()) {
    if (IsSystemTable(entry->descriptor)) system_tables.emplace(id, entry);
  }
  for (const auto& [id, descriptor] : changes.databases) {
    const auto found = by_id->find(id);
    if (!descriptor.has_value() && found != by_id->end()) {
      found->second->current_.store(
          std::make_shared<CatalogState>(NextVersion(), CatalogState::Place{id, all},
                                         SystemSchemas(), system_tables,
                                         CatalogState::FunctionMap(), CatalogState::TypeMap()),
          std::memory_order_release);
      by_id->erase(found);
    } else if (descriptor.has_value() && found == by_id->end()) {
      CatalogState::SchemaMap schemas = SystemSchemas();
      schemas.emplace(descriptor->public_schema_id(), PublicSchemaOf(*descriptor));
      by_id->emplace(id, std::make_shared<Database>(
                             this, id,
                             std::make_shared<CatalogState>(
                                 NextVersion(), CatalogState::Place{id, all}, std::move(schemas),
                                 system_tables, CatalogState::FunctionMap(),
                                 CatalogState::TypeMap())));
    }
  }
  databases_.store(by_id, std::memory_order_release);
  for (const auto& [id, database] : *by_id) {
    const CatalogStatePtr state = database->Current();
    database->current_.store(
        std::make_shared<CatalogState>(NextVersion(), CatalogState::Place{id, all},
                                       state->schemas(), state->tables(), state->functions(),
                                       state->types()),
        std::memory_order_release);
  }
}

absl::StatusOr<uint32_t> Catalog::AllocateId() {
  absl::MutexLock lock(&mutex_);
  if (next_id_ == reserved_ids_) {
    engine::WriteBatch batch;
    batch.Put(SystemKey('n'), std::to_string(reserved_ids_ + kIdBlock));
    RETURN_IF_ERROR(engine_->Write(&batch));
    reserved_ids_ += kIdBlock;
  }
  return next_id_++;
}

absl::StatusOr<std::vector<uint32_t>> Catalog::PendingDrops() const {
  std::vector<uint32_t> spaces;
  const std::string prefix = SystemKey('d');
  auto it = engine_->NewIterator(nullptr, {prefix, codec::PrefixEnd(prefix)}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const std::string_view key = engine::ToView(it->key());
    if (key.size() == 9) spaces.push_back(codec::SpaceOf(key.substr(5)));
  }
  RETURN_IF_ERROR(it->status());
  return spaces;
}

}  // namespace adbms::storage::catalog
