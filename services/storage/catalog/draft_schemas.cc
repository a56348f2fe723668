// CatalogDraft: schemas.
#include <map>

#include "common/sql/sql.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;

CatalogDraft::Result CatalogDraft::CreateSchema(const common::v1::CreateSchema& statement) {
  v1::DdlResult result;
  if (state_->FindSchema(statement.name()) != nullptr) {
    if (statement.if_not_exists()) {
      result.add_notices("schema " + Quoted(statement.name()) + " already exists, skipping");
      return result;
    }
    return status::Error(sqlstate::kDuplicateSchema,
                         "schema " + Quoted(statement.name()) + " already exists");
  }
  if (statement.name().starts_with("pg_")) {
    return status::Error("42939", "unacceptable schema name " + Quoted(statement.name()),
                         "The prefix \"pg_\" is reserved for system schemas.");
  }
  common::v1::SchemaDescriptor schema;
  ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
  schema.set_schema_id(id);
  schema.set_name(statement.name());
  schema.set_owner(statement.owner().empty() ? "postgres" : statement.owner());
  PutSchema(id, std::move(schema));
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::RequireTemporarySchema(const std::string& name) {
  if (state_->FindSchema(name) != nullptr) return absl::OkStatus();
  common::v1::SchemaDescriptor schema;
  ASSIGN_OR_RETURN(const uint32_t id, catalog_->AllocateId());
  schema.set_schema_id(id);
  schema.set_name(name);
  schema.set_owner("postgres");
  PutSchema(id, std::move(schema));
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropSchema(const common::v1::DropSchema& statement) {
  v1::DdlResult result;
  for (const std::string& name : statement.names()) {
    const common::v1::SchemaDescriptor* schema = state_->FindSchema(name);
    if (schema == nullptr) {
      if (statement.if_exists()) {
        result.add_notices("schema " + Quoted(name) + " does not exist, skipping");
        continue;
      }
      return status::Error(sqlstate::kInvalidSchemaName,
                           "schema " + Quoted(name) + " does not exist");
    }
    if (schema->schema_id() < kFirstUserId && name != "public") {
      return status::Error(
          "2BP01", "cannot drop schema " + name + " because it is required by the database system");
    }
    const uint32_t id = schema->schema_id();
    std::map<std::string, common::v1::DropTable> drops;  // By kind.
    for (const auto& [table_id, entry] : state_->tables()) {
      const TableDescriptor& table = entry->descriptor;
      if (table.schema() != name) continue;
      const std::string object = std::string(KindOf(table)) + " " + name + "." + table.name();
      // A column's sequence goes with its table.
      if (table.sequence().owner_table_id() != 0) continue;
      auto* target = drops[KindOf(table)].add_tables();
      target->set_schema(name);
      target->set_name(table.name());
      if (!statement.cascade()) {
        return status::Error("2BP01",
                             "cannot drop schema " + name + " because other objects depend on it",
                             object + " depends on schema " + name,
                             "Use DROP ... CASCADE to drop the dependent objects too.");
      }
      result.add_dropped(object);
    }
    const auto depends = [&](const std::string& object) {
      return status::Error("2BP01",
                           "cannot drop schema " + name + " because other objects depend on it",
                           object + " depends on schema " + name,
                           "Use DROP ... CASCADE to drop the dependent objects too.");
    };
    common::v1::DropFunction functions;
    functions.set_cascade(true);
    for (const auto& [function_id, function] : state_->functions()) {
      if (function->schema() != name) continue;
      const std::string object = "function " + name + "." + sql::SignatureOf(*function);
      if (!statement.cascade()) return depends(object);
      functions.add_function_ids(function_id);
      result.add_dropped(object);
    }
    common::v1::DropType types;
    types.set_cascade(true);
    types.set_catalog_version(UINT64_MAX);
    for (const auto& [oid, type] : state_->types()) {
      if (type->declared().schema() != name) continue;
      const std::string object = "type " + name + "." + type->declared().name();
      if (!statement.cascade()) return depends(object);
      auto* target = types.add_types();
      target->set_schema(name);
      target->set_name(type->declared().name());
      result.add_dropped(object);
    }
    std::vector<uint32_t> operators;
    for (const auto& [operator_id, op] : state_->operators()) {
      if (op->schema() != name) continue;
      const std::string object = "operator " + name + "." + sql::SignatureOf(*op);
      if (!statement.cascade()) return depends(object);
      operators.push_back(operator_id);
      result.add_dropped(object);
    }
    std::vector<CollationPtr> collations;
    for (const auto& [oid, collation] : state_->collations()) {
      if (collation->collation().schema() != name) continue;
      const std::string object = "collation " + name + "." + collation->collation().name();
      if (!statement.cascade()) return depends(object);
      collations.push_back(collation);
      result.add_dropped(object);
    }
    for (const char* kind : {"view", "materialized view", "table", "sequence"}) {
      drops[kind].set_cascade(true);
      RETURN_IF_ERROR(DropRelations(drops[kind], kind).status());
    }
    for (const uint32_t operator_id : operators) PutOperator(operator_id, std::nullopt);
    ASSIGN_OR_RETURN(const v1::DdlResult dropped, DropFunctions(functions));
    result.mutable_notices()->MergeFrom(dropped.notices());
    result.mutable_dropped()->MergeFrom(dropped.dropped());
    if (types.types_size() > 0) RETURN_IF_ERROR(DropTypes(types).status());
    for (const CollationPtr& collation : collations) {
      RETURN_IF_ERROR(CheckUnused(*collation, /*cascade=*/true));
      PutCollation(collation->collation().oid(), nullptr);
    }
    PutSchema(id, std::nullopt);
    result.set_object_id(id);
    result.set_changed(true);
  }
  return result;
}

}  // namespace adbms::storage::catalog
