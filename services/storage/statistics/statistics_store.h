// Statistics of tables: gathered by ANALYZE from a sample, stored durably, published by version;
// running row counts for tables that nobody analyzed. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "adbms/common/v1/catalog.pb.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::statistics {

class StatisticsStore {
 public:
  explicit StatisticsStore(txn::Shared* shared) : shared_(shared) {}
  // Reads what is stored.
  absl::Status Load();
  // Writes the running counts down for the next start.
  absl::Status SaveRowCounts();

  // Samples the tables of a database (empty: all user tables). Errors: 42P01, and those of reading.
  absl::Status Analyze(const rpc::CallContext& context, const catalog::CatalogState& catalog,
                       const std::vector<uint32_t>& table_ids);
  // Null when nothing has changed since `known_version`.
  std::shared_ptr<const common::v1::StatisticsSnapshot> Snapshot(uint64_t known_version);
  // Rows of a table now, about.
  int64_t RowCount(const catalog::TableEntry& table);
  // When the table was analyzed, microseconds since the Unix epoch; 0: never.
  int64_t AnalyzedAt(uint32_t table_id);

 private:
  absl::StatusOr<common::v1::TableStatistics> Gather(const rpc::CallContext& context,
                                                     const catalog::TableEntry& table);
  void Rebuild() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  txn::Shared* const shared_;
  absl::Mutex mutex_;
  std::map<uint32_t, common::v1::TableStatistics> tables_ ABSL_GUARDED_BY(mutex_);
  bool changed_ ABSL_GUARDED_BY(mutex_) = true;
  uint64_t catalog_version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint32_t, int64_t> published_rows_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const common::v1::StatisticsSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace adbms::storage::statistics
