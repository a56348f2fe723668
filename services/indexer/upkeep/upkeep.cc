#include "services/indexer/upkeep/upkeep.h"

#include <algorithm>
#include <set>

#include "common/sql/catalog/index_keys.h"

namespace adbms::indexer::upkeep {
namespace {

using common::v1::IndexDescriptor;

bool StartsWith(const IndexDescriptor& longer, const IndexDescriptor& shorter) {
  return longer.columns_size() >= shorter.columns_size() &&
         std::equal(shorter.columns().begin(), shorter.columns().end(), longer.columns().begin()) &&
         std::equal(shorter.descending().begin(), shorter.descending().end(),
                    longer.descending().begin());
}

bool Holds(const IndexDescriptor& index, uint32_t column) {
  return std::find(index.columns().begin(), index.columns().end(), column) !=
             index.columns().end() ||
         std::find(index.include().begin(), index.include().end(), column) != index.include().end();
}

}  // namespace

bool IsOwn(const IndexDescriptor& index) {
  return index.created_by() == "indexer" && sql::IsPlain(index) && !index.is_constraint() &&
         !index.unique() && index.state() == IndexDescriptor::STATE_PUBLIC;
}

std::string ServedBy(const IndexDescriptor& index, const common::v1::TableDescriptor& table) {
  for (const IndexDescriptor& other : table.indexes()) {
    if (other.index_id() == index.index_id() || !sql::IsPlain(other) ||
        other.state() != IndexDescriptor::STATE_PUBLIC || !StartsWith(other, index)) {
      continue;
    }
    const bool holds_all = std::all_of(index.include().begin(), index.include().end(),
                                       [&](uint32_t column) { return Holds(other, column); });
    if (!holds_all) continue;
    const bool alike = other.columns_size() == index.columns_size() &&
                       other.include_size() == index.include_size();
    if (!alike || other.index_id() < index.index_id()) return other.name();
  }
  const bool by_key =
      index.include().empty() && table.primary_key_size() >= index.columns_size() &&
      std::equal(index.columns().begin(), index.columns().end(), table.primary_key().begin()) &&
      std::none_of(index.descending().begin(), index.descending().end(),
                   [](bool descending) { return descending; });
  return by_key ? table.primary_key_name() : "";
}

void UnusedSince::Note(const storage::v1::EngineMetrics& metrics, int64_t now_us) {
  std::set<uint32_t> present;
  for (const storage::v1::IndexUsage& usage : metrics.index_usage()) {
    present.insert(usage.index_id());
    const auto [entry, first] = seen_.try_emplace(usage.index_id(), Seen{usage.scans(), now_us});
    if (!first && entry->second.scans != usage.scans()) entry->second = {usage.scans(), now_us};
  }
  std::erase_if(seen_, [&](const auto& entry) { return present.count(entry.first) == 0; });
}

int64_t UnusedSince::UnusedForUs(uint32_t index_id, int64_t now_us) const {
  const auto found = seen_.find(index_id);
  return found == seen_.end() ? 0 : now_us - found->second.since_us;
}

}  // namespace adbms::indexer::upkeep
