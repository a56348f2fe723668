// Compiled plans by the planner's key. Thread-safe.
#pragma once

#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/api/storage.h"

namespace adbms::storage::api {

class PlanStore {
 public:
  struct Stored {
    PreparedPlanPtr plan;  // Null: not known.
    // Reads at most one row by a unique key and computes nothing: never blocks, never takes long.
    bool brief = false;
  };

  Stored Find(uint64_t key);
  // `storage` tells which keys are unique.
  void Add(uint64_t key, PreparedPlanPtr plan, Storage* storage);

 private:
  // When it is full it starts anew: gateways send again what is missing.
  static constexpr size_t kPlans = 16384;
  absl::Mutex mutex_;
  std::unordered_map<uint64_t, Stored> plans_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::api
