#include "services/gateway/session/deferred_triggers.h"

#include <algorithm>

#include "absl/cleanup/cleanup.h"
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
