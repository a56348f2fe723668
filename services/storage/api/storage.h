// The front door of storage: everything that keeps state. Two implementations: the engine itself
// (services/storage/server, direct calls) and the gRPC client (grpc_client.h); callers cannot tell
// them apart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adbms/common/v1/catalog.pb.h"
#include "adbms/common/v1/plan.pb.h"
#include "adbms/storage/v1/storage.pb.h"
#include "common/rpc/call_context.h"
#include "common/types/text_io.h"
#include "common/types/vector.h"

namespace adbms::storage::api {

// The database that is there from the start and stays: the system's own tables are in it.
inline constexpr std::string_view kSystemDatabase = "adbms";

// A plan that came out as stale (kStalePlan) is made again on the newest catalog at most so often.
inline constexpr int kStaleRetries = 10;

// A plan that storage has compiled (or, behind gRPC, will know by its id). Immutable, thread-safe;
// hold it as long as the plan is cached.
class PreparedPlan {
 public:
  virtual ~PreparedPlan() = default;
  virtual const common::v1::Plan& plan() const = 0;
};
using PreparedPlanPtr = std::shared_ptr<const PreparedPlan>;

// A table as it was authorized.
struct TableVersion {
  TableVersion(uint32_t id, uint64_t version = 0) : id(id), version(version) {}

  uint32_t id;
  uint64_t version;  // TableDescriptor.schema_version; 0: whatever it is.
};

// What an execution takes besides the plan.
// The rows of a CTE that the caller has computed: columns of its types, some at a time.
struct CteRows {
  uint32_t cte = 0;  // Position in Plan.ctes.
  std::vector<types::Batch> batches;
};

struct ExecuteOptions {
  std::vector<types::Value> parameters;  // One for each Plan.parameter_types, of that type.
  std::vector<CteRows> cte_rows;         // Of all CTEs that are a ProgramRows and are read.
  // Values for SessionValue expressions.
  int64_t transaction_timestamp_us = 0;  // microseconds since 2000-01-01 UTC
  int64_t statement_timestamp_us = 0;
  std::string current_user;
  std::string session_user;
  int32_t backend_pid = 0;
  std::string current_database;
  std::string current_schema;
  std::vector<std::string> search_path;
  std::string time_zone = "UTC";
  // How values become text inside expressions; its zone and time are not used.
  types::TextOptions text;
  // Set for a plan with session_details.
  std::shared_ptr<const common::v1::SessionDetails> details;
  // Measure time per operator (EXPLAIN ANALYZE). Rows are always counted.
  bool measure_time = false;
  // Stop after this many rows and keep the stream open (portals); 0: no limit.
  uint64_t batch_rows_hint = 0;
};

// Rows of one execution. Pull-based: storage computes only what is asked for. Destroying an
// unfinished stream stops the execution. An autocommit execution commits (durably) before Next
// reports the end. Not thread-safe.
class ResultStream {
 public:
  virtual ~ResultStream() = default;
  // The next rows into `batch` (replaced); false at the end. After an error or the end, no further
  // call.
  virtual absl::StatusOr<bool> Next(types::Batch* batch) = 0;
  // What happened; complete once Next has returned false. `rows_affected` is the command tag's
  // number.
  virtual const storage::v1::ExecutionSummary& summary() const = 0;
};

// What NOTIFY has sent.
struct Notification {
  std::string channel;
  std::string payload;
  int32_t backend_pid = 0;  // Of the session that sent it.
};
using NotificationPtr = std::shared_ptr<const Notification>;

// Where a session hears what it listens to. Called on the thread of whoever commits, or of whoever
// reads a stream, which it must not hold up nor call back.
class NotificationSink {
 public:
  virtual ~NotificationSink() = default;
  // In the order of commits.
  virtual void Receive(NotificationPtr notification) = 0;
  // Notifications have been missed, and no further one comes: too many waited to be sent, or the
  // session is gone with all that storage kept for it.
  virtual void Lost() = 0;
  // How much of the room for what waits to be fetched is taken: 0 to 1.
  virtual double Fullness() const = 0;
};

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };

