// DdlExecution: indexes and keys of ONLY a partitioned table, whose parts are attached one by one.
#include <algorithm>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_words.h"
#include "services/storage/server/ddl_execution.h"

namespace adbms::storage::server {
namespace {

using catalog::Quoted;
using common::v1::AlterTable;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;
namespace sqlstate = status::sqlstate;

constexpr std::string_view kInvalidObjectDefinition = "42P17";

const IndexDescriptor* IndexOf(const TableDescriptor& table, uint32_t index_id) {
  for (const IndexDescriptor& index : table.indexes()) {
    if (index.index_id() == index_id) return &index;
  }
  return nullptr;
}

// Of an index, or of the primary key, which is none.
std::string NameOf(const TableDescriptor& table, uint32_t id) {
  const IndexDescriptor* const index = IndexOf(table, id);
  return index != nullptr ? index->name() : table.primary_key_name();
}

const IndexDescriptor* PartOf(const TableDescriptor& partition, uint32_t index_id) {
  for (const IndexDescriptor& index : partition.indexes()) {
    if (index.parent_index_id() == index_id) return &index;
  }
  return nullptr;
}

v1::DdlResult Changed(uint32_t table_id) {
  v1::DdlResult result;
  result.set_object_id(table_id);
  result.set_changed(true);
  return result;
}

}  // namespace

absl::StatusOr<v1::DdlResult> DdlExecution::AddIncompleteKey(const catalog::TableEntry& table,
                                                             const common::v1::AddPrimaryKey& key) {
  const TableDescriptor& whole = table.descriptor;
  const bool has_key = std::any_of(whole.indexes().begin(), whole.indexes().end(),
                                   [](const auto& index) { return index.is_primary(); });
  if (has_key || whole.primary_key_size() > 0)
    return status::Error(
        sqlstate::kInvalidTableDefinition,
        "multiple primary keys for table " + Quoted(whole.name()) + " are not allowed");
  common::v1::CreateIndex create;
  create.set_table_id(whole.table_id());
  create.set_only(true);
  IndexDescriptor* const index = create.mutable_index();
  index->set_name(key.name());
  *index->mutable_columns() = key.columns();
  index->set_unique(true);
  index->set_is_constraint(true);
  index->set_is_primary(true);
  for (const uint32_t ordinal : key.columns()) {
    if (ordinal < static_cast<uint32_t>(whole.columns_size()) &&
        !whole.columns(static_cast<int>(ordinal)).not_null())
      return status::Error(sqlstate::kInvalidTableDefinition,
                           "constraint must be added to child tables too", {},
                           "Do not specify the ONLY keyword.");
  }
  return CreateIndex(create);
}

absl::StatusOr<v1::DdlResult> DdlExecution::AttachIndex(const catalog::TableEntry& table,
                                                        const common::v1::AttachIndex& statement) {
  const TableDescriptor& whole = table.descriptor;
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr held, draft()->Table(statement.partition_id()));
  const TableDescriptor& partition = held->descriptor;
  const IndexDescriptor* const index = IndexOf(whole, statement.index_id());
  const IndexDescriptor* const part = IndexOf(partition, statement.part_id());
  const std::string index_name = NameOf(whole, statement.index_id());
  const std::string part_name = NameOf(partition, statement.part_id());
  const auto refuse = [&](std::string_view state, const std::string& detail) {
    return status::Error(state,
                         "cannot attach index " + Quoted(part_name) + " as a partition of index " +
                             Quoted(index_name),
                         detail);
  };
  if (partition.partition_of() != whole.table_id())
    return refuse(sqlstate::kObjectNotInPrerequisiteState,
                  "Index " + Quoted(part_name) + " is not an index on any partition of table " +
                      Quoted(whole.name()) + ".");
  // A partition's primary key is a part of its table's for having the same columns.
  const bool primary = index == nullptr || index->is_primary();
  const auto& key = index == nullptr ? whole.primary_key() : index->columns();
  if (primary && part == nullptr) {
    if (!SameKey(key, partition.primary_key()))
      return refuse(kInvalidObjectDefinition, "The index definitions do not match.");
    RETURN_IF_ERROR(CompleteIndex(whole.table_id(), statement.index_id()));
    return Changed(whole.table_id());
  }
  if (!primary && part != nullptr && part->parent_index_id() == index->index_id())
    return Changed(whole.table_id());
  if (part != nullptr && part->parent_index_id() != 0)
    return refuse(sqlstate::kObjectNotInPrerequisiteState,
                  "Index " + Quoted(part_name) + " is already attached to another index.");
  const bool constraint = index == nullptr || index->is_constraint();
  const bool of_constraint = part == nullptr || part->is_constraint();
  if (constraint && !of_constraint)
    return refuse(kInvalidObjectDefinition,
                  "The index " + Quoted(index_name) + " belongs to a constraint in table " +
                      Quoted(whole.name()) + " but no constraint exists for index " +
                      Quoted(part_name) + ".");
  if (!primary && PartOf(partition, index->index_id()) != nullptr)
    return refuse(
        sqlstate::kObjectNotInPrerequisiteState,
        "Another index is already attached for partition " + Quoted(partition.name()) + ".");
  bool attached = false;
  if (!primary && part != nullptr) {
    IndexDescriptor wanted = *index;
    wanted.set_unique(index->unique() || index->unique_when_complete());
    ASSIGN_OR_RETURN(attached, draft()->AdoptIndex(statement.partition_id(), wanted, *part));
  }
  if (!attached) return refuse(kInvalidObjectDefinition, "The index definitions do not match.");
  RETURN_IF_ERROR(CompleteIndex(whole.table_id(), index->index_id()));
  return Changed(whole.table_id());
}

absl::Status DdlExecution::CompleteIndex(uint32_t table_id, uint32_t index_id) {
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr table, draft()->Table(table_id));
  const IndexDescriptor* const found = IndexOf(table->descriptor, index_id);
  if (found == nullptr || !found->is_incomplete()) return absl::OkStatus();
  const IndexDescriptor index = *found;
  for (const auto& member : table->descriptor.partition_key().partitions()) {
    ASSIGN_OR_RETURN(const catalog::TableEntryPtr held, draft()->Table(member.table_id()));
    const TableDescriptor& partition = held->descriptor;
    if (index.is_primary()) {
      if (!SameKey(index.columns(), partition.primary_key())) return absl::OkStatus();
      continue;
    }
    const IndexDescriptor* const part = PartOf(partition, index_id);
    if (part == nullptr || part->is_incomplete()) return absl::OkStatus();
  }
  if (!index.is_primary()) {
    RETURN_IF_ERROR(draft()->SetIndexComplete(table_id, index_id));
    if (index.parent_index_id() == 0) return absl::OkStatus();
    return CompleteIndex(table->descriptor.partition_of(), index.parent_index_id());
  }
  RETURN_IF_ERROR(draft()->RemoveIndex(table_id, index_id));
  RETURN_IF_ERROR(
      ChangeKey(table_id, {index.columns().begin(), index.columns().end()}, index.name()).status());
  const uint32_t above = table->descriptor.partition_of();
  if (above == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const catalog::TableEntryPtr parent, draft()->Table(above));
  for (const IndexDescriptor& key : parent->descriptor.indexes()) {
    if (key.is_primary() && key.is_incomplete()) return CompleteIndex(above, key.index_id());
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::server
