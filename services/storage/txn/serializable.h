// SERIALIZABLE: snapshot isolation that refuses what no serial order could have answered. What a
// transaction reads and writes is kept until nobody beside it is left, and looked at when one
// commits: T1 -> T2 says that T1 has read what T2, beside it, has written. An anomaly has T1 -> T2
// -> T3 with T3 the first of them to commit (Cahill, Röhm, Fekete: Serializable Isolation for
// Snapshot Databases, SIGMOD 2008), and where T1 writes nothing, with T3 committed before T1's
// snapshot (Ports, Grittner: Serializable Snapshot Isolation in PostgreSQL, VLDB 2012). Whoever
// would complete it gets 40001. Unlike PostgreSQL that is at the commit only, never earlier.
//
// Transactions of the other levels take no part, as in PostgreSQL. What is kept is bounded: one
// that is still active when kMostKept have committed beside it is refused at its commit.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace adbms::storage::txn {

// What a transaction has read: keys, and ranges of keys whether there was something in them or not.
// Beyond kMost of either, whole spaces. Thread-safe: the transaction's workers add, others look.
class ReadSet {
 public:
  static constexpr size_t kMost = 64 << 10;

  void AddKey(std::string_view key);
  // From `lower` to before `upper`.
  void AddRange(std::string_view lower, std::string_view upper);
  bool Has(std::string_view key) const;
  // Whether it has something from `first` to `last`, those included, of one space; may be wrong in
  // saying so.
  bool MayHave(std::string_view first, std::string_view last) const;

 private:
  void AddRangeLocked(std::string lower, std::string upper) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Coarsen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool InRange(std::string_view key) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // Hashes: two keys of one hash are taken for one.
  absl::flat_hash_set<uint64_t> keys_ ABSL_GUARDED_BY(mutex_);
  std::set<uint32_t> spaces_ ABSL_GUARDED_BY(mutex_);  // Of the keys.
  // Lower ends, and where each ends; apart from each other.
  std::map<std::string, std::string, std::less<>> ranges_ ABSL_GUARDED_BY(mutex_);
};

// What a transaction has written: keys, beyond kMost of them the first and the last of each space.
class WriteSet {
 public:
  static constexpr size_t kMost = 64 << 10;

  void Add(std::string_view key);
  bool empty() const { return spaces_.empty(); }
  bool Meets(const ReadSet& reads) const;

 private:
  struct Ends {
    std::string first;
    std::string last;
  };
  std::vector<std::string> keys_;
  std::map<uint32_t, Ends> spaces_;
  bool coarse_ = false;
};

// The SERIALIZABLE transactions of one storage. Thread-safe.
class SerializableTransactions {
 public:
  static constexpr size_t kMostKept = 16 << 10;

  class Participant {
   public:
    ReadSet* reads() { return &reads_; }

   private:
    friend class SerializableTransactions;
    ReadSet reads_;
    WriteSet writes_;
    uint64_t snapshot_ = 0;  // At least; where it is not known yet.
    bool snapshot_known_ = false;
    uint64_t committed_ = 0;           // The sequence at which it could be seen; 0: active.
    uint64_t first_out_ = UINT64_MAX;  // When the first committed that it has an edge to.
    bool read_only_ = false;
    bool too_old_ = false;  // What it would have to be held against is gone.
  };

  // `latest`: the newest sequence of the engine. `read_only`: as declared.
  explicit SerializableTransactions(std::function<uint64_t()> latest)
      : latest_(std::move(latest)) {}

  // Before the transaction takes its snapshot.
  std::shared_ptr<Participant> Begin(bool read_only);
  // It has taken it, at this sequence.
  void TookSnapshot(const std::shared_ptr<Participant>& participant, uint64_t sequence);
  // Checks and, if all is well, calls `write`, which makes the writes visible. Errors: 40001, and
  // those of `write`; nothing stays of it then.
  absl::Status Commit(const std::shared_ptr<Participant>& participant, WriteSet writes,
                      const std::function<absl::Status()>& write);
  // It was rolled back.
  void Forget(const std::shared_ptr<Participant>& participant);

  // How many there are that have not ended, or are kept for those.
  size_t active() const;
  size_t kept() const;

 private:
  absl::Status Check(Participant* one) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<uint64_t()> latest_;
  mutable absl::Mutex mutex_;
  std::set<std::shared_ptr<Participant>> active_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Participant>> committed_ ABSL_GUARDED_BY(mutex_);  // The first first.
};

}  // namespace adbms::storage::txn
