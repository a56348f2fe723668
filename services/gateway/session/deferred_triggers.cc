#include "services/gateway/session/deferred_triggers.h"

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/sql/catalog/partition_tree.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "services/gateway/session/row_buffer.h"
#include "services/gateway/session/session.h"

namespace adbms::gateway::session {
namespace {

uint64_t BytesOf(const program::Record& record) {
  uint64_t bytes = sizeof(record);
  for (const types::Value& value : record.values) {
    bytes += sizeof(value);
    if (!value.is_null() && types::IsString(value.type().id)) bytes += value.bytes().size();
  }
  return bytes;
}

}  // namespace

absl::Status DeferredTriggers::Add(Waiting waiting) {
  bytes_ +=
      sizeof(Waiting) + BytesOf(waiting.call.call().old_row) + BytesOf(waiting.call.call().new_row);
  if (bytes_ > RowBuffer::kMaxBytes)
    return status::Error(status::sqlstate::kOutOfMemory,
                         "too many deferred triggers wait for the end of the transaction", {},
                         "SET CONSTRAINTS ALL IMMEDIATE from time to time.");
  queue_.push_back(std::move(waiting));
  return absl::OkStatus();
}

void DeferredTriggers::SetAll(bool deferred) {
  all_ = deferred;
  modes_.clear();
}

bool DeferredTriggers::IsDeferred(const common::v1::TriggerDescriptor& trigger) const {
  if (trigger.deferral() == common::v1::DEFERRAL_UNSPECIFIED) return false;
  const auto mode = modes_.find(trigger.trigger_id());
  if (mode != modes_.end()) return mode->second;
  return all_.value_or(trigger.deferral() == common::v1::DEFERRAL_DEFERRED);
}

DeferredTriggers::Waiting* DeferredTriggers::Next(bool all) {
  const auto next = std::find_if(queue_.begin(), queue_.end(), [&](const Waiting& waiting) {
    return waiting.fired_at == 0 && (all || !IsDeferred(waiting.call.trigger()));
  });
  return next == queue_.end() ? nullptr : &*next;
}

bool DeferredTriggers::WaitsFor(uint32_t table_id) const {
  return std::any_of(queue_.begin(), queue_.end(), [table_id](const Waiting& waiting) {
    return waiting.fired_at == 0 && waiting.call.table().table_id() == table_id;
  });
}

void DeferredTriggers::RollBackTo(uint64_t serial) {
  while (!queue_.empty() && queue_.back().serial > serial) queue_.pop_back();
  for (Waiting& waiting : queue_) {
    if (waiting.fired_at > serial) waiting.fired_at = 0;
  }
}

void DeferredTriggers::Clear() {
  queue_.clear();
  bytes_ = 0;
  all_.reset();
  modes_.clear();
}

bool Session::IsDeferred(const common::v1::TriggerDescriptor& trigger) const {
  if (deferred_ != nullptr) return deferred_->IsDeferred(trigger);
  return trigger.deferral() == common::v1::DEFERRAL_DEFERRED;
}

absl::Status Session::Defer(const sql::CatalogPtr& catalog, const TriggerCall& call) {
  if (deferred_ == nullptr) deferred_ = std::make_unique<DeferredTriggers>();
  return deferred_->Add({catalog, call, ++serial_, 0});
}

absl::Status Session::CheckNoneWaits(const common::v1::DdlStatement& ddl,
                                     const sql::Catalog& catalog) const {
  if (deferred_ == nullptr) return absl::OkStatus();
  absl::Status status;
  const auto check = [&](const common::v1::TableDescriptor* table, const char* command) {
    if (table == nullptr) return;
    const auto one = [&](const common::v1::TableDescriptor& at) {
      if (!status.ok() || !deferred_->WaitsFor(at.table_id())) return;
      status = status::Error(status::sqlstate::kObjectInUse,
                             absl::StrCat("cannot ", command, " \"", at.name(),
                                          "\" because it has pending trigger events"));
    };
    one(*table);
    sql::ForEachPartition(catalog, *table, one);
  };
  if (ddl.has_alter_table() && !sql::RenamesOnly(ddl.alter_table()))
    check(catalog.FindTable(ddl.alter_table().table_id()), "ALTER TABLE");
  if (ddl.has_alter_trigger() && ddl.alter_trigger().new_name().empty())
    check(catalog.FindTable(ddl.alter_trigger().table_id()), "ALTER TABLE");
  if (ddl.has_create_index())
    check(catalog.FindTable(ddl.create_index().table_id()), "CREATE INDEX");
  for (const uint32_t id : ddl.truncate().table_ids()) check(catalog.FindTable(id), "TRUNCATE");
  for (const auto& name : ddl.drop_table().tables())
    check(catalog.ResolveTable(name.schema(), name.name(), settings_.search_path()), "DROP TABLE");
  return status;
}

absl::Status Session::FireDeferred(bool all, ResultSink* sink) {
  if (deferred_ == nullptr) return absl::OkStatus();
  while (DeferredTriggers::Waiting* const next = deferred_->Next(all)) {
    RETURN_IF_ERROR(Context().Check());
    next->fired_at = ++serial_;
    // The function may be another one by now.
    ASSIGN_OR_RETURN(const sql::CatalogPtr catalog, CurrentCatalog());
    const TriggerCall call = next->call;
    const sql::CatalogPtr kept = next->catalog;
    RETURN_IF_ERROR(FireTrigger(*catalog, call, nullptr, sink).status());
  }
  return absl::OkStatus();
}

}  // namespace adbms::gateway::session
