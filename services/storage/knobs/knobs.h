// The settings that change live: one table of name, bounds and effect. Values are kept across
// restarts. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/storage/v1/storage.pb.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::knobs {

struct Defaults {
  int64_t block_cache_bytes = int64_t{1} << 30;
  int64_t memtable_bytes = int64_t{512} << 20;
  int64_t query_memory_bytes = int64_t{256} << 20;
  int64_t max_background_jobs = 4;
  int64_t max_transaction_bytes = int64_t{2} << 30;
  int64_t lock_timeout_ms = 10000;
};

class Knobs {
 public:
  Knobs(txn::Shared* shared, const Defaults& defaults);
  // Applies stored values, then the defaults where none is stored.
  absl::Status Load();
  v1::ListKnobsResponse List() const;
  // Errors: INVALID_ARGUMENT names the knob and its bounds.
  absl::StatusOr<v1::Knob> Set(const std::string& name, int64_t value);

 private:
  struct Entry {
    v1::Knob knob;
    std::function<absl::Status(int64_t)> apply;
  };
  void Add(const char* name, const char* unit, const char* description, int64_t minimum,
           int64_t maximum, int64_t default_value, std::function<absl::Status(int64_t)> apply);

  txn::Shared* const shared_;
  mutable absl::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::knobs
