#include "services/gateway/session/changed_rows.h"

#include <utility>

#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/session.h"
#include "services/gateway/session/trigger_call.h"

namespace adbms::gateway::session {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;
using common::v1::TriggerRows;
using sql::binder::TriggerEvent;

namespace {

// Some columns of the batch.
types::Batch ColumnsOf(const types::Batch& batch, size_t begin, size_t end) {
  types::Batch part;
  part.row_count = batch.row_count;
  part.columns.assign(batch.columns.begin() + static_cast<std::ptrdiff_t>(begin),
                      batch.columns.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

}  // namespace

ChangedRows::ChangedRows(const sql::Catalog& catalog, const TriggerRows& sent,
                         const program::Rows& rows)
    : catalog_(catalog), sent_(sent), rows_(rows), table_(catalog.FindTable(sent.table_id())) {
  if (table_ != nullptr) width_ = ShapeOf(*table_).types.size();
}

absl::Status ChangedRows::ForEach(const std::function<absl::Status(ChangedRow)>& visit) const {
  if (table_ == nullptr) return absl::OkStatus();
  for (const types::Batch& batch : rows_.batches) {
    for (uint32_t row = 0; row < batch.row_count; ++row) {
      ASSIGN_OR_RETURN(ChangedRow one, RowAt(batch, row));
      RETURN_IF_ERROR(visit(std::move(one)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ChangedRow> ChangedRows::RowAt(const types::Batch& batch, uint32_t row) const {
  ChangedRow one;
  one.event = EventOf(sent_.event());
  one.table = table_;
  size_t next = 0;
  const auto take = [&] {
    std::vector<types::Value> values;
    for (size_t i = 0; i < width_; ++i) values.push_back(ValueAt(*batch.columns[next++], row));
    return values;
  };
  const auto take_table = [&]() -> absl::StatusOr<const TableDescriptor*> {
    const types::Value oid = ValueAt(*batch.columns[next++], row);
    const auto* table = catalog_.FindTable(static_cast<uint32_t>(oid.int_value()));
    if (table != nullptr) return table;
    return status::Error(sqlstate::kStalePlan, "a partition is not there any more");
  };
  if (sent_.has_old()) one.old_row = take();
  if (sent_.has_new()) one.new_row = take();
  if (sent_.has_table_oid()) {
    ASSIGN_OR_RETURN(one.table, take_table());
  }
  one.old_table = one.table;
  if (sent_.tells_updated()) {
    if (ValueAt(*batch.columns[next++], row).bool_value()) {
      one.event = TriggerEvent::kUpdate;
    } else {
      one.old_row.reset();
    }
  }
  if (sent_.has_old_table_oid()) {
    ASSIGN_OR_RETURN(one.old_table, take_table());
  }
  return one;
}

TriggerRowsSink::TriggerRowsSink(const common::v1::Plan& plan, const sql::Catalog& catalog)
    : plan_(plan) {
  size_t column = plan.trigger_rows().client_columns();
  const auto add = [&](const TriggerRows& sent) {
    Part& part = parts_.emplace_back();
    part.first = column;
    const TableDescriptor* table = catalog.FindTable(sent.table_id());
    const size_t width = table == nullptr ? 0 : ShapeOf(*table).types.size();
    size_t columns = width * (sent.has_old() + sent.has_new());
    columns += sent.has_table_oid() + sent.tells_updated() + sent.has_old_table_oid();
    for (; columns > 0; --columns, ++column)
      part.rows.types.push_back(
          types::FromProto(plan.root().output(static_cast<int>(column)).type()));
  };
  add(plan.trigger_rows());
  for (const TriggerRows& sent : plan.with_trigger_rows()) add(sent);
}

absl::Status TriggerRowsSink::Take(const types::Batch& batch, ResultSink* sink) {
  if (batch.row_count == 0) return absl::OkStatus();
  if (plan_.with_trigger_rows_size() == 0) {
    own_rows_ += batch.row_count;
    return TakePart(batch, 0, sink);
  }
  const types::Vector& whose = *batch.columns.back();
  std::vector<std::vector<uint32_t>> rows(parts_.size());
  for (uint32_t row = 0; row < batch.row_count; ++row)
    rows[static_cast<size_t>(whose.Get(row).int_value())].push_back(row);
  own_rows_ += rows[0].size();
  for (size_t part = 0; part < rows.size(); ++part) {
    if (rows[part].empty()) continue;
    RETURN_IF_ERROR(
        TakePart(types::Gather(batch, rows[part].data(), static_cast<uint32_t>(rows[part].size())),
                 part, sink));
  }
  return absl::OkStatus();
}

absl::Status TriggerRowsSink::TakePart(const types::Batch& batch, size_t number, ResultSink* sink) {
  Part& part = parts_[number];
  const size_t client = plan_.trigger_rows().client_columns();
  if (client > 0 && number == 0) RETURN_IF_ERROR(sink->Rows(ColumnsOf(batch, 0, client)));
  if (part.rows.types.empty()) return absl::OkStatus();
  types::Batch kept = CopyOf(ColumnsOf(batch, part.first, part.first + part.rows.types.size()), 0);
  bytes_ += BytesOf(kept);
  if (bytes_ > RowBuffer::kMaxBytes)
    return status::Error(sqlstate::kOutOfMemory,
                         "the rows that triggers are to be run for are too large", {},
                         "Change the rows in parts.");
  part.rows.size += kept.row_count;
  part.rows.batches.push_back(std::move(kept));
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
