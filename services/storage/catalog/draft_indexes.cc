// CatalogDraft: indexes.
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

// What another process sends may have keys that are not there.
absl::Status CheckKeys(TableDescriptor* table, const IndexDescriptor& index) {
  int expressions = 0;
  for (const uint32_t ordinal : index.columns()) {
    if (ordinal == sql::kExpressionKey)
      ++expressions;
    else if (ColumnAt(table, ordinal) == nullptr)
      return NoColumn(*table, ordinal);
  }
  if (expressions != index.expressions_size())
    return absl::InvalidArgumentError("an index whose expressions are not its keys");
  for (const auto& expression : index.expressions())
    RETURN_IF_ERROR(CheckColumns(table, expression.columns()));
  return CheckColumns(table, index.predicate().columns());
}

// The name of the partitioned table's index that this one is a part of; empty: of none.
std::string WholeOf(const CatalogState& state, const CatalogState::IndexRef& part) {
  if (part.index != nullptr) {
    const CatalogState::IndexRef above = state.FindIndex(part.index->parent_index_id());
    return above.index == nullptr ? std::string() : above.index->name();
  }
  const TableEntryPtr* above = state.Find(part.table->descriptor.partition_of());
  return above == nullptr || (*above)->descriptor.primary_key_oid() == 0
             ? std::string()
             : (*above)->descriptor.primary_key_name();
}

}  // namespace

absl::Status CatalogDraft::AddIndex(TableDescriptor* table, IndexDescriptor index,
                                    const char* suffix, uint32_t* index_id) {
  if (index.columns().empty()) return absl::InvalidArgumentError("an index without columns");
  RETURN_IF_ERROR(CheckKeys(table, index));
  RETURN_IF_ERROR(CheckColumns(table, index.include()));
  if (index.name().empty()) {
    std::string base = table->name();
    for (uint32_t ordinal : index.columns()) {
      base +=
          "_" + (ordinal == sql::kExpressionKey ? std::string("expr")
                                                : table->columns(static_cast<int>(ordinal)).name());
    }
    std::string name = FreeName(table->schema(), base + suffix);
    const auto taken = [&](const std::string& candidate) {
      return std::any_of(table->indexes().begin(), table->indexes().end(),
                         [&](const IndexDescriptor& other) { return other.name() == candidate; });
    };
    for (int i = 1; taken(name); ++i)
      name = FreeName(table->schema(), base + suffix + std::to_string(i));
    index.set_name(name);
  } else if (state_->HasRelation(table->schema(), index.name())) {
    return status::Error(sqlstate::kDuplicateTable,
                         "relation " + Quoted(index.name()) + " already exists");
  }
  int next = 0;
  for (uint32_t ordinal : index.columns()) {
    const common::v1::DataType& declared = ordinal == sql::kExpressionKey
                                               ? index.expressions(next++).type()
                                               : table->columns(static_cast<int>(ordinal)).type();
    const types::TypeId type = types::FromProto(declared).id;
    if (!types::IsIndexable(type)) {
      return status::Error(sqlstate::kUndefinedObject,
                           "data type " + types::Format({type, 0}) +
                               " has no default operator class for access method \"btree\"");
    }
  }
  while (index.descending_size() < index.columns_size()) index.add_descending(false);
  ASSIGN_OR_RETURN(*index_id, catalog_->AllocateId());
  index.set_index_id(*index_id);
  index.clear_delta_id();
  if (index.state() == IndexDescriptor::STATE_BUILDING) {
    ASSIGN_OR_RETURN(const uint32_t delta_id, catalog_->AllocateId());
    index.set_delta_id(delta_id);
  }
  *table->add_indexes() = std::move(index);
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::CreateIndex(const common::v1::CreateIndex& statement,
                                               IndexDescriptor::State state) {
  v1::DdlResult result;
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(statement.table_id()));
  TableDescriptor table = entry->descriptor;
  if (table.is_virtual() || !table.view_sql().empty()) {
    return status::Error(sqlstate::kWrongObjectType,
                         "cannot create index on relation " + Quoted(table.name()));
  }
  if (statement.if_not_exists() && !statement.index().name().empty() &&
      state_->HasRelation(table.schema(), statement.index().name())) {
    result.add_notices("relation " + Quoted(statement.index().name()) +
                       " already exists, skipping");
    return result;
  }
  IndexDescriptor index = statement.index();
  index.set_state(state);
  if (statement.only() && table.partition_key().partitions_size() > 0) {
    index.set_is_incomplete(true);
    index.set_unique_when_complete(index.unique());
    index.set_unique(false);
  }
  uint32_t index_id = 0;
  const char* suffix = index.is_primary() ? "_pkey" : index.is_constraint() ? "_key" : "_idx";
  if (index.is_constraint()) RETURN_IF_ERROR(CheckNewConstraint(table, index.name()));
  RETURN_IF_ERROR(AddIndex(&table, std::move(index), suffix, &index_id));
  RETURN_IF_ERROR(PutTable(std::move(table)));
  result.set_object_id(index_id);
  result.set_changed(true);
  return result;
}

