#include "services/gateway/session/row_triggers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/row_buffer.h"

namespace adbms::gateway::session {

namespace sqlstate = status::sqlstate;
using common::v1::TableDescriptor;
using common::v1::TriggerDescriptor;
using sql::binder::TriggerEvent;

namespace {

class StreamWithWritten : public storage::api::ResultStream {
 public:
  StreamWithWritten(WrittenRows written, std::unique_ptr<storage::api::ResultStream> stream)
      : written_(std::move(written)), stream_(std::move(stream)) {}

  absl::StatusOr<bool> Next(types::Batch* batch) override {
    if (next_ < written_.results.size()) {
      *batch = std::move(written_.results[next_++]);
      return true;
    }
    ASSIGN_OR_RETURN(const bool more, stream_->Next(batch));
    if (!more) {
      summary_ = stream_->summary();
      summary_.set_rows_affected(summary_.rows_affected() + written_.rows_affected);
    }
    return more;
  }
  const storage::v1::ExecutionSummary& summary() const override { return summary_; }

 private:
  WrittenRows written_;
  size_t next_ = 0;
  std::unique_ptr<storage::api::ResultStream> stream_;
  storage::v1::ExecutionSummary summary_;
};

std::vector<types::Value> RowOf(const types::Batch& input, uint32_t row,
                                const google::protobuf::RepeatedField<uint32_t>& columns) {
  std::vector<types::Value> values;
  for (const uint32_t column : columns) values.push_back(ValueAt(*input.columns[column], row));
  return values;
}

}  // namespace

std::unique_ptr<storage::api::ResultStream> WithWritten(
    WrittenRows written, std::unique_ptr<storage::api::ResultStream> stream) {
  return std::make_unique<StreamWithWritten>(std::move(written), std::move(stream));
}

PendingRows::PendingRows(Write write, const std::vector<types::Type>& results)
    : write_(std::move(write)), types_(results), results_(results.size()) {}

void PendingRows::SetInput(const types::Batch* input) {
  EndBatch();
  input_ = input;
}

void PendingRows::Add(uint32_t row, const std::vector<types::Value>& values) {
  for (size_t i = 0; rows_.empty() && i < types_.size(); ++i)
    results_[i] = std::make_shared<types::Vector>(types_[i]);
  rows_.push_back(row);
  for (size_t i = 0; i < results_.size(); ++i) {
    if (values[i].is_null()) {
      results_[i]->AppendNull();
    } else {
      results_[i]->Append(values[i]);
    }
  }
}

void PendingRows::EndBatch() {
  if (rows_.empty()) return;
  types::Batch batch = types::Gather(*input_, rows_.data(), static_cast<uint32_t>(rows_.size()));
  batch.columns.insert(batch.columns.end(), results_.begin(), results_.end());
  batches_.push_back(std::move(batch));
  rows_.clear();
}

std::vector<types::Batch> PendingRows::Take() {
  EndBatch();
  return std::exchange(batches_, {});
}

absl::Status PendingRows::Flush() {
  std::vector<types::Batch> rows = Take();
  return rows.empty() ? absl::OkStatus() : write_(std::move(rows));
}

RowTriggerRun::RowTriggerRun(sql::CatalogPtr catalog, const common::v1::RowTriggers& triggers,
                             bool is_replica, program::Host* host, Fire fire)
    : catalog_(std::move(catalog)),
      triggers_(triggers),
      assigned_(triggers.assigned().begin(), triggers.assigned().end()),
      is_replica_(is_replica),
      host_(host),
      fire_(std::move(fire)),
      table_(catalog_->FindTable(triggers.table_id())) {}

std::vector<TriggerCall>& RowTriggerRun::CallsOf(const TableDescriptor& table, TriggerEvent event) {
  const auto [known, added] = calls_.try_emplace({table.table_id(), event});
  if (added)
    known->second = RowCallsOf(
        table, event,
        triggers_.instead() ? TriggerDescriptor::TIMING_INSTEAD : TriggerDescriptor::TIMING_BEFORE,
        assigned_, is_replica_);
  return known->second;
}

absl::Status RowTriggerRun::TakeRow(const TriggerCall& call, const program::Record& row,
                                    std::vector<types::Value>* new_row) {
  const program::Record& shape = call.call().new_row;
  if (row.values.size() != shape.types.size())
    return status::Error(
        sqlstate::kDatatypeMismatch,
        "returned row structure does not match the structure of the triggering table",
        absl::StrCat("Number of returned columns (", row.values.size(),
                     ") does not match expected column count (", shape.types.size(), ")."));
  for (size_t i = 0; i < shape.types.size(); ++i) {
    ASSIGN_OR_RETURN((*new_row)[i], host_->Convert(row.values[i], shape.types[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RowTriggerRun::FireAll(const TableDescriptor& table, TriggerEvent event,
                                            const std::vector<types::Value>* old_row,
                                            std::vector<types::Value>* new_row) {
  for (TriggerCall& call : CallsOf(table, event)) {
    call.SetRows(old_row, new_row);
    ASSIGN_OR_RETURN(const bool meant, call.IsMeant(host_));
    if (!meant) continue;
    ASSIGN_OR_RETURN(const program::Result result, fire_(call));
    if (result.skip) return false;
    if (new_row == nullptr) continue;
    RETURN_IF_ERROR(TakeRow(call, result.row, new_row));
    if (event != TriggerEvent::kInsert || &table == table_) continue;
    ASSIGN_OR_RETURN(const TableDescriptor* now, PartitionOf(*table_, *new_row));
    if (now == &table) continue;
    return status::Error(
        sqlstate::kFeatureNotSupported,
        "moving row to another partition during a BEFORE FOR EACH ROW trigger is not supported",
        absl::StrCat("Before executing trigger \"", call.trigger().name(),
                     "\", the row was to be in partition \"", table.schema(), ".", table.name(),
                     "\"."));
  }
  return true;
}

absl::StatusOr<bool> RowTriggerRun::Run(const types::Batch& input, uint32_t row,
                                        std::vector<types::Value>* new_row) {
  if (table_ == nullptr)
    return status::Error(sqlstate::kStalePlan, "the table of the triggers is not there any more");
  if (triggers_.has_row_key()) {
    const types::Vector& keys = *input.columns[triggers_.row_key()];
    // A row that joins with several is changed once.
    if (keys.is_null(row) || !seen_.emplace(keys.data<std::string_view>()[row]).second)
      return false;
  }
  const std::vector<types::Value> old_row = RowOf(input, row, triggers_.old_columns());
  *new_row = RowOf(input, row, triggers_.new_columns());
  const TableDescriptor* table = table_;
  if (triggers_.has_table_oid()) {
    const types::Value oid = ValueAt(*input.columns[triggers_.table_oid()], row);
    table = catalog_->FindTable(static_cast<uint32_t>(oid.int_value()));
    if (table == nullptr)
      return status::Error(sqlstate::kStalePlan, "a partition is not there any more");
  }
  switch (EventOf(triggers_.event())) {
    case TriggerEvent::kDelete:
      return FireAll(*table, TriggerEvent::kDelete, &old_row, nullptr);
    case TriggerEvent::kInsert: {
      ASSIGN_OR_RETURN(table, PartitionOf(*table, *new_row));
      if (table == nullptr) return true;
      return FireAll(*table, TriggerEvent::kInsert, nullptr, new_row);
    }
    default:
      break;
  }
  ASSIGN_OR_RETURN(bool kept, FireAll(*table, TriggerEvent::kUpdate, &old_row, new_row));
  if (!kept || !triggers_.has_table_oid()) return kept;
  ASSIGN_OR_RETURN(const TableDescriptor* to, PartitionOf(*table_, *new_row));
  if (to == nullptr || to == table) return true;
  ASSIGN_OR_RETURN(kept, FireAll(*table, TriggerEvent::kDelete, &old_row, nullptr));
  if (!kept) return false;
  return FireAll(*to, TriggerEvent::kInsert, nullptr, new_row);
}

absl::StatusOr<bool> RowTriggerRun::RunUpdate(uint32_t table_id,
                                              const std::vector<types::Value>& old_row,
                                              std::vector<types::Value>* new_row) {
  // Otherwise they are a part of what DO UPDATE sets.
  if (assigned_.empty()) return true;
  const TableDescriptor* table = catalog_->FindTable(table_id);
  if (table == nullptr)
    return status::Error(sqlstate::kStalePlan, "a partition is not there any more");
  return FireAll(*table, TriggerEvent::kUpdate, &old_row, new_row);
}

absl::StatusOr<const TableDescriptor*> RowTriggerRun::PartitionOf(
    const TableDescriptor& table, const std::vector<types::Value>& row) {
  if (!table.has_partition_key()) return &table;
  types::Batch one;
  one.row_count = 1;
  size_t next = 0;
  for (const auto& column : table.columns()) {
    auto vector = std::make_shared<types::Vector>(types::FromProto(column.type()));
    if (column.dropped() || row[next].is_null()) {
      vector->AppendNull();
    } else {
      vector->Append(row[next]);
    }
    if (!column.dropped()) ++next;
    one.columns.push_back(std::move(vector));
  }
  const TableDescriptor* at = &table;
  while (at != nullptr && at->has_partition_key()) {
    auto& routing = routings_[at->table_id()];
    if (routing == nullptr) {
      ASSIGN_OR_RETURN(routing, sql::routing::PartitionRouting::Make(*at));
    }
    std::vector<uint32_t> ids;
    RETURN_IF_ERROR(routing->Route(one, &ids));
    at = ids[0] == 0 ? nullptr : catalog_->FindTable(ids[0]);
  }
  return at;
}

}  // namespace adbms::gateway::session
