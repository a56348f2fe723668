// Which candidates to build: greedy by time saved for each byte, priced by what-if plans, write
// cost counted (after Extend: Schlosser, Kossmann, Boissier, "Efficient Scalable Multi-attribute
// Index Selection", ICDE 2019). What a candidate saved is looked at again only when it would be the
// next one (lazy greedy: Minoux, "Accelerated greedy algorithms", 1978). Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/indexer/candidates/candidates.h"
#include "services/indexer/selection/sizes.h"
#include "services/optimizer/api/optimizer.h"

namespace adbms::indexer::selection {

// A statement to speed up.
struct Work {
  uint64_t fingerprint = 0;
  std::string sql;
  std::vector<std::string> search_path = {};
  double seconds = 0;              // Measured time it took in the period looked at.
  std::set<uint32_t> tables = {};  // Whose indexes it could use.
};

// What writing costs.
struct WriteLoad {
  std::map<uint32_t, double> rows_by_table;  // Rows written in the period.
  double seconds_per_entry = 8e-6;           // Maintaining one index entry, compaction included.
};

struct Choice {
  candidates::Bundle indexes;
  double seconds_saved = 0;     // Of the affected statements, write cost taken off.
  double seconds_affected = 0;  // What the affected statements took.
  uint64_t bytes = 0;
  std::vector<uint64_t> affected;
  double gain() const { return seconds_affected <= 0 ? 0 : seconds_saved / seconds_affected; }
};

struct Limits {
  size_t maximum = 8;
  uint64_t storage_budget_bytes = 0;  // 0: none.
  double minimum_gain = 0.1;          // Of the affected statements' time.
};

// Of one database. Best first. Errors: the optimizer's.
absl::StatusOr<std::vector<Choice>> Select(const rpc::CallContext& context,
                                           optimizer::api::Optimizer* optimizer, const Scene& scene,
                                           const std::vector<Work>& work,
                                           const std::vector<candidates::Bundle>& candidates,
                                           const WriteLoad& writes, const Limits& limits);

}  // namespace adbms::indexer::selection
