// Memcomparable key columns: bytes whose memcmp order is PostgreSQL's btree order of the values.
// Layout: KEYS.md. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/types/value.h"
#include "common/types/vector.h"

namespace adbms::storage::codec {

// How one column stands in a key.
struct KeyColumn {
  types::Type type;
  bool descending = false;
  bool nullable = true;  // False: no marker byte (primary keys).
};

// Space ids: the first four bytes of every key, big endian.
void AppendSpace(uint32_t space, std::string* out);
uint32_t SpaceOf(std::string_view key);

// Appends a column of a row. REQUIRES: not NULL when !column.nullable.
void AppendKey(const types::Vector& vector, uint32_t row, const KeyColumn& column,
               std::string* out);
void AppendKey(const types::Value& value, const KeyColumn& column, std::string* out);

// The most bytes that the key form of a row's column takes; exactly those for text without trailing
// blanks and what has a fixed width.
size_t KeyBound(const types::Vector& vector, uint32_t row, const KeyColumn& column);
// As AppendKey, into memory with room for KeyBound. Returns the end of what was written.
char* WriteKey(const types::Vector& vector, uint32_t row, const KeyColumn& column, char* out);

// Removes one column from the front of `in`; into row `row` of `out` unless null.
// False when the bytes are malformed. REQUIRES: out is null, or IsExact(column.type.id).
bool DecodeKey(std::string_view* in, const KeyColumn& column, types::Vector* out, uint32_t row);

// Whether a value can be told exactly from its key form (numeric loses its scale, jsonb
// and arrays too, char(n) its blanks).
bool IsExact(types::TypeId id);

// The least key greater than every key that starts with `prefix`.
std::string PrefixEnd(std::string prefix);

}  // namespace adbms::storage::codec
