// The entries of several sorters in the order of their keys, from one key to another: a loser tree
// (Knuth, The Art of Computer Programming, volume 3, 5.4.1) over their runs. Several may read the
// same sorters side by side; each is one thread's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/storage/bulk/entry_sorter.h"

namespace adbms::storage::bulk {

// Reads one run, from memory or from the file.
class RunCursor {
 public:
  explicit RunCursor(const EntryBuffer* buffer) : buffer_(buffer) {}
  // `bytes`: what is read at once.
  RunCursor(const memory::TemporaryFile* file, const SpilledRun* run, size_t bytes)
      : file_(file), run_(run), read_bytes_(bytes) {}

  // To the first entry at or behind `lower`; what is at or behind `upper` (empty: nothing is) is
  // beyond the end.
  absl::Status Start(std::string_view lower, std::string_view upper);
  absl::Status Next();
  bool valid() const { return valid_; }
  // Until Next().
  const Entry& entry() const { return entry_; }
  bool Before(const RunCursor& other) const {
    if (!valid_ || !other.valid_) return valid_;
    return prefix_ != other.prefix_ ? prefix_ < other.prefix_ : entry_.key < other.entry_.key;
  }

 private:
  absl::Status Read();
  absl::Status Fill(size_t needed);

  const EntryBuffer* buffer_ = nullptr;
  size_t index_ = 0;

  const memory::TemporaryFile* file_ = nullptr;
  const SpilledRun* run_ = nullptr;
  size_t read_bytes_ = 0;
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t at_ = 0;
  size_t filled_ = 0;
  uint64_t offset_ = 0;  // Of what is read next.

  std::string upper_;
  bool valid_ = false;
  uint64_t prefix_ = 0;
  Entry entry_;
};

class EntryMerge {
 public:
  // Entries with `lower` <= key < `upper`; an empty `upper` is none. `bytes`: for reading files.
  // Borrows the sorters, which are finished.
  EntryMerge(const std::vector<const EntrySorter*>& sorters, std::string lower, std::string upper,
             size_t bytes);

  // To the first one. Errors: 58030.
  absl::Status Start();
  absl::Status Next();
  bool valid() const { return !cursors_.empty() && cursors_[winner_].valid(); }
  // Until Next().
  const Entry& entry() const { return cursors_[winner_].entry(); }

 private:
  void Replay(size_t leaf);

  const std::string lower_;
  const std::string upper_;
  std::vector<RunCursor> cursors_;
  std::vector<size_t> losers_;  // Of the match at each inner node, 1 being the root.
  size_t winner_ = 0;
};

}  // namespace adbms::storage::bulk
