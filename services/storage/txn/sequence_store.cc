#include "services/storage/txn/sequence_store.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "common/status/macros.h"
#include "common/status/sql_error.h"

namespace adbms::storage::txn {
namespace {

using common::v1::SequenceDescriptor;
using common::v1::TableDescriptor;

// Reservations double from the first to the second while a sequence is in use.
constexpr uint64_t kSmallestRange = 32;
constexpr uint64_t kLargestRange = 4096;
// Counters of dropped sequences are forgotten when there are more than this.
constexpr size_t kManyCounters = 1024;

constexpr char kRecordLetter = 'q';

std::string Encode(const SequenceStore::State& state) {
  std::string value(9, '\0');
  std::memcpy(value.data(), &state.last_value, 8);
  value[8] = state.is_called ? 1 : 0;
  return value;
}

// How many values come after `value` before the sequence ends.
uint64_t StepsLeft(const SequenceDescriptor& sequence, int64_t value) {
  const bool up = sequence.increment() > 0;
  if (up ? value >= sequence.maximum() : value <= sequence.minimum()) return 0;
  const uint64_t distance =
      up ? static_cast<uint64_t>(sequence.maximum()) - static_cast<uint64_t>(value)
         : static_cast<uint64_t>(value) - static_cast<uint64_t>(sequence.minimum());
  const uint64_t step = up ? static_cast<uint64_t>(sequence.increment())
                           : uint64_t{0} - static_cast<uint64_t>(sequence.increment());
  return distance / step;
}

absl::StatusOr<int64_t> After(const TableDescriptor& table, const SequenceStore::State& state) {
  const SequenceDescriptor& sequence = table.sequence();
  if (!state.is_called) return state.last_value;
  if (StepsLeft(sequence, state.last_value) > 0) return state.last_value + sequence.increment();
  const bool up = sequence.increment() > 0;
  if (sequence.cycle()) return up ? sequence.minimum() : sequence.maximum();
  return status::Error("2200H", std::string("nextval: reached ") + (up ? "maximum" : "minimum") +
                                    " value of sequence \"" + table.name() + "\" (" +
                                    std::to_string(up ? sequence.maximum() : sequence.minimum()) +
                                    ")");
}

}  // namespace

absl::Status SequenceStore::Open(const catalog::Catalog& catalog) {
  std::set<uint32_t> known;
  for (const catalog::DatabasePtr& database : catalog.Databases()) {
    const catalog::CatalogStatePtr state = database->Current();
    for (const auto& [id, table] : state->tables()) {
      if (table->descriptor.has_sequence()) known.insert(table->descriptor.storage_id());
    }
  }
  engine::WriteBatch garbage;
  const std::string prefix = catalog::SystemKey(kRecordLetter);
  auto it = engine_->NewIterator(nullptr, {prefix, codec::PrefixEnd(prefix)}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const std::string_view key = engine::ToView(it->key());
    if (key.size() == prefix.size() + 4 &&
        known.contains(codec::SpaceOf(key.substr(prefix.size()))))
      continue;
    garbage.Delete(key);
  }
  RETURN_IF_ERROR(it->status());
  return engine_->read_only() ? absl::OkStatus() : engine_->Write(&garbage);
}

SequenceStore::CounterPtr SequenceStore::CounterOf(uint32_t storage_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = counters_.find(storage_id);
  if (found != counters_.end()) return found->second;
  if (counters_.size() >= kManyCounters) {
    // One that is in use nowhere is loaded again when it is asked for.
    absl::erase_if(counters_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  CounterPtr counter = std::make_shared<Counter>();
  counters_.emplace(storage_id, counter);
  return counter;
}

absl::Status SequenceStore::Load(const TableDescriptor& table, Counter* counter) {
  if (counter->loaded) return absl::OkStatus();
  engine::PinnableSlice value;
  bool found = false;
  RETURN_IF_ERROR(
      engine_->Get(nullptr, catalog::SystemKey(kRecordLetter, table.storage_id()), &value, &found));
  if (!found) {
    counter->state = {table.sequence().first(), false};
  } else if (value.size() != 9) {
    return status::Error(status::sqlstate::kDataCorrupted,
                         "the value of sequence \"" + table.name() + "\" is corrupted", {},
                         "Set it with setval().");
  } else {
    std::memcpy(&counter->state.last_value, value.data(), 8);
    counter->state.is_called = value.data()[8] != 0;
  }
  counter->loaded = true;
  return absl::OkStatus();
}

absl::Status SequenceStore::Save(uint32_t storage_id, const State& state) {
  engine::WriteBatch batch;
  batch.Put(catalog::SystemKey(kRecordLetter, storage_id), Encode(state));
  RETURN_IF_ERROR(engine_->Write(&batch));
  return log_->WaitDurable();
}

absl::Status SequenceStore::Reserve(const TableDescriptor& table, int64_t next, Counter* counter) {
  const uint64_t range = std::clamp(counter->range * 2, kSmallestRange, kLargestRange);
  const uint64_t more = std::min(range - 1, StepsLeft(table.sequence(), next));
  // In unsigned arithmetic, as every step stays within the bounds.
  const int64_t last = static_cast<int64_t>(
      static_cast<uint64_t>(next) + more * static_cast<uint64_t>(table.sequence().increment()));
  RETURN_IF_ERROR(Save(table.storage_id(), {last, true}));
  counter->range = range;
  counter->reserved = more + 1;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SequenceStore::Next(const TableDescriptor& table) {
  const CounterPtr counter = CounterOf(table.storage_id());
  absl::MutexLock lock(&counter->mutex);
  RETURN_IF_ERROR(Load(table, counter.get()));
  ASSIGN_OR_RETURN(const int64_t next, After(table, counter->state));
  if (counter->reserved == 0) RETURN_IF_ERROR(Reserve(table, next, counter.get()));
  counter->state = {next, true};
  --counter->reserved;
  return next;
}

absl::StatusOr<SequenceStore::State> SequenceStore::Get(const TableDescriptor& table) {
  const CounterPtr counter = CounterOf(table.storage_id());
  absl::MutexLock lock(&counter->mutex);
  RETURN_IF_ERROR(Load(table, counter.get()));
  return counter->state;
}

absl::Status SequenceStore::Set(const TableDescriptor& table, const State& state) {
  const CounterPtr counter = CounterOf(table.storage_id());
  absl::MutexLock lock(&counter->mutex);
  RETURN_IF_ERROR(Save(table.storage_id(), state));
  counter->loaded = true;
  counter->state = state;
  counter->reserved = 0;
  return absl::OkStatus();
}

absl::Status SequenceStore::Flush() {
  absl::MutexLock lock(&mutex_);
  engine::WriteBatch batch;
  for (const auto& [storage_id, counter] : counters_) {
    absl::MutexLock counter_lock(&counter->mutex);
    if (counter->reserved == 0) continue;
    batch.Put(catalog::SystemKey(kRecordLetter, storage_id), Encode(counter->state));
    counter->reserved = 0;
  }
  return engine_->Write(&batch);
}

}  // namespace adbms::storage::txn
