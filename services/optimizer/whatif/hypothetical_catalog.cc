#include "services/optimizer/whatif/hypothetical_catalog.h"

namespace adbms::optimizer::whatif {

HypotheticalCatalog::HypotheticalCatalog(const common::v1::CatalogSnapshot& snapshot)
    : snapshot_(std::make_shared<common::v1::CatalogSnapshot>(snapshot)),
      catalog_(std::make_shared<const sql::Catalog>(snapshot_)) {
  for (common::v1::TableDescriptor& table : *snapshot_->mutable_tables())
    tables_.emplace(table.table_id(), &table);
}

void HypotheticalCatalog::Hide(const std::set<uint32_t>& index_ids) {
  if (index_ids.empty()) return;
  for (auto& [id, table] : tables_) {
    for (int i = table->indexes_size() - 1; i >= 0; --i) {
      if (index_ids.contains(table->indexes(i).index_id()))
        table->mutable_indexes()->DeleteSubrange(i, 1);
    }
  }
}

HypotheticalCatalog::Assumption HypotheticalCatalog::Assume(const Indexes& indexes) {
  Assumption assumption;
  for (const optimizer::v1::HypotheticalIndex& index : indexes) {
    const auto table = tables_.find(index.table_id());
    if (table == tables_.end()) continue;
    *table->second->add_indexes() = index.index();
    ++assumption[index.table_id()];
  }
  return assumption;
}

void HypotheticalCatalog::Forget(const Assumption& assumption) {
  for (const auto& [id, count] : assumption) {
    auto* indexes = tables_.at(id)->mutable_indexes();
    indexes->DeleteSubrange(indexes->size() - count, count);
  }
}

}  // namespace adbms::optimizer::whatif
