// CatalogDraft: partitions come to partitioned tables and go, with the indexes that both have.
#include <algorithm>

#include "common/sql/catalog/index_keys.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/storage/catalog/catalog_draft.h"
#include "services/storage/catalog/catalog_words.h"

namespace adbms::storage::catalog {

namespace sqlstate = status::sqlstate;
using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

namespace {

template <typename List>
bool SameList(const List& a, const List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool SameExpression(const common::v1::IndexExpression& a, const common::v1::IndexExpression& b) {
  return a.bound() == b.bound();
}

// Whether a partition's index does what one of the partitioned table asks for.
bool Serves(const IndexDescriptor& own, const IndexDescriptor& whole) {
  return own.parent_index_id() == 0 && own.state() == IndexDescriptor::STATE_PUBLIC &&
         own.unique() == whole.unique() && own.method() == whole.method() &&
         std::equal(own.operator_classes().begin(), own.operator_classes().end(),
                    whole.operator_classes().begin(), whole.operator_classes().end()) &&
         std::equal(own.ordering_classes().begin(), own.ordering_classes().end(),
                    whole.ordering_classes().begin(), whole.ordering_classes().end()) &&
         own.deferral() == whole.deferral() && (own.is_constraint() || !whole.is_constraint()) &&
         SameList(own.columns(), whole.columns()) &&
         SameList(own.descending(), whole.descending()) &&
         SameList(own.include(), whole.include()) && own.has_predicate() == whole.has_predicate() &&
         SameExpression(own.predicate(), whole.predicate()) &&
         std::equal(own.expressions().begin(), own.expressions().end(), whole.expressions().begin(),
                    whole.expressions().end(), SameExpression);
}

}  // namespace

std::vector<uint32_t> CatalogDraft::PartitionsOf(uint32_t table_id, bool only_leaves) const {
  std::vector<uint32_t> ids;
  const TableEntryPtr* entry = state_->Find(table_id);
  if (entry == nullptr) return ids;
  for (const auto& member : (*entry)->descriptor.partition_key().partitions()) {
    const TableEntryPtr* child = state_->Find(member.table_id());
    if (child == nullptr) continue;
    if (!only_leaves || !(*child)->descriptor.has_partition_key()) ids.push_back(member.table_id());
    for (const uint32_t below : PartitionsOf(member.table_id(), only_leaves)) ids.push_back(below);
  }
  return ids;
}

absl::Status CatalogDraft::RenewAbove(const TableDescriptor& table) {
  if (table.partition_of() == 0 || !renewed_.insert(table.partition_of()).second)
    return absl::OkStatus();
  const TableEntryPtr* above = state_->Find(table.partition_of());
  return above == nullptr ? absl::OkStatus() : PutTable((*above)->descriptor);
}

absl::Status CatalogDraft::AddPartition(uint32_t table_id,
                                        const common::v1::PartitionMember& partition) {
  ASSIGN_OR_RETURN(const TableEntryPtr parent, Table(table_id));
  ASSIGN_OR_RETURN(const TableEntryPtr child, Table(partition.table_id()));
  TableDescriptor whole = parent->descriptor;
  if (!whole.has_partition_key())
    return status::Error(sqlstate::kWrongObjectType, Quoted(whole.name()) + " is not partitioned");
  TableDescriptor part = child->descriptor;
  if (part.partition_of() != 0 && part.partition_of() != table_id)
    return status::Error(sqlstate::kWrongObjectType,
                         Quoted(part.name()) + " is already a partition");
  if (part.columns_size() != whole.columns_size())
    return absl::InvalidArgumentError("a partition has other columns than its table");
  for (const auto& trigger : part.triggers()) {
    if (!trigger.for_each_row() || (trigger.old_table().empty() && trigger.new_table().empty()))
      continue;
    return status::Error(sqlstate::kFeatureNotSupported,
                         "trigger " + Quoted(trigger.name()) + " prevents table " +
                             Quoted(part.name()) + " from becoming a partition",
                         "ROW triggers with transition tables are not supported on partitions.");
  }
  part.set_partition_of(table_id);
  *whole.mutable_partition_key()->add_partitions() = partition;
  RETURN_IF_ERROR(PutTable(std::move(whole)));
  RETURN_IF_ERROR(PutTable(std::move(part)));
  for (const auto& trigger : parent->descriptor.triggers()) {
    if (trigger.for_each_row())
      RETURN_IF_ERROR(CopyTrigger(trigger, partition.table_id(), /*or_replace=*/false));
  }
  return absl::OkStatus();
}

absl::Status CatalogDraft::RemovePartition(uint32_t table_id, uint32_t partition_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr parent, Table(table_id));
  TableDescriptor whole = parent->descriptor;
  auto* members = whole.mutable_partition_key()->mutable_partitions();
  const auto gone = std::remove_if(members->begin(), members->end(), [&](const auto& member) {
    return member.table_id() == partition_id;
  });
  if (gone == members->end())
    return status::Error(sqlstate::kUndefinedTable,
                         "the table is not a partition of relation " + Quoted(whole.name()));
  members->erase(gone, members->end());
  RETURN_IF_ERROR(PutTable(std::move(whole)));
  const TableEntryPtr* child = state_->Find(partition_id);
  if (child == nullptr) return absl::OkStatus();
  for (const auto& trigger : parent->descriptor.triggers())
    RETURN_IF_ERROR(RemoveCopy(trigger.trigger_id(), partition_id));
  child = state_->Find(partition_id);
  TableDescriptor part = (*child)->descriptor;
  part.clear_partition_of();
  for (IndexDescriptor& index : *part.mutable_indexes()) index.clear_parent_index_id();
  return PutTable(std::move(part));
}

absl::Status CatalogDraft::InheritKeys(const TableDescriptor& parent, TableDescriptor* table) {
  if (parent.primary_key_size() > 0) {
    if (table->primary_key_size() > 0)
      return status::Error(
          sqlstate::kInvalidTableDefinition,
          "multiple primary keys for table " + Quoted(table->name()) + " are not allowed");
    *table->mutable_primary_key() = parent.primary_key();
  }
  // Before those that it has of its own.
  google::protobuf::RepeatedPtrField<IndexDescriptor> own;
  own.Swap(table->mutable_indexes());
  for (const IndexDescriptor& index : parent.indexes()) {
    if (index.is_incomplete()) continue;  // It stays so.
    IndexDescriptor copy = index;
    copy.clear_name();
    copy.clear_comment();
    copy.clear_constraint_comment();
    copy.clear_created_by();
    copy.set_parent_index_id(index.index_id());
    *table->add_indexes() = std::move(copy);
  }
  for (IndexDescriptor& index : own) *table->add_indexes() = std::move(index);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> CatalogDraft::AdoptIndex(uint32_t table_id, const IndexDescriptor& whole) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (const IndexDescriptor& index : table.indexes()) {
    if (index.is_incomplete() || !Serves(index, whole)) continue;
    ASSIGN_OR_RETURN(const bool adopted, AdoptIndex(table_id, whole, index));
    if (adopted) return index.index_id();
  }
  return 0;
}

absl::StatusOr<bool> CatalogDraft::AdoptIndex(uint32_t table_id, const IndexDescriptor& whole,
                                              const IndexDescriptor& part) {
  IndexDescriptor meant = part;
  meant.set_unique(part.unique() || part.unique_when_complete());
  if (!Serves(meant, whole)) return false;
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (IndexDescriptor& index : *table.mutable_indexes()) {
    if (index.index_id() != part.index_id()) continue;
    index.set_parent_index_id(whole.index_id());
    index.set_created_by(whole.created_by());  // Whose it is now.
  }
  RETURN_IF_ERROR(PutTable(std::move(table)));
  return true;
}

absl::Status CatalogDraft::SetIndexComplete(uint32_t table_id, uint32_t index_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (IndexDescriptor& index : *table.mutable_indexes()) {
    if (index.index_id() != index_id) continue;
    index.set_unique(index.unique() || index.unique_when_complete());
    index.clear_is_incomplete();
    index.clear_unique_when_complete();
  }
  return PutTable(std::move(table));
}

absl::Status CatalogDraft::RemoveParts(uint32_t table_id, uint32_t index_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  for (const auto& member : entry->descriptor.partition_key().partitions()) {
    ASSIGN_OR_RETURN(const TableEntryPtr child, Table(member.table_id()));
    for (const IndexDescriptor& index : child->descriptor.indexes()) {
      if (index.parent_index_id() != index_id) continue;
      const uint32_t part = index.index_id();
      RETURN_IF_ERROR(RemoveParts(member.table_id(), part));
      RETURN_IF_ERROR(RemoveIndex(member.table_id(), part));
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::catalog
