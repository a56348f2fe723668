#include "services/storage/executor/row_partitions.h"

#include <algorithm>
#include <string_view>

#include "absl/hash/hash.h"
#include "common/status/macros.h"
#include "services/storage/executor/row_identity.h"

namespace adbms::storage::executor {
namespace {

using types::Physical;

constexpr int kBits = 4;  // Of the hash, a level.
static_assert(size_t{1} << kBits == RowPartitions::kFanout);

// Hash tables find their slots by the same hash: within one partition it must still differ in all
// the bits that they use.
uint64_t Mix(uint64_t hash) { return (hash ^ (hash >> 31)) * 0x9e3779b97f4a7c15; }

size_t PartitionOf(uint64_t hash, int level) {
  return Mix(hash) >> (64 - kBits * (level + 1)) & (RowPartitions::kFanout - 1);
}

template <typename T>
void HashIntegers(const types::Vector& column, const std::vector<uint32_t>& selection,
                  std::vector<uint64_t>* hashes) {
  const T* data = column.data<T>();
  for (const uint32_t row : selection) {
    hashes->push_back(column.is_null(row) ? 0 : absl::Hash<int64_t>{}(int64_t{data[row]}));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowPartitions>> RowPartitions::Create(ExecutionContext* context,
                                                                     int level) {
  const int64_t limit = context->memory.limit();
  const auto buffer = std::clamp<int64_t>(limit / 512, 4 << 10, 64 << 10);
  const auto bytes = buffer * static_cast<int64_t>(kFanout);
  RETURN_IF_ERROR(context->memory.Reserve(bytes));
  std::unique_ptr<RowPartitions> result(new RowPartitions(context, level));
  result->reserved_ = bytes;
  for (size_t i = 0; i < kFanout; ++i) {
    result->partitions_.push_back(
        {std::make_unique<SpooledRows>(context, static_cast<size_t>(buffer)), level + 1});
  }
  return result;
}

RowPartitions::~RowPartitions() { context_->memory.Release(reserved_); }

absl::Status RowPartitions::Add(const types::Batch& rows, const std::vector<uint32_t>& selection,
                                const std::vector<uint64_t>& hashes) {
  RETURN_IF_ERROR(context_->call->Check());
  for (std::vector<uint32_t>& part : selections_) part.clear();
  for (size_t i = 0; i < selection.size(); ++i) {
    selections_[PartitionOf(hashes[i], level_)].push_back(selection[i]);
  }
  for (size_t i = 0; i < kFanout; ++i) {
    const std::vector<uint32_t>& part = selections_[i];
    if (part.empty()) continue;
    types::Batch taken = types::Gather(rows, part.data(), static_cast<uint32_t>(part.size()));
    taken.row_count = static_cast<uint32_t>(part.size());
    RETURN_IF_ERROR(partitions_[i].rows->Add(std::move(taken)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Partition>> RowPartitions::Finish() {
  for (const Partition& partition : partitions_) RETURN_IF_ERROR(partition.rows->Finish());
  context_->memory.Release(reserved_);
  reserved_ = 0;
  return std::move(partitions_);
}

absl::Status HashRows(const std::vector<const types::Vector*>& columns,
                      const std::vector<uint32_t>& selection, MemoryBudget* memory,
                      std::vector<uint64_t>* hashes) {
  hashes->clear();
  hashes->reserve(selection.size());
  if (columns.size() == 1) {
    switch (columns[0]->physical()) {
      case Physical::kInt16:
        HashIntegers<int16_t>(*columns[0], selection, hashes);
        return absl::OkStatus();
      case Physical::kInt32:
        HashIntegers<int32_t>(*columns[0], selection, hashes);
        return absl::OkStatus();
      case Physical::kInt64:
        HashIntegers<int64_t>(*columns[0], selection, hashes);
        return absl::OkStatus();
      default:
        break;
    }
  }
  RowIdentity identity(memory);
  for (const uint32_t row : selection) {
    RETURN_IF_ERROR(identity.Set(columns, row));
    hashes->push_back(absl::Hash<std::string_view>{}(identity.key()));
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::executor
