// One version of the catalog: descriptors with their layouts, by id and by name. Immutable and
// shared: readers keep the version they started with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/codec/table_layout.h"

namespace adbms::storage::catalog {

struct TableEntry {
  common::v1::TableDescriptor descriptor;
  codec::TableLayout layout;
};
using TableEntryPtr = std::shared_ptr<const TableEntry>;
using FunctionPtr = std::shared_ptr<const common::v1::FunctionDescriptor>;
// A type that a user has declared.
using TypeEntryPtr = std::shared_ptr<const common::v1::TypeDescriptor>;
using CollationPtr = std::shared_ptr<const common::v1::CollationDescriptor>;
using OperatorPtr = std::shared_ptr<const common::v1::OperatorDescriptor>;

class CatalogState {
 public:
  using TableMap = std::map<uint32_t, TableEntryPtr>;
  using SchemaMap = std::map<uint32_t, common::v1::SchemaDescriptor>;

  using FunctionMap = std::map<uint32_t, FunctionPtr>;
  using TypeMap = std::map<uint32_t, TypeEntryPtr>;  // By their own oids.
  using CollationMap = std::map<uint32_t, CollationPtr>;
  using OperatorMap = std::map<uint32_t, OperatorPtr>;
  // All that is in a database.
  struct Objects {
    SchemaMap schemas;
    TableMap tables;
    FunctionMap functions;
    TypeMap types;
    CollationMap collations;
    OperatorMap operators;
  };

  using DatabaseMap = std::map<uint32_t, common::v1::DatabaseDescriptor>;
  // Where it belongs.
  struct Place {
    uint32_t database_id = 0;
    std::shared_ptr<const DatabaseMap> databases;  // Of the cluster.
  };

  CatalogState(uint64_t version, Place place, Objects objects);

  uint64_t version() const { return version_; }
  const Place& place() const { return place_; }
  const DatabaseMap& databases() const { return *place_.databases; }
  // Null when there is none.
  const common::v1::DatabaseDescriptor* FindDatabase(const std::string& name) const;
  // Its own, as far as it is there yet.
  const common::v1::DatabaseDescriptor* database() const;
  // Who has the rights of the schema's owner: for pg_database_owner the database's.
  const std::string& OwnerOf(const common::v1::SchemaDescriptor& schema) const;
  const Objects& objects() const { return objects_; }
  const SchemaMap& schemas() const { return objects_.schemas; }
  const TableMap& tables() const { return objects_.tables; }
  const FunctionMap& functions() const { return objects_.functions; }
  const TypeMap& types() const { return objects_.types; }
  const CollationMap& collations() const { return objects_.collations; }
  const OperatorMap& operators() const { return objects_.operators; }

  // Null when there is none.
  const TableEntryPtr* Find(uint32_t table_id) const;
  const TableEntry* FindByName(const std::string& schema, const std::string& name) const;
  // All relations of a schema, by name.
  std::vector<const TableEntry*> TablesIn(const std::string& schema) const;
  const common::v1::SchemaDescriptor* FindSchema(const std::string& name) const;
  // The table that owns an index (a primary key's oid included); `index` is null for a primary key.
  struct IndexRef {
    const TableEntry* table = nullptr;
    const common::v1::IndexDescriptor* index = nullptr;
  };
  IndexRef FindIndex(uint32_t index_id) const;
  IndexRef FindIndexByName(const std::string& schema, const std::string& name) const;
  // FOREIGN KEY constraints that reference the table.
  struct Reference {
    const TableEntry* child;
    const common::v1::ForeignKeyDescriptor* key;
  };
  const std::vector<Reference>& ReferencesTo(uint32_t table_id) const;
  // Null when there is none.
  const common::v1::TypeDescriptor* FindType(uint32_t oid) const;
  const common::v1::TypeDescriptor* FindTypeByName(const std::string& schema,
                                                   const std::string& name) const;
  // Whether a declared type, or the arrays of one, have the name.
  bool HasType(const std::string& schema, const std::string& name) const;
  // Whether a table, view or index has the name.
  bool HasRelation(const std::string& schema, const std::string& name) const;
  // Null when there is none.
  FunctionPtr FindFunction(uint32_t function_id) const;
  // By schema and signature (sql::SignatureOf); null when there is none.
  FunctionPtr FindFunctionByName(const std::string& schema, const std::string& signature) const;
  // Null when there is none.
  CollationPtr FindCollation(const std::string& schema, const std::string& name) const;
  // The whole as a proto, made at first use.
  std::shared_ptr<const common::v1::CatalogSnapshot> Snapshot() const;

 private:
  using Name = std::pair<std::string, std::string>;
  const uint64_t version_;
  const Place place_;
  const Objects objects_;
  absl::flat_hash_map<uint32_t, const TableEntryPtr*> by_id_;
  std::map<Name, const TableEntry*> by_name_;
  std::map<uint32_t, IndexRef> indexes_;
  std::map<Name, IndexRef> indexes_by_name_;
  std::map<Name, FunctionPtr> functions_by_name_;
  absl::flat_hash_map<uint32_t, std::vector<Reference>> references_;
  std::map<Name, const common::v1::TypeDescriptor*> types_by_name_;  // Those of arrays too.
  mutable std::once_flag snapshot_once_;
  mutable std::shared_ptr<const common::v1::CatalogSnapshot> snapshot_;
};
using CatalogStatePtr = std::shared_ptr<const CatalogState>;

// Whose rights are the database owner's, as PostgreSQL has it for public.
inline constexpr std::string_view kDatabaseOwnerRole = "pg_database_owner";

// What one transaction does to the catalog, whatever else is in it: objects by id, empty where they
// go.
struct CatalogChanges {
  std::map<uint32_t, TableEntryPtr> tables;
  std::map<uint32_t, std::optional<common::v1::SchemaDescriptor>> schemas;
  CatalogState::FunctionMap functions;
  std::map<uint32_t, TypeEntryPtr> types;
  CatalogState::CollationMap collations;
  CatalogState::OperatorMap operators;
  std::map<uint32_t, std::optional<common::v1::DatabaseDescriptor>> databases;
  // Some have labels that may be used only once this is committed.
  bool holds_labels = false;

  bool empty() const {
    return tables.empty() && schemas.empty() && functions.empty() && types.empty() &&
           collations.empty() && operators.empty() && databases.empty();
  }
  // The same as others see it.
  CatalogChanges Committed() const;
  CatalogStatePtr ApplyTo(const CatalogState& base, uint64_t version) const;
};

}  // namespace adbms::storage::catalog
