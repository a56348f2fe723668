// Statistics of one column from a sample, as PostgreSQL computes them (analyze.c,
// compute_scalar_stats).
#pragma once

#include <cstdint>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "common/types/vector.h"

namespace adbms::storage::statistics {

// `sample` is in key order; `total_rows`: of the table.
common::v1::ColumnStatistics SummarizeColumn(uint32_t ordinal, const types::Vector& sample,
                                             double total_rows);

}  // namespace adbms::storage::statistics
