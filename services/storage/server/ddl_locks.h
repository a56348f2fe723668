// What a change of the catalog locks, in PostgreSQL's modes: the objects that it changes and reads,
// the names that come to be, the schemas that they are in. With them held nobody else's draft
// touches the same, so that drafts combine at commit. Lives for one statement. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::server {

class DdlLocks {
 public:
  explicit DdlLocks(txn::Transaction* transaction) : transaction_(transaction) {}

  // What the statement names, as the catalog is once that is locked. Errors: as
  // txn::LockManager::Acquire.
  absl::Status LockNamed(const rpc::CallContext& context,
                         const common::v1::DdlStatement& statement);
  // What the transaction's draft has changed besides. False: somebody else has it locked, or
  // changed it before it could be locked; the statement must run again after LockChanged.
  bool TryLockChanged();
  absl::Status LockChanged(const rpc::CallContext& context);

 private:
  // Tables with an existing definition that the draft replaces; keys of names and schemas.
  struct Missing {
    std::set<uint32_t> tables;
    std::set<std::pair<std::string, txn::LockMode>> keys;
  };
  Missing FindMissing() const;
  bool StillFree(const Missing& missing) const;

  txn::Transaction* const transaction_;
  Missing missing_;
};

}  // namespace adbms::storage::server
