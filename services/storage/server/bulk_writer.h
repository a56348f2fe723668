// COPY FROM. Three ways to the table: straight into a space that only this transaction sees; as one
// unlocked batch while no other writer holds the table; row by row inside a transaction. Not
// thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "services/storage/executor/modify.h"
#include "services/storage/executor/partition_targets.h"
#include "services/storage/server/session.h"

namespace adbms::storage::server {

// Keys seen so far: cheap while they ascend, by 128-bit hashes once they do not.
class KeySet {
 public:
  // False when the key was there before.
  bool Add(std::string_view key);
  bool ascending() const { return ascending_; }

 private:
  struct Hash128 {
    uint64_t a;
    uint64_t b;
    bool operator==(const Hash128&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const Hash128& value) {
      return H::combine(std::move(state), value.a);
    }
  };
  static Hash128 HashOf(std::string_view key);

  bool ascending_ = true;
  std::string last_;
  std::vector<Hash128> hashes_;
  absl::flat_hash_set<Hash128> set_;
};

class BulkWriterImpl : public api::BulkWriter {
 public:
  static absl::StatusOr<std::unique_ptr<api::BulkWriter>> Open(
      const rpc::CallContext& context, SessionState* session, api::TableVersion table,
      const std::vector<common::v1::CheckConstraint>& checks, const api::ExecuteOptions& options);
  ~BulkWriterImpl() override;

  absl::Status Write(const types::Batch& batch) override;
  absl::StatusOr<uint64_t> Finish() override;

 private:
  enum class Mode { kRows, kBatch, kDirect };
  BulkWriterImpl(const rpc::CallContext& context, SessionState* session)
      : call_(context), session_(session) {}

  absl::Status Prepare(api::TableVersion table,
                       const std::vector<common::v1::CheckConstraint>& checks);
  absl::Status WriteRows(codec::Columns columns, uint32_t row_count);
  // Rows of a partitioned table.
  absl::Status WriteDivided(const types::Batch& rows);
  absl::Status WriteUnlocked(codec::Columns columns, uint32_t row_count);
  absl::Status CheckStoredKeys(const std::vector<std::string>& keys, codec::Columns columns,
                               const std::string& constraint, const std::vector<uint32_t>& ordinals,
                               const std::vector<uint32_t>& rows);
  absl::Status Flush();
  void Abandon();

  const rpc::CallContext call_;
  SessionState* const session_;
  txn::Transaction* transaction_ = nullptr;
  std::unique_ptr<txn::Transaction> own_;
  catalog::CatalogStatePtr catalog_;
  catalog::TableEntryPtr table_;
  std::vector<executor::Check> checks_;
  sql::expression::EvaluationState state_;
  Mode mode_ = Mode::kRows;
  std::unique_ptr<txn::TableWriter> rows_writer_;
  std::unique_ptr<const executor::PartitionTargets> partitions_;        // See ModifyOperator.
  std::map<uint32_t, std::unique_ptr<txn::TableWriter>> leaf_writers_;  // By table.
  engine::WriteBatch batch_;
  std::string stored_max_;  // Greatest stored row key; empty: the table is empty.
  bool stored_any_ = false;
  KeySet row_keys_;
  std::vector<KeySet> index_keys_;
  std::vector<bool> index_stored_;  // Whether a unique index had entries before.
  uint64_t written_ = 0;
  bool finished_ = false;
};

}  // namespace adbms::storage::server
