#include "services/storage/executor/aggregate_states.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/status/macros.h"
#include "common/types/batch_rows.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

// What is kept is counted when it is so much.
constexpr size_t kCountedTogether = 256 << 10;

}  // namespace

AggregateStates::AggregateStates(ExecutionContext* context, const std::vector<AggregateCall>* calls,
                                 size_t block_bytes)
    : context_(context), calls_(*calls), block_bytes_(block_bytes) {
  Clear();
}

void AggregateStates::Clear() {
  for (char* block : blocks_) {
    for (const AggregateCall& call : calls_) call.function->Destroy(block + call.offset);
  }
  blocks_.clear();
  arena_ = std::make_unique<types::Arena>();
  seen_.clear();
  seen_.resize(calls_.size());
  ordered_.clear();
  ordered_.resize(calls_.size());
  uncounted_bytes_ = 0;
  crowded_ = false;
  context_->memory.Release(std::exchange(reserved_, 0));
}

void AggregateStates::MakeGroups(uint32_t count) {
  while (blocks_.size() < count) {
    // Blocks are the arena's only content and multiples of 16 bytes, and so are its own blocks
    // aligned.
    char* block = block_bytes_ == 0 ? nullptr : arena_->Allocate(block_bytes_);
    if (block != nullptr) std::memset(block, 0, block_bytes_);
    for (const AggregateCall& call : calls_) call.function->Initialize(block + call.offset);
    blocks_.push_back(block);
  }
}

absl::Status AggregateStates::Keep(size_t bytes) {
  uncounted_bytes_ += bytes;
  if (uncounted_bytes_ < kCountedTogether) return absl::OkStatus();
  const auto more = static_cast<int64_t>(std::exchange(uncounted_bytes_, 0));
  if (!context_->memory.TryReserveSpillable(more)) {
    crowded_ = true;
    RETURN_IF_ERROR(context_->memory.Reserve(more));
  }
  reserved_ += more;
  return absl::OkStatus();
}

absl::Status AggregateStates::Add(size_t call, const types::Batch& rows, types::Batch arguments,
                                  const std::vector<uint32_t>& groups) {
  if (!calls_[call].order_by.empty()) return AddOrdered(call, rows, std::move(arguments), groups);
  if (calls_[call].distinct) return AddDistinct(call, arguments, groups);
  return Update(calls_[call], arguments, groups);
}

absl::Status AggregateStates::Update(const AggregateCall& call, const types::Batch& arguments,
                                     const std::vector<uint32_t>& groups) {
  states_.resize(arguments.row_count);
  for (uint32_t i = 0; i < arguments.row_count; ++i) states_[i] = blocks_[groups[i]] + call.offset;
  const std::vector<const types::Vector*> columns = Pointers(arguments);
  const int64_t growth = call.function->GrowthOf(columns, arguments.row_count, states_.data());
  if (growth > 0) RETURN_IF_ERROR(Keep(static_cast<size_t>(growth)));
  return call.function->Update(columns, arguments.row_count, states_.data());
}

absl::Status AggregateStates::AddDistinct(size_t call, const types::Batch& arguments,
                                          const std::vector<uint32_t>& groups) {
  const std::vector<const types::Vector*> columns = Pointers(arguments);
  absl::flat_hash_set<std::string>& seen = seen_[call];
  std::vector<uint32_t> selection;
  std::vector<uint32_t> kept_groups;
  RowIdentity identity(&context_->memory);
  for (uint32_t row = 0; row < arguments.row_count; ++row) {
    const std::string_view group(reinterpret_cast<const char*>(&groups[row]), sizeof(uint32_t));
    RETURN_IF_ERROR(identity.Set(columns, row, group));
    const std::string& key = identity.key();
    const bool is_long = key.size() > kLongIdentity;
    if (is_long) {
      // Counted before it is copied.
      if (seen.contains(key)) continue;
      RETURN_IF_ERROR(Keep(key.size() + 64));
    }
    if (!seen.insert(key).second) continue;
    if (!is_long) RETURN_IF_ERROR(Keep(key.size() + 64));
    selection.push_back(row);
    kept_groups.push_back(groups[row]);
  }
  if (selection.empty()) return absl::OkStatus();
  const auto count = static_cast<uint32_t>(selection.size());
  types::Batch kept = types::Gather(arguments, selection.data(), count);
  kept.row_count = count;
  return Update(calls_[call], kept, kept_groups);
}

absl::Status AggregateStates::AddOrdered(size_t call, const types::Batch& rows,
                                         types::Batch arguments,
                                         const std::vector<uint32_t>& groups) {
  Ordered& ordered = ordered_[call];
  std::vector<std::string> keys;
  RETURN_IF_ERROR(EncodeSortKeys(calls_[call].order_by, context_, rows, &keys, &reserved_));
  RETURN_IF_ERROR(Keep(static_cast<size_t>(MemoryOf(arguments)) + 4 * groups.size()));
  ordered.groups.insert(ordered.groups.end(), groups.begin(), groups.end());
  ordered.keys.insert(ordered.keys.end(), std::make_move_iterator(keys.begin()),
                      std::make_move_iterator(keys.end()));
  ordered.arguments.push_back(std::move(arguments));
  return absl::OkStatus();
}

absl::Status AggregateStates::FinishOrdered(size_t position) {
  Ordered& ordered = ordered_[position];
  if (ordered.groups.empty()) return absl::OkStatus();
  const AggregateCall& call = calls_[position];
  std::vector<types::Type> types;
  for (const CompiledExpressionPtr& argument : call.arguments) types.push_back(argument->type());
  const types::Batch all = Concatenate(ordered.arguments, types);
  std::vector<uint32_t> order(ordered.groups.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return ordered.keys[a] < ordered.keys[b]; });
  for (size_t start = 0; start < order.size(); start += types::BatchRows()) {
    const auto count =
        static_cast<uint32_t>(std::min<size_t>(order.size() - start, types::BatchRows()));
    types::Batch part = types::Gather(all, order.data() + start, count);
    part.row_count = count;
    std::vector<uint32_t> groups;
    for (uint32_t i = 0; i < count; ++i) groups.push_back(ordered.groups[order[start + i]]);
    RETURN_IF_ERROR(call.distinct ? AddDistinct(position, part, groups)
                                  : Update(call, part, groups));
  }
  return absl::OkStatus();
}

absl::Status AggregateStates::Finish() {
  for (size_t i = 0; i < calls_.size(); ++i) RETURN_IF_ERROR(FinishOrdered(i));
  return absl::OkStatus();
}

absl::Status AggregateStates::Finalize(size_t call, uint32_t begin, uint32_t count,
                                       types::Vector* out) const {
  const size_t offset = calls_[call].offset;
  for (uint32_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(calls_[call].function->Finalize(blocks_[begin + i] + offset, out, i));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
