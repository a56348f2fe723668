// CatalogDraft: ALTER TABLE.
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;

absl::Status CatalogDraft::AlterDescriptor(const common::v1::AlterTable& statement,
                                           TableDescriptor* table, v1::DdlResult* result) {
  using common::v1::AlterTable;
  const auto find_column = [&](const std::string& name) {
    for (const auto& column : table->columns()) {
      if (!column.dropped() && column.name() == name) return true;
    }
    return false;
  };
  switch (statement.action_case()) {
    case AlterTable::kAddColumn: {
      if (find_column(statement.add_column().name())) {
        if (statement.if_exists()) {
          result->add_notices("column " + Quoted(statement.add_column().name()) + " of relation " +
                              Quoted(table->name()) + " already exists, skipping");
          result->set_changed(false);
          return absl::OkStatus();
        }
        return status::Error(sqlstate::kDuplicateColumn,
                             "column " + Quoted(statement.add_column().name()) + " of relation " +
                                 Quoted(table->name()) + " already exists");
      }
      if (table->columns_size() >= 1600) {
        return status::Error(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
      }
      *table->add_columns() = statement.add_column();
      return statement.has_sequence() ? AddOwnedSequence(table, statement.sequence())
                                      : absl::OkStatus();
    }
    case AlterTable::kDropColumn:
      if (ColumnAt(table, statement.drop_column()) == nullptr)
        return NoColumn(*table, statement.drop_column());
      return DropColumn(table, statement.drop_column(), statement.cascade(), result);
    case AlterTable::kRenameColumn: {
      common::v1::ColumnDescriptor* column = ColumnAt(table, statement.rename_column().column());
      if (column == nullptr) return NoColumn(*table, statement.rename_column().column());
      if (find_column(statement.rename_column().name())) {
        return status::Error(sqlstate::kDuplicateColumn,
                             "column " + Quoted(statement.rename_column().name()) +
                                 " of relation " + Quoted(table->name()) + " already exists");
      }
      for (auto& check : *table->mutable_checks()) {
        check.set_sql(
            ReplaceIdentifier(check.sql(), column->name(), statement.rename_column().name()));
      }
      column->set_name(statement.rename_column().name());
      return absl::OkStatus();
    }
    case AlterTable::kAddCheck: {
      common::v1::CheckDescriptor check = statement.add_check();
      if (check.name().empty()) check.set_name(table->name() + "_check");
      RETURN_IF_ERROR(CheckNewConstraint(*table, check.name()));
      *table->add_checks() = std::move(check);
      return absl::OkStatus();
    }
    case AlterTable::kDropConstraint:
      return DropConstraint(table, statement.drop_constraint(), statement.if_exists(),
                            statement.cascade(), result);
    case AlterTable::kRenameTable:
      if (state_->HasRelation(table->schema(), statement.rename_table())) {
        return status::Error(sqlstate::kDuplicateTable,
                             "relation " + Quoted(statement.rename_table()) + " already exists");
      }
      table->set_name(statement.rename_table());
      return absl::OkStatus();
    case AlterTable::kRenameConstraint:
      return RenameConstraint(statement.rename_constraint(), table);
    case AlterTable::kSetRowSecurity:
      return SetRowSecurity(statement.set_row_security(), table);
    case AlterTable::kSetSchema:
      return MoveToSchema(statement.set_schema(), table);
    case AlterTable::kSetNotNull: {
      common::v1::ColumnDescriptor* column = ColumnAt(table, statement.set_not_null().column());
      if (column == nullptr) return NoColumn(*table, statement.set_not_null().column());
      if (!statement.set_not_null().not_null() &&
          Contains(table->primary_key(), statement.set_not_null().column())) {
        return status::Error(sqlstate::kInvalidTableDefinition,
                             "column " + Quoted(column->name()) + " is in a primary key");
      }
      column->set_not_null(statement.set_not_null().not_null());
      return absl::OkStatus();
    }
    case AlterTable::kSetDefault: {
      common::v1::ColumnDescriptor* column = ColumnAt(table, statement.set_default().column());
      if (column == nullptr) return NoColumn(*table, statement.set_default().column());
      column->set_default_sql(statement.set_default().default_sql());
      column->set_default_sequence_id(statement.set_default().default_sequence_id());
      return absl::OkStatus();
    }
    case AlterTable::kOwner:
      table->set_owner(statement.owner());
      for (const uint32_t id : OwnedSequences(table->table_id())) {
        TableDescriptor sequence = (*state_->Find(id))->descriptor;
        sequence.set_owner(statement.owner());
        RETURN_IF_ERROR(PutTable(std::move(sequence)));
      }
      return absl::OkStatus();
    case AlterTable::kSetIdentity:
      return SetIdentity(statement.set_identity(), table, result);
    case AlterTable::kAddIdentity:
      return AddOwnedSequence(table, statement.add_identity());
    case AlterTable::kDropExpression: {
      common::v1::ColumnDescriptor* column = ColumnAt(table, statement.drop_expression());
      if (column == nullptr) return NoColumn(*table, statement.drop_expression());
      if (!column->has_generated() && statement.if_exists()) {
        result->add_notices("column " + Quoted(column->name()) + " of relation " +
                            Quoted(table->name()) + " is not a stored generated column, skipping");
        result->set_changed(false);
      }
      column->clear_generated();
      return absl::OkStatus();
    }
    case AlterTable::kAddForeignKey:
      return AddForeignKey(table, statement.add_foreign_key());
    case AlterTable::kAlterConstraint:
      return AlterConstraint(table, statement.alter_constraint());
    case AlterTable::kValidateConstraint:
      return MarkValid(table, statement.validate_constraint());
    case AlterTable::ACTION_NOT_SET:
      result->set_changed(false);
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("malformed ALTER TABLE");
  }
}

CatalogDraft::Result CatalogDraft::AlterTable(const common::v1::AlterTable& statement) {
  v1::DdlResult result;
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  if (IsSystemTable(entry->descriptor)) {
    return status::Error(
        sqlstate::kInsufficientPrivilege,
        "permission denied: " + Quoted(entry->descriptor.name()) + " is a system catalog");
  }
  result.set_object_id(statement.table_id());
  result.set_changed(true);
  TableDescriptor table = entry->descriptor;
  RETURN_IF_ERROR(AlterDescriptor(statement, &table, &result));
  if (result.changed()) RETURN_IF_ERROR(PutTable(std::move(table)));
  return result;
}

}  // namespace adbms::storage::catalog
