// pg_locks.
#include "services/storage/server/pg_catalog_rows.h"

namespace adbms::storage::server {

namespace {

void FillLocks(const RowSource& source, RowBuilder* rows) {
  for (const txn::LockManager::Row& lock : source.shared->locks->Rows()) {
    const uint32_t space = codec::SpaceOf(lock.key);
    RowBuilder& row = rows->Row();
    txn::AdvisoryKey advisory;
    // Numbers of relations are of one database alone, of which the session's own are looked up.
    const auto own = [&](uint32_t relation) {
      return relation < catalog::kFirstUserId || source.catalog->Find(relation) != nullptr ||
             source.catalog->FindIndex(relation).table != nullptr;
    };
    uint32_t database = source.catalog->place().database_id;
    if (txn::ReadAdvisoryLockKey(lock.key, &advisory)) {
      database = advisory.database;
      row.Set("locktype", "advisory")
          .Set("classid", advisory.class_id)
          .Set("objid", advisory.object_id)
          .Set("objsubid", int64_t{advisory.kind});
    } else if (space == 0 && lock.key.size() == 9 && lock.key[4] == 'T') {
      const uint32_t relation = codec::SpaceOf(std::string_view(lock.key).substr(5));
      if (!own(relation)) {
        const catalog::DatabasePtr other = source.shared->catalog->DatabaseOf(relation);
        database = other == nullptr ? 0 : other->id();
      }
      row.Set("locktype", "relation").Set("relation", relation);
    } else if (space == 0) {
      row.Set("locktype", "object");
    } else {
      // A row or an index entry: the relation is the one whose keys start like this.
      row.Set("locktype", "tuple");
      for (const auto& [id, table] : source.catalog->tables()) {
        if (table->layout.storage_id == space) row.Set("relation", id);
      }
      if (source.catalog->FindIndex(space).table != nullptr) row.Set("relation", space);
    }
    if (database != 0) row.Set("database", database);
    row.Set("virtualtransaction", std::to_string(lock.owner))
        .Set("mode", txn::NameOf(lock.mode))
        .SetBool("granted", lock.granted)
        .SetBool("fastpath", false);
    if (lock.pid != 0) row.Set("pid", lock.pid);
  }
}

}  // namespace

void AddLockFills(RowFillMap* fills) { fills->emplace("pg_catalog.pg_locks", FillLocks); }

}  // namespace adbms::storage::server
