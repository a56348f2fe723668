#include "common/sql/catalog/partition_tree.h"

namespace adbms::sql {

void ForEachPartition(const Catalog& catalog, const common::v1::TableDescriptor& table,
                      const std::function<void(const common::v1::TableDescriptor&)>& visit) {
  for (const auto& member : table.partition_key().partitions()) {
    const common::v1::TableDescriptor* child = catalog.FindTable(member.table_id());
    if (child == nullptr) continue;
    visit(*child);
    ForEachPartition(catalog, *child, visit);
  }
}

}  // namespace adbms::sql
