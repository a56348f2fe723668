#include "services/adbmsd/memory_shares.h"

#include <algorithm>

namespace adbms::adbmsd {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
// What the system gets by with, and what it takes where the kernel tells nothing.
constexpr uint64_t kLeastBudget = 64 * kMiB;
constexpr uint64_t kUnknownBudget = 1024 * kMiB;
constexpr uint64_t kLeastShare = 8 * kMiB;
constexpr uint64_t kMostMemtables = 256 * kMiB;

}  // namespace

uint64_t MemoryBudget(const common::v1::TunerConfig& tuner, uint64_t usable_bytes) {
  if (tuner.memory_budget_bytes() != 0) return tuner.memory_budget_bytes();
  return usable_bytes == 0 ? kUnknownBudget : std::max(kLeastBudget, usable_bytes / 2);
}

common::v1::StorageConfig WithShares(const common::v1::StorageConfig& storage,
                                     uint64_t budget_bytes) {
  common::v1::StorageConfig filled = storage;
  const auto share = [](uint64_t bytes) { return std::max(kLeastShare, bytes / kMiB * kMiB); };
  if (filled.block_cache_bytes() == 0) filled.set_block_cache_bytes(share(budget_bytes / 2));
  if (filled.query_memory_bytes() == 0) filled.set_query_memory_bytes(share(budget_bytes / 4));
  if (filled.memtable_bytes() == 0) {
    filled.set_memtable_bytes(std::min(kMostMemtables, share(budget_bytes / 16)));
  }
  return filled;
}

}  // namespace adbms::adbmsd
