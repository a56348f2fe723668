// CatalogDraft: columns change their types.
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

using common::v1::ColumnDescriptor;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

namespace {

// What the rows that are shorter than the column have, as a value of its new type; the bytes are
// the same.
absl::Status RetypeMissingValue(ColumnDescriptor* column) {
  if (!column->has_missing_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(types::Value value, types::FromProto(column->missing_value()));
  value.set_type(types::FromProto(column->type()));
  *column->mutable_missing_value() = types::ToProto(value);
  return absl::OkStatus();
}

absl::Status Rebind(const common::v1::SetTypes& change, TableDescriptor* table) {
  for (const common::v1::ReboundIndex& rebound : change.indexes()) {
    for (IndexDescriptor& index : *table->mutable_indexes()) {
      if (index.name() != rebound.name()) continue;
      if (index.expressions_size() != rebound.expressions_size() ||
          index.has_predicate() != rebound.has_predicate())
        return absl::InvalidArgumentError("malformed change of types");
      *index.mutable_expressions() = rebound.expressions();
      if (rebound.has_predicate()) *index.mutable_predicate() = rebound.predicate();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CatalogDraft::SetTypes(uint32_t table_id, const common::v1::SetTypes& change) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  if (IsSystemTable(entry->descriptor)) {
    return status::Error(
        status::sqlstate::kInsufficientPrivilege,
        "permission denied: " + Quoted(entry->descriptor.name()) + " is a system catalog");
  }
  TableDescriptor table = entry->descriptor;
  for (const common::v1::ColumnType& changed : change.columns()) {
    ColumnDescriptor* column = ColumnAt(&table, changed.column());
    if (column == nullptr) return NoColumn(table, changed.column());
    *column->mutable_type() = changed.type();
    column->set_default_sql(changed.default_sql());
    column->set_default_sequence_id(changed.default_sequence_id());
    column->set_revision(column->revision() + 1);
    if (change.keeps_rows()) {
      RETURN_IF_ERROR(RetypeMissingValue(column));
    } else {
      column->clear_missing_value();
    }
  }
  RETURN_IF_ERROR(Rebind(change, &table));
  // As they were bound to the types before.
  for (auto& check : *table.mutable_checks()) check.clear_bound();
  for (const auto& key : table.foreign_keys()) {
    const TableEntryPtr* parent = state_->Find(key.referenced_table_id());
    if (parent == nullptr) continue;
    const bool itself = key.referenced_table_id() == table_id;
    RETURN_IF_ERROR(CheckKeyTypes(table, itself ? table : (*parent)->descriptor, key));
  }
  for (const auto& reference : state_->ReferencesTo(table_id)) {
    if (reference.child->descriptor.table_id() == table_id) continue;
    RETURN_IF_ERROR(CheckKeyTypes(reference.child->descriptor, table, *reference.key));
  }
  if (!change.keeps_rows()) {
    RETURN_IF_ERROR(NewSpaces(&table));
  }
  return PutTable(std::move(table));
}

}  // namespace adbms::storage::catalog
