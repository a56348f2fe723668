// CatalogDraft: names of constraints and indexes, and the schemas that things are in.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;

absl::Status CatalogDraft::RenameConstraint(const common::v1::RenameConstraint& change,
                                            TableDescriptor* table) {
  const std::string& from = change.name();
  const std::string& to = change.new_name();
  const auto free_relation = [&]() -> absl::Status {
    if (!state_->HasRelation(table->schema(), to)) return absl::OkStatus();
    return status::Error(sqlstate::kDuplicateTable, "relation " + Quoted(to) + " already exists");
  };
  if (table->primary_key_oid() != 0 && table->primary_key_name() == from) {
    RETURN_IF_ERROR(free_relation());
    table->set_primary_key_name(to);
    return absl::OkStatus();
  }
  for (auto& index : *table->mutable_indexes()) {
    if (index.name() != from) continue;
    RETURN_IF_ERROR(free_relation());
    index.set_name(to);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckNewConstraint(*table, to));
  for (auto& check : *table->mutable_checks()) {
    if (check.name() != from) continue;
    check.set_name(to);
    return absl::OkStatus();
  }
  for (auto& key : *table->mutable_foreign_keys()) {
    if (key.name() != from) continue;
    key.set_name(to);
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kUndefinedObject, "constraint " + Quoted(from) + " for table " +
                                                       Quoted(table->name()) + " does not exist");
}

absl::Status CatalogDraft::MoveToSchema(const std::string& schema, TableDescriptor* table) {
  RETURN_IF_ERROR(RequireSchema(schema));
  if (schema == table->schema()) return absl::OkStatus();
  const auto check = [&](const std::string& name) -> absl::Status {
    if (!state_->HasRelation(schema, name)) return absl::OkStatus();
    return status::Error(
        sqlstate::kDuplicateTable,
        "relation " + Quoted(name) + " already exists in schema " + Quoted(schema));
  };
  RETURN_IF_ERROR(check(table->name()));
  if (table->primary_key_oid() != 0) RETURN_IF_ERROR(check(table->primary_key_name()));
  for (const auto& index : table->indexes()) RETURN_IF_ERROR(check(index.name()));
  for (const uint32_t id : OwnedSequences(table->table_id())) {
    TableDescriptor sequence = (*state_->Find(id))->descriptor;
    RETURN_IF_ERROR(check(sequence.name()));
    sequence.set_schema(schema);
    RETURN_IF_ERROR(PutTable(std::move(sequence)));
  }
  table->set_schema(schema);
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::AlterSchema(const common::v1::AlterSchema& statement) {
  const common::v1::SchemaDescriptor* known = state_->FindSchema(statement.name());
  if (known == nullptr)
    return status::Error(sqlstate::kInvalidSchemaName,
                         "schema " + Quoted(statement.name()) + " does not exist");
  common::v1::SchemaDescriptor schema = *known;
  const uint32_t id = schema.schema_id();
  if (id < kFirstUserId && schema.name() != "public")
    return status::Error(sqlstate::kInsufficientPrivilege,
                         "permission denied for schema " + schema.name());
  if (statement.action_case() == common::v1::AlterSchema::kOwner) {
    schema.set_owner(statement.owner());
    PutSchema(id, std::move(schema));
  } else {
    const std::string& to = statement.rename();
    if (state_->FindSchema(to) != nullptr)
      return status::Error(sqlstate::kDuplicateSchema, "schema " + Quoted(to) + " already exists");
    if (to.starts_with("pg_"))
      return status::Error("42939", "unacceptable schema name " + Quoted(to),
                           "The prefix \"pg_\" is reserved for system schemas.");
    schema.set_name(to);
    PutSchema(id, std::move(schema));
    RETURN_IF_ERROR(RenameSchemaOfObjects(statement.name(), to));
  }
  v1::DdlResult result;
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::RenameSchemaOfObjects(const std::string& before,
                                                 const std::string& after) {
  const auto unsupported = [&](const std::string& what) {
    return status::NotSupported("renaming schema " + Quoted(before) + ", in which there is " +
                                what);
  };
  for (const auto& [oid, type] : state_->types()) {
    if (type->declared().schema() == before)
      return unsupported("type " + Quoted(type->declared().name()) + ",");
  }
  std::vector<TableDescriptor> tables;
  for (const auto& [id, entry] : state_->tables()) {
    const TableDescriptor& table = entry->descriptor;
    for (const auto& used : table.view_dependencies()) {
      const TableEntryPtr* read = state_->Find(used.table_id());
      if (read != nullptr && (*read)->descriptor.schema() == before)
        return unsupported("a relation that view " + Quoted(table.name()) + " reads,");
    }
    for (const auto& policy : table.policies()) {
      for (const auto* condition : {&policy.using_(), &policy.check()}) {
        for (const auto& used : condition->relations()) {
          const TableEntryPtr* read = state_->Find(used.table_id());
          if (read != nullptr && (*read)->descriptor.schema() == before)
            return unsupported("a relation that a policy of table " + Quoted(table.name()) +
                               " reads,");
        }
      }
    }
    if (table.schema() == before) tables.push_back(table);
  }
  for (TableDescriptor& table : tables) {
    table.set_schema(after);
    RETURN_IF_ERROR(PutTable(std::move(table)));
  }
  std::vector<FunctionPtr> functions;
  for (const auto& [id, function] : state_->functions()) {
    if (function->schema() == before) functions.push_back(function);
  }
  for (const FunctionPtr& function : functions) {
    common::v1::FunctionDescriptor moved = *function;
    moved.set_schema(after);
    PutFunction(std::move(moved));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
