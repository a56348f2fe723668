// Index candidates out of what statements really do. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "adbms/common/v1/catalog.pb.h"
#include "services/indexer/candidates/candidate.h"
#include "services/indexer/candidates/usage.h"

namespace adbms::indexer::candidates {

// Indexes that help only together, as those of an OR; most are one alone.
using Bundle = std::vector<Candidate>;

// Candidates for one table's use, none of which the table has: single keys, an equality prefix with
// a range, join, end or order key behind it, the best of these covering the statement when few
// columns are missing, and of its rows alone for which a fact holds that chooses few; items of
// values; one bundle for each OR. Keys are ordered by `distinct` (most first).
std::vector<Bundle> CandidatesFor(const TableUsage& usage, const common::v1::TableDescriptor& table,
                                  const std::map<uint32_t, double>& distinct);

}  // namespace adbms::indexer::candidates
