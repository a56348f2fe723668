#include "services/storage/txn/exact_counts.h"

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {

absl::Status ExactCounts::Malformed() {
  return status::Error(status::sqlstate::kDataCorrupted, "a row counter is corrupted", {},
                       "Restore from a backup.");
}

ExactCounts::Addition ExactCounts::Begin(uint32_t space) {
  std::shared_ptr<Space> found;
  {
    absl::MutexLock lock(&mutex_);
    std::shared_ptr<Space>& entry = spaces_[space];
    if (entry == nullptr) entry = std::make_shared<Space>(space);
    found = entry;
  }
  while (true) {
    const int tally = found->tally.load();
    found->tallies[tally].writing.fetch_add(1);
    // Whoever finds nobody writing to a tally has switched to the other one before.
    if (found->tally.load() == tally) return Addition(this, std::move(found), tally);
    found->tallies[tally].writing.fetch_sub(1);
  }
}

void ExactCounts::Written(Space* space, int tally) {
  Space::Tally& mine = space->tallies[tally];
  const uint32_t additions = mine.additions.fetch_add(1, std::memory_order_relaxed) + 1;
  mine.writing.fetch_sub(1);
  if (additions < kTallied || space->tally.load() != tally || !space->folding.TryLock()) return;
  const int other = 1 - tally;
  // Its last writers may not be ready yet; then the next addition tries again.
  if (space->tally.load() == tally && space->tallies[other].writing.load() == 0 &&
      Fold(space, other).ok()) {
    space->tallies[other].additions.store(0, std::memory_order_relaxed);
    space->tally.store(other);
  }
  space->folding.Unlock();
}

absl::Status ExactCounts::Fold(Space* space, int tally) {
  const std::string tally_key = catalog::CounterKey(space->id, 1 + tally);
  const std::string sum_key = catalog::CounterKey(space->id, 0);
  engine::Counter sum;
  for (const std::string& key : {sum_key, tally_key}) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(engine_->Get(nullptr, key, &value, &found));
    if (!found) continue;
    const std::optional<engine::Counter> counter = engine::DecodeCounter(engine::ToView(value));
    if (!counter) return Malformed();
    sum = sum + *counter;
  }
  engine::WriteBatch batch;
  batch.Put(sum_key, engine::EncodeCounter(sum));
  batch.Put(tally_key, engine::EncodeCounter({}));
  return log_->Write(&batch);
}

void ExactCounts::Erase(uint32_t space, engine::WriteBatch* batch) {
  for (int part = 0; part < catalog::kCounterParts; ++part) {
    batch->Delete(catalog::CounterKey(space, part));
  }
  absl::MutexLock lock(&mutex_);
  spaces_.erase(space);
}

}  // namespace adbms::storage::txn
