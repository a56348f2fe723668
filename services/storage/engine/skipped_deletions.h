// How many deletions the iterators of a thread step over: what was deleted and has not been cleared
// away yet costs time that no row shows. Threading: one thread.
#pragma once

#include <cstdint>

namespace adbms::storage::engine {

// Adds to `total` what this thread's iterators step over while it lives; a few nanoseconds. Two on
// the same iterators' work would count it twice.
class SkippedDeletions {
 public:
  explicit SkippedDeletions(uint64_t* total) : total_(total), before_(Now()) {}
  ~SkippedDeletions() { *total_ += Now() - before_; }
  SkippedDeletions(const SkippedDeletions&) = delete;
  SkippedDeletions& operator=(const SkippedDeletions&) = delete;

 private:
  // Of this thread since it started.
  static uint64_t Now();

  uint64_t* const total_;
  const uint64_t before_;
};

}  // namespace adbms::storage::engine
