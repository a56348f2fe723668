// pg_inherits, pg_partitioned_table.
#include "common/sql/catalog/index_keys.h"
#include "services/storage/server/partition_definitions.h"
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {
namespace {

using common::v1::PartitionKey;
using common::v1::TableDescriptor;

void FillInherits(const RowSource& source, RowBuilder* rows) {
  const auto row = [&](uint32_t child, uint32_t parent) {
    rows->Row()
        .Set("inhrelid", child)
        .Set("inhparent", parent)
        .Set("inhseqno", int64_t{1})
        .SetBool("inhdetachpending", false);
  };
  for (const auto& [id, entry] : source.catalog->tables()) {
    const TableDescriptor& table = entry->descriptor;
    if (table.partition_of() == 0) continue;
    row(id, table.partition_of());
    if (const uint32_t above = PrimaryKeyAbove(*source.catalog, table); above != 0)
      row(table.primary_key_oid(), above);
    for (const auto& index : table.indexes()) {
      if (index.parent_index_id() != 0) row(index.index_id(), index.parent_index_id());
    }
  }
}

void FillPartitionedTable(const RowSource& source, RowBuilder* rows) {
  for (const auto& [id, entry] : source.catalog->tables()) {
    if (!entry->descriptor.has_partition_key()) continue;
    const PartitionKey& key = entry->descriptor.partition_key();
    int64_t default_id = 0;
    for (const auto& member : key.partitions()) {
      if (member.bound().is_default()) default_id = member.table_id();
    }
    std::string numbers, classes, collations;
    for (const uint32_t ordinal : key.columns()) {
      const char* const space = numbers.empty() ? "" : " ";
      numbers += space + std::to_string(ordinal == sql::kExpressionKey ? 0 : ordinal + 1);
      classes += space + std::string("1978");
      collations += space + std::string("0");
    }
    rows->Row()
        .Set("partrelid", id)
        .Set("partstrat", key.strategy() == PartitionKey::STRATEGY_RANGE  ? "r"
                          : key.strategy() == PartitionKey::STRATEGY_LIST ? "l"
                                                                          : "h")
        .Set("partnatts", static_cast<int64_t>(key.columns_size()))
        .Set("partdefid", default_id)
        .Set("partattrs", numbers)
        .Set("partclass", classes)
        .Set("partcollation", collations);
  }
}

}  // namespace

void AddPartitionFills(RowFillMap* fills) {
  fills->insert({{"pg_catalog.pg_inherits", FillInherits},
                 {"pg_catalog.pg_partitioned_table", FillPartitionedTable}});
}

}  // namespace adbms::storage::server
