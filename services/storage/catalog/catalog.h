// The catalog of the cluster: descriptors kept in space 0, the databases with the committed version
// of what is in each, ids and versions handed out. Ids are unique over all databases. See decision
// 039. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/storage/catalog/catalog_state.h"
#include "services/storage/catalog/database.h"
#include "services/storage/engine/engine.h"

namespace adbms::storage::catalog {

inline constexpr uint32_t kFirstUserId = 16384;

// Keys of the system records (codec/KEYS.md).
std::string SystemKey(char letter);
std::string SystemKey(char letter, uint32_t id);
std::string SystemKey(char letter, std::string_view name);
// The records that together count a space's rows: a sum and two tallies (txn/exact_counts.h).
inline constexpr int kCounterParts = 3;
std::string CounterKey(uint32_t space, int part);

// The schema public of a new database.
common::v1::SchemaDescriptor PublicSchemaOf(const common::v1::DatabaseDescriptor& database);

// Parses a descriptor's layout. Errors: INTERNAL.
absl::StatusOr<TableEntryPtr> MakeTableEntry(common::v1::TableDescriptor descriptor);

class Catalog {
 public:
  // Reads the descriptors, writes the bootstrap schemas and databases of a new directory (or those
  // that one of an earlier server lacks), removes indexes whose
  // building a crash interrupted, and what was temporary. Errors: XX001, and 55000 for an unknown
  // format version.
  static absl::StatusOr<std::unique_ptr<Catalog>> Open(engine::Engine* engine);

  // Null when there is none.
  DatabasePtr Find(std::string_view name) const;
  DatabasePtr Find(uint32_t database_id) const;
  std::vector<DatabasePtr> Databases() const;
  // adbms, with the system's own tables.
  const DatabasePtr& System() const { return system_; }
  // The database that has the table; null: none.
  DatabasePtr DatabaseOf(uint32_t table_id) const;
  // Of the latest change in any database.
  uint64_t newest_version() const { return newest_version_.load(std::memory_order_acquire); }

  // A number never used before for a table, index or rewrite.
  absl::StatusOr<uint32_t> AllocateId();
  // Larger than every version handed out before, across restarts.
  uint64_t NextVersion() { return next_version_.fetch_add(1, std::memory_order_relaxed); }

  // Spaces that a crash left to be erased.
  absl::StatusOr<std::vector<uint32_t>> PendingDrops() const;

 private:
  friend class Database;
  using DatabasesById = std::map<uint32_t, DatabasePtr>;

  explicit Catalog(engine::Engine* engine) : engine_(engine) {}
  absl::Status Load();
  absl::Status Bootstrap();
  absl::Status AddMissingDatabases(std::map<uint32_t, common::v1::DatabaseDescriptor>* databases,
                                   std::map<uint32_t, CatalogState::SchemaMap>* schemas);
  void Publish(Database* database, const CatalogChanges& changes);
  // To all but `own`, whose new state is `with`. Whoever publishes has the mutex.
  void PublishDatabases(const Database& own, const CatalogState& with,
                        const CatalogChanges& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(publish_mutex_);
  CatalogState::SchemaMap SystemSchemas() const;

  engine::Engine* const engine_;
  DatabasePtr system_;
  std::atomic<std::shared_ptr<const DatabasesById>> databases_;
  std::atomic<uint64_t> next_version_{0};
  std::atomic<uint64_t> newest_version_{0};
  absl::Mutex publish_mutex_;  // Whoever stores databases_ or a database's state.
  absl::Mutex mutex_;
  uint32_t next_id_ ABSL_GUARDED_BY(mutex_) = kFirstUserId;
  uint32_t reserved_ids_ ABSL_GUARDED_BY(mutex_) = kFirstUserId;
};

// Whether the definitions differ in nothing but indexes and comments.
bool SameButForIndexes(const common::v1::TableDescriptor& a, const common::v1::TableDescriptor& b);
// Whether `now` has an index to read from that `then` had not: it lacks rows as they were.
bool HasYoungIndexes(const common::v1::TableDescriptor& now,
                     const common::v1::TableDescriptor& then);
// `current` for one whose snapshot was taken under `then`: indexes that were not readable then are
// write-only in tables that otherwise have not changed. Such tables have a version of their own.
CatalogStatePtr WithoutYoungIndexes(Catalog* catalog, const CatalogStatePtr& current,
                                    const CatalogState& then);

}  // namespace adbms::storage::catalog
