// Which key spaces were written, and when. A key's first four bytes are its space, big-endian: a
// table's rows, an index's entries.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

namespace adbms::storage::engine {

// The spaces that a batch of writes has keys in. Not thread-safe.
class WrittenSpaces {
 public:
  void Add(std::string_view key) { AddSpace(SpaceOf(key)); }
  void AddSpace(uint32_t space) {
    if (!spaces_.empty() && spaces_.back() == space) return;
    if (std::find(spaces_.begin(), spaces_.end(), space) != spaces_.end()) return;
    if (spaces_.size() < kMost) {
      spaces_.push_back(space);
    } else {
      any_ = true;
    }
  }
  void AddAll(const WrittenSpaces& other) {
    any_ |= other.any_;
    for (const uint32_t space : other.spaces_) AddSpace(space);
  }
  // Keys of spaces that nobody has counted.
  void AddAny() { any_ = true; }
  void Clear() {
    spaces_.clear();
    any_ = false;
  }

  static uint32_t SpaceOf(std::string_view key) {
    uint32_t space = 0;
    for (size_t i = 0; i < 4 && i < key.size(); ++i)
      space = space << 8 | static_cast<unsigned char>(key[i]);
    return space;
  }

 private:
  friend class SpaceChanges;
  static constexpr size_t kMost = 32;
  std::vector<uint32_t> spaces_;
  bool any_ = false;
};

// When each space was last written: nothing in it has to be read again for a snapshot that is
// younger. Spaces share a fixed number of places, so that a change may be taken for one of another
// space; none is missed. Thread-safe.
class SpaceChanges {
 public:
  // After the writes have become visible, before their locks are given up. `sequence`: of the
  // newest of them, or later.
  void Note(const WrittenSpaces& written, uint64_t sequence) {
    if (written.any_) {
      for (auto& place : newest_) Raise(&place, sequence);
      return;
    }
    for (const uint32_t space : written.spaces_) Raise(&newest_[space % kPlaces], sequence);
  }
  bool ChangedSince(std::string_view key, uint64_t sequence) const {
    return newest_[WrittenSpaces::SpaceOf(key) % kPlaces].load(std::memory_order_acquire) >
           sequence;
  }

 private:
  static constexpr size_t kPlaces = 4096;
  static void Raise(std::atomic<uint64_t>* place, uint64_t sequence) {
    uint64_t before = place->load(std::memory_order_relaxed);
    while (before < sequence &&
           !place->compare_exchange_weak(before, sequence, std::memory_order_release)) {
    }
  }

  std::array<std::atomic<uint64_t>, kPlaces> newest_{};
};

}  // namespace adbms::storage::engine
