#include "services/security/authz/dependents.h"

#include "common/sql/catalog_numbers.h"
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

}  // namespace

std::vector<std::string> OwnedBy(const common::v1::CatalogSnapshot& catalog,
                                 const std::string& role) {
  std::vector<std::string> objects;
  for (const common::v1::SchemaDescriptor& schema : catalog.schemas()) {
    if (schema.owner() == role) objects.push_back("owner of schema " + schema.name());
  }
  for (const common::v1::TableDescriptor& table : catalog.tables()) {
    const bool system = table.is_virtual() && !table.has_sequence();
    if (!system && table.owner() == role) objects.push_back("owner of " + Described(table));
  }
  for (const common::v1::FunctionDescriptor& function : catalog.functions()) {
    if (function.owner() == role)
      objects.push_back("owner of function " +
                        (function.schema() == "public" ? "" : function.schema() + ".") +
                        sql::SignatureOf(function));
  }
  return objects;
}

std::vector<std::string> Named(const common::v1::CatalogSnapshot& catalog,
                               const std::set<uint32_t>& objects) {
  std::vector<std::string> names;
  if (objects.contains(sql::kDatabaseOid)) names.emplace_back("privileges for database adbms");
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
