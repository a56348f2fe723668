// CatalogDraft: the databases of the cluster.
#include <algorithm>

#include "common/sql/catalog_numbers.h"
#include "common/sql/temporary_schema.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::DatabaseDescriptor;

absl::Status AlreadyThere(const std::string& name) {
  return status::Error(sqlstate::kDuplicateDatabase,
                       "database " + Quoted(name) + " already exists");
}

// Whether there is nothing in it but what a new one has.
bool IsEmpty(const CatalogState& state, uint32_t public_schema_id) {
  const auto own_schema = [&](const auto& schema) {
    return schema.first >= kFirstUserId && schema.first != public_schema_id &&
           !sql::IsTemporarySchema(schema.second.name());
  };
  const auto own_table = [](const auto& table) {
    const common::v1::TableDescriptor& descriptor = table.second->descriptor;
    return !IsSystemTable(descriptor) && descriptor.schema() != "adbms" &&
           !sql::IsTemporarySchema(descriptor.schema());
  };
  return state.functions().empty() && state.types().empty() &&
         std::none_of(state.schemas().begin(), state.schemas().end(), own_schema) &&
         std::none_of(state.tables().begin(), state.tables().end(), own_table);
}

}  // namespace

uint32_t CatalogDraft::KeptDatabaseId() const {
  return database_->id() == sql::kDatabaseOid ? 0 : database_->id();
}

void CatalogDraft::PutDatabase(uint32_t id, std::optional<DatabaseDescriptor> database) {
  auto all = std::make_shared<CatalogState::DatabaseMap>(state_->databases());
  if (database.has_value()) {
    (*all)[id] = *database;
    records_.push_back({SystemKey('b', id), database->SerializeAsString(), false});
  } else {
    all->erase(id);
    records_.push_back({SystemKey('b', id), {}, true});
  }
  changes_.databases[id] = std::move(database);
  state_ = std::make_shared<CatalogState>(catalog_->NextVersion(),
                                          CatalogState::Place{database_->id(), std::move(all)},
                                          state_->objects());
}

absl::StatusOr<DatabaseDescriptor> CatalogDraft::DatabaseNamed(const std::string& name) const {
  const DatabaseDescriptor* const found = state_->FindDatabase(name);
  if (found != nullptr) return *found;
  return status::Error(sqlstate::kInvalidCatalogName,
                       "database " + Quoted(name) + " does not exist");
}

CatalogDraft::Result CatalogDraft::CreateDatabase(const common::v1::CreateDatabase& statement) {
  const DatabaseDescriptor* const source = state_->FindDatabase(statement.template_name());
  if (source == nullptr) {
    return status::Error(
        sqlstate::kInvalidCatalogName,
        "template database " + Quoted(statement.template_name()) + " does not exist");
  }
  DatabaseDescriptor database = statement.database();
  if (state_->FindDatabase(database.name()) != nullptr) return AlreadyThere(database.name());
  const DatabasePtr contents = catalog_->Find(source->database_id());
  if (contents != nullptr && !IsEmpty(*contents->Current(), source->public_schema_id())) {
    return status::Error(
        sqlstate::kFeatureNotSupported,
        "a copy of database " + Quoted(source->name()) + ", which is not empty, is not supported",
        {}, "Create the database without TEMPLATE, and fill it from a dump (pg_dump).");
  }
  ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
  ASSIGN_OR_RETURN(const uint32_t public_schema_id, catalog_->AllocateId());
  database.set_database_id(id);
  database.set_public_schema_id(public_schema_id);
  records_.push_back(
      {SystemKey('s', public_schema_id), PublicSchemaOf(database).SerializeAsString(), false});
  PutDatabase(id, std::move(database));
  v1::DdlResult result;
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

void CatalogDraft::EraseContents(const CatalogState& contents) {
  const auto erase = [this](char letter, uint32_t id) {
    records_.push_back({SystemKey(letter, id), {}, true});
  };
  for (const auto& [id, entry] : contents.tables()) {
    const common::v1::TableDescriptor& table = entry->descriptor;
    if (IsSystemTable(table)) continue;
    for (const char letter : {'t', 'a', 'r'}) erase(letter, id);
    if (table.has_sequence()) {
      erase('q', table.storage_id());
    } else if (table.storage_id() != 0) {
      dropped_spaces_.push_back(table.storage_id());
    }
    for (const common::v1::IndexDescriptor& index : table.indexes()) {
      dropped_spaces_.push_back(index.index_id());
      if (index.delta_id() != 0) dropped_spaces_.push_back(index.delta_id());
    }
  }
  for (const auto& [id, function] : contents.functions()) erase('p', id);
  for (const auto& [oid, type] : contents.types()) erase('e', oid);
  for (const auto& [id, schema] : contents.schemas()) {
    if (schema.database_id() != 0) erase('s', id);
  }
}

CatalogDraft::Result CatalogDraft::DropDatabase(const common::v1::DropDatabase& statement) {
  ASSIGN_OR_RETURN(const DatabaseDescriptor database, DatabaseNamed(statement.name()));
  const DatabasePtr contents = catalog_->Find(database.database_id());
  if (contents != nullptr) EraseContents(*contents->Current());
  PutDatabase(database.database_id(), std::nullopt);
  v1::DdlResult result;
  result.set_object_id(database.database_id());
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::AlterDatabase(const common::v1::AlterDatabase& statement) {
  ASSIGN_OR_RETURN(DatabaseDescriptor database, DatabaseNamed(statement.name()));
  if (statement.has_new_name()) {
    if (state_->FindDatabase(statement.new_name()) != nullptr)
      return AlreadyThere(statement.new_name());
    database.set_name(statement.new_name());
  }
  if (statement.has_owner()) database.set_owner(statement.owner());
  if (statement.has_connection_limit()) database.set_connection_limit(statement.connection_limit());
  if (statement.has_allows_connections())
    database.set_allows_connections(statement.allows_connections());
  if (statement.has_is_template()) database.set_is_template(statement.is_template());
  v1::DdlResult result;
  const uint32_t id = database.database_id();
  result.set_object_id(id);
  result.set_changed(true);
  PutDatabase(id, std::move(database));
  return result;
}

CatalogDraft::Result CatalogDraft::CommentOnDatabase(const common::v1::Comment& statement) {
  ASSIGN_OR_RETURN(DatabaseDescriptor database, DatabaseNamed(statement.database()));
  database.set_comment(statement.text());
  v1::DdlResult result;
  const uint32_t id = database.database_id();
  result.set_object_id(id);
  result.set_changed(true);
  PutDatabase(id, std::move(database));
  return result;
}

}  // namespace adbms::storage::catalog
