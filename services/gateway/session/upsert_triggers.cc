// Runs INSERT … ON CONFLICT DO UPDATE row by row, with its triggers.
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/program_host.h"
#include "services/gateway/session/row_buffer.h"
#include "services/gateway/session/row_triggers.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/upsert_rows.h"

namespace adbms::gateway::session {
namespace {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;

absl::Status ChangedMeanwhile() {
  return status::Error("27000",
                       "tuple to be updated was already modified by an operation triggered by the "
                       "current command",
                       {},
                       "Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
                       "changes to other rows.");
}

// The columns that the statement itself returns.
absl::Status Return(const types::Batch& rows, size_t own, WrittenRows* written) {
  written->rows_affected += rows.row_count;
  if (own == 0) return absl::OkStatus();
  types::Batch part;
  part.row_count = rows.row_count;
  part.columns.assign(rows.columns.begin(),
                      rows.columns.begin() + static_cast<std::ptrdiff_t>(own));
  written->bytes += BytesOf(part);
  written->results.push_back(std::move(part));
  if (written->bytes <= RowBuffer::kMaxBytes) return absl::OkStatus();
  return status::Error(sqlstate::kOutOfMemory,
                       "the rows that a statement with triggers returns are too large", {},
                       "Insert the rows in parts.");
}

}  // namespace

absl::StatusOr<types::Batch> Session::RunForOneRow(const storage::api::PreparedPlanPtr& prepared,
                                                   const storage::api::ExecuteOptions& options) {
  BufferOpenResults();
  ASSIGN_OR_RETURN(const auto stream, storage_->Execute(Context(), prepared, options));
  types::Batch found, batch;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, stream->Next(&batch));
    if (!more) break;
    if (batch.row_count > 0) found = CopyOf(batch, 0);
  }
  RETURN_IF_ERROR(ChangeSettings(stream->summary()));
  return found;
}

absl::Status Session::FireForUpserts(const plan_cache::CachedPlan& plan, uint32_t cte,
                                     const std::vector<types::Batch>& batches,
                                     storage::api::ExecuteOptions* options, WrittenRows* written) {
  const common::v1::Operator& op = plan.plan->ctes(static_cast<int>(cte));
  const common::v1::RowTriggers& triggers = op.program_rows().triggers();
  ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
  const TableDescriptor* table = catalog->FindTable(triggers.table_id());
  if (table == nullptr)
    return status::Error(sqlstate::kStalePlan, "the table of the triggers is not there any more");
  ProgramHost host(this, nullptr, false);
  RowTriggerRun run(
      catalog, triggers, settings_.switches().is_replica(), &host,
      [&](const TriggerCall& call) { return FireTrigger(*catalog, call, nullptr, nullptr); });
  UpsertedKeys keys(*table, plan.plan->root().insert().conflict_index_id(), &host);
  // Each row is written before anything else runs.
  PendingRows* const outer = std::exchange(pending_, nullptr);
  const absl::Cleanup restore = [&] { pending_ = outer; };
  const auto own = static_cast<size_t>(plan.plan->root().output_size());
  const auto width = static_cast<size_t>(table->columns_size());
  const auto was_there = [&](const types::Batch& rows) {
    return ValueAt(*rows.columns[own + width], 0).bool_value();
  };
  std::vector<types::Value> new_row;
  for (const types::Batch& batch : batches) {
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      RETURN_IF_ERROR(Context().Check());
      ASSIGN_OR_RETURN(bool kept, run.Run(batch, row, &new_row));
      if (!kept) continue;
      types::Batch one = types::Gather(batch, &row, 1);
      for (const types::Value& value : new_row) {
        auto column = std::make_shared<types::Vector>(value.type());
        if (value.is_null()) {
          column->AppendNull();
        } else {
          column->Append(value);
        }
        one.columns.push_back(std::move(column));
      }
      storage::api::ExecuteOptions probe = *options;
      probe.cte_rows.push_back({cte, {one}});
      ASSIGN_OR_RETURN(const types::Batch found, RunForOneRow(plan.conflict->probe, probe));
      if (found.row_count == 0) continue;  // Its WHERE leaves the row alone.
      if (!was_there(found)) {
        keys.Add(new_row);
        RETURN_IF_ERROR(Return(found, own, written));
        continue;
      }
      const std::vector<types::Value> old_row = LiveRow(*table, found, 0, own);
      RETURN_IF_ERROR(keys.CheckNew(old_row));
      storage::api::ExecuteOptions compute = *options;
      types::Batch both = WholeRow(*table, old_row);
      const types::Batch excluded = WholeRow(*table, new_row);
      both.columns.insert(both.columns.end(), excluded.columns.begin(), excluded.columns.end());
      compute.cte_rows = {{0, {std::move(both)}}};
      ASSIGN_OR_RETURN(const types::Batch computed, RunForOneRow(plan.conflict->compute, compute));
      if (computed.row_count != 1) return absl::InternalError("no row to update");
      new_row = LiveRow(*table, computed, 0, 0);
      const uint32_t partition =
          table->has_partition_key()
              ? static_cast<uint32_t>(ValueAt(*found.columns[own + width + 1], 0).int_value())
              : table->table_id();
      ASSIGN_OR_RETURN(kept, run.RunUpdate(partition, old_row, &new_row));
      if (!kept) continue;
      storage::api::ExecuteOptions write = probe;
      const types::Batch whole = WholeRow(*table, new_row);
      for (const types::VectorPtr& column : whole.columns)
        write.parameters.push_back(ValueAt(*column, 0));
      ASSIGN_OR_RETURN(const types::Batch changed, RunForOneRow(plan.conflict->write, write));
      if (changed.row_count != 1 || !was_there(changed) ||
          LiveRow(*table, changed, 0, own) != old_row)
        return ChangedMeanwhile();
      keys.Add(old_row);
      keys.Add(new_row);
      RETURN_IF_ERROR(Return(changed, own, written));
    }
  }
  options->cte_rows.push_back({cte, {}});
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
