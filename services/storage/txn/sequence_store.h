// The values of sequences. They are not transactional: a value that was handed out is never handed
// out again, whatever becomes of the transaction that asked for it. Values are reserved on disk a
// range at a time, so that a crash skips some and repeats none; a clean shutdown skips none.
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/catalog/catalog.h"
#include "services/storage/txn/commit_log.h"

namespace adbms::storage::txn {

class SequenceStore {
 public:
  struct State {
    int64_t last_value = 0;
    bool is_called = false;  // False: `last_value` is still to come.
  };

  // All are borrowed.
  SequenceStore(engine::Engine* engine, CommitLog* log) : engine_(engine), log_(log) {}

  // Erases the values of sequences that are gone. Once, before anything else.
  absl::Status Open(const catalog::Catalog& catalog);

  // REQUIRES below: `table` is a sequence.
  // The next value, durably reserved. Errors: 2200H at the end of a sequence that does not cycle;
  // the engine's.
  absl::StatusOr<int64_t> Next(const common::v1::TableDescriptor& table);
  absl::StatusOr<State> Get(const common::v1::TableDescriptor& table);
  // Durable when it returns.
  absl::Status Set(const common::v1::TableDescriptor& table, const State& state);

  // Gives back what was reserved and not used: before a clean shutdown.
  absl::Status Flush();

 private:
  struct Counter {
    absl::Mutex mutex;
    bool loaded ABSL_GUARDED_BY(mutex) = false;
    State state ABSL_GUARDED_BY(mutex);
    uint64_t reserved ABSL_GUARDED_BY(mutex) = 0;  // Values behind `state` that are ours on disk.
    uint64_t range ABSL_GUARDED_BY(mutex) = 0;     // The size of the last reservation.
  };
  // Shared: a counter may be in use while its sequence is dropped.
  using CounterPtr = std::shared_ptr<Counter>;

  CounterPtr CounterOf(uint32_t storage_id);
  absl::Status Load(const common::v1::TableDescriptor& table, Counter* counter)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(counter->mutex);
  absl::Status Reserve(const common::v1::TableDescriptor& table, int64_t next, Counter* counter)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(counter->mutex);
  absl::Status Save(uint32_t storage_id, const State& state);

  engine::Engine* const engine_;
  CommitLog* const log_;
  absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, CounterPtr> counters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::txn
