// PostgreSQL's hash of partition keys (hash_bytes_extended of its hashfn.c and the extended hash
// functions of its types), so that a row lands in the partition that it lands in there. Pure
// functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/types/value.h"

namespace adbms::sql::partition {

// Bob Jenkins' lookup3 with a seed of 64 bits.
uint64_t HashBytes(std::string_view bytes, uint64_t seed);
uint64_t HashWord(uint32_t word, uint64_t seed);

// Whether keys of the type can be hashed as PostgreSQL does: for the second one rows, too, if all
// of their fields can.
bool IsHashable(types::TypeId id);
bool IsHashable(const types::Type& type);

// `state`, the hash of the keys before this one (0: it is the first), with another key. NULL adds
// nothing. REQUIRES: IsHashable of the value's type.
uint64_t AddKeyToHash(uint64_t state, const types::Value& key);

}  // namespace adbms::sql::partition
