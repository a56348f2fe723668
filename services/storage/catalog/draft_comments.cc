// CatalogDraft: COMMENT ON. A comment is part of the descriptor of what it is about, and goes with
// it.
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;

namespace {

absl::Status CommentOnConstraint(const std::string& name, const std::string& text,
                                 TableDescriptor* table) {
  if (table->primary_key_size() > 0 && table->primary_key_name() == name) {
    table->set_primary_key_comment(text);
    return absl::OkStatus();
  }
  for (auto& index : *table->mutable_indexes()) {
    if (!index.is_constraint() || index.name() != name) continue;
    index.set_constraint_comment(text);
    return absl::OkStatus();
  }
  for (auto& check : *table->mutable_checks()) {
    if (check.name() != name) continue;
    check.set_comment(text);
    return absl::OkStatus();
  }
  for (auto& key : *table->mutable_foreign_keys()) {
    if (key.name() != name) continue;
    key.set_comment(text);
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kUndefinedObject, "constraint " + Quoted(name) + " for table " +
                                                       Quoted(table->name()) + " does not exist");
}

absl::Status CommentOnPolicy(const std::string& name, const std::string& text,
                             TableDescriptor* table) {
  for (auto& policy : *table->mutable_policies()) {
    if (policy.name() != name) continue;
    policy.set_comment(text);
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kUndefinedObject, "policy " + Quoted(name) + " for table " +
                                                       Quoted(table->name()) + " does not exist");
}

absl::Status CommentOnTrigger(const std::string& name, const std::string& text,
                              TableDescriptor* table) {
  for (auto& trigger : *table->mutable_triggers()) {
    if (trigger.name() != name) continue;
    trigger.set_comment(text);
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kUndefinedObject, "trigger " + Quoted(name) + " for table " +
                                                       Quoted(table->name()) + " does not exist");
}

absl::Status CommentOnIndex(const std::string& name, const std::string& text,
                            TableDescriptor* table) {
  if (table->primary_key_oid() != 0 && table->primary_key_name() == name) {
    table->set_primary_key_index_comment(text);
    return absl::OkStatus();
  }
  for (auto& index : *table->mutable_indexes()) {
    if (index.name() != name) continue;
    index.set_comment(text);
    return absl::OkStatus();
  }
  return status::Error(sqlstate::kUndefinedTable, "relation " + Quoted(name) + " does not exist");
}

}  // namespace

CatalogDraft::Result CatalogDraft::Comment(const common::v1::Comment& statement) {
  if (statement.object_case() == common::v1::Comment::kDatabase)
    return CommentOnDatabase(statement);
  v1::DdlResult result;
  result.set_changed(true);
  if (statement.object_case() == common::v1::Comment::kSchema) {
    const common::v1::SchemaDescriptor* schema = state_->FindSchema(statement.schema());
    if (schema == nullptr) {
      return status::Error(sqlstate::kInvalidSchemaName,
                           "schema " + Quoted(statement.schema()) + " does not exist");
    }
    common::v1::SchemaDescriptor changed = *schema;
    changed.set_comment(statement.text());
    const uint32_t id = changed.schema_id();
    result.set_object_id(id);
    PutSchema(id, std::move(changed));
    return result;
  }
  if (statement.object_case() == common::v1::Comment::kOperatorId) {
    const auto op = state_->operators().find(statement.operator_id());
    if (op == state_->operators().end())
      return status::Error(sqlstate::kStalePlan, "the operator is gone");
    common::v1::OperatorDescriptor changed = *op->second;
    changed.set_comment(statement.text());
    result.set_object_id(statement.operator_id());
    PutOperator(statement.operator_id(), std::move(changed));
    return result;
  }
  if (statement.has_function_id()) {
    const FunctionPtr before = state_->FindFunction(statement.function_id());
    if (before == nullptr)
      return status::Error(
          sqlstate::kUndefinedFunction,
          "function with OID " + std::to_string(statement.function_id()) + " does not exist");
    common::v1::FunctionDescriptor changed = *before;
    changed.set_comment(statement.text());
    result.set_object_id(statement.function_id());
    PutFunction(std::move(changed));
    result.set_changed(true);
    return result;
  }
  if (statement.object_case() == common::v1::Comment::kTypeOid) {
    const common::v1::TypeDescriptor* type = state_->FindType(statement.type_oid());
    if (type == nullptr)
      return status::Error(
          sqlstate::kUndefinedObject,
          "type with OID " + std::to_string(statement.type_oid()) + " does not exist");
    common::v1::TypeDescriptor changed = *type;
    changed.set_comment(statement.text());
    result.set_object_id(statement.type_oid());
    RETURN_IF_ERROR(PutType(std::move(changed)));
    return result;
  }
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  if (IsSystemTable(table)) {
    return status::Error(sqlstate::kInsufficientPrivilege,
                         "permission denied: " + Quoted(table.name()) + " is a system catalog");
  }
  result.set_object_id(statement.table_id());
  switch (statement.part_case()) {
    case common::v1::Comment::kColumn: {
      common::v1::ColumnDescriptor* column = ColumnAt(&table, statement.column());
      if (column == nullptr) return NoColumn(table, statement.column());
      column->set_comment(statement.text());
      break;
    }
    case common::v1::Comment::kConstraint:
      RETURN_IF_ERROR(CommentOnConstraint(statement.constraint(), statement.text(), &table));
      break;
    case common::v1::Comment::kIndex:
      RETURN_IF_ERROR(CommentOnIndex(statement.index(), statement.text(), &table));
      break;
    case common::v1::Comment::kTrigger:
      RETURN_IF_ERROR(CommentOnTrigger(statement.trigger(), statement.text(), &table));
      break;
    case common::v1::Comment::kPolicy:
      RETURN_IF_ERROR(CommentOnPolicy(statement.policy(), statement.text(), &table));
      break;
    case common::v1::Comment::PART_NOT_SET:
      table.set_comment(statement.text());
      break;
  }
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return result;
}

}  // namespace adbms::storage::catalog
