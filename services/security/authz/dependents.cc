#include "services/security/authz/dependents.h"

#include "common/sql/sql.h"

namespace adbms::security::authz {
namespace {

std::string Described(const common::v1::TableDescriptor& table) {
  const std::string kind = table.has_sequence()            ? "sequence "
                           : table.has_materialized_view() ? "materialized view "
                           : !table.view_sql().empty()     ? "view "
                                                           : "table ";
  return kind + (table.schema() == "public" ? "" : table.schema() + ".") + table.name();
}

// Whether it is the public that its database had from the beginning.
bool IsFirstPublic(const common::v1::CatalogSnapshot& catalog,
                   const common::v1::SchemaDescriptor& schema) {
  for (const common::v1::DatabaseDescriptor& database : catalog.databases()) {
    if (database.database_id() == catalog.database_id())
      return database.public_schema_id() == schema.schema_id();
  }
  return false;
}

}  // namespace

std::vector<std::string> OwnedBy(const common::v1::CatalogSnapshot& catalog,
                                 const std::string& role) {
  std::vector<std::string> objects;
  for (const common::v1::SchemaDescriptor& schema : catalog.schemas()) {
    // Public is the database's owner's.
    const bool own = schema.owner() == role && !IsFirstPublic(catalog, schema);
    if (own) objects.push_back("owner of schema " + schema.name());
  }
  for (const common::v1::TableDescriptor& table : catalog.tables()) {
    const bool system = table.is_virtual() && !table.has_sequence();
    if (!system && table.owner() == role) objects.push_back("owner of " + Described(table));
    for (const auto& policy : table.policies()) {
      for (const std::string& target : policy.roles()) {
        if (target == role)
          objects.push_back("target of policy " + policy.name() + " on " + Described(table));
      }
    }
  }
  for (const common::v1::FunctionDescriptor& function : catalog.functions()) {
    if (function.owner() == role)
      objects.push_back("owner of function " +
                        (function.schema() == "public" ? "" : function.schema() + ".") +
                        sql::SignatureOf(function));
  }
  return objects;
}

std::vector<std::string> DatabasesOf(const common::v1::CatalogSnapshot& catalog,
                                     const std::string& role, const std::set<uint32_t>& granted) {
  std::vector<std::string> names;
  for (const common::v1::DatabaseDescriptor& database : catalog.databases()) {
    if (database.owner() == role) names.push_back("owner of database " + database.name());
    if (granted.contains(database.database_id()))
      names.push_back("privileges for database " + database.name());
  }
  return names;
}

std::vector<std::string> Named(const common::v1::CatalogSnapshot& catalog,
                               const std::set<uint32_t>& objects) {
  std::vector<std::string> names;
  for (const common::v1::SchemaDescriptor& schema : catalog.schemas()) {
    if (objects.contains(schema.schema_id()))
      names.push_back("privileges for schema " + schema.name());
  }
  for (const common::v1::TableDescriptor& table : catalog.tables()) {
    if (objects.contains(table.table_id())) names.push_back("privileges for " + Described(table));
  }
  return names;
}

}  // namespace adbms::security::authz
