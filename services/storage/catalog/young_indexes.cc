// The catalog for a snapshot that is older than some of its indexes.
#include <algorithm>
#include <set>

#include "services/storage/catalog/catalog.h"

namespace adbms::storage::catalog {
namespace {

using common::v1::IndexDescriptor;
using common::v1::TableDescriptor;

TableDescriptor WithoutIndexes(const TableDescriptor& table) {
  TableDescriptor bare = table;
  bare.clear_indexes();
  bare.clear_schema_version();
  bare.clear_comment();
  bare.clear_primary_key_comment();
  bare.clear_primary_key_index_comment();
  for (common::v1::ColumnDescriptor& column : *bare.mutable_columns()) column.clear_comment();
  for (common::v1::TriggerDescriptor& trigger : *bare.mutable_triggers()) trigger.clear_comment();
  return bare;
}

std::set<uint32_t> ReadableIndexes(const TableDescriptor& table) {
  std::set<uint32_t> readable;
  for (const IndexDescriptor& index : table.indexes()) {
    if (index.state() == IndexDescriptor::STATE_PUBLIC) readable.insert(index.index_id());
  }
  return readable;
}

}  // namespace

bool SameButForIndexes(const TableDescriptor& a, const TableDescriptor& b) {
  return WithoutIndexes(a).SerializeAsString() == WithoutIndexes(b).SerializeAsString();
}

bool HasYoungIndexes(const TableDescriptor& now, const TableDescriptor& then) {
  const std::set<uint32_t> readable_now = ReadableIndexes(now);
  const std::set<uint32_t> readable_then = ReadableIndexes(then);
  return !std::includes(readable_then.begin(), readable_then.end(), readable_now.begin(),
                        readable_now.end());
}

CatalogStatePtr WithoutYoungIndexes(Catalog* catalog, const CatalogStatePtr& current,
                                    const CatalogState& then) {
  CatalogChanges changes;
  for (const auto& [id, entry] : current->tables()) {
    const TableEntryPtr* before = then.Find(id);
    if (before == nullptr || *before == entry) continue;
    if (!SameButForIndexes((*before)->descriptor, entry->descriptor)) continue;
    if (!HasYoungIndexes(entry->descriptor, (*before)->descriptor)) continue;
    const std::set<uint32_t> readable = ReadableIndexes((*before)->descriptor);
    TableDescriptor table = entry->descriptor;
    for (IndexDescriptor& index : *table.mutable_indexes()) {
      if (index.state() != IndexDescriptor::STATE_PUBLIC || readable.contains(index.index_id()))
        continue;
      index.set_state(IndexDescriptor::STATE_WRITE_ONLY);
    }
    table.set_schema_version(catalog->NextVersion());
    auto suited = MakeTableEntry(std::move(table));
    if (suited.ok()) changes.tables[id] = *std::move(suited);
  }
  return changes.empty() ? current : changes.ApplyTo(*current, catalog->NextVersion());
}

}  // namespace adbms::storage::catalog
