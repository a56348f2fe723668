#include "services/storage/executor/grouping.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"

namespace adbms::storage::executor {

bool GroupingSpec::combinable() const {
  return repeatable && std::all_of(calls.begin(), calls.end(), [](const AggregateCall& call) {
           return call.order_by.empty() && (call.distinct || call.function->combinable());
         });
}

Grouping::Grouping(ExecutionContext* context, const GroupingSpec* spec, Role role)
    : context_(context),
      spec_(*spec),
      role_(role),
      table_(context, spec->key_types, spec->block_bytes + sizeof(char*)),
      states_(context, &spec->calls, spec->block_bytes) {
  states_.SetPart(role == Role::kPart);
  Clear();
}

void Grouping::ClearGroups() {
  table_.Clear();
  states_.Clear();
  emitted_ = 0;
}

void Grouping::Clear() {
  ClearGroups();
  waiting_.clear();
  partitions_.reset();
  level_ = 0;
  table_.SetMayClose(spec_.repeatable);
  if (spec_.keys.empty()) states_.MakeGroups(1);
}

absl::StatusOr<bool> Grouping::GroupPartition() {
  if (waiting_.empty()) return false;
  ClearGroups();
  const Partition partition = std::move(waiting_.back());
  waiting_.pop_back();
  level_ = partition.level;
  table_.SetMayClose(level_ < RowPartitions::kDeepest);
  SpooledRows::Reader reader(partition.rows.get());
  types::Batch batch;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(&batch));
    if (!more) break;
    RETURN_IF_ERROR(Add(batch));
  }
  RETURN_IF_ERROR(FinishRows());
  return true;
}

absl::Status Grouping::FinishRows() {
  if (partitions_ != nullptr) {
    ASSIGN_OR_RETURN(std::vector<Partition> parts, partitions_->Finish());
    partitions_.reset();
    for (Partition& part : parts) {
      if (part.rows->row_count() > 0) waiting_.push_back(std::move(part));
    }
  }
  return states_.Finish();
}

absl::StatusOr<bool> Grouping::Emit(types::Batch* out) {
  if (emitted_ == states_.size()) return false;
  std::vector<types::VectorPtr> results;
  ASSIGN_OR_RETURN(const uint32_t count, states_.TakeResults(emitted_, &results));
  *out = types::Batch();
  if (!spec_.keys.empty()) {
    std::vector<uint32_t> groups(count);
    std::iota(groups.begin(), groups.end(), emitted_);
    *out = table_.Keys(groups.data(), count);
  }
  out->row_count = count;
  out->columns.insert(out->columns.end(), results.begin(), results.end());
  emitted_ += count;
  return true;
}

absl::Status Grouping::Combine(Grouping* part) {
  std::vector<uint32_t> groups(part->states_.size(), 0);
  if (!spec_.keys.empty()) {
    std::vector<uint32_t> theirs;
    for (uint32_t begin = 0; begin < groups.size(); begin += types::BatchRows()) {
      RETURN_IF_ERROR(context_->call->Check());
      theirs.resize(std::min<size_t>(types::BatchRows(), groups.size() - begin));
      std::iota(theirs.begin(), theirs.end(), begin);
      RETURN_IF_ERROR(table_.Assign(
          part->table_.Keys(theirs.data(), static_cast<uint32_t>(theirs.size())), &groups_));
      if (table_.closed()) return NoRoom();
      std::copy(groups_.begin(), groups_.end(), groups.begin() + begin);
    }
    states_.MakeGroups(table_.size());
  }
  RETURN_IF_ERROR(states_.Combine(&part->states_, groups));
  return states_.crowded() ? NoRoom() : absl::OkStatus();
}

absl::Status Grouping::Add(const types::Batch& batch) {
  types::Batch keys;
  std::vector<CallRows> rows(spec_.calls.size());
  const absl::Status evaluated = Evaluate(batch, &keys, &rows);
  if (spec_.repeatable && batch.row_count > 1 && IsMemoryRefusal(evaluated)) {
    return AddParts(batch);
  }
  RETURN_IF_ERROR(evaluated);
  groups_.assign(batch.row_count, 0);
  bool all = true;
  if (!spec_.keys.empty()) {
    RETURN_IF_ERROR(table_.Assign(keys, &groups_));
    states_.MakeGroups(table_.size());
    if (table_.closed()) {
      ASSIGN_OR_RETURN(all, PutOff(batch, keys));
    }
  }
  for (size_t i = 0; i < spec_.calls.size(); ++i) {
    RETURN_IF_ERROR(AddCall(i, batch, std::move(rows[i]), all));
  }
  if (!states_.crowded()) return absl::OkStatus();
  if (role_ == Role::kPart) return NoRoom();
  table_.Close();
  return absl::OkStatus();
}

