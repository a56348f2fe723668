// Rows' sort keys as bytes whose memcmp order is the order of the rows (Graefe, "Implementing
// Sorting in Database Systems", 2006, 4.1: normalized keys). For each column a byte for where NULL
// stands, then the value's key form (codec/KEYS.md). No key is the beginning of a different one.
//
// The first eight bytes lie in the item that is sorted, and decide most comparisons. Keys of fixed
// width and at most 16 bytes lie there whole; others have their bytes in a block beside.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "common/types/vector.h"
#include "services/storage/codec/key_codec.h"

namespace adbms::storage::executor {

struct SortColumn {
  size_t column;
  bool descending = false;
  bool nulls_first = false;
};

// A row of one of several batches, in one number that ascends as they came.
using RowPosition = uint64_t;
inline RowPosition PositionOf(uint32_t batch, uint32_t row) { return uint64_t{batch} << 32 | row; }

struct SortItem {
  uint64_t prefix;  // The key's first bytes, big endian, zeros behind its end.
  union {
    uint64_t second;  // Short keys: the eight bytes after it.
    const char* key;  // Others: the length (4 bytes), then all bytes. Null: all are in the prefix.
  };
  RowPosition position;
};

inline uint64_t LoadBigEndian(const char* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}

// REQUIRES: not null, of a key that is not short.
inline std::string_view KeyBytes(const char* key) {
  uint32_t size;
  std::memcpy(&size, key, sizeof(size));
  return {key + sizeof(size), size};
}

// Immutable; thread-safe.
class KeyEncoder {
 public:
  // `columns` of rows of these `types`.
  KeyEncoder(const std::vector<types::Type>& types, std::vector<SortColumn> columns);

  // Whether keys lie in their items whole.
  bool short_keys() const { return short_; }
  // The most bytes that the rows' keys take beside their items.
  size_t Bytes(const types::Batch& rows) const;
  // Whether each key has a length that its four bytes can tell.
  bool LengthsFit(const types::Batch& rows) const;
  // One item for each row into `items`, with positions in batch number `batch`. `bytes` has room
  // for Bytes(rows), and lives as long as the items.
  void Encode(const types::Batch& rows, uint32_t batch, char* bytes, SortItem* items) const;

  // Negative, zero, positive: as the keys compare.
  int Compare(const SortItem& a, const SortItem& b) const {
    if (a.prefix != b.prefix) return a.prefix < b.prefix ? -1 : 1;
    if (short_) return a.second == b.second ? 0 : a.second < b.second ? -1 : 1;
    return a.key == nullptr || b.key == nullptr ? 0 : KeyBytes(a.key).compare(KeyBytes(b.key));
  }
  // By key, in order of arrival where keys are equal.
  bool Less(const SortItem& a, const SortItem& b) const {
    const int c = Compare(a, b);
    return c != 0 ? c < 0 : a.position < b.position;
  }

 private:
  struct Column {
    size_t index;
    codec::KeyColumn form;
    char null_byte;
  };

  size_t KeyBound(const types::Batch& rows, uint32_t row) const;
  char* Write(const types::Batch& rows, uint32_t row, char* out) const;

  std::vector<Column> columns_;
  bool short_ = true;
};

}  // namespace adbms::storage::executor
