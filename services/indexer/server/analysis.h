// What statements want of indexes: their plans read, candidates made. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/indexer/candidates/candidates.h"
#include "services/indexer/selection/selection.h"

namespace adbms::indexer::server {

// A statement with some of the texts that it was seen with; the first is the one to plan.
struct Observed {
  selection::Work work;
  std::vector<std::string> samples;
};

struct Analysis {
  std::vector<selection::Work> work;  // Those that could be planned, with their tables.
  std::vector<candidates::Bundle> candidates;
  // (table, column) with a type that no index can hold, and the statements that ask for it.
  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint64_t>> unindexable;
};

// Of these tables alone; none named: all. What a partial index could be chosen by is the same in
// all samples of a statement.
Analysis Analyze(const selection::Scene& scene, const std::vector<Observed>& statements,
                 const std::vector<uint32_t>& table_ids);

}  // namespace adbms::indexer::server
