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

// Of rows that are sorted by group and arguments, keeps the first of those that are equal. `last`
// is what the row before had.
absl::Status DropRepeated(types::Batch* arguments, std::vector<uint32_t>* groups,
                          RowIdentity* identity, std::string* last) {
  const std::vector<const types::Vector*> columns = Pointers(*arguments);
  std::vector<uint32_t> selection;
  std::vector<uint32_t> kept_groups;
  for (uint32_t row = 0; row < arguments->row_count; ++row) {
    const std::string_view group(reinterpret_cast<const char*>(&(*groups)[row]), sizeof(uint32_t));
    RETURN_IF_ERROR(identity->Set(columns, row, group));
    if (identity->key() == *last) continue;
    *last = identity->key();
    selection.push_back(row);
    kept_groups.push_back((*groups)[row]);
  }
  const auto count = static_cast<uint32_t>(selection.size());
  *arguments = types::Gather(*arguments, selection.data(), count);
  arguments->row_count = count;
  *groups = std::move(kept_groups);
  return absl::OkStatus();
}

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
  sorters_.clear();
  sorters_.resize(calls_.size());
  uncounted_bytes_ = 0;
  seen_bytes_ = 0;
  crowded_ = false;
  context_->memory.Release(std::exchange(reserved_, 0));
  context_->memory.Release(std::exchange(seen_reserved_, 0));
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
  if (!calls_[call].order_by.empty()) {
    std::vector<types::VectorPtr> order;
    for (const SortKeySpec& key : calls_[call].order_by) {
      ASSIGN_OR_RETURN(types::VectorPtr column, key.expression->Evaluate(context_->state, rows));
      order.push_back(std::move(column));
    }
    return AddSorted(call, order, std::move(arguments), groups);
  }
  if (calls_[call].distinct) return AddDistinct(call, std::move(arguments), groups);
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

// Those that were seen before are dropped. While memory is short nothing more is remembered: the
// others wait in the sorter.
absl::Status AggregateStates::AddDistinct(size_t call, types::Batch arguments,
                                          const std::vector<uint32_t>& groups) {
  const std::vector<const types::Vector*> columns = Pointers(arguments);
  absl::flat_hash_set<std::string>& seen = seen_[call];
  std::vector<uint32_t> fresh;
  std::vector<uint32_t> later;
  std::vector<uint32_t> fresh_groups;
  std::vector<uint32_t> later_groups;
  RowIdentity identity(&context_->memory);
  for (uint32_t row = 0; row < arguments.row_count; ++row) {
    const std::string_view group(reinterpret_cast<const char*>(&groups[row]), sizeof(uint32_t));
    RETURN_IF_ERROR(identity.Set(columns, row, group));
    const std::string& key = identity.key();
    if (seen.contains(key)) continue;
    const auto bytes = static_cast<int64_t>(key.size() + 64);
    seen_bytes_ += bytes;  // Counted before it is copied.
    if (sorters_[call] != nullptr ||
        !context_->memory.TryAdjustSpillable(seen_bytes_, &seen_reserved_)) {
      seen_bytes_ -= bytes;
      later.push_back(row);
      later_groups.push_back(groups[row]);
      continue;
    }
    seen.insert(key);
    fresh.push_back(row);
    fresh_groups.push_back(groups[row]);
  }
  const auto take = [&](const std::vector<uint32_t>& selection) {
    types::Batch taken =
        types::Gather(arguments, selection.data(), static_cast<uint32_t>(selection.size()));
    taken.row_count = static_cast<uint32_t>(selection.size());
    return taken;
  };
  if (!later.empty()) RETURN_IF_ERROR(AddSorted(call, {}, take(later), later_groups));
  return fresh.empty() ? absl::OkStatus() : Update(calls_[call], take(fresh), fresh_groups);
}

absl::Status AggregateStates::AddSorted(size_t position, const std::vector<types::VectorPtr>& order,
                                        types::Batch arguments,
                                        const std::vector<uint32_t>& groups) {
  const AggregateCall& call = calls_[position];
  types::Batch rows;
  rows.row_count = arguments.row_count;
  auto group = std::make_shared<types::Vector>(types::Type{types::TypeId::kInt4, 0});
  group->Resize(rows.row_count);
  std::copy(groups.begin(), groups.end(), group->data<int32_t>());
  rows.columns.push_back(std::move(group));
  rows.columns.insert(rows.columns.end(), order.begin(), order.end());
  rows.columns.insert(rows.columns.end(), arguments.columns.begin(), arguments.columns.end());
  if (sorters_[position] == nullptr) {
    std::vector<types::Type> types;
    for (const types::VectorPtr& column : rows.columns) types.push_back(column->type());
    std::vector<SortColumn> columns = {{0}};
    for (size_t i = 0; i < order.size(); ++i)
      columns.push_back({1 + i, call.order_by[i].descending, call.order_by[i].nulls_first});
    for (size_t i = 1 + order.size(); call.distinct && i < types.size(); ++i)
      columns.push_back({i});
    sorters_[position] =
        std::make_unique<RowSorter>(context_, std::move(types), std::move(columns));
  }
  return sorters_[position]->Add(std::move(rows));
}

absl::Status AggregateStates::FinishSorted(size_t position) {
  if (sorters_[position] == nullptr) return absl::OkStatus();
  RowSorter& sorter = *sorters_[position];
  const AggregateCall& call = calls_[position];
  RETURN_IF_ERROR(sorter.Finish());
  types::Batch rows;
  RowIdentity identity(&context_->memory);
  std::string last;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, sorter.Next(&rows));
    if (!more) break;
    RETURN_IF_ERROR(context_->call->Check());
    const auto* numbers = rows.columns[0]->data<int32_t>();
    std::vector<uint32_t> groups(numbers, numbers + rows.row_count);
    types::Batch arguments;
    arguments.row_count = rows.row_count;
    arguments.columns.assign(rows.columns.begin() + 1 + static_cast<long>(call.order_by.size()),
                             rows.columns.end());
    if (call.distinct) RETURN_IF_ERROR(DropRepeated(&arguments, &groups, &identity, &last));
    if (arguments.row_count > 0) RETURN_IF_ERROR(Update(call, arguments, groups));
  }
  sorter.Clear();
  return absl::OkStatus();
}

absl::Status AggregateStates::Finish() {
  for (size_t i = 0; i < calls_.size(); ++i) RETURN_IF_ERROR(FinishSorted(i));
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
