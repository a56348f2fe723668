// How many rows a table has, exactly, at every snapshot: each write that stores or removes rows
// adds their number to a counter of the table's space, in the same batch. So whoever sees the rows
// sees their count, after a crash as well.
//
// A counter is three records (KEYS.md): a sum and two tallies. Writes add to one of the tallies,
// and nobody waits for anybody. After some hundred additions the other tally, which by then nobody
// adds to, goes into the sum: so a reader adds up a few hundred numbers at most.
//
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/catalog/catalog.h"
#include "services/storage/engine/engine.h"
#include "services/storage/txn/commit_log.h"

namespace adbms::storage::txn {

class ExactCounts {
  struct Space;

 public:
  // So many additions go to a tally.
  static constexpr uint32_t kTallied = 256;

  // Borrows both.
  ExactCounts(engine::Engine* engine, CommitLog* log) : engine_(engine), log_(log) {}

  // An addition that is part of a write: kept until that is written, or has failed.
  class Addition {
   public:
    Addition(Addition&&) noexcept = default;
    Addition& operator=(Addition&&) = delete;
    ~Addition() {
      if (space_ != nullptr) counts_->Written(space_.get(), tally_);
    }

   private:
    friend class ExactCounts;
    Addition(ExactCounts* counts, std::shared_ptr<Space> space, int tally)
        : counts_(counts), space_(std::move(space)), tally_(tally) {}
    ExactCounts* const counts_;
    std::shared_ptr<Space> space_;  // Null when moved from.
    const int tally_;
  };

  // Puts `rows` more for the rows of `space` into `writes`: an engine::Transaction that is
  // committed next, or an engine::WriteBatch.
  template <typename Writes>
  [[nodiscard]] Addition Add(Writes* writes, uint32_t space, int64_t rows) {
    Addition addition = Begin(space);
    writes->AddToCounter(catalog::CounterKey(space, 1 + addition.tally_), rows);
    return addition;
  }

  // The count at `view` (ReadView or alike). Nothing for a table of a time before there were
  // counters.
  template <typename View>
  static absl::StatusOr<std::optional<int64_t>> Read(const View& view, uint32_t space) {
    engine::Counter sum;
    for (int part = 0; part < catalog::kCounterParts; ++part) {
      engine::PinnableSlice value;
      bool found = false;
      if (absl::Status status = view.Get(catalog::CounterKey(space, part), &value, &found);
          !status.ok())
        return status;
      if (!found) continue;
      const std::optional<engine::Counter> counter = engine::DecodeCounter(engine::ToView(value));
      if (!counter) return Malformed();
      sum = sum + *counter;
    }
    return sum.complete ? std::optional<int64_t>(sum.value) : std::nullopt;
  }

  // The space goes; `batch` erases its records. REQUIRES: nobody adds to it any more.
  void Erase(uint32_t space, engine::WriteBatch* batch);

 private:
  static constexpr int kTallies = catalog::kCounterParts - 1;

  struct Space {
    explicit Space(uint32_t space) : id(space) {}
    const uint32_t id;
    std::atomic<int> tally{0};  // The one that is added to.
    struct Tally {
      std::atomic<uint32_t> writing{0};  // Additions begun and not written yet.
      std::atomic<uint32_t> additions{0};
    };
    std::array<Tally, kTallies> tallies;
    absl::Mutex folding;
  };

  static absl::Status Malformed();
  Addition Begin(uint32_t space);
  void Written(Space* space, int tally);
  // Adds a tally that nobody adds to any more to the sum.
  absl::Status Fold(Space* space, int tally) ABSL_EXCLUSIVE_LOCKS_REQUIRED(space->folding);

  engine::Engine* const engine_;
  CommitLog* const log_;
  absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, std::shared_ptr<Space>> spaces_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::txn
