#include "common/sql/ddl/maintenance.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::sql::ddl {
namespace {

using common::v1::TableDescriptor;
namespace sqlstate = status::sqlstate;

absl::Status NoRelation(const std::string& schema, const std::string& name) {
  return status::Error(
      sqlstate::kUndefinedTable,
      absl::StrCat("relation \"", schema.empty() ? name : absl::StrCat(schema, ".", name),
                   "\" does not exist"));
}

// Whether the table has an index of the name.
bool HasIndex(const TableDescriptor& table, const std::string& name) {
  return (table.primary_key_size() > 0 && table.primary_key_name() == name) ||
         std::any_of(table.indexes().begin(), table.indexes().end(),
                     [&name](const auto& index) { return index.name() == name; });
}

bool IsIndex(const std::string& schema, const std::string& name, const PlanningInput& input) {
  const auto& path = input.search_path;
  for (const TableDescriptor& table : input.catalog->snapshot().tables()) {
    const bool seen = schema.empty()
                          ? std::find(path.begin(), path.end(), table.schema()) != path.end()
                          : table.schema() == schema;
    if (seen && HasIndex(table, name)) return true;
  }
  return false;
}

bool HasRows(const TableDescriptor& table) {
  return !table.has_sequence() && (table.view_sql().empty() || table.has_materialized_view());
}

}  // namespace

absl::Status CheckReindex(const PgQuery__ReindexStmt& reindex, const PlanningInput& input) {
  const std::string database(parser::View(reindex.name));
  switch (reindex.kind) {
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA:
      if (input.catalog->HasSchema(database)) return absl::OkStatus();
      return status::Error(sqlstate::kInvalidSchemaName,
                           absl::StrCat("schema \"", database, "\" does not exist"));
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE:
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM:
      if (database.empty() || database == input.database) return absl::OkStatus();
      return status::Error(sqlstate::kFeatureNotSupported,
                           "can only reindex the currently open database");
    default:
      break;
  }
  const std::string schema(parser::View(reindex.relation->schemaname));
  const std::string name(parser::View(reindex.relation->relname));
  const TableDescriptor* table = input.catalog->ResolveTable(schema, name, input.search_path);
  const bool is_index = table == nullptr && IsIndex(schema, name, input);
  if (table == nullptr && !is_index) return NoRelation(schema, name);
  if (reindex.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX) {
    if (is_index) return absl::OkStatus();
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("\"", name, "\" is not an index"));
  }
  if (table != nullptr && HasRows(*table)) return absl::OkStatus();
  return status::Error(sqlstate::kWrongObjectType,
                       absl::StrCat("\"", name, "\" is not a table or materialized view"));
}

absl::Status CheckCluster(const PgQuery__ClusterStmt& cluster, const PlanningInput& input) {
  if (cluster.relation == nullptr) return absl::OkStatus();
  const std::string schema(parser::View(cluster.relation->schemaname));
  const std::string name(parser::View(cluster.relation->relname));
  const std::string index(parser::View(cluster.indexname));
  const TableDescriptor* table = input.catalog->ResolveTable(schema, name, input.search_path);
  if (table == nullptr) return NoRelation(schema, name);
  if (!HasRows(*table))
    return status::Error(sqlstate::kWrongObjectType,
                         absl::StrCat("\"", name, "\" is not a table or materialized view"));
  if (index.empty())
    return status::Error(
        sqlstate::kUndefinedObject,
        absl::StrCat("there is no previously clustered index for table \"", name, "\""));
  if (!HasIndex(*table, index))
    return status::Error(
        sqlstate::kUndefinedObject,
        absl::StrCat("index \"", index, "\" for table \"", name, "\" does not exist"));
  if (table->primary_key_size() > 0 && table->primary_key_name() == index) return absl::OkStatus();
  return status::Error(sqlstate::kFeatureNotSupported,
                       "CLUSTER by an index that is not the primary key's is not supported", {},
                       "Rows lie in the order of their primary key.");
}

}  // namespace adbms::sql::ddl
