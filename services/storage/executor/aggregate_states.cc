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
// Groups whose rows waited are worked on so many at a time.
constexpr uint32_t kGroupsTogether = 128;
// Rows of wide numbers that are added at once.
constexpr uint32_t kWideTogether = 64;

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
  for (const AggregateCall& call : calls_) {
    functions_.push_back(call.function.get());
    if (call.declared == nullptr) continue;
    own_functions_.push_back(call.declared->ForExecution(&context->state));
    functions_.back() = own_functions_.back().get();
  }
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
  sorted_.clear();
  sorted_.resize(calls_.size());
  kept_.clear();
  kept_.resize(calls_.size());
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
  return Update(call, arguments, groups);
}

absl::Status AggregateStates::Update(size_t position, const types::Batch& arguments,
                                     const std::vector<uint32_t>& groups) {
  const AggregateCall& call = calls_[position];
  const sql::functions::Aggregate& function = *functions_[position];
  states_.resize(arguments.row_count);
  for (uint32_t i = 0; i < arguments.row_count; ++i) states_[i] = blocks_[groups[i]] + call.offset;
  const std::vector<const types::Vector*> columns = Pointers(arguments);
  const int64_t growth = function.GrowthOf(columns, arguments.row_count, states_.data());
  if (growth > 0) RETURN_IF_ERROR(Keep(static_cast<size_t>(growth)));
  const bool wide = !columns.empty() && columns[0]->physical() == types::Physical::kDecimal &&
                    columns[0]->has_strings();
  if (!wide) return function.Update(columns, arguments.row_count, states_.data());
  // Arithmetic of long numbers takes its time: interrupts are looked at in between.
  for (uint32_t begin = 0; begin < arguments.row_count; begin += kWideTogether) {
    RETURN_IF_ERROR(context_->call->Check());
    const types::Batch part =
        Slice(arguments, begin, std::min(kWideTogether, arguments.row_count - begin));
    RETURN_IF_ERROR(function.Update(Pointers(part), part.row_count, states_.data() + begin));
  }
  return absl::OkStatus();
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
    if (sorted_[call].sorter != nullptr ||
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
  if (part_ && !later.empty()) return context_->memory.account()->Refusal();
  if (!later.empty()) RETURN_IF_ERROR(AddSorted(call, {}, take(later), later_groups));
  if (fresh.empty()) return absl::OkStatus();
  if (!part_) return Update(call, take(fresh), fresh_groups);
  KeptRows kept{take(fresh), std::move(fresh_groups)};
  RETURN_IF_ERROR(
      Keep(static_cast<size_t>(MemoryOf(kept.arguments)) + kept.groups.size() * sizeof(uint32_t)));
  kept_[call].push_back(std::move(kept));
  return absl::OkStatus();
}

absl::Status AggregateStates::Combine(AggregateStates* part, const std::vector<uint32_t>& groups) {
  // What states of variable size have taken comes along.
  RETURN_IF_ERROR(Keep(static_cast<size_t>(part->reserved_) + part->uncounted_bytes_));
  std::vector<char*> theirs(groups.size());
  std::vector<char*> ours(groups.size());
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].distinct) {
      for (KeptRows& kept : part->kept_[i]) {
        for (uint32_t& group : kept.groups) group = groups[group];
        RETURN_IF_ERROR(AddDistinct(i, std::move(kept.arguments), kept.groups));
      }
      continue;
    }
    for (size_t group = 0; group < groups.size(); ++group) {
      theirs[group] = part->blocks_[group] + calls_[i].offset;
      ours[group] = blocks_[groups[group]] + calls_[i].offset;
    }
    RETURN_IF_ERROR(calls_[i].function->Combine(theirs.data(), static_cast<uint32_t>(groups.size()),
                                                ours.data()));
  }
  return absl::OkStatus();
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
  if (sorted_[position].sorter == nullptr) {
    std::vector<types::Type> types;
    for (const types::VectorPtr& column : rows.columns) types.push_back(column->type());
    std::vector<SortColumn> columns = {{0}};
    for (size_t i = 0; i < order.size(); ++i)
      columns.push_back({1 + i, call.order_by[i].descending, call.order_by[i].nulls_first});
    for (size_t i = 1 + order.size(); call.distinct && i < types.size(); ++i)
      columns.push_back({i});
    sorted_[position].sorter =
        std::make_unique<RowSorter>(context_, std::move(types), std::move(columns));
  }
  return sorted_[position].sorter->Add(std::move(rows));
}

