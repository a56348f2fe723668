#include "services/storage/server/index_load.h"

#include <algorithm>
#include <thread>

#include "common/status/sql_error.h"
#include "common/types/batch_rows.h"
#include "services/storage/bulk/entry_merge.h"
#include "services/storage/bulk/range_split.h"
#include "services/storage/bulk/side_by_side.h"
#include "services/storage/memory/memory_budget.h"
#include "services/storage/server/index_entries.h"

namespace adbms::storage::server {
namespace {

constexpr size_t kMostThreads = 4;
// A thread of its own is worth it for so much of a table.
constexpr uint64_t kBytesForThread = 4 << 20;
constexpr int64_t kLeastMemory = 1 << 20;
// More makes nothing faster: runs that are written out are read one after the other, which costs no
// more than going to and fro in memory.
constexpr int64_t kMostMemory = 128 << 20;
// An entry takes about as much in memory as its row does on disk, often less.
constexpr int64_t kMemoryForByte = 4;
constexpr uint32_t kEntriesBetweenChecks = 4096;

absl::Status Stopped() { return absl::CancelledError("another part failed"); }

class IndexLoad {
 public:
  IndexLoad(const rpc::CallContext& call, txn::Shared* shared, const catalog::TableEntry& table,
            const codec::IndexLayout& index, engine::SnapshotPtr snapshot)
      : call_(call),
        shared_(shared),
        table_(table),
        index_(index),
        snapshot_(std::move(snapshot)),
        budget_(&shared->query_memory) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(entries_, IndexEntries::Make(&table_, &index_));
    RETURN_IF_ERROR(ReadRows());
    ASSIGN_OR_RETURN(engine::SortedFiles files, WriteFiles());
    RETURN_IF_ERROR(call_.Check());
    return shared_->engine->Ingest(&files);
  }

 private:
  absl::Status ReadRows() {
    const std::string begin = table_.layout.Begin(), end = table_.layout.End();
    const uint64_t size = shared_->engine->ApproximateSize(begin, end);
    const size_t threads = std::clamp<size_t>(
        std::min<uint64_t>(std::thread::hardware_concurrency(), size / kBytesForThread), 1,
        kMostThreads);
    RETURN_IF_ERROR(ReserveMemory(static_cast<int64_t>(size)));
    std::vector<std::string> bounds = bulk::SplitRange(shared_->engine, {begin, end}, threads);
    bounds.insert(bounds.begin(), begin);
    bounds.push_back(end);
    const size_t parts = bounds.size() - 1;
    for (size_t i = 0; i < parts; ++i) {
      sorters_.push_back(std::make_unique<bulk::EntrySorter>(shared_->temp_dir,
                                                             static_cast<size_t>(memory_) / parts));
    }
    return bulk::RunSideBySide(parts, [&](size_t part, const std::atomic<bool>& stop) {
      return ReadPart({bounds[part], bounds[part + 1]}, sorters_[part].get(), stop);
    });
  }

  // A quarter of what all queries may take at most, less while others need it.
  absl::Status ReserveMemory(int64_t table_bytes) {
    memory_ = std::min({shared_->query_memory.limit() / 4,
                        std::max(table_bytes, kLeastMemory) * kMemoryForByte, kMostMemory});
    while (memory_ > kLeastMemory) {
      if (budget_.TryReserveSpillable(memory_)) return absl::OkStatus();
      memory_ /= 2;
    }
    memory_ = kLeastMemory;
    return budget_.Reserve(memory_);
  }

  absl::Status ReadPart(engine::KeyRange range, bulk::EntrySorter* sorter,
                        const std::atomic<bool>& stop) {
    auto it = shared_->engine->NewIterator(snapshot_, std::move(range), {.fill_cache = false});
    executor::RowSink sink(&entries_.columns(), budget_.account());
    it->SeekToFirst();
    while (it->Valid()) {
      RETURN_IF_ERROR(call_.Check());
      if (stop) return Stopped();
      sink.Start(types::BatchRows());
      while (it->Valid() && sink.count() < sink.capacity() && !sink.heavy()) {
        RETURN_IF_ERROR(sink.Add(engine::ToView(it->key()), engine::ToView(it->value())));
        it->Next();
      }
      const types::Batch rows = sink.Finish();
      RETURN_IF_ERROR(executor::CheckStrings(rows));
      RETURN_IF_ERROR(entries_.ForEach(rows, [&](const IndexEntries::Entry& entry) {
        return sorter->Add(std::string_view(entry.key).substr(kSpaceBytes), entry.value);
      }));
    }
    RETURN_IF_ERROR(it->status());
    RETURN_IF_ERROR(sorter->Finish());
    shared_->spilled_bytes.fetch_add(sorter->spilled_bytes(), std::memory_order_relaxed);
    return absl::OkStatus();
  }

