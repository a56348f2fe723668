// What the system catalog says of partitions. Pure functions over one version of the catalog.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/storage/catalog/catalog_state.h"

namespace adbms::storage::server {

// "RANGE (a, lower(b))", as pg_get_partkeydef prints it.
std::string PartitionKeyDefinition(const common::v1::TableDescriptor& table);
// What a row of the partition satisfies, as pg_get_partition_constraintdef prints it; empty where
// the bounds are of several keys or another form that is not printed.
std::string PartitionConstraintDefinition(const catalog::CatalogState& catalog,
                                          const common::v1::TableDescriptor& partition);
// Null for a table that is no partition.
const common::v1::PartitionBound* BoundOf(const catalog::CatalogState& catalog,
                                          const common::v1::TableDescriptor& partition);
// The oid of the primary key's index of the table above, of which the partition's is a part; 0:
// there is none.
uint32_t PrimaryKeyAbove(const catalog::CatalogState& catalog,
                         const common::v1::TableDescriptor& partition);

// Tables and indexes, from the given one upwards, itself first; nothing for what is neither
// partitioned nor a partition.
std::vector<uint32_t> PartitionAncestors(const catalog::CatalogState& catalog, uint32_t oid);

struct PartitionTreeRow {
  uint32_t relation = 0;
  uint32_t parent = 0;  // 0: none.
  bool is_leaf = false;
  int level = 0;
};
std::vector<PartitionTreeRow> PartitionTree(const catalog::CatalogState& catalog, uint32_t oid);

}  // namespace adbms::storage::server
