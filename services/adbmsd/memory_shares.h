// How memory is shared out at the start: the budget, and what of it block cache, memtables and
// query memory begin with. The tuner moves the shares later. Pure functions.
#pragma once

#include <cstdint>

#include "adbms/common/v1/config.pb.h"

namespace adbms::adbmsd {

// Half of what the process may use, and no less than the least budget; what is configured counts.
uint64_t MemoryBudget(const common::v1::TunerConfig& tuner, uint64_t usable_bytes);

// The configured sizes with the unset (0) ones filled in from the budget: half for the block cache,
// a quarter for queries, a sixteenth for memtables but at most 256 MiB, since they are written out
// whole and read again after a crash. The rest is the tuner's to give.
common::v1::StorageConfig WithShares(const common::v1::StorageConfig& storage,
                                     uint64_t budget_bytes);

}  // namespace adbms::adbmsd