  absl::StatusOr<engine::SortedFiles> WriteFiles() {
    std::vector<const bulk::EntrySorter*> sorters;
    for (const auto& sorter : sorters_) sorters.push_back(sorter.get());
    std::vector<std::string> bounds = bulk::SplitKeys(sorters, sorters.size());
    bounds.insert(bounds.begin(), "");
    bounds.push_back("");
    std::vector<engine::SortedFiles> files(bounds.size() - 1);
    const size_t memory = static_cast<size_t>(memory_) / files.size();
    RETURN_IF_ERROR(
        bulk::RunSideBySide(files.size(), [&](size_t part, const std::atomic<bool>& stop) {
          bulk::EntryMerge merge(sorters, bounds[part], bounds[part + 1], memory);
          absl::StatusOr<engine::SortedFiles> written = WritePart(part, &merge, stop);
          if (!written.ok()) return written.status();
          files[part] = *std::move(written);
          return absl::OkStatus();
        }));
    for (size_t i = 1; i < files.size(); ++i) files[0].Append(std::move(files[i]));
    return std::move(files[0]);
  }

  absl::StatusOr<engine::SortedFiles> WritePart(size_t part, bulk::EntryMerge* merge,
                                                const std::atomic<bool>& stop) {
    const auto writer = shared_->engine->NewSortedFiles(shared_->temp_dir + "/index-" +
                                                            std::to_string(index_.index_id) + "-" +
                                                            std::to_string(part),
                                                        index_.unique);
    std::string key = codec::SpaceBegin(index_.index_id);
    uint32_t written = 0;
    RETURN_IF_ERROR(merge->Start());
    while (merge->valid()) {
      if (written++ % kEntriesBetweenChecks == 0) {
        RETURN_IF_ERROR(call_.Check());
        if (stop) return Stopped();
      }
      const bulk::Entry& entry = merge->entry();
      if (index_.unique && written > 1 && entry.key == std::string_view(key).substr(kSpaceBytes))
        return Duplicate(key, entry.value);
      key.resize(kSpaceBytes);
      key.append(entry.key);
      RETURN_IF_ERROR(writer->Add(key, entry.value));
      RETURN_IF_ERROR(merge->Next());
    }
    return writer->Finish();
  }

  // Names the key by the row that the entry leads to.
  absl::Status Duplicate(std::string_view key, std::string_view value) const {
    std::string_view suffix;
    if (!codec::IndexLayout::RowSuffix(key, value, &suffix))
      return absl::InternalError("malformed index entry");
    std::string row_key = table_.layout.Begin();
    row_key.append(suffix);
    engine::PinnableSlice row;
    bool found = false;
    RETURN_IF_ERROR(shared_->engine->Get(snapshot_.get(), row_key, &row, &found));
    if (!found) return absl::InternalError("an index entry leads nowhere");
    executor::RowSink sink(&entries_.columns());
    sink.Start(1);
    RETURN_IF_ERROR(sink.Add(row_key, engine::ToView(row)));
    return entries_.Duplicate(sink.Finish(), 0);
  }

  const rpc::CallContext& call_;
  txn::Shared* const shared_;
  const catalog::TableEntry& table_;
  const codec::IndexLayout& index_;
  const engine::SnapshotPtr snapshot_;
  memory::MemoryBudget budget_;
  int64_t memory_ = 0;
  IndexEntries entries_;
  std::vector<std::unique_ptr<bulk::EntrySorter>> sorters_;
};

}  // namespace

absl::Status LoadIndex(const rpc::CallContext& call, txn::Shared* shared,
                       const catalog::TableEntry& table, const codec::IndexLayout& index,
                       const engine::SnapshotPtr& snapshot) {
  return IndexLoad(call, shared, table, index, snapshot).Run();
}

}  // namespace adbms::storage::server
