// What the statements of the last half hour took, in slices of ten seconds, fading with age. What a
// statement took before the set of indexes of one of its tables changed says nothing of what it
// takes now, and is forgotten; what was written is counted over the time that the reads of that
// table are taken from. Bounded; thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/workload.pb.h"

namespace adbms::indexer::workload {

// One statement, over what counts of it.
struct Statement {
  uint64_t fingerprint = 0;
  std::string database;                  // Empty: adbms.
  std::vector<std::string> search_path;  // Of its texts.
  std::vector<std::string> samples;      // Some of its texts, the latest last.
  double seconds = 0;
  double calls = 0;
  std::vector<uint32_t> table_ids;
};

class StatementHistory {
 public:
  // Takes a window; what sessions did that security has flagged is left out.
  void Add(const common::v1::WorkloadWindow& window);
  // Compares every table's public indexes with those seen last; where they differ, what its
  // statements took until now is forgotten. Of all databases.
  void NoteIndexes(const std::vector<std::shared_ptr<const common::v1::CatalogSnapshot>>& catalogs);
  std::vector<Statement> Statements() const;
  // By table: rows that statements changed since the first slice of reads of it that counts.
  std::map<uint32_t, double> RowsWritten() const;
  // Windows since the last call.
  uint64_t TakeFreshWindows();

 private:
  static constexpr int64_t kSliceUs = 10LL * 1000000;
  static constexpr int64_t kKeepUs = 1800LL * 1000000;
  static constexpr double kHalfLifeUs = 600e6;
  static constexpr size_t kMaxStatements = 1000;
  static constexpr size_t kMaxSamples = 4;

  struct Slice {
    int64_t start_us = 0;
    int64_t end_us = 0;
    double seconds = 0;
    double calls = 0;
    double rows = 0;
  };
  struct History {
    std::string database;
    std::vector<std::string> search_path;
    std::deque<std::string> samples;  // Different ones.
    bool read_only = true;
    bool searches = true;
    std::vector<uint32_t> table_ids;
    std::deque<Slice> slices;
  };
  double Weight(const Slice& slice) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // The first moment from which the statement's time counts.
  int64_t CountsFrom(const History& history) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::unordered_map<uint64_t, History> history_ ABSL_GUARDED_BY(mutex_);
  std::map<uint32_t, std::set<uint32_t>> indexes_ ABSL_GUARDED_BY(mutex_);  // By table.
  std::map<uint32_t, int64_t> changed_us_ ABSL_GUARDED_BY(mutex_);          // By table.
  int64_t latest_us_ ABSL_GUARDED_BY(mutex_) = 0;  // End of the latest window.
  uint64_t fresh_windows_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace adbms::indexer::workload
