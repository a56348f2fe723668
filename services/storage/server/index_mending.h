// Bringing an index up to the latest versions of rows, while writers go on or wait. Not
// thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/storage/server/index_entries.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

class IndexMending {
 public:
  // `since`: the view whose entries the index has, but for what writers have done to it since;
  // null: it has none. Borrows the others.
  IndexMending(const rpc::CallContext& call, txn::Shared* shared, const catalog::TableEntry& table,
               const codec::IndexLayout& index, engine::SnapshotPtr since,
               absl::Duration lock_timeout)
      : call_(call),
        shared_(shared),
        table_(table),
        index_(index),
        since_(std::move(since)),
        lock_timeout_(lock_timeout) {}

  // Enters every row, each under its lock: writers go on and maintain the index. Errors: 23505,
  // 55P03.
  absl::Status EnterTable();
  // Mends the entries of the rows that are noted in the index's delta: under their locks, as above.
  // REQUIRES: the index is not unique: an entry that is not mended yet would be in a writer's way.
  absl::Status MendBesideWriters();
  // The same while the table is locked against writers. Errors: 23505.
  absl::Status MendAlone();

 private:
  using Keys = std::vector<std::string>;
  // What is done for a row: its entry of `since` removed, that of its latest version entered.
  struct Step {
    bool removes;
    bool enters;
  };
  using Lock = std::function<absl::Status(const std::string& key, txn::LockMode mode)>;

  // Calls `visit` with the keys in the space, some at a time.
  absl::Status ForKeys(uint32_t space, const std::function<absl::Status(const Keys&)>& visit);
  // The rows noted in the delta.
  Keys RowsOf(const Keys& notes) const;
  absl::Status Locked(const Keys& rows, const Step& step);
  absl::Status TryLocked(const Keys& rows, const Step& step, bool waits);
  absl::Status Write(const Keys& rows, const Step& step, const Lock& lock);
  absl::Status WriteInto(engine::Transaction* writes, const Keys& rows, const Step& step,
                         const Lock& lock);
  absl::StatusOr<types::Batch> Read(const Keys& rows, const engine::Snapshot* snapshot) const;
  absl::Status Enter(engine::Transaction* writes, const types::Batch& rows, const Lock& lock);

  const rpc::CallContext& call_;
  txn::Shared* const shared_;
  const catalog::TableEntry& table_;
  const codec::IndexLayout& index_;
  const engine::SnapshotPtr since_;
  const absl::Duration lock_timeout_;  // For a row that another has locked.
  IndexEntries entries_;
};

}  // namespace adbms::storage::server
