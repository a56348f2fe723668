// Marks files with runs of deletions for compaction, as RocksDB's own collector does, but counts
// what a deletion leaves behind too.
#pragma once

#include <memory>

#include "rocksdb/table_properties.h"

namespace adbms::storage::engine {

// A file with `run` entries in the way among any `window` that follow each other wants compaction.
// In the way are deletions, and older values of their keys, which a file holds where a snapshot
// was open when it was written.
std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewDeletionRunCollectorFactory(
    size_t window, size_t run);

}  // namespace adbms::storage::engine
