// Rows that have items of an inverted index: streams of row keys, united and intersected. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/storage/codec/index_items.h"
#include "services/storage/executor/operator.h"

namespace adbms::storage::executor {

// Keys of rows without their space, ascending, each once.
class RowKeys {
 public:
  virtual ~RowKeys() = default;
  virtual bool valid() const = 0;
  // REQUIRES for the following: valid().
  virtual std::string_view key() const = 0;
  virtual void Next() = 0;
  // To the first that is not less than `key`; never back.
  virtual void SeekTo(std::string_view key) = 0;
  // Errors: of reading, 57014. Then it is not valid.
  virtual absl::Status status() const = 0;
};
using RowKeysPtr = std::unique_ptr<RowKeys>;

// How often what reads for long asks whether it is still wanted, and how much it has read.
class EntryReads {
 public:
  // Borrows the context.
  explicit EntryReads(const ExecutionContext* context) : context_(*context) {}
  // Another entry. Errors: 57014.
  absl::Status Count() {
    return ++entries_ % kBetweenChecks == 0 ? context_.call->Check() : absl::OkStatus();
  }
  uint64_t entries() const { return entries_; }

 private:
  static constexpr uint64_t kBetweenChecks = 1024;
  const ExecutionContext& context_;
  uint64_t entries_ = 0;
};

// Rows that have the item. Those of a beginning are read into memory that `context` counts. Borrows
// both. Errors: XX000 for entries that are none, 53200, 57014.
absl::StatusOr<RowKeysPtr> RowsWithItem(ExecutionContext* context, uint32_t index_id,
                                        std::string_view item, EntryReads* reads);
// Rows that have at least so many of the items. Reads them side by side, or, where they are many,
// one after the other into memory. Errors: as above.
absl::StatusOr<RowKeysPtr> RowsWithItems(ExecutionContext* context, uint32_t index_id,
                                         const codec::Items& items, size_t at_least,
                                         EntryReads* reads);
// Rows that are in all of them, of which there is one: the first should be the shortest.
RowKeysPtr RowsInAll(std::vector<RowKeysPtr> streams);

}  // namespace adbms::storage::executor
