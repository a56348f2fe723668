// BEFORE and INSTEAD OF triggers for each row: the rows that a statement is about to write, as they
// leave them, and what of the statement has run already (decision 050). Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/sql/routing/partition_routing.h"
#include "common/sql/sql.h"
#include "services/gateway/session/trigger_call.h"
#include "services/storage/api/storage.h"

namespace adbms::gateway::session {

// What of a statement has been done before it runs, or the rest of it.
struct WrittenRows {
  bool called = false;                // Functions or triggers have run for its rows.
  std::vector<types::Batch> results;  // Of its root.
  uint64_t rows_affected = 0;
  uint64_t bytes = 0;
};

// The stream's rows behind those that there are already.
std::unique_ptr<storage::api::ResultStream> WithWritten(
    WrittenRows written, std::unique_ptr<storage::api::ResultStream> stream);

// Rows that triggers have fired for and that are not written yet. Whatever a program runs on
// storage is to see them there: it has them written first.
class PendingRows {
 public:
  // Writes the rows. Errors: the statement's.
  using Write = std::function<absl::Status(std::vector<types::Batch>)>;
  PendingRows(Write write, const std::vector<types::Type>& results);

  // What follows is of another batch, which is borrowed.
  void SetInput(const types::Batch* input);
  // A row of the input; `values`: of the results.
  void Add(uint32_t row, const std::vector<types::Value>& values);
  absl::Status Flush();
  // What waits, which then waits no more.
  std::vector<types::Batch> Take();

 private:
  void EndBatch();

  const Write write_;
  const types::Batch* input_ = nullptr;
  const std::vector<types::Type> types_;
  std::vector<uint32_t> rows_;
  std::vector<types::VectorPtr> results_;
  std::vector<types::Batch> batches_;
};

// Fires the triggers for one row after the other.
class RowTriggerRun {
 public:
  // Calls a trigger's function.
  using Fire = std::function<absl::StatusOr<program::Result>(const TriggerCall& call)>;

  RowTriggerRun(sql::CatalogPtr catalog, const common::v1::RowTriggers& triggers, bool is_replica,
                program::Host* host, Fire fire);

  // Whether the row is to be written, with the new row's live columns then. Errors: of the
  // triggers; 42804; 0A000 for a trigger that moves a row to another partition.
  absl::StatusOr<bool> Run(const types::Batch& input, uint32_t row,
                           std::vector<types::Value>* new_row);

  // BEFORE UPDATE of a row that stood in the way of one to insert.
  absl::StatusOr<bool> RunUpdate(uint32_t table_id, const std::vector<types::Value>& old_row,
                                 std::vector<types::Value>* new_row);

 private:
  using Event = sql::binder::TriggerEvent;
  // By table and event.
  std::vector<TriggerCall>& CallsOf(const common::v1::TableDescriptor& table, Event event);
  absl::StatusOr<bool> FireAll(const common::v1::TableDescriptor& table, Event event,
                               const std::vector<types::Value>* old_row,
                               std::vector<types::Value>* new_row);
  absl::Status TakeRow(const TriggerCall& call, const program::Record& row,
                       std::vector<types::Value>* new_row);
  // The partition of the table that takes the row; the table itself where it is not partitioned.
  // Null: none does, which is told when it is written.
  absl::StatusOr<const common::v1::TableDescriptor*> PartitionOf(
      const common::v1::TableDescriptor& table, const std::vector<types::Value>& row);

  const sql::CatalogPtr catalog_;
  const common::v1::RowTriggers& triggers_;
  const std::vector<uint32_t> assigned_;
  const bool is_replica_;
  program::Host* const host_;
  const Fire fire_;
  const common::v1::TableDescriptor* table_;
  std::map<std::pair<uint32_t, Event>, std::vector<TriggerCall>> calls_;
  std::map<uint32_t, std::shared_ptr<const sql::routing::PartitionRouting>> routings_;
  std::set<std::string> seen_;  // Row keys.
};

}  // namespace adbms::gateway::session
