#include "services/storage/knobs/knobs.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::knobs {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kGiB = 1 << 30;

}  // namespace

Knobs::Knobs(txn::Shared* shared, const Defaults& defaults) : shared_(shared) {
  engine::Engine* engine = shared->engine;
  Add("block_cache_bytes", "bytes", "Memory for blocks of data files.", 8 * kMiB, 256 * kGiB,
      defaults.block_cache_bytes, [engine](int64_t value) {
        engine->SetBlockCacheBytes(static_cast<uint64_t>(value));
        return absl::OkStatus();
      });
  Add("memtable_bytes", "bytes", "Memory for writes that are not in data files yet.", 8 * kMiB,
      64 * kGiB, defaults.memtable_bytes, [engine](int64_t value) {
        engine->SetMemtableBytes(static_cast<uint64_t>(value));
        return engine->SetOption("write_buffer_size", std::to_string(std::clamp<int64_t>(
                                                          value / 4, 4 * kMiB, 256 * kMiB)));
      });
  Add("query_memory_bytes", "bytes",
      "Memory for sorts, joins and groups of all statements together; what needs more "
      "uses temporary files.",
      kMiB, 256 * kGiB, defaults.query_memory_bytes, [shared](int64_t value) {
        shared->query_memory.SetLimit(value);
        return absl::OkStatus();
      });
  Add("max_background_jobs", "threads", "Flushes and compactions at the same time.", 1, 64,
      defaults.max_background_jobs, [engine](int64_t value) {
        return engine->SetDbOption("max_background_jobs", std::to_string(value));
      });
  Add("bytes_per_sync", "bytes",
      "Data files are synced in steps of this size while they are written; 0: at the end.", 0, kGiB,
      kMiB, [engine](int64_t value) {
        return engine->SetDbOption("bytes_per_sync", std::to_string(value));
      });
  Add("level0_file_num_compaction_trigger", "files", "Files in level 0 that start a compaction.", 1,
      64, 4, [engine](int64_t value) {
        return engine->SetOption("level0_file_num_compaction_trigger", std::to_string(value));
      });
  Add("max_transaction_bytes", "bytes", "Changes that one transaction may hold.", kMiB, 32 * kGiB,
      defaults.max_transaction_bytes, [shared](int64_t value) {
        shared->max_transaction_bytes.store(static_cast<uint64_t>(value),
                                            std::memory_order_relaxed);
        return absl::OkStatus();
      });
  Add("lock_timeout_ms", "milliseconds",
      "How long the system's own statements wait for a lock; clients set lock_timeout.", 1,
      24 * 3600 * 1000, defaults.lock_timeout_ms, [shared](int64_t value) {
        shared->locks->SetDefaultTimeout(absl::Milliseconds(value));
        return absl::OkStatus();
      });
}

void Knobs::Add(const char* name, const char* unit, const char* description, int64_t minimum,
                int64_t maximum, int64_t default_value,
                std::function<absl::Status(int64_t)> apply) {
  Entry entry;
  entry.knob.set_name(name);
  entry.knob.set_unit(unit);
  entry.knob.set_description(description);
  entry.knob.set_minimum(minimum);
  entry.knob.set_maximum(maximum);
  entry.knob.set_default_value(std::clamp(default_value, minimum, maximum));
  entry.knob.set_value(entry.knob.default_value());
  entry.apply = std::move(apply);
  absl::MutexLock lock(&mutex_);
  entries_.push_back(std::move(entry));
}

absl::Status Knobs::Load() {
  absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    engine::PinnableSlice stored;
    bool found = false;
    RETURN_IF_ERROR(shared_->engine->Get(
        nullptr, catalog::SystemKey('k', std::string_view(entry.knob.name())), &stored, &found));
    int64_t value = 0;
    if (found && absl::SimpleAtoi(absl::string_view(stored.data(), stored.size()), &value)) {
      entry.knob.set_value(std::clamp(value, entry.knob.minimum(), entry.knob.maximum()));
    }
    RETURN_IF_ERROR(entry.apply(entry.knob.value()));
  }
  return absl::OkStatus();
}

v1::ListKnobsResponse Knobs::List() const {
  absl::MutexLock lock(&mutex_);
  v1::ListKnobsResponse response;
  for (const Entry& entry : entries_) *response.add_knobs() = entry.knob;
  return response;
}

absl::StatusOr<v1::Knob> Knobs::Set(const std::string& name, int64_t value) {
  absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    if (entry.knob.name() != name) continue;
    if (value < entry.knob.minimum() || value > entry.knob.maximum()) {
      return status::Error(status::sqlstate::kInvalidParameterValue,
                           std::to_string(value) + " is outside the valid range for parameter \"" +
                               name + "\" (" + std::to_string(entry.knob.minimum()) + " .. " +
                               std::to_string(entry.knob.maximum()) + ")");
    }
    RETURN_IF_ERROR(entry.apply(value));
    entry.knob.set_value(value);
    engine::WriteBatch batch;
    batch.Put(catalog::SystemKey('k', std::string_view(name)), std::to_string(value));
    RETURN_IF_ERROR(shared_->log->Write(&batch));
    RETURN_IF_ERROR(shared_->log->WaitDurable());
    return entry.knob;
  }
  return status::Error(status::sqlstate::kInvalidParameterValue,
                       "unrecognized storage knob \"" + name + "\"", {},
                       "SELECT name FROM adbms.knobs lists them.");
}

}  // namespace adbms::storage::knobs
