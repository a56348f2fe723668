#include "services/storage/catalog/catalog.h"

#include "common/sql/catalog_numbers.h"
#include "common/status/macros.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/definition_walk.h"
#include "services/storage/catalog/system_tables.h"

namespace adbms::storage::catalog {
namespace {

constexpr uint32_t kIdBlock = 64;

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

common::v1::SchemaDescriptor PublicSchemaOf(const common::v1::DatabaseDescriptor& database) {
  common::v1::SchemaDescriptor schema;
  schema.set_database_id(database.database_id());
  schema.set_schema_id(database.public_schema_id());
  schema.set_name("public");
  schema.set_owner(std::string(kDatabaseOwnerRole));
  return schema;
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
  if (!committed.databases.empty()) PublishDatabases(*database, *state, committed);
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

void Catalog::PublishDatabases(const Database& own, const CatalogState& with,
                               const CatalogChanges& changes) {
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
          std::make_shared<CatalogState>(
              NextVersion(), CatalogState::Place{id, all},
              CatalogState::Objects{SystemSchemas(), system_tables, {}, {}, {}}),
          std::memory_order_release);
      by_id->erase(found);
    } else if (descriptor.has_value() && found == by_id->end()) {
      CatalogState::SchemaMap schemas = SystemSchemas();
      schemas.emplace(descriptor->public_schema_id(), PublicSchemaOf(*descriptor));
      by_id->emplace(
          id, std::make_shared<Database>(
                  this, id,
                  std::make_shared<CatalogState>(
                      NextVersion(), CatalogState::Place{id, all},
                      CatalogState::Objects{std::move(schemas), system_tables, {}, {}, {}})));
    }
  }
  databases_.store(by_id, std::memory_order_release);
  for (const auto& [id, database] : *by_id) {
    if (database.get() == &own) continue;  // What is in it changes with this.
    const CatalogStatePtr state = database->Current();
    database->current_.store(std::make_shared<CatalogState>(
                                 NextVersion(), CatalogState::Place{id, all}, state->objects()),
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
