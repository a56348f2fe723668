// Cutting what is stored into parts of about one size.
#pragma once

#include <string>
#include <vector>

#include "services/storage/engine/engine.h"

namespace adbms::storage::bulk {

// At most `parts` - 1 keys, ascending, inside `range`: by the engine's estimates of sizes, so that
// the parts may differ, where rows are only in memory much.
std::vector<std::string> SplitRange(engine::Engine* engine, const engine::KeyRange& range,
                                    size_t parts);

}  // namespace adbms::storage::bulk
