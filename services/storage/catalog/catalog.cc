#include "services/storage/catalog/catalog.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/definition_walk.h"
#include "services/storage/catalog/system_tables.h"

namespace adbms::storage::catalog {
namespace {

constexpr uint32_t kIdBlock = 64;
constexpr char kFormatVersion[] = "2";

struct BootstrapSchema {
  uint32_t id;
  const char* name;
};
constexpr BootstrapSchema kBootstrapSchemas[] = {
    {11, "pg_catalog"}, {2200, "public"}, {13000, "information_schema"}, {13001, "adbms"}};

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
    batch.Put(SystemKey('f'), kFormatVersion);
    for (const BootstrapSchema& schema : kBootstrapSchemas) {
      common::v1::SchemaDescriptor descriptor;
      descriptor.set_schema_id(schema.id);
      descriptor.set_name(schema.name);
      descriptor.set_owner("postgres");
      batch.Put(SystemKey('s', schema.id), descriptor.SerializeAsString());
    }
    RETURN_IF_ERROR(engine_->Write(&batch));
    RETURN_IF_ERROR(engine_->SyncWal());
    batch.Clear();
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
  CatalogState::SchemaMap schemas;
  CatalogState::TableMap tables;
  CatalogState::FunctionMap functions;
  CatalogState::TypeMap types;
  auto it = engine_->NewIterator(nullptr, {codec::SpaceBegin(0), codec::SpaceEnd(0)}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const std::string_view key = engine::ToView(it->key());
    if (key.size() < 5) return CorruptDescriptor();
    if (key[4] == 's') {
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
      schemas[schema.schema_id()] = std::move(schema);
    } else if (key[4] == 'p') {
      auto function = std::make_shared<common::v1::FunctionDescriptor>();
      if (!function->ParseFromArray(it->value().data(), static_cast<int>(it->value().size())))
        return CorruptDescriptor();
      version = std::max(version, function->version() + 1);
      functions[function->function_id()] = std::move(function);
    } else if (key[4] == 'e') {
      auto type = std::make_shared<common::v1::TypeDescriptor>();
      if (!type->ParseFromArray(it->value().data(), static_cast<int>(it->value().size()))) {
        return CorruptDescriptor();
      }
      version = std::max(version, type->schema_version() + 1);
      types[type->declared().oid()] = std::move(type);
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
      ASSIGN_OR_RETURN(tables[id], MakeTableEntry(std::move(cleaned)));
    }
  }
  RETURN_IF_ERROR(it->status());
  if (changed && !engine_->read_only()) {
    RETURN_IF_ERROR(engine_->Write(&batch));
    RETURN_IF_ERROR(engine_->SyncWal());
  }
  for (common::v1::TableDescriptor& table : SystemTableDescriptors()) {
    const uint32_t id = table.table_id();
    ASSIGN_OR_RETURN(tables[id], MakeTableEntry(std::move(table)));
  }
  next_version_ = version + 1;
  current_ = std::make_shared<CatalogState>(version, std::move(schemas), std::move(tables),
                                            std::move(functions), std::move(types));
  return absl::OkStatus();
}

void Catalog::Publish(const CatalogChanges& changes) {
  const auto committed = changes.Committed();
  absl::MutexLock lock(&publish_mutex_);
  current_.store(committed.ApplyTo(*Current(), NextVersion()), std::memory_order_release);
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
