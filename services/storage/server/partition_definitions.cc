#include "services/storage/server/partition_definitions.h"

#include <algorithm>

#include "common/sql/catalog/index_keys.h"
#include "common/sql/explain/deparse.h"
#include "services/storage/catalog/identifier_text.h"

namespace adbms::storage::server {
namespace {

using catalog::CatalogState;
using common::v1::PartitionBound;
using common::v1::PartitionKey;
using common::v1::PartitionRangeValue;
using common::v1::TableDescriptor;

std::string ColumnName(const TableDescriptor& table, uint32_t ordinal) {
  return catalog::QuoteIdentifier(table.columns(static_cast<int>(ordinal)).name());
}

std::vector<std::string> KeyTexts(const TableDescriptor& table) {
  std::vector<std::string> keys;
  int next = 0;
  for (const uint32_t ordinal : table.partition_key().columns()) {
    keys.push_back(ordinal == sql::kExpressionKey
                       ? sql::explain::DeparseKey(
                             table.partition_key().expressions(next++),
                             [&](uint32_t column) { return ColumnName(table, column); }, false)
                       : ColumnName(table, ordinal));
  }
  return keys;
}

std::string Joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// The relation above: the partitioned table, or the index that one is a part of; 0: none.
uint32_t Above(const CatalogState& catalog, uint32_t oid) {
  if (const catalog::TableEntryPtr* table = catalog.Find(oid); table != nullptr)
    return (*table)->descriptor.partition_of();
  const auto ref = catalog.FindIndex(oid);
  if (ref.table == nullptr) return 0;
  return ref.index != nullptr ? ref.index->parent_index_id()
                              : PrimaryKeyAbove(catalog, ref.table->descriptor);
}

const TableDescriptor* TableOf(const CatalogState& catalog, uint32_t oid) {
  if (const catalog::TableEntryPtr* table = catalog.Find(oid); table != nullptr)
    return &(*table)->descriptor;
  const auto ref = catalog.FindIndex(oid);
  return ref.table == nullptr ? nullptr : &ref.table->descriptor;
}

std::vector<uint32_t> Below(const CatalogState& catalog, uint32_t oid) {
  std::vector<uint32_t> ids;
  const TableDescriptor* table = TableOf(catalog, oid);
  if (table == nullptr) return ids;
  for (const auto& member : table->partition_key().partitions()) {
    const catalog::TableEntryPtr* child = catalog.Find(member.table_id());
    if (child == nullptr) continue;
    if (catalog.Find(oid) != nullptr) {
      ids.push_back(member.table_id());
    } else if (oid == table->primary_key_oid()) {
      ids.push_back((*child)->descriptor.primary_key_oid());
    } else {
      for (const auto& index : (*child)->descriptor.indexes()) {
        if (index.parent_index_id() == oid) ids.push_back(index.index_id());
      }
    }
  }
  return ids;
}

std::string Constraint(const TableDescriptor& above, const PartitionBound& bound) {
  const PartitionKey& key = above.partition_key();
  if (bound.is_default() || key.columns_size() != 1 || bound.modulus() > 0) return "";
  const std::string name = KeyTexts(above)[0];
  const std::string not_null = "(" + name + " IS NOT NULL)";
  std::vector<std::string> parts;
  const auto value = [](const common::v1::Datum& datum) {
    return sql::explain::DeparseDatum(datum);
  };
  if (key.strategy() == PartitionKey::STRATEGY_RANGE) {
    parts.push_back(not_null);
    if (bound.lower(0).kind() == PartitionRangeValue::KIND_VALUE)
      parts.push_back("(" + name + " >= " + value(bound.lower(0).value()) + ")");
    if (bound.upper(0).kind() == PartitionRangeValue::KIND_VALUE)
      parts.push_back("(" + name + " < " + value(bound.upper(0).value()) + ")");
    return parts.size() == 1 ? parts[0] : "(" + Joined(parts, " AND ") + ")";
  }
  bool null = false;
  for (const auto& datum : bound.values()) {
    if (datum.kind_case() == common::v1::Datum::KIND_NOT_SET)
      null = true;
    else
      parts.push_back(value(datum));
  }
  const std::string equal = parts.empty() ? ""
                            : parts.size() == 1
                                ? "(" + name + " = " + parts[0] + ")"
                                : "(" + name + " = ANY (ARRAY[" + Joined(parts, ", ") + "]))";
  if (!null) return "(" + not_null + " AND " + equal + ")";
  const std::string is_null = "(" + name + " IS NULL)";
  return equal.empty() ? is_null : "(" + is_null + " OR " + equal + ")";
}

}  // namespace

std::string PartitionKeyDefinition(const TableDescriptor& table) {
  const PartitionKey::Strategy strategy = table.partition_key().strategy();
  return std::string(strategy == PartitionKey::STRATEGY_RANGE  ? "RANGE"
                     : strategy == PartitionKey::STRATEGY_LIST ? "LIST"
                                                               : "HASH") +
         " (" + Joined(KeyTexts(table), ", ") + ")";
}

const PartitionBound* BoundOf(const CatalogState& catalog, const TableDescriptor& partition) {
  const catalog::TableEntryPtr* above =
      partition.partition_of() == 0 ? nullptr : catalog.Find(partition.partition_of());
  if (above == nullptr) return nullptr;
  for (const auto& member : (*above)->descriptor.partition_key().partitions()) {
    if (member.table_id() == partition.table_id()) return &member.bound();
  }
  return nullptr;
}

std::string PartitionConstraintDefinition(const CatalogState& catalog,
                                          const TableDescriptor& partition) {
  std::vector<std::string> parts;
  for (const TableDescriptor* at = &partition; at->partition_of() != 0;) {
    const PartitionBound* bound = BoundOf(catalog, *at);
    const catalog::TableEntryPtr* above = catalog.Find(at->partition_of());
    if (bound == nullptr || above == nullptr) return "";
    const std::string own = Constraint((*above)->descriptor, *bound);
    if (own.empty()) return "";
    parts.insert(parts.begin(), own);
    at = &(*above)->descriptor;
  }
  if (parts.size() == 1) return parts[0];
  // One AND of all.
  std::string text;
  for (std::string& part : parts) {
    if (part.starts_with("((") && part.find(" OR ") == std::string::npos)
      part = part.substr(1, part.size() - 2);
    text += (text.empty() ? "" : " AND ") + part;
  }
  return "(" + text + ")";
}

uint32_t PrimaryKeyAbove(const CatalogState& catalog, const TableDescriptor& partition) {
  const catalog::TableEntryPtr* above =
      partition.partition_of() == 0 ? nullptr : catalog.Find(partition.partition_of());
  return above == nullptr || partition.primary_key_oid() == 0
             ? 0
             : (*above)->descriptor.primary_key_oid();
}

std::vector<uint32_t> PartitionAncestors(const CatalogState& catalog, uint32_t oid) {
  const TableDescriptor* table = TableOf(catalog, oid);
  std::vector<uint32_t> ids;
  if (table == nullptr || (!table->has_partition_key() && Above(catalog, oid) == 0)) return ids;
  for (uint32_t at = oid; at != 0; at = Above(catalog, at)) ids.push_back(at);
  return ids;
}

std::vector<PartitionTreeRow> PartitionTree(const CatalogState& catalog, uint32_t oid) {
  std::vector<PartitionTreeRow> rows;
  if (PartitionAncestors(catalog, oid).empty()) return rows;
  rows.push_back({oid, Above(catalog, oid), false, 0});
  // Level by level.
  for (size_t at = 0; at < rows.size(); ++at) {
    const PartitionTreeRow row = rows[at];
    const TableDescriptor* table = TableOf(catalog, row.relation);
    rows[at].is_leaf = table == nullptr || !table->has_partition_key();
    for (const uint32_t id : Below(catalog, row.relation))
      rows.push_back({id, row.relation, false, row.level + 1});
  }
  return rows;
}

}  // namespace adbms::storage::server
