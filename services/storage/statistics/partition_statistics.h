// The statistics of a partitioned table, which has no rows of its own: what those of its partitions
// come to. Pure functions.
#pragma once

#include <vector>

#include "adbms/common/v1/catalog.pb.h"

namespace adbms::storage::statistics {

// Of the partitions that are not partitioned themselves; all columns have the same ordinals in
// them. Columns are summed up only where every partition that has rows has been analyzed.
common::v1::TableStatistics SumOf(uint32_t table_id,
                                  const std::vector<const common::v1::TableStatistics*>& parts);

}  // namespace adbms::storage::statistics
