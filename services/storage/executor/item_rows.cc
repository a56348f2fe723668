#include "services/storage/executor/item_rows.h"

#include <algorithm>

#include "common/status/macros.h"
#include "services/storage/memory/memory_budget.h"

namespace adbms::storage::executor {
namespace {

// How many items are read side by side at most.
constexpr size_t kMostIterators = 64;
// So far ahead is worth a step each; further, a seek.
constexpr int kStepsBeforeSeek = 8;

class ItemRows : public RowKeys {
 public:
  ItemRows(const ExecutionContext& context, uint32_t index_id, std::string_view item,
           EntryReads* reads)
      : reads_(*reads) {
    codec::AppendSpace(index_id, &prefix_);
    prefix_.append(item);
    it_ = context.ViewOf(index_id).NewIterator({prefix_, codec::PrefixEnd(prefix_)}, {});
    it_->SeekToFirst();
    Count();
  }

  bool valid() const override { return error_.ok() && it_->Valid(); }
  std::string_view key() const override {
    return engine::ToView(it_->key()).substr(prefix_.size());
  }
  void Next() override {
    it_->Next();
    Count();
  }
  void SeekTo(std::string_view key) override {
    for (int i = 0; i < kStepsBeforeSeek && valid(); ++i) {
      if (this->key() >= key) return;
      Next();
    }
    if (!valid() || this->key() >= key) return;
    target_.assign(prefix_).append(key);
    it_->Seek(target_);
    Count();
  }
  absl::Status status() const override { return error_.ok() ? it_->status() : error_; }

 private:
  void Count() {
    if (it_->Valid() && error_.ok()) error_ = reads_.Count();
  }

  EntryReads& reads_;
  std::string prefix_;
  std::string target_;
  absl::Status error_;
  std::unique_ptr<engine::Iterator> it_;
};

// In at least so many of the others.
class SharedRows : public RowKeys {
 public:
  SharedRows(std::vector<RowKeysPtr> streams, size_t at_least)
      : streams_(std::move(streams)), at_least_(at_least) {
    Find();
  }

  bool valid() const override { return valid_; }
  std::string_view key() const override { return key_; }
  void Next() override {
    Advance();
    Find();
  }
  void SeekTo(std::string_view key) override {
    if (key_ >= key) return;
    for (const RowKeysPtr& stream : streams_) {
      if (stream->valid()) stream->SeekTo(key);
    }
    Find();
  }
  absl::Status status() const override {
    for (const RowKeysPtr& stream : streams_) RETURN_IF_ERROR(stream->status());
    return absl::OkStatus();
  }

 private:
  // Past key_.
  void Advance() {
    for (const RowKeysPtr& stream : streams_) {
      if (stream->valid() && stream->key() == key_) stream->Next();
    }
  }
  // The least key that stands in enough of them.
  void Find() {
    while (true) {
      const RowKeys* least = nullptr;
      size_t count = 0;
      for (const RowKeysPtr& stream : streams_) {
        if (!stream->valid()) continue;
        const int order = least == nullptr ? -1 : stream->key().compare(least->key());
        if (order < 0) least = stream.get();
        count = order < 0 ? 1 : count + (order == 0 ? 1 : 0);
      }
      valid_ = least != nullptr && status().ok();
      if (!valid_) return;
      key_.assign(least->key());
      if (count >= at_least_) return;
      Advance();
    }
  }

  const std::vector<RowKeysPtr> streams_;
  const size_t at_least_;
  bool valid_ = false;
  std::string key_;
};

class CommonRows : public RowKeys {
 public:
  explicit CommonRows(std::vector<RowKeysPtr> streams) : streams_(std::move(streams)) { Align(); }

  bool valid() const override { return valid_; }
  std::string_view key() const override { return streams_[0]->key(); }
  void Next() override {
    streams_[0]->Next();
    Align();
  }
  void SeekTo(std::string_view key) override {
    if (this->key() >= key) return;
    streams_[0]->SeekTo(key);
    Align();
  }
  absl::Status status() const override {
    for (const RowKeysPtr& stream : streams_) RETURN_IF_ERROR(stream->status());
    return absl::OkStatus();
  }