absl::Status AggregateStates::Finish() {
  for (const Sorted& sorted : sorted_) {
    if (sorted.sorter != nullptr) RETURN_IF_ERROR(sorted.sorter->Finish());
  }
  return absl::OkStatus();
}

absl::Status AggregateStates::AddSortedBefore(size_t position, uint32_t end) {
  Sorted& sorted = sorted_[position];
  const AggregateCall& call = calls_[position];
  RowIdentity identity(&context_->memory);
  while (sorted.sorter != nullptr) {
    if (sorted.next == sorted.rows.row_count) {
      sorted.next = 0;
      ASSIGN_OR_RETURN(const bool more, sorted.sorter->Next(&sorted.rows));
      if (!more) {
        sorted.rows = types::Batch();
        sorted.sorter.reset();
        break;
      }
    }
    RETURN_IF_ERROR(context_->call->Check());
    const auto* numbers =
        reinterpret_cast<const uint32_t*>(sorted.rows.columns[0]->data<int32_t>());
    const uint32_t* const last =
        std::lower_bound(numbers + sorted.next, numbers + sorted.rows.row_count, end);
    std::vector<uint32_t> groups(numbers + sorted.next, last);
    if (groups.empty()) break;
    const auto count = static_cast<uint32_t>(groups.size());
    types::Batch arguments =
        Slice(sorted.rows, std::exchange(sorted.next, sorted.next + count), count);
    arguments.row_count = count;
    arguments.columns.erase(arguments.columns.begin(), arguments.columns.begin() + 1 +
                                                           static_cast<long>(call.order_by.size()));
    if (call.distinct) RETURN_IF_ERROR(DropRepeated(&arguments, &groups, &identity, &sorted.last));
    if (arguments.row_count > 0) RETURN_IF_ERROR(Update(position, arguments, groups));
  }
  return absl::OkStatus();
}

void AggregateStates::DropStates(uint32_t begin, uint32_t count) {
  for (uint32_t group = begin; group < begin + count; ++group) {
    for (const AggregateCall& call : calls_) {
      char* state = blocks_[group] + call.offset;
      call.function->Destroy(state);
      std::memset(state, 0, call.function->state_size());
      call.function->Initialize(state);
    }
  }
}

// Rows that waited are added for a few groups at a time, whose states are dropped when their
// results are known: no more than those of these groups are ever held.
absl::StatusOr<uint32_t> AggregateStates::TakeResults(uint32_t begin,
                                                      std::vector<types::VectorPtr>* columns) {
  const bool waiting = std::any_of(sorted_.begin(), sorted_.end(),
                                   [](const Sorted& sorted) { return sorted.sorter != nullptr; });
  const uint32_t count = std::min(
      size() - begin, waiting ? std::min(kGroupsTogether, types::BatchRows()) : types::BatchRows());
  const int64_t reserved = reserved_;
  const size_t uncounted = uncounted_bytes_;
  for (size_t i = 0; i < calls_.size(); ++i) {
    RETURN_IF_ERROR(AddSortedBefore(i, begin + count));
    auto column = std::make_shared<types::Vector>(calls_[i].type);
    column->CountStrings(context_->memory.account());
    column->Resize(count);
    for (uint32_t row = 0; row < count; ++row) {
      RETURN_IF_ERROR(
          functions_[i]->Finalize(blocks_[begin + row] + calls_[i].offset, column.get(), row));
    }
    columns->push_back(std::move(column));
  }
  if (waiting) {
    DropStates(begin, count);
    context_->memory.Release(reserved_ - reserved);
    reserved_ = reserved;
    uncounted_bytes_ = uncounted;
  }
  return count;
}

}  // namespace adbms::storage::executor
