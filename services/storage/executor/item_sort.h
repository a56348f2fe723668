// Sorting items by their keys, eight bytes at a time: groups that agree in those are sorted by the
// next eight, which are fetched once for each item and not for each comparison (Bentley and
// Sedgewick, "Fast Algorithms for Sorting and Searching Strings", 1997, in words for letters).
#pragma once

#include <cstddef>

#include "services/storage/executor/normalized_key.h"

namespace adbms::storage::executor {

// Sorts `items`, which come in order of position; equal keys stay in that order. Only the first
// `wanted` items are sorted, the others follow in any order. Their prefixes are no longer those of
// the keys afterwards.
void SortItems(const KeyEncoder& encoder, SortItem* items, size_t count, size_t wanted);

}  // namespace adbms::storage::executor
