// Sorted runs read together, in order: a loser tree (Knuth, The Art of Computer Programming,
// volume 3, 5.4.1) over one part of each. Of equal rows those of the earlier run come first.
//
// Not thread-safe. What it holds is counted, and given back at its end; so much of it as the rows
// that were given last keep alive is counted until the next are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/storage/executor/row_gather.h"
#include "services/storage/executor/sorted_run.h"

namespace adbms::storage::executor {

class RunMerge {
 public:
  // More are not read at once.
  static constexpr size_t kMostRuns = 64;

  // Ends after `limit` rows. Borrows context and encoder.
  RunMerge(ExecutionContext* context, const KeyEncoder* encoder,
           const std::vector<types::Type>& types, uint64_t limit);
  ~RunMerge();
  RunMerge(const RunMerge&) = delete;
  RunMerge& operator=(const RunMerge&) = delete;

  // Takes as many of the first of `runs` as there is memory to read at once, and returns how many:
  // two at least, if there are so many. Once. Errors: 53200; 58030.
  absl::StatusOr<size_t> Start(absl::Span<const SortedRun> runs);
  // The next rows, with about so many `bytes` at most, at least one; false at the end.
  absl::StatusOr<bool> Next(size_t bytes, types::Batch* out);

 private:
  struct Head {
    RunReader reader;
    types::Batch part;
    std::unique_ptr<char[]> keys;
    std::vector<SortItem> items;
    uint32_t row = 0;
    uint32_t number = 0;  // Of the part, among those that are gathered from.
  };

  // The next part of the run into its head.
  absl::Status Read(size_t run);
  void BuildTree();
  void Replay(size_t run);
  bool Before(size_t a, size_t b) const {
    if (current_[a] == nullptr || current_[b] == nullptr) return current_[a] != nullptr;
    const int c = encoder_.Compare(*current_[a], *current_[b]);
    return c != 0 ? c < 0 : a < b;
  }
  // Behind the row that is taken. False: at the end of a part, with no memory for another as long
  // as rows of this one are held.
  absl::StatusOr<bool> Advance();

  ExecutionContext* const context_;
  const KeyEncoder& encoder_;
  uint64_t left_;  // Of the limit.
  std::vector<Head> heads_;
  std::vector<const SortItem*> current_;  // By run; null at its end.
  std::vector<size_t> losers_;            // Of the match at each inner node, 1 being the root.
  size_t winner_ = 0;
  bool unread_ = false;  // The winner's next part is to be read first.
  RowGather gather_;
  std::vector<RowPosition> taken_;
  std::string buffer_;
  int64_t reserved_ = 0;  // For one part of each run.
  int64_t held_ = 0;      // For parts that ended, whose rows were given last.
};

}  // namespace adbms::storage::executor
