// The catalog: descriptors kept in space 0, the committed version published atomically, ids and
// versions handed out. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/catalog/catalog_state.h"
#include "services/storage/engine/engine.h"

namespace adbms::storage::catalog {

inline constexpr uint32_t kFirstUserId = 16384;

// Keys of the system records (codec/KEYS.md).
std::string SystemKey(char letter);
std::string SystemKey(char letter, uint32_t id);
std::string SystemKey(char letter, std::string_view name);

// Parses a descriptor's layout. Errors: INTERNAL.
absl::StatusOr<TableEntryPtr> MakeTableEntry(common::v1::TableDescriptor descriptor);

class Catalog {
 public:
  // Reads the descriptors, writes the bootstrap schemas of a new directory, removes indexes whose
  // building a crash interrupted. Errors: XX001, and 55000 for an unknown format version.
  static absl::StatusOr<std::unique_ptr<Catalog>> Open(engine::Engine* engine);

  CatalogStatePtr Current() const { return current_.load(std::memory_order_acquire); }
  void Publish(CatalogStatePtr state) {
    current_.store(std::move(state), std::memory_order_release);
  }

  // A number never used before for a table, index or rewrite.
  absl::StatusOr<uint32_t> AllocateId();
  // Larger than every version handed out before, across restarts.
  uint64_t NextVersion() { return next_version_.fetch_add(1, std::memory_order_relaxed); }

  // Spaces that a crash left to be erased.
  absl::StatusOr<std::vector<uint32_t>> PendingDrops() const;

 private:
  explicit Catalog(engine::Engine* engine) : engine_(engine) {}
  absl::Status Load();

  engine::Engine* const engine_;
  std::atomic<CatalogStatePtr> current_;
  std::atomic<uint64_t> next_version_{0};
  absl::Mutex mutex_;
  uint32_t next_id_ ABSL_GUARDED_BY(mutex_) = kFirstUserId;
  uint32_t reserved_ids_ ABSL_GUARDED_BY(mutex_) = kFirstUserId;
};

}  // namespace adbms::storage::catalog