absl::Status CatalogDraft::SetIndexState(uint32_t table_id, uint32_t index_id,
                                         IndexDescriptor::State state) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (IndexDescriptor& index : *table.mutable_indexes()) {
    if (index.index_id() != index_id) continue;
    index.set_state(state);
    if (state == IndexDescriptor::STATE_PUBLIC && index.delta_id() != 0) {
      dropped_spaces_.push_back(index.delta_id());
      index.clear_delta_id();
    }
    return PutTable(std::move(table));
  }
  return status::Error(sqlstate::kUndefinedObject,
                       "the index was dropped while it was being built");
}

absl::Status CatalogDraft::RemoveIndex(uint32_t table_id, uint32_t index_id) {
  ASSIGN_OR_RETURN(const TableEntryPtr entry, Table(table_id));
  TableDescriptor table = entry->descriptor;
  for (int i = 0; i < table.indexes_size(); ++i) {
    if (table.indexes(i).index_id() != index_id) continue;
    dropped_spaces_.push_back(index_id);
    if (table.indexes(i).delta_id() != 0) dropped_spaces_.push_back(table.indexes(i).delta_id());
    table.mutable_indexes()->DeleteSubrange(i, 1);
    return PutTable(std::move(table));
  }
  return absl::OkStatus();
}

CatalogDraft::Result CatalogDraft::DropIndexes(const common::v1::DropIndex& statement) {
  v1::DdlResult result;
  for (const common::v1::RelationName& name : statement.indexes()) {
    CatalogState::IndexRef ref =
        state_->FindIndexByName(SchemaOrPublic(name.schema()), name.name());
    if (ref.table == nullptr && name.schema().empty())
      ref = state_->FindIndexByName("adbms", name.name());
    if (ref.table == nullptr) {
      if (state_->HasRelation(SchemaOrPublic(name.schema()), name.name())) {
        return status::Error(sqlstate::kWrongObjectType, Quoted(name.name()) + " is not an index");
      }
      if (statement.if_exists()) {
        result.add_notices("index " + Quoted(name.name()) + " does not exist, skipping");
        continue;
      }
      return status::Error(sqlstate::kUndefinedObject,
                           "index " + Quoted(name.name()) + " does not exist");
    }
    const std::string table = ref.table->descriptor.name();
    if (const std::string whole = WholeOf(*state_, ref); !whole.empty())
      return status::Error(
          "2BP01", "cannot drop index " + name.name() + " because index " + whole + " requires it",
          {}, "You can drop index " + whole + " instead.");
    if (ref.index == nullptr || ref.index->is_constraint()) {
      return status::Error(
          "2BP01",
          "cannot drop index " + name.name() + " because constraint " + name.name() + " on table " +
              table + " requires it",
          {}, "You can drop constraint " + name.name() + " on table " + table + " instead.");
    }
    const uint32_t index_id = ref.index->index_id();
    const uint32_t table_id = ref.table->descriptor.table_id();
    RETURN_IF_ERROR(RemoveParts(table_id, index_id));
    RETURN_IF_ERROR(RemoveIndex(table_id, index_id));
    result.set_object_id(index_id);
    result.set_changed(true);
  }
  return result;
}

}  // namespace adbms::storage::catalog
