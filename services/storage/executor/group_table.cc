#include "services/storage/executor/group_table.h"

#include <utility>

#include "common/status/macros.h"
#include "services/storage/executor/row_batch.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

using types::Physical;

// What is kept is counted when it is so much.
constexpr size_t kCountedTogether = 256 << 10;
// As many groups are made whatever others hold, so that every pass over the rows gets on.
constexpr uint32_t kLeastGroups = 1024;
constexpr int64_t kLeastBytes = 1 << 20;

}  // namespace

GroupTable::GroupTable(ExecutionContext* context, std::vector<types::Type> key_types,
                       size_t group_bytes)
    : context_(context), key_types_(std::move(key_types)), group_bytes_(group_bytes) {
  Clear();
}

void GroupTable::Clear() {
  arena_ = std::make_unique<types::Arena>();
  integers_ = {};
  strings_ = {};
  null_group_ = kNullRow;
  keys_ = NewBatch(key_types_, 0);
  closed_ = false;
  text_bytes_ = 0;
  uncounted_bytes_ = 0;
  context_->memory.Release(std::exchange(reserved_, 0));
}

types::Batch GroupTable::Keys(const uint32_t* groups, uint32_t count) const {
  types::Batch result = types::Gather(keys_, groups, count);
  result.row_count = count;
  return result;
}

// A map that grows has its old and its new table for a moment.
int64_t GroupTable::HeldBytes() const {
  const size_t slots = integers_.capacity() * (sizeof(std::pair<int64_t, uint32_t>) + 1) +
                       strings_.capacity() * (sizeof(std::pair<std::string_view, uint32_t>) + 1);
  size_t fixed = 2 * slots + arena_->allocated_bytes() + size() * group_bytes_;
  for (const types::VectorPtr& column : keys_.columns) {
    fixed += size() * (types::WidthOf(column->physical()) * 3 / 2);
  }
  return static_cast<int64_t>(fixed) + text_bytes_;
}

absl::StatusOr<bool> GroupTable::CountHeld() {
  uncounted_bytes_ = 0;
  if (may_close_ && (size() > kLeastGroups || HeldBytes() > kLeastBytes)) {
    return context_->memory.TryAdjustSpillable(HeldBytes(), &reserved_);
  }
  RETURN_IF_ERROR(context_->memory.Adjust(HeldBytes(), &reserved_));
  return true;
}

absl::StatusOr<bool> GroupTable::Admit(size_t bytes) {
  if (closed_) return false;
  uncounted_bytes_ += bytes + group_bytes_;
  if (uncounted_bytes_ < kCountedTogether) return true;
  text_bytes_ += static_cast<int64_t>(bytes);  // Before it is copied.
  ASSIGN_OR_RETURN(const bool room, CountHeld());
  text_bytes_ -= static_cast<int64_t>(bytes);
  if (!room) closed_ = true;
  return room;
}

absl::Status GroupTable::AddKey(const types::Batch& keys, uint32_t row) {
  for (size_t i = 0; i < keys.columns.size(); ++i) {
    const types::Vector& in = *keys.columns[i];
    types::Vector* out = keys_.columns[i].get();
    if (in.has_strings() && !in.is_null(row)) {
      // Copied, so that a group keeps only its key alive.
      text_bytes_ += static_cast<int64_t>(in.string(row).size());
      out->Resize(out->size() + 1);
      out->CopyFrom(out->size() - 1, in, row);
    } else {
      out->AppendFrom(in, row);
    }
  }
  ++keys_.row_count;
  return absl::OkStatus();
}

template <typename T>
absl::Status GroupTable::AssignIntegers(const types::Batch& keys, std::vector<uint32_t>* groups) {
  const types::Vector& key = *keys.columns[0];
  const T* data = key.data<T>();
  for (uint32_t row = 0; row < keys.row_count; ++row) {
    if (closed_) [[unlikely]] {
      const auto it = key.is_null(row) ? integers_.end() : integers_.find(data[row]);
      (*groups)[row] = key.is_null(row)        ? null_group_
                       : it == integers_.end() ? kNullRow
                                               : it->second;
      continue;
    }
    uint32_t* slot = &null_group_;
    if (!key.is_null(row)) slot = &integers_.try_emplace(data[row], kNullRow).first->second;
    if (*slot == kNullRow) {
      *slot = size();
      RETURN_IF_ERROR(AddKey(keys, row));
      // This one is in; the next may not.
      RETURN_IF_ERROR(Admit(sizeof(T)).status());
    }
    (*groups)[row] = *slot;
  }
  return absl::OkStatus();
}

absl::Status GroupTable::AssignRows(const types::Batch& keys, std::vector<uint32_t>* groups) {
  const std::vector<const types::Vector*> columns = Pointers(keys);
  RowIdentity identity(&context_->memory);
  for (uint32_t row = 0; row < keys.row_count; ++row) {
    RETURN_IF_ERROR(identity.Set(columns, row));
    const std::string& key = identity.key();
    const auto it = strings_.find(key);
    if (it != strings_.end()) {
      (*groups)[row] = it->second;
      continue;
    }
    ASSIGN_OR_RETURN(const bool admitted, Admit(2 * key.size()));
    (*groups)[row] = kNullRow;
    if (!admitted) continue;
    (*groups)[row] = size();
    strings_.emplace(arena_->Add(key), size());
    RETURN_IF_ERROR(AddKey(keys, row));
  }
  return absl::OkStatus();
}

absl::Status GroupTable::Assign(const types::Batch& keys, std::vector<uint32_t>* groups) {
  groups->resize(keys.row_count);
  if (keys.columns.size() != 1) {
    RETURN_IF_ERROR(AssignRows(keys, groups));
  } else {
    switch (keys.columns[0]->physical()) {
      case Physical::kInt16:
        RETURN_IF_ERROR(AssignIntegers<int16_t>(keys, groups));
        break;
      case Physical::kInt32:
        RETURN_IF_ERROR(AssignIntegers<int32_t>(keys, groups));
        break;
      case Physical::kInt64:
        RETURN_IF_ERROR(AssignIntegers<int64_t>(keys, groups));
        break;
      default:
        RETURN_IF_ERROR(AssignRows(keys, groups));
    }
  }
  if (closed_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool room, CountHeld());
  if (!room) closed_ = true;
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
