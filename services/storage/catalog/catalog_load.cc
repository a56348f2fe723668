// Catalog: what is read when a directory is opened, and written into a new one.
#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/sql/catalog_numbers.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog.h"
#include "services/storage/catalog/system_tables.h"

namespace adbms::storage::catalog {
namespace {

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

// The triggers that call a function which is gone; whether there were any.
bool EraseTriggersOf(const std::set<uint32_t>& functions, common::v1::TableDescriptor* table) {
  auto* triggers = table->mutable_triggers();
  const int before = triggers->size();
  triggers->erase(std::remove_if(triggers->begin(), triggers->end(),
                                 [&](const common::v1::TriggerDescriptor& trigger) {
                                   return functions.contains(trigger.function_id());
                                 }),
                  triggers->end());
  return triggers->size() != before;
}

// Takes out of `all`, by database, what is in databases that are gone; calls `erase` with it.
template <typename Map, typename Erase>
bool TakeGone(const std::map<uint32_t, common::v1::DatabaseDescriptor>& databases,
              std::map<uint32_t, Map>* all, const Erase& erase) {
  bool any = false;
  for (auto it = all->begin(); it != all->end();) {
    if (databases.contains(it->first)) {
      ++it;
      continue;
    }
    for (const auto& object : it->second) erase(object);
    any |= !it->second.empty();
    it = all->erase(it);
  }
  return any;
}

absl::Status CorruptDescriptor() {
  return status::Error(status::sqlstate::kDataCorrupted, "a catalog record is corrupted", {},
                       "Restore from a backup.");
}

}  // namespace

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
  std::map<uint32_t, CatalogState::CollationMap> collations;
  std::map<uint32_t, CatalogState::OperatorMap> operators;
  std::set<uint32_t> gone_functions;  // Their records come before those of tables.
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
      if (sql::IsTemporarySchema(function->schema())) {
        batch.Delete(SystemKey('p', function->function_id()));
        gone_functions.insert(function->function_id());
        changed = true;
        continue;
      }
      functions[DatabaseIdOf(*function)][function->function_id()] = std::move(function);
    } else if (key[4] == 'l') {
      auto collation = std::make_shared<common::v1::CollationDescriptor>();
      if (!collation->ParseFromArray(it->value().data(), static_cast<int>(it->value().size())))
        return CorruptDescriptor();
      collations[DatabaseIdOf(*collation)][collation->collation().oid()] = std::move(collation);
    } else if (key[4] == 'o') {
      auto op = std::make_shared<common::v1::OperatorDescriptor>();
      if (!op->ParseFromArray(it->value().data(), static_cast<int>(it->value().size())))
        return CorruptDescriptor();
      version = std::max(version, op->version() + 1);
      operators[DatabaseIdOf(*op)][op->operator_id()] = std::move(op);
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
      common::v1::TableDescriptor cleaned = table;
      bool unfinished = EraseTriggersOf(gone_functions, &cleaned);
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
    const auto eraser = [&](char letter) {
      return
          [&batch, letter](const auto& object) { batch.Delete(SystemKey(letter, object.first)); };
    };
    changed |= TakeGone(databases, &tables, [&](const auto& table) {
      EraseRelation(table.second->descriptor, &batch);
    });
    changed |= TakeGone(databases, &schemas, eraser('s'));
    changed |= TakeGone(databases, &functions, eraser('p'));
    changed |= TakeGone(databases, &types, eraser('e'));
    changed |= TakeGone(databases, &collations, eraser('l'));
    changed |= TakeGone(databases, &operators, eraser('o'));
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
  // Those of the system are in every database.
  const CatalogState::SchemaMap own_schemas = schemas[sql::kDatabaseOid];
  for (const auto& [id, descriptor] : databases) {
    for (const BootstrapSchema& schema : kBootstrapSchemas) {
      if (schema.id != sql::kPublicSchemaOid) schemas[id].insert(*own_schemas.find(schema.id));
    }
    tables[id].insert(system_tables.begin(), system_tables.end());
    (*by_id)[id] = std::make_shared<Database>(
        this, id,
        std::make_shared<CatalogState>(
            version++, CatalogState::Place{id, all},
            CatalogState::Objects{std::move(schemas[id]), std::move(tables[id]),
                                  std::move(functions[id]), std::move(types[id]),
                                  std::move(collations[id]), std::move(operators[id])}));
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

}  // namespace adbms::storage::catalog
