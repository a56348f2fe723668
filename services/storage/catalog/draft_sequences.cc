// CatalogDraft: sequences, and the columns that they belong to.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::ColumnDescriptor;
using common::v1::TableDescriptor;

namespace {

// What the counting relies on; the gateway's own messages come before.
absl::Status CheckSequence(const TableDescriptor& table) {
  const common::v1::SequenceDescriptor& sequence = table.sequence();
  const auto within = [&](int64_t value) {
    return value >= sequence.minimum() && value <= sequence.maximum();
  };
  if (!table.has_sequence() || sequence.increment() == 0 || !within(sequence.start()) ||
      !within(sequence.first())) {
    return absl::InvalidArgumentError(absl::StrCat("malformed sequence ", table.name()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CatalogDraft::PutSequence(TableDescriptor sequence, uint32_t* id) {
  RETURN_IF_ERROR(CheckSequence(sequence));
  ASSIGN_OR_RETURN(*id, catalog_->AllocateId());
  ASSIGN_OR_RETURN(const uint32_t storage_id, catalog_->AllocateId());
  sequence.set_table_id(*id);
  sequence.set_storage_id(storage_id);
  // Its row is computed.
  sequence.set_is_virtual(true);
  if (sequence.owner().empty()) sequence.set_owner("postgres");
  return PutTable(std::move(sequence));
}

CatalogDraft::Result CatalogDraft::CreateSequence(const common::v1::CreateSequence& statement) {
  v1::DdlResult result;
  TableDescriptor sequence = statement.sequence();
  sequence.set_schema(SchemaOrPublic(sequence.schema()));
  RETURN_IF_ERROR(RequireSchema(sequence.schema()));
  if (state_->HasRelation(sequence.schema(), sequence.name())) {
    if (statement.if_not_exists()) {
      result.add_notices("relation " + Quoted(sequence.name()) + " already exists, skipping");
      return result;
    }
    return status::Error(sqlstate::kDuplicateTable,
                         "relation " + Quoted(sequence.name()) + " already exists");
  }
  uint32_t id = 0;
  RETURN_IF_ERROR(PutSequence(std::move(sequence), &id));
  result.set_object_id(id);
  result.set_changed(true);
  return result;
}

CatalogDraft::Result CatalogDraft::AlterSequence(const common::v1::AlterSequence& statement) {
  v1::DdlResult result;
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.sequence_id()));
  TableDescriptor table = entry->descriptor;
  if (!table.has_sequence()) {
    return status::Error(sqlstate::kWrongObjectType, Quoted(table.name()) + " is not a sequence");
  }
  *table.mutable_sequence() = statement.sequence();
  RETURN_IF_ERROR(CheckSequence(table));
  result.set_object_id(statement.sequence_id());
  result.set_changed(true);
  RETURN_IF_ERROR(PutTable(std::move(table)));
  if (statement.restart()) {
    RETURN_IF_ERROR(RestartSequence(statement.sequence_id(), statement.sequence().first()));
  }
  return result;
}

absl::Status CatalogDraft::RestartSequence(uint32_t sequence_id, int64_t first) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(sequence_id));
  TableDescriptor table = entry->descriptor;
  records_.push_back({SystemKey('q', table.storage_id()), {}, true});
  ASSIGN_OR_RETURN(const uint32_t storage_id, catalog_->AllocateId());
  table.set_storage_id(storage_id);
  table.mutable_sequence()->set_first(first);
  return PutTable(std::move(table));
}

std::vector<uint32_t> CatalogDraft::OwnedSequences(uint32_t table_id) const {
  std::vector<uint32_t> ids;
  for (const auto& [id, entry] : state_->tables()) {
    if (entry->descriptor.sequence().owner_table_id() == table_id) ids.push_back(id);
  }
  return ids;
}

absl::Status CatalogDraft::AddOwnedSequence(TableDescriptor* table,
                                            const common::v1::OwnedSequence& owned) {
  ColumnDescriptor* const column = ColumnAt(table, owned.column());
  if (column == nullptr) return NoColumn(*table, owned.column());
  TableDescriptor sequence = owned.sequence();
  sequence.set_schema(table->schema());
  if (state_->HasRelation(sequence.schema(), sequence.name()))
    sequence.set_name(FreeName(sequence.schema(), sequence.name()));
  sequence.set_owner(table->owner());
  sequence.mutable_sequence()->set_owner_table_id(table->table_id());
  sequence.mutable_sequence()->set_owner_column(owned.column());
  uint32_t id = 0;
  RETURN_IF_ERROR(PutSequence(std::move(sequence), &id));
  column->set_default_sequence_id(id);
  column->set_default_sql("nextval('" + std::to_string(id) + "'::regclass)");
  column->set_not_null(true);
  return absl::OkStatus();
}

absl::Status CatalogDraft::SetIdentity(const common::v1::SetIdentity& change,
                                       TableDescriptor* table, v1::DdlResult* result) {
  ColumnDescriptor* const column = ColumnAt(table, change.column());
  if (column == nullptr) return NoColumn(*table, change.column());
  column->set_identity(change.identity());
  if (change.identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED) return absl::OkStatus();
  column->clear_default_sql();
  column->clear_default_sequence_id();
  return DropOwnedSequences(*table, change.column(), {table->table_id()}, false, result);
}

absl::Status CatalogDraft::ReleaseSequence(const TableEntry& sequence,
                                           const std::vector<uint32_t>& dropping, bool cascade,
                                           v1::DdlResult* result) {
  const uint32_t sequence_id = sequence.descriptor.table_id();
  const std::string what = "sequence " + sequence.descriptor.name();
  const CatalogState::TableMap tables = state_->tables();
  for (const auto& [id, entry] : tables) {
    if (std::find(dropping.begin(), dropping.end(), id) != dropping.end()) continue;
    TableDescriptor changed = entry->descriptor;
    bool uses = false;
    for (ColumnDescriptor& column : *changed.mutable_columns()) {
      if (column.default_sequence_id() != sequence_id) continue;
      const std::string place = "column " + column.name() + " of table " + changed.name();
      if (column.identity() != ColumnDescriptor::IDENTITY_UNSPECIFIED) {
        return status::Error("2BP01", "cannot drop " + what + " because " + place + " requires it",
                             {}, "You can drop " + place + " instead.");
      }
      const std::string text = "default value for " + place;
      if (!cascade) {
        return status::Error("2BP01", "cannot drop " + what + " because other objects depend on it",
                             text + " depends on " + what,
                             "Use DROP ... CASCADE to drop the dependent objects too.");
      }
      result->add_dropped(text);
      column.clear_default_sql();
      column.clear_default_sequence_id();
      uses = true;
    }
    if (uses) RETURN_IF_ERROR(PutTable(std::move(changed)));
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::DropOwnedSequences(const TableDescriptor& table,
                                              std::optional<uint32_t> column,
                                              const std::vector<uint32_t>& dropping, bool cascade,
                                              v1::DdlResult* result) {
  for (const uint32_t id : OwnedSequences(table.table_id())) {
    const TableEntryPtr sequence = *state_->Find(id);
    if (column.has_value() && sequence->descriptor.sequence().owner_column() != *column) continue;
    RETURN_IF_ERROR(DropViewsOn(
        "sequence " + sequence->descriptor.name(),
        [id](const auto& used) { return used.table_id() == id; }, dropping, cascade, result));
    RETURN_IF_ERROR(ReleaseSequence(*sequence, dropping, cascade, result));
    EraseTable(*sequence);
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
