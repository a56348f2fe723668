// Entries of one key space, without its four bytes, in one block of memory: their bytes from the
// front, what they are sorted by from the back. Not thread-safe while it is filled or sorted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "absl/base/internal/endian.h"

namespace adbms::storage::bulk {

struct Entry {
  std::string_view key;
  std::string_view value;
};

// The first eight bytes of a key as a number: where two differ, they are ordered as their keys are.
inline uint64_t KeyPrefix(std::string_view key) {
  char bytes[8] = {};
  std::memcpy(bytes, key.data(), key.size() < 8 ? key.size() : 8);
  return absl::big_endian::Load64(bytes);
}

class EntryBuffer {
 public:
  // Keys are shorter than 64 KiB, a block than 4 GiB.
  static constexpr size_t kLargestBlock = size_t{1} << 31;

  explicit EntryBuffer(size_t bytes);
  EntryBuffer(const EntryBuffer&) = delete;
  EntryBuffer& operator=(const EntryBuffer&) = delete;

  // False when it is full. An entry that is larger than the block is taken while it is alone.
  bool Add(std::string_view key, std::string_view value);
  // By key; equal ones in any order.
  void Sort();
  // As it was made.
  void Clear();

  size_t count() const { return count_; }
  // REQUIRES: sorted.
  Entry at(size_t i) const { return EntryAt(items_[i]); }
  uint64_t prefix(size_t i) const { return items_[i].prefix; }
  // Will be asked for soon.
  void Prefetch(size_t i) const { __builtin_prefetch(block_.get() + items_[i].offset); }

 private:
  struct Item {
    uint64_t prefix;
    uint32_t offset;  // Of the value's size (4 bytes), the key, the value.
    uint32_t key_size;
  };
  static constexpr size_t kValueSize = sizeof(uint32_t);

  void Allocate(size_t bytes);
  Entry EntryAt(const Item& item) const {
    const char* at = block_.get() + item.offset;
    uint32_t value_size = 0;
    std::memcpy(&value_size, at, kValueSize);
    const char* key = at + kValueSize;
    return {{key, item.key_size}, {key + item.key_size, value_size}};
  }

  const size_t wanted_;
  size_t bytes_ = 0;
  std::unique_ptr<char[]> block_;
  size_t used_ = 0;        // From the front.
  Item* items_ = nullptr;  // The last one added comes first, until they are sorted.
  size_t count_ = 0;
};

}  // namespace adbms::storage::bulk