// A batch whose keys and arguments are too much at once.
absl::Status Grouping::AddParts(const types::Batch& batch) {
  const uint32_t step = (batch.row_count + 7) / 8;
  for (uint32_t begin = 0; begin < batch.row_count; begin += step) {
    RETURN_IF_ERROR(context_->call->Check());
    RETURN_IF_ERROR(Add(Slice(batch, begin, std::min(step, batch.row_count - begin))));
  }
  return absl::OkStatus();
}

absl::Status Grouping::Evaluate(const types::Batch& batch, types::Batch* keys,
                                std::vector<CallRows>* rows) {
  std::optional<BatchCeiling> ceiling;
  if (spec_.repeatable && batch.row_count > 1) ceiling.emplace(context_->memory);
  if (!spec_.keys.empty()) {
    ASSIGN_OR_RETURN(*keys, EvaluateAll(spec_.keys, context_, batch));
  }
  for (size_t i = 0; i < spec_.calls.size(); ++i) {
    const AggregateCall& call = spec_.calls[i];
    CallRows& taken = (*rows)[i];
    const types::Batch* input = &batch;
    if (call.filter != nullptr) {
      RETURN_IF_ERROR(call.filter->Select(context_->state, batch, &taken.selection));
      const auto count = static_cast<uint32_t>(taken.selection.size());
      taken.filtered = types::Gather(batch, taken.selection.data(), count);
      taken.filtered.row_count = count;
      input = &taken.filtered;
    }
    if (input->row_count == 0) continue;
    ASSIGN_OR_RETURN(taken.arguments, EvaluateAll(call.arguments, context_, *input));
  }
  return absl::OkStatus();
}

// Lets the rows without a group wait on disk; whether there are none.
absl::StatusOr<bool> Grouping::PutOff(const types::Batch& batch, const types::Batch& keys) {
  std::vector<uint32_t> selection;
  for (uint32_t row = 0; row < batch.row_count; ++row) {
    if (groups_[row] == kNullRow) selection.push_back(row);
  }
  if (selection.empty()) return true;
  if (role_ == Role::kPart) return NoRoom();
  if (partitions_ == nullptr) {
    ASSIGN_OR_RETURN(partitions_, RowPartitions::Create(context_, level_));
  }
  std::vector<uint64_t> hashes;
  RETURN_IF_ERROR(HashRows(Pointers(keys), selection, &context_->memory, &hashes));
  RETURN_IF_ERROR(partitions_->Add(batch, selection, hashes));
  return false;
}

absl::Status Grouping::AddCall(size_t position, const types::Batch& batch, CallRows taken,
                               bool all) {
  const bool filtered = spec_.calls[position].filter != nullptr;
  const types::Batch& rows = filtered ? taken.filtered : batch;
  if (rows.row_count == 0) return absl::OkStatus();
  if (all && !filtered) return states_.Add(position, rows, std::move(taken.arguments), groups_);
  std::vector<uint32_t> groups;
  std::vector<uint32_t> selection;
  for (uint32_t i = 0; i < rows.row_count; ++i) {
    const uint32_t group = groups_[filtered ? taken.selection[i] : i];
    if (group == kNullRow) continue;
    groups.push_back(group);
    selection.push_back(i);
  }
  if (groups.size() == rows.row_count)
    return states_.Add(position, rows, std::move(taken.arguments), groups);
  const auto count = static_cast<uint32_t>(selection.size());
  if (count == 0) return absl::OkStatus();
  types::Batch kept = types::Gather(rows, selection.data(), count);
  types::Batch arguments = types::Gather(taken.arguments, selection.data(), count);
  kept.row_count = arguments.row_count = count;
  return states_.Add(position, kept, std::move(arguments), groups);
}

}  // namespace adbms::storage::executor
