// What one writer's rows have to do with constraints that are not checked row by row: collected
// while rows are written, taken when the statement has written all of them. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "services/storage/txn/reference.h"

namespace adbms::storage::txn {

// Rows of a child that were stored, for one of its foreign keys.
struct StoredReferences {
  Reference reference;
  bool deferred = false;
  std::vector<KeyValues> keys;    // The distinct ones, unless deferred.
  std::vector<std::string> rows;  // Deferred: the rows' keys.
  bool mixed_nulls = false;       // Of a row, where MATCH FULL forbids it; unless deferred.
};

// Keys of a parent that are gone, for one foreign key that references it.
struct LostKeys {
  Reference reference;
  bool deferred = false;  // Of NO ACTION.
  std::vector<KeyChange> removed;
  std::vector<KeyChange> changed;
};

// Keys that were stored under a deferrable unique constraint, each once; of an exclusion constraint
// the keys of the rows.
struct StoredKeys {
  const codec::IndexLayout* index = nullptr;
  bool deferred = false;
  std::vector<std::string> prefixes;
};

struct RowChanges {
  std::vector<LostKeys> lost;
  std::vector<StoredReferences> references;
  std::vector<StoredKeys> keys;
};

class RowChangeCollector {
 public:
  // Borrows all; `table` is the written one.
  RowChangeCollector(Transaction* transaction, const catalog::TableEntry* table,
                     const catalog::CatalogState* catalog);

  bool needed() const { return needed_; }
  // A row was stored where none was.
  void Stored(codec::Columns columns, uint32_t row, std::string_view row_key);
  void Removed(codec::Columns columns, uint32_t row);
  // A row was replaced, under another key when `moved`. `assigned`: which columns may differ.
  void Replaced(codec::Columns before, uint32_t before_row, codec::Columns after,
                uint32_t after_row, std::string_view row_key, bool moved,
                const std::vector<bool>& assigned);
  // A key was stored in the entries of the index at this position of the layout, which is checked
  // later.
  void KeyStored(size_t index, std::string prefix);
  // All since the last time.
  RowChanges Take();

 private:
  struct Seen {
    absl::flat_hash_set<std::string> keys;
  };
  void NoteReference(size_t position, codec::Columns columns, uint32_t row,
                     std::string_view row_key);

  const Transaction* const transaction_;
  const catalog::TableEntry* const table_;
  bool needed_ = false;
  RowChanges changes_;
  std::vector<Seen> seen_references_;  // By position in changes_.references.
  std::vector<size_t> key_positions_;  // By index of the layout, in changes_.keys.
  std::vector<Seen> seen_keys_;        // By position in changes_.keys.
};

}  // namespace adbms::storage::txn
