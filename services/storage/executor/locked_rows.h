// How a sort of rows that are locked is planned anew. Pure functions.
#pragma once

#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// Whether it is a sort, by columns, over a projection of a scan that locks. Not when what it sorts
// by is volatile: then the value that is sorted by is the one that is returned.
bool SortsProjected(const common::v1::Operator& plan);
// The same with the projection above the sort: what is locked are the scan's rows, in the order of
// the sort, and what is projected is what they are by then. REQUIRES: SortsProjected(plan).
common::v1::Operator SortedFirst(const common::v1::Operator& plan);

}  // namespace adbms::storage::executor
