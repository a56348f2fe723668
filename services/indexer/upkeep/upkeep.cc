#include "services/indexer/upkeep/upkeep.h"

#include <algorithm>
#include <set>

#include "services/indexer/candidates/candidate.h"

namespace adbms::indexer::upkeep {
namespace {

using common::v1::IndexDescriptor;

}  // namespace

bool IsOwn(const IndexDescriptor& index) {
  return index.created_by() == "indexer" && !index.is_constraint() && !index.unique() &&
         index.state() == IndexDescriptor::STATE_PUBLIC;
}

std::string ServedBy(const IndexDescriptor& index, const common::v1::TableDescriptor& table) {
  for (const IndexDescriptor& other : table.indexes()) {
    if (other.index_id() == index.index_id() || other.state() != IndexDescriptor::STATE_PUBLIC ||
        !candidates::Serves(other, index))
      continue;
    if (!candidates::Serves(index, other) || other.index_id() < index.index_id())
      return other.name();
  }
  return candidates::KeyServes(table, index) ? table.primary_key_name() : "";
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
