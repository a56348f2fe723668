// The engine as a Storage: opens a data directory and serves sessions on it. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "services/storage/api/storage.h"
#include "services/storage/knobs/knobs.h"
#include "services/storage/server/session.h"
#include "services/storage/server/virtual_rows.h"
#include "services/storage/txn/prepared_transactions.h"

namespace adbms::storage::server {

struct Options {
  std::string data_dir;
  uint64_t block_cache_bytes = uint64_t{1} << 30;
  uint64_t memtable_bytes = uint64_t{512} << 20;
  uint64_t query_memory_bytes = uint64_t{256} << 20;
  uint64_t max_transaction_bytes = uint64_t{2} << 30;
  int max_background_jobs = 4;
  int64_t lock_timeout_ms = 10000;
  // Threads that a long statement may have, its own included; 1: every statement has one.
  uint32_t workers = 1;
  // A table of fewer rows is read by one thread.
  int64_t worker_rows = 20000;
  // False: a commit is acknowledged before it is on disk; a crash may lose the latest ones.
  bool sync_commits = true;
  // Serves reads of what is there, even with a damaged log, and changes nothing.
  bool read_only = false;
  // Told in a sentence when writing stops or goes on, and of a torn log; may be null.
  std::function<void(const std::string&)> warn;
  std::shared_ptr<rocksdb::FileSystem> file_system;  // Null: the machine's.
};

class StorageServer : public api::Storage {
 public:
  // Errors: 55006 when another server has the directory; XX001; 58030.
  static absl::StatusOr<std::unique_ptr<StorageServer>> Open(const Options& options);
  // REQUIRES: all sessions, streams and plans are gone.
  ~StorageServer() override;

  absl::StatusOr<std::unique_ptr<api::Session>> OpenSessionIn(const rpc::CallContext& context,
                                                              const std::string& database) override;
  absl::StatusOr<api::PreparedPlanPtr> Prepare(
      const rpc::CallContext& context, std::shared_ptr<const common::v1::Plan> plan) override;
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalogOf(
      const rpc::CallContext& context, const std::string& database,
      uint64_t known_version) override;
  absl::StatusOr<std::shared_ptr<const common::v1::StatisticsSnapshot>> GetStatistics(
      const rpc::CallContext& context, uint64_t known_version) override;
  absl::StatusOr<v1::EngineMetrics> GetMetrics(const rpc::CallContext& context) override;
  absl::StatusOr<v1::ListKnobsResponse> ListKnobs(const rpc::CallContext& context) override;
  // Why nothing can be written at present; empty: it can. From any thread.
  std::string WriteFailure() const {
    return options_.read_only ? "started for reading only" : engine_->write_failure();
  }
  // Writes everything in memory to data files.
  absl::Status FlushMemtables() { return engine_->Flush(); }
  absl::StatusOr<v1::Knob> SetKnob(const rpc::CallContext& context, const std::string& name,
                                   int64_t value) override;

 private:
  explicit StorageServer(const Options& options);
  absl::Status Start();
  // Errors: 3D000.
  absl::StatusOr<catalog::DatabasePtr> DatabaseNamed(const std::string& name) const;
  v1::EngineMetrics Metrics();

  const Options options_;
  const uint64_t usable_memory_bytes_;  // Read once: a cgroup's limit hardly ever changes.
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<txn::CommitLog> log_;
  txn::LockManager locks_;
  txn::SerializableTransactions serializable_{[this] { return engine_->LatestSequence(); }};
  txn::RowCounts counts_;
  std::unique_ptr<txn::ExactCounts> exact_counts_;
  std::unique_ptr<txn::SequenceStore> sequences_;
  std::unique_ptr<txn::PreparedTransactions> prepared_;
  std::unique_ptr<workers::WorkerPool> workers_;
  txn::Shared shared_;
  std::unique_ptr<statistics::StatisticsStore> statistics_;
  std::unique_ptr<knobs::Knobs> knobs_;
  SessionRegistry sessions_;
  TemporarySchemaNumbers temporary_schemas_;
  ConnectedSessions connected_;
  std::unique_ptr<VirtualRows> virtual_rows_;
  bool started_ = false;
};

}  // namespace adbms::storage::server