struct BeginOptions {
  Isolation isolation = Isolation::kReadCommitted;
  bool read_only = false;
};

// Rows pushed into a table: COPY FROM. Not thread-safe.
class BulkWriter {
 public:
  virtual ~BulkWriter() = default;
  // `batch` carries every live column of the table in order. Checks NOT NULL, CHECK (given at
  // open), uniqueness.
  virtual absl::Status Write(const types::Batch& batch) = 0;
  // Ends the copy; outside a transaction, commits. Returns the rows written.
  // Without Finish nothing of an autocommit copy stays.
  virtual absl::StatusOr<uint64_t> Finish() = 0;
};

// One client's conversation with storage: at most one transaction, one execution at a time. When it
// is lost with what it keeps (keeps_state), every further call fails with 57P01.
// Destroying it rolls back. Not thread-safe; cancellation goes through CallContext::cancellation.
class Session {
 public:
  virtual ~Session() = default;

  // A client is behind it, who counts against its database's limit. A session that DROP DATABASE
  // has ended fails from then on with 57P01. Errors: 3D000; 55000 for a database that takes no
  // connections; 53300, unless it is a `superuser`'s.
  virtual absl::Status Connect(const rpc::CallContext& context, bool superuser) = 0;
  // Errors: 25001 inside a transaction.
  virtual absl::Status Begin(const rpc::CallContext& context, const BeginOptions& options) = 0;
  // Durable when it returns OK. Outside a transaction both do nothing. After an error nothing is
  // kept.
  virtual absl::Status Commit(const rpc::CallContext& context) = 0;
  virtual absl::Status Rollback(const rpc::CallContext& context) = 0;
  // Two-phase commit: see PreparedTransactionRequest.
  virtual absl::Status PrepareTransaction(
      const rpc::CallContext& context, const storage::v1::PreparedTransactionRequest& request) = 0;
  // Nested, by name; the latest of a name counts. Errors: 3B001.
  virtual absl::Status Savepoint(const rpc::CallContext& context, const std::string& name) = 0;
  virtual absl::Status RollbackTo(const rpc::CallContext& context, const std::string& name) = 0;
  virtual absl::Status Release(const rpc::CallContext& context, const std::string& name) = 0;

