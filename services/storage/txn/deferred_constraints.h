// What a transaction has put off checking until SET CONSTRAINTS … IMMEDIATE or its end, and which
// constraints it puts off (PostgreSQL: commands/trigger.c, deferred constraint triggers). What is
// kept are keys of rows, not their values: a row that is gone by then is not checked. Goes back
// with savepoints. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "adbms/common/v1/catalog.pb.h"
#include "common/rpc/call_context.h"

namespace adbms::storage::txn {

class Transaction;
struct KeyChange;
struct LostKeys;
struct StoredKeys;
struct StoredReferences;

class DeferredConstraints {
 public:
  DeferredConstraints();
  ~DeferredConstraints();

  // Where it stands, to go back to.
  struct Mark {
    size_t batches = 0;
    uint64_t runs = 0;
    std::optional<bool> all;
    std::map<std::pair<uint32_t, std::string>, bool> some;
  };
  Mark Here() const;
  void RollbackTo(const Mark& mark);

  // SET CONSTRAINTS ALL.
  void SetAll(bool deferred);
  // SET CONSTRAINTS of one, by its table and name.
  void Set(uint32_t table_id, const std::string& name, bool deferred);
  // Whether a constraint that is declared so is checked later.
  bool IsDeferred(uint32_t table_id, const std::string& name, common::v1::Deferral declared) const;

  void Add(StoredReferences stored);
  void Add(const LostKeys& lost, std::vector<KeyChange> keys);
  void Add(uint32_t table_id, StoredKeys keys);
  // Bytes that are kept.
  uint64_t bytes() const { return bytes_; }
  // Whether something of the table's rows is to be checked yet: its definition must stay.
  bool Awaits(uint32_t table_id) const;
  // Checks, in the order of the statements, what is not deferred any more, or all that is left
  // (`commit`). Errors: 23503, 23505, and of waiting for locks.
  absl::Status Check(const rpc::CallContext& call, Transaction* transaction, bool commit);

 private:
  struct Batch;
  static absl::Status CheckBatch(const rpc::CallContext& call, Transaction* transaction,
                                 const Batch& batch);
  void Keep(Batch batch);

  std::vector<Batch> batches_;
  uint64_t bytes_ = 0;
  uint64_t runs_ = 0;  // Counts checks, so that a rollback knows which to forget.
  std::optional<bool> all_;
  std::map<std::pair<uint32_t, std::string>, bool> some_;
};

}  // namespace adbms::storage::txn
