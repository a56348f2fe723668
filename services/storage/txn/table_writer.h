// Writes rows of one table inside a transaction: locks, uniqueness, NOT NULL, index entries; what
// is left to the statement's end (foreign keys, deferrable keys) it collects. Lives for one
// statement. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/storage/codec/indexed_rows.h"
#include "services/storage/txn/row_changes.h"
#include "services/storage/txn/transaction.h"

namespace adbms::storage::txn {

class RowRules;

class TableWriter {
 public:
  // A stored row that stands in the way of a new one.
  struct Conflict {
    bool exists = false;
    uint32_t index_id = 0;  // 0: the primary key.
    // Set by the caller: only this one's conflicts are reported here, and it is asked first.
    std::optional<uint32_t> arbiter;
    std::string row_key;
    std::string entry_key;  // Of the index.
  };

  // Borrows all for the statement. The table's ROW EXCLUSIVE lock is held.
  TableWriter(const rpc::CallContext* call, Transaction* transaction,
              const catalog::TableEntry* table, const catalog::CatalogState* catalog);
  ~TableWriter();

  // Errors: 23502 for the first row with a NULL where none may be.
  absl::Status CheckNotNull(codec::Columns columns, uint32_t row_count) const;
  // Stores a row. With `conflict`, a unique violation (of its arbiter) is reported there and
  // nothing is stored; without, 23505.
  absl::Status Insert(codec::Columns columns, uint32_t row, Conflict* conflict);
  // Locks a row and reads its latest version. Errors: 40001 in REPEATABLE READ when it changed.
  absl::Status LockRow(std::string_view row_key, LockMode mode, engine::PinnableSlice* value,
                       bool* found);
  // As LockRow for a row that the statement has read; `unchanged` true: it is as the statement read
  // it, `value` is not set.
  absl::Status LockReadRow(std::string_view row_key, LockMode mode, engine::PinnableSlice* value,
                           bool* found, bool* unchanged);
  // Whether a conflict's row, locked since, is still in the way.
  absl::StatusOr<bool> StillConflicts(const Conflict& conflict);
  // Errors: 40001 in REPEATABLE READ for a row that the snapshot does not show as it is now.
  absl::Status CheckVisible(const std::string& row_key) {
    return transaction_->CheckUnchanged(row_key);
  }
  // Replaces a row that is locked FOR NO KEY UPDATE; a change of its keys locks it FOR UPDATE.
  // `assigned[ordinal]`: the column may differ.
  absl::Status Update(std::string_view row_key, codec::Columns old_columns, uint32_t old_row,
                      codec::Columns new_columns, uint32_t new_row,
                      const std::vector<bool>& assigned);
  absl::Status Delete(std::string_view row_key, codec::Columns columns, uint32_t row);
  // The end of the statement whose own table this is (statement_end.h); `rules` may be null where
  // rows were only inserted. Errors: as StatementEnd::Run; 53200 for the transaction's size.
  absl::Status FinishStatement(const catalog::CatalogState* catalog, RowRules* rules);
  const catalog::TableEntry& table() const { return *table_; }
  RowChanges TakeChanges() { return changes_.Take(); }
  // Adds to the transaction's counts what was written since the last time.
  void CountRows();

 private:
  absl::Status CheckArbiter(codec::Columns columns, uint32_t row, Conflict* conflict);
  absl::Status CheckUnique(const codec::IndexLayout& index, const std::string& entry_key,
                           codec::Columns columns, uint32_t row, Conflict* conflict);
  absl::Status NewRowKey(codec::Columns columns, uint32_t row, std::string* key);
  absl::Status CheckKeyFree(const std::string& key, codec::Columns columns, uint32_t row,
                            Conflict* conflict);

  // A row of it has an entry in the index at this position of the layout.
  void NoteKey(size_t index, codec::Columns columns, uint32_t row, std::string_view row_suffix);
  // Removes the row's entries from the index at this position, if it has some.
  absl::Status RemoveEntries(size_t index, codec::Columns columns, uint32_t row,
                             std::string_view row_suffix);
  // Replaces the row's entry, where it had and has one; row_key_ is its key now.
  absl::Status ReplaceEntry(size_t index, std::string_view row_key, codec::Columns old_columns,
                            uint32_t old_row, codec::Columns new_columns, uint32_t new_row);
  // The same of an inverted index: the entries of items that it still has stay as they are.
  absl::Status ReplaceItems(size_t index, std::string_view row_key, codec::Columns old_columns,
                            uint32_t old_row, codec::Columns new_columns, uint32_t new_row);
  // Entries of an inverted index.
  absl::Status PutItems(size_t index, std::string_view row_suffix, const codec::Items& items);
  absl::Status DeleteItems(size_t index, std::string_view row_suffix, const codec::Items& items);
  // Leaves word that the row has changed for whoever is building the index.
  void NoteChange(const codec::IndexLayout& building, std::string_view row_suffix);
  // Locks what is about to be removed.
  absl::Status LockKey(std::string_view key);
  // Locks a key that must not appear. One that is there is not locked, and not waited for when
  // whoever has it locked only keeps others from removing it.
  absl::Status LockNewKey(std::string_view key, engine::PinnableSlice* value, bool* found);

  const rpc::CallContext& call_;
  Transaction* const transaction_;
  engine::Transaction* const writes_;
  const catalog::TableEntry* const table_;
  const codec::TableLayout& layout_;
  RowChangeCollector changes_;
  int64_t row_delta_ = 0;
  uint64_t written_ = 0;
  uint64_t inserted_ = 0, updated_ = 0, deleted_ = 0;
  std::vector<uint64_t> entries_written_;  // By index position.
  std::string row_key_;
  std::string value_;
  std::vector<std::string> entry_keys_;
  std::vector<codec::IndexedRows> indexed_;  // By index position: the row at hand.
  std::string old_entry_key_;
};

}  // namespace adbms::storage::txn