  // Runs a plan, in the open transaction or as one of its own. A failed statement inside a
  // transaction leaves the transaction as it was before the statement. Errors: ADB01 (stale plan),
  // and SQL's. `options` must outlive the stream.
  virtual absl::StatusOr<std::unique_ptr<ResultStream>> Execute(const rpc::CallContext& context,
                                                                const PreparedPlanPtr& plan,
                                                                const ExecuteOptions& options) = 0;
  // Changes the catalog, in the open transaction or as one of its own.
  virtual absl::StatusOr<storage::v1::DdlResult> ExecuteDdl(
      const rpc::CallContext& context, const common::v1::DdlStatement& statement) = 0;
  // LOCK TABLE, in this order. Errors: 25P01 outside a transaction; 55P03 with `nowait`, or after
  // the lock timeout; 40P01; 42P01.
  virtual absl::Status LockTables(const rpc::CallContext& context,
                                  const storage::v1::LockTablesRequest& request) = 0;
  // SET CONSTRAINTS: for what follows in the transaction; what is not deferred any more is checked
  // at once. Errors: 25P01 outside a transaction; 23503, 23505.
  virtual absl::Status SetConstraints(const rpc::CallContext& context,
                                      const storage::v1::SetConstraintsRequest& request) = 0;
  // NOTIFY: sent to whoever listens when the transaction commits; outside of one at once. Equal
  // ones of a transaction are sent once. Errors: 22023, 54000.
  virtual absl::Status Notify(const rpc::CallContext& context, const std::string& channel,
                              const std::string& payload) = 0;
  // LISTEN, from the transaction's commit on; outside of one at once. What is heard goes to `sink`,
  // the same one at each call. Errors: 22023, 54000.
  virtual absl::Status Listen(const rpc::CallContext& context, const std::string& channel,
                              std::shared_ptr<NotificationSink> sink) = 0;
  // UNLISTEN; an empty channel: all.
  virtual absl::Status Unlisten(const rpc::CallContext& context, const std::string& channel) = 0;
  // For a statement that is at work in the caller for long, and has begun `running` ago: whether
  // pg_cancel_backend or pg_terminate_backend have been called for the session meanwhile. Whatever
  // the session runs goes on. Errors: 57014, 57P01.
  virtual absl::Status CheckSignals(const rpc::CallContext& context, absl::Duration running) = 0;
  // Forgets what is kept beyond transactions, at once. Errors: 25001 inside of one when more is to
  // be forgotten than sequences.
  virtual absl::Status Discard(const rpc::CallContext& context,
                               const storage::v1::DiscardRequest& request) = 0;
  // Whether it keeps what its client relies on beyond transactions: advisory locks, channels it
  // listens to.
  virtual bool keeps_state() const = 0;
  // For what follows: the longest wait for a lock (zero: as long as it takes; negative: as storage
  // is set), and as whom others see this session who wait for it. Without it: storage's own
  // timeout, nobody.
  virtual void SetLocking(absl::Duration lock_timeout, int32_t backend_pid) = 0;
  // Errors: ADB01 when the table has another version.
  virtual absl::StatusOr<std::unique_ptr<BulkWriter>> OpenBulkWriter(
      const rpc::CallContext& context, TableVersion table,
      const std::vector<common::v1::CheckConstraint>& checks, const ExecuteOptions& options) = 0;
  // Gathers statistics of these tables; empty: of all user tables. Errors: ADB01 when one has
  // another version, 42P01.
  virtual absl::Status Analyze(const rpc::CallContext& context,
                               const std::vector<TableVersion>& tables) = 0;
  // The catalog as this session's transaction sees it. Only differs from Storage::GetCatalog after
  // DDL in an open transaction.
  virtual absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context) = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;

  // A session in the system's database.
  absl::StatusOr<std::unique_ptr<Session>> OpenSession(const rpc::CallContext& context) {
    return OpenSessionIn(context, std::string(kSystemDatabase));
  }
  // In the database of that name. Errors: 3D000, at the latest with its first call.
  virtual absl::StatusOr<std::unique_ptr<Session>> OpenSessionIn(const rpc::CallContext& context,
                                                                 const std::string& database) = 0;
  // Compiles a plan. Errors: INVALID_ARGUMENT for a malformed plan.
  virtual absl::StatusOr<PreparedPlanPtr> Prepare(const rpc::CallContext& context,
                                                  std::shared_ptr<const common::v1::Plan> plan) = 0;
  // The committed catalog of the system's database.
  absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalog(
      const rpc::CallContext& context, uint64_t known_version) {
    return GetCatalogOf(context, std::string(kSystemDatabase), known_version);
  }
  // That of the database with the name; null when its version is `known_version` already. In one
  // process this is a look-up and a comparison. Versions are of one sequence for all databases.
  // Errors: 3D000.
  virtual absl::StatusOr<std::shared_ptr<const common::v1::CatalogSnapshot>> GetCatalogOf(
      const rpc::CallContext& context, const std::string& database, uint64_t known_version) = 0;
  // Statistics of the tables of all databases; null when their version is `known_version` already.
  virtual absl::StatusOr<std::shared_ptr<const common::v1::StatisticsSnapshot>> GetStatistics(
      const rpc::CallContext& context, uint64_t known_version) = 0;
  // Engine metrics: block cache, memtables, compaction, stalls, memory, index usage.
  virtual absl::StatusOr<storage::v1::EngineMetrics> GetMetrics(
      const rpc::CallContext& context) = 0;
  // The settings that change live, with bounds.
  virtual absl::StatusOr<storage::v1::ListKnobsResponse> ListKnobs(
      const rpc::CallContext& context) = 0;
  // Errors: INVALID_ARGUMENT names the knob and its bounds. Values are kept across restarts.
  virtual absl::StatusOr<storage::v1::Knob> SetKnob(const rpc::CallContext& context,
                                                    const std::string& name, int64_t value) = 0;
};

}  // namespace adbms::storage::api