 private:
  // To the next key that all have.
  void Align() {
    RowKeys& first = *streams_[0];
    size_t agreed = 1;
    valid_ = false;
    for (size_t at = 1; agreed < streams_.size();) {
      if (!first.valid()) return;
      RowKeys& other = *streams_[at];
      if (other.valid()) other.SeekTo(first.key());
      if (!other.valid()) return;
      if (other.key() == first.key()) {
        ++agreed;
        at = at + 1 == streams_.size() ? 1 : at + 1;
      } else {
        first.SeekTo(other.key());
        agreed = 1;
      }
    }
    valid_ = first.valid();
  }

  const std::vector<RowKeysPtr> streams_;
  bool valid_ = false;
};

class CollectedRows : public RowKeys {
 public:
  explicit CollectedRows(memory::MemoryBudget* budget) : budget_(*budget) {}
  ~CollectedRows() override { budget_.Release(reserved_); }

  absl::Status Add(std::string_view key) {
    const auto bytes = static_cast<int64_t>(sizeof(std::string) + key.size());
    RETURN_IF_ERROR(budget_.Reserve(bytes));
    reserved_ += bytes;
    keys_.emplace_back(key);
    return absl::OkStatus();
  }
  absl::Status Collect(RowKeys* rows) {
    for (; rows->valid(); rows->Next()) RETURN_IF_ERROR(Add(rows->key()));
    return rows->status();
  }
  // Keeps those that were there so often.
  void Finish(size_t at_least) {
    std::sort(keys_.begin(), keys_.end());
    size_t kept = 0;
    for (size_t begin = 0, end = 0; begin < keys_.size(); begin = end) {
      while (end < keys_.size() && keys_[end] == keys_[begin]) ++end;
      if (end - begin >= at_least) {
        if (kept != begin) keys_[kept] = std::move(keys_[begin]);
        ++kept;
      }
    }
    keys_.resize(kept);
  }

  bool valid() const override { return at_ < keys_.size(); }
  std::string_view key() const override { return keys_[at_]; }
  void Next() override { ++at_; }
  void SeekTo(std::string_view key) override {
    at_ = static_cast<size_t>(
        std::lower_bound(keys_.begin() + static_cast<ptrdiff_t>(at_), keys_.end(), key) -
        keys_.begin());
  }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  memory::MemoryBudget& budget_;
  int64_t reserved_ = 0;
  std::vector<std::string> keys_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<RowKeysPtr> RowsWithItem(ExecutionContext* context, uint32_t index_id,
                                        std::string_view item, EntryReads* reads) {
  if (!codec::IsBeginning(item)) return std::make_unique<ItemRows>(*context, index_id, item, reads);
  std::string begin = codec::SpaceBegin(index_id);
  begin.append(item);
  auto rows = std::make_unique<CollectedRows>(&context->memory);
  auto it = context->ViewOf(index_id).NewIterator({begin, codec::PrefixEnd(begin)}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    std::string_view suffix;
    if (!codec::IndexLayout::RowSuffix(engine::ToView(it->key()), engine::ToView(it->value()),
                                       &suffix))
      return absl::InternalError("malformed index entry");
    RETURN_IF_ERROR(rows->Add(suffix));
    RETURN_IF_ERROR(reads->Count());
  }
  RETURN_IF_ERROR(it->status());
  rows->Finish(1);
  return rows;
}

absl::StatusOr<RowKeysPtr> RowsWithItems(ExecutionContext* context, uint32_t index_id,
                                         const codec::Items& items, size_t at_least,
                                         EntryReads* reads) {
  std::vector<RowKeysPtr> streams;
  auto collected = std::make_unique<CollectedRows>(&context->memory);
  for (const std::string& item : items) {
    ASSIGN_OR_RETURN(RowKeysPtr rows, RowsWithItem(context, index_id, item, reads));
    if (items.size() <= kMostIterators) {
      streams.push_back(std::move(rows));
    } else {
      RETURN_IF_ERROR(collected->Collect(rows.get()));
    }
  }
  if (items.size() <= kMostIterators)
    return std::make_unique<SharedRows>(std::move(streams), at_least);
  collected->Finish(at_least);
  return collected;
}

RowKeysPtr RowsInAll(std::vector<RowKeysPtr> streams) {
  if (streams.size() == 1) return std::move(streams[0]);
  return std::make_unique<CommonRows>(std::move(streams));
}

}  // namespace adbms::storage::executor
