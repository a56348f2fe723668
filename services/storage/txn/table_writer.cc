#include "services/storage/txn/table_writer.h"

#include <algorithm>
#include <iterator>

#include "common/status/macros.h"
#include "services/storage/txn/constraint_errors.h"
#include "services/storage/txn/statement_end.h"

namespace adbms::storage::txn {
namespace {

constexpr size_t kSpaceBytes = 4;

}  // namespace

TableWriter::TableWriter(const rpc::CallContext* call, Transaction* transaction,
                         const catalog::TableEntry* table, const catalog::CatalogState* catalog)
    : call_(*call),
      transaction_(transaction),
      writes_(transaction->engine_transaction()),
      table_(table),
      layout_(table->layout),
      changes_(transaction, table, catalog),
      entries_written_(table->layout.indexes.size()),
      entry_keys_(table->layout.indexes.size()) {
  for (const codec::IndexLayout& index : layout_.indexes) indexed_.emplace_back(&layout_, &index);
  transaction->NoteWrites(*table);
}

TableWriter::~TableWriter() {
  if (written_ == 0) return;
  transaction_->shared()->rows_written.fetch_add(written_, std::memory_order_relaxed);
  TableUse* use = transaction_->shared()->counts->Table(layout_.table_id);
  use->inserted.fetch_add(inserted_, std::memory_order_relaxed);
  use->updated.fetch_add(updated_, std::memory_order_relaxed);
  use->deleted.fetch_add(deleted_, std::memory_order_relaxed);
  for (size_t i = 0; i < entries_written_.size(); ++i) {
    if (entries_written_[i] == 0) continue;
    transaction_->shared()
        ->counts->Index(layout_.indexes[i].index_id)
        ->entries_written.fetch_add(entries_written_[i], std::memory_order_relaxed);
  }
}

absl::Status TableWriter::CheckNotNull(codec::Columns columns, uint32_t row_count) const {
  uint32_t first_row = row_count;
  uint32_t first_ordinal = 0;
  for (uint32_t ordinal = 0; ordinal < layout_.not_null.size(); ++ordinal) {
    if (!layout_.not_null[ordinal] || !columns[ordinal]->may_have_nulls()) continue;
    for (uint32_t row = 0; row < first_row; ++row) {
      if (!columns[ordinal]->is_null(row)) continue;
      first_row = row;
      first_ordinal = ordinal;
    }
  }
  if (first_row == row_count) return absl::OkStatus();
  return NotNullViolation(*table_, first_ordinal, columns, first_row);
}

absl::Status TableWriter::NewRowKey(codec::Columns columns, uint32_t row, std::string* key) {
  key->clear();
  if (layout_.has_primary_key()) {
    layout_.AppendRowKey(columns, row, key);
    return CheckKeySize(*key, table_->descriptor.primary_key_name());
  }
  engine::Engine* engine = transaction_->shared()->engine;
  const auto first = [&]() -> absl::StatusOr<int64_t> {
    auto it = engine->NewIterator(nullptr, {layout_.Begin(), layout_.End()}, {});
    it->SeekToLast();
    RETURN_IF_ERROR(it->status());
    if (!it->Valid()) return 1;
    std::string_view last = engine::ToView(it->key()).substr(kSpaceBytes);
    types::Vector decoded({types::TypeId::kInt8, 0});
    decoded.Resize(1);
    if (!codec::DecodeKey(&last, {{types::TypeId::kInt8, 0}, false, false}, &decoded, 0)) {
      return absl::InternalError("malformed row key");
    }
    return decoded.data<int64_t>()[0] + 1;
  };
  ASSIGN_OR_RETURN(const int64_t hidden,
                   transaction_->shared()->counts->HiddenKeys(layout_.storage_id, 1, first));
  layout_.AppendHiddenKey(hidden, key);
  return absl::OkStatus();
}

absl::Status TableWriter::CheckKeyFree(const std::string& key, codec::Columns columns, uint32_t row,
                                       Conflict* conflict) {
  engine::PinnableSlice value;
  bool found = false;
  RETURN_IF_ERROR(LockNewKey(key, &value, &found));
  if (!found) return absl::OkStatus();
  if (conflict == nullptr) {
    RETURN_IF_ERROR(transaction_->CheckNotReadAsFree(key));
    return UniqueViolation(*table_, table_->descriptor.primary_key_name(), layout_.primary_key,
                           columns, row);
  }
  conflict->exists = true;
  conflict->index_id = 0;
  conflict->row_key = key;
  return absl::OkStatus();
}

absl::Status TableWriter::CheckUnique(const codec::IndexLayout& index, const std::string& entry_key,
                                      codec::Columns columns, uint32_t row, Conflict* conflict) {
  engine::PinnableSlice value;
  bool found = false;
  RETURN_IF_ERROR(LockNewKey(entry_key, &value, &found));
  if (!found) return absl::OkStatus();
  if (conflict == nullptr) {
    RETURN_IF_ERROR(transaction_->CheckNotReadAsFree(entry_key));
    return UniqueViolation(*table_, index.name, index.columns, columns, row);
  }
  std::string_view suffix;
  if (!codec::IndexLayout::RowSuffix(entry_key, engine::ToView(value), &suffix)) {
    return absl::InternalError("malformed index entry");
  }
  conflict->exists = true;
  conflict->index_id = index.index_id;
  conflict->entry_key = entry_key;
  conflict->row_key = layout_.Begin();
  conflict->row_key.append(suffix);
  return absl::OkStatus();
}

absl::Status TableWriter::CheckArbiter(codec::Columns columns, uint32_t row, Conflict* conflict) {
  if (*conflict->arbiter == 0) return CheckKeyFree(row_key_, columns, row, conflict);
  const std::string_view suffix = std::string_view(row_key_).substr(kSpaceBytes);
  for (size_t i = 0; i < layout_.indexes.size(); ++i) {
    const codec::IndexLayout& index = layout_.indexes[i];
    if (index.index_id != *conflict->arbiter) continue;
    codec::IndexedRows& rows = indexed_[i];
    RETURN_IF_ERROR(rows.Read(columns, row));
    if (rows.count() == 0) return absl::OkStatus();
    bool inline_suffix = false;
    std::string entry_key;
    index.AppendEntryKey(rows.columns(), rows.row(0), suffix, &entry_key, &inline_suffix);
    RETURN_IF_ERROR(CheckKeySize(entry_key, index.name));
    if (inline_suffix) return absl::OkStatus();
    return CheckUnique(index, entry_key, rows.columns(), rows.row(0), conflict);
  }
  return absl::InternalError("no such arbiter index");
}

absl::Status TableWriter::Insert(codec::Columns columns, uint32_t row, Conflict* conflict) {
  RETURN_IF_ERROR(NewRowKey(columns, row, &row_key_));
  if (conflict != nullptr && conflict->arbiter) {
    RETURN_IF_ERROR(CheckArbiter(columns, row, conflict));
    if (conflict->exists) return absl::OkStatus();
    conflict = nullptr;  // Any other violation is an error.
  }
  if (layout_.has_primary_key()) {
    RETURN_IF_ERROR(CheckKeyFree(row_key_, columns, row, conflict));
    if (conflict != nullptr && conflict->exists) return absl::OkStatus();
  }
  const std::string_view suffix = std::string_view(row_key_).substr(kSpaceBytes);
  for (size_t i = 0; i < layout_.indexes.size(); ++i) {
    const codec::IndexLayout& index = layout_.indexes[i];
    codec::IndexedRows& rows = indexed_[i];
    RETURN_IF_ERROR(rows.Read(columns, row));
    if (rows.count() == 0 || index.inverted()) continue;
    bool inline_suffix = false;
    entry_keys_[i].clear();
    index.AppendEntryKey(rows.columns(), rows.row(0), suffix, &entry_keys_[i], &inline_suffix);
    RETURN_IF_ERROR(CheckKeySize(entry_keys_[i], index.name));
    if (inline_suffix) continue;
    RETURN_IF_ERROR(CheckUnique(index, entry_keys_[i], rows.columns(), rows.row(0), conflict));
    if (conflict != nullptr && conflict->exists) return absl::OkStatus();
  }
  value_.clear();
  layout_.row.Append(columns, row, &value_);
  writes_->Put(row_key_, value_);
  for (size_t i = 0; i < layout_.indexes.size(); ++i) {
    const codec::IndexLayout& index = layout_.indexes[i];
    const codec::IndexedRows& rows = indexed_[i];
    if (rows.count() == 0) continue;
    if (index.inverted()) {
      RETURN_IF_ERROR(PutItems(i, suffix, codec::ItemsOf(index, rows.columns(), rows.row(0))));
      continue;
    }
    value_.clear();
    bool inline_suffix = !index.unique;
    for (uint32_t ordinal : index.columns)
      inline_suffix |= rows.columns()[ordinal]->is_null(rows.row(0));
    index.AppendEntryValue(rows.columns(), rows.row(0), suffix, inline_suffix, &value_);
    writes_->Put(entry_keys_[i], value_);
    NoteKey(i, rows.columns(), rows.row(0), suffix);
    ++entries_written_[i];
  }
  for (const codec::IndexLayout& index : layout_.building) NoteChange(index, suffix);
  if (changes_.needed()) changes_.Stored(columns, row, row_key_);
  ++row_delta_;
  ++written_;
  ++inserted_;
  return absl::OkStatus();
}

absl::Status TableWriter::LockKey(std::string_view key) {
  return transaction_->LockRow(call_, key, LockMode::kForUpdate, /*validate=*/false, nullptr,
                               nullptr);
}

absl::Status TableWriter::LockNewKey(std::string_view key, engine::PinnableSlice* value,
                                     bool* found) {
  LockOwner* const locks = transaction_->locks();
  const size_t mark = locks->Mark();
  bool locked = false;
  RETURN_IF_ERROR(
      transaction_->TryLockRow(key, LockMode::kForUpdate, false, value, found, &locked));
  if (!locked) {
    // With this lock granted nobody is removing the key, nor is it only being made.
    RETURN_IF_ERROR(
        transaction_->TryLockRow(key, LockMode::kForKeyShare, false, value, found, &locked));
    if (!locked || !*found) {
      locks->ReleaseSince(mark);
      value->Reset();
      RETURN_IF_ERROR(transaction_->LockRow(call_, key, LockMode::kForUpdate, false, value, found));
    }
  }
  if (*found) locks->ReleaseSince(mark);
  return absl::OkStatus();
}

absl::StatusOr<bool> TableWriter::StillConflicts(const Conflict& conflict) {
  if (conflict.index_id == 0) return true;
  engine::PinnableSlice value;
  bool found = false;
  RETURN_IF_ERROR(writes_->Get(nullptr, conflict.entry_key, &value, &found));
  std::string_view suffix;
  return found &&
         codec::IndexLayout::RowSuffix(conflict.entry_key, engine::ToView(value), &suffix) &&
         suffix == std::string_view(conflict.row_key).substr(kSpaceBytes);
}

absl::Status TableWriter::LockRow(std::string_view row_key, LockMode mode,
                                  engine::PinnableSlice* value, bool* found) {
  return transaction_->LockRow(call_, row_key, mode, /*validate=*/true, value, found);
}

absl::Status TableWriter::LockReadRow(std::string_view row_key, LockMode mode,
                                      engine::PinnableSlice* value, bool* found, bool* unchanged) {
  *unchanged = false;
  RETURN_IF_ERROR(LockRow(row_key, mode, nullptr, found));
  // Whoever changes a row commits before giving its lock up: if nothing was committed to the table
  // since the snapshot, the row was not changed either.
  const engine::SnapshotPtr snapshot = transaction_->View().snapshot();
  if (snapshot != nullptr && !transaction_->shared()->engine->ChangedSince(row_key, *snapshot)) {
    *unchanged = *found = true;
    return absl::OkStatus();
  }
  return writes_->Get(nullptr, row_key, value, found);
}

absl::Status TableWriter::Update(std::string_view row_key, codec::Columns old_columns,
                                 uint32_t old_row, codec::Columns new_columns, uint32_t new_row,
                                 const std::vector<bool>& assigned) {
  bool key_assigned = false;
  for (uint32_t ordinal : layout_.primary_key) key_assigned |= assigned[ordinal];
  row_key_.assign(row_key);
  if (key_assigned) RETURN_IF_ERROR(NewRowKey(new_columns, new_row, &row_key_));
  const bool moved = row_key_ != row_key;
  if (moved) {
    RETURN_IF_ERROR(LockKey(row_key));
    RETURN_IF_ERROR(CheckKeyFree(row_key_, new_columns, new_row, nullptr));
  }
  const std::string_view old_suffix = row_key.substr(kSpaceBytes);
  const std::string_view suffix = std::string_view(row_key_).substr(kSpaceBytes);
  if (moved) writes_->Delete(row_key);
  for (size_t i = 0; i < layout_.indexes.size(); ++i) {
    const codec::IndexLayout& index = layout_.indexes[i];
    if (!moved && !(key_assigned && !index.value_columns.empty()) && !index.Shows(assigned))
      continue;
    RETURN_IF_ERROR(ReplaceEntry(i, row_key, old_columns, old_row, new_columns, new_row));
  }
  for (const codec::IndexLayout& index : layout_.building) {
    if (!moved && !key_assigned && !index.Shows(assigned)) continue;
    NoteChange(index, suffix);
    if (moved) NoteChange(index, old_suffix);
  }
  value_.clear();
  layout_.row.Append(new_columns, new_row, &value_);
  writes_->Put(row_key_, value_);
  if (changes_.needed()) {
    changes_.Replaced(old_columns, old_row, new_columns, new_row, row_key_, moved, assigned);
  }
  ++written_;
  ++updated_;
  return absl::OkStatus();
}

absl::Status TableWriter::RemoveEntries(size_t position, codec::Columns columns, uint32_t row,
                                        std::string_view row_suffix) {
  const codec::IndexLayout& index = layout_.indexes[position];
  codec::IndexedRows& rows = indexed_[position];
  RETURN_IF_ERROR(rows.Read(columns, row));
  if (rows.count() == 0) return absl::OkStatus();
  if (index.inverted())
    return DeleteItems(position, row_suffix, codec::ItemsOf(index, rows.columns(), rows.row(0)));
  bool inline_suffix = false;
  old_entry_key_.clear();
  index.AppendEntryKey(rows.columns(), rows.row(0), row_suffix, &old_entry_key_, &inline_suffix);
  if (!inline_suffix) RETURN_IF_ERROR(LockKey(old_entry_key_));
  writes_->Delete(old_entry_key_);
  ++entries_written_[position];
  return absl::OkStatus();
}

absl::Status TableWriter::ReplaceEntry(size_t position, std::string_view row_key,
                                       codec::Columns old_columns, uint32_t old_row,
                                       codec::Columns new_columns, uint32_t new_row) {
  const codec::IndexLayout& index = layout_.indexes[position];
  if (index.inverted())
    return ReplaceItems(position, row_key, old_columns, old_row, new_columns, new_row);
  const std::string_view old_suffix = row_key.substr(kSpaceBytes);
  const std::string_view suffix = std::string_view(row_key_).substr(kSpaceBytes);
  codec::IndexedRows& rows = indexed_[position];
  bool old_inline = false;
  bool new_inline = false;
  RETURN_IF_ERROR(rows.Read(old_columns, old_row));
  const bool was = rows.count() > 0;
  old_entry_key_.clear();
  if (was) {
    index.AppendEntryKey(rows.columns(), rows.row(0), old_suffix, &old_entry_key_, &old_inline);
  }
  RETURN_IF_ERROR(rows.Read(new_columns, new_row));
  const bool is = rows.count() > 0;
  std::string& entry_key = entry_keys_[position];
  entry_key.clear();
  if (is) index.AppendEntryKey(rows.columns(), rows.row(0), suffix, &entry_key, &new_inline);
  const bool changed = entry_key != old_entry_key_;
  // What others can refer to.
  if (changed && index.unique && index.formula == nullptr) RETURN_IF_ERROR(LockKey(row_key));
  if (changed && is) {
    RETURN_IF_ERROR(CheckKeySize(entry_key, index.name));
    if (!new_inline)
      RETURN_IF_ERROR(CheckUnique(index, entry_key, rows.columns(), rows.row(0), nullptr));
  }
  if (changed && was) {
    if (!old_inline) RETURN_IF_ERROR(LockKey(old_entry_key_));
    writes_->Delete(old_entry_key_);
    ++entries_written_[position];
  }
  if (!is) return absl::OkStatus();
  value_.clear();
  index.AppendEntryValue(rows.columns(), rows.row(0), suffix, new_inline, &value_);
  writes_->Put(entry_key, value_);
  if (changed) NoteKey(position, rows.columns(), rows.row(0), suffix);
  ++entries_written_[position];
  return absl::OkStatus();
}

absl::Status TableWriter::ReplaceItems(size_t position, std::string_view row_key,
                                       codec::Columns old_columns, uint32_t old_row,
                                       codec::Columns new_columns, uint32_t new_row) {
  const codec::IndexLayout& index = layout_.indexes[position];
  const std::string_view suffix = std::string_view(row_key_).substr(kSpaceBytes);
  codec::IndexedRows& rows = indexed_[position];
  RETURN_IF_ERROR(rows.Read(old_columns, old_row));
  codec::Items before, after;
  if (rows.count() > 0) before = codec::ItemsOf(index, rows.columns(), rows.row(0));
  RETURN_IF_ERROR(rows.Read(new_columns, new_row));
  if (rows.count() > 0) after = codec::ItemsOf(index, rows.columns(), rows.row(0));
  if (row_key != row_key_) {
    RETURN_IF_ERROR(DeleteItems(position, row_key.substr(kSpaceBytes), before));
    return PutItems(position, suffix, after);
  }
  codec::Items gone, added;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(added));
  RETURN_IF_ERROR(DeleteItems(position, suffix, gone));
  return PutItems(position, suffix, added);
}

absl::Status TableWriter::PutItems(size_t position, std::string_view row_suffix,
                                   const codec::Items& items) {
  const codec::IndexLayout& index = layout_.indexes[position];
  value_.clear();
  index.AppendEntryValue({}, 0, row_suffix, /*inline_suffix=*/true, &value_);
  for (const std::string& item : items) {
    std::string& key = entry_keys_[position];
    key.clear();
    index.AppendItemKey(item, row_suffix, &key);
    RETURN_IF_ERROR(CheckKeySize(key, index.name));
    writes_->Put(key, value_);
  }
  entries_written_[position] += items.size();
  return absl::OkStatus();
}

absl::Status TableWriter::DeleteItems(size_t position, std::string_view row_suffix,
                                      const codec::Items& items) {
  for (const std::string& item : items) {
    old_entry_key_.clear();
    layout_.indexes[position].AppendItemKey(item, row_suffix, &old_entry_key_);
    writes_->Delete(old_entry_key_);
  }
  entries_written_[position] += items.size();
  return absl::OkStatus();
}

absl::Status TableWriter::Delete(std::string_view row_key, codec::Columns columns, uint32_t row) {
  const std::string_view suffix = row_key.substr(kSpaceBytes);
  for (size_t i = 0; i < layout_.indexes.size(); ++i)
    RETURN_IF_ERROR(RemoveEntries(i, columns, row, suffix));
  for (const codec::IndexLayout& index : layout_.building) NoteChange(index, suffix);
  writes_->Delete(row_key);
  if (changes_.needed()) changes_.Removed(columns, row);
  --row_delta_;
  ++written_;
  ++deleted_;
  return absl::OkStatus();
}

void TableWriter::NoteChange(const codec::IndexLayout& building, std::string_view row_suffix) {
  std::string note;
  codec::AppendSpace(building.delta_id, &note);
  note.append(row_suffix);
  writes_->Put(note, {});
}

void TableWriter::NoteKey(size_t index, codec::Columns columns, uint32_t row,
                          std::string_view row_suffix) {
  const codec::IndexLayout& layout = layout_.indexes[index];
  if (!layout.checked_later()) return;
  for (uint32_t ordinal : layout.columns) {
    if (columns[ordinal]->is_null(row)) return;
  }
  if (layout.excludes()) {
    std::string row_key = layout_.Begin();
    changes_.KeyStored(index, row_key.append(row_suffix));
    return;
  }
  const std::string& entry = entry_keys_[index];
  changes_.KeyStored(index, entry.substr(0, entry.size() - row_suffix.size()));
}

void TableWriter::CountRows() {
  if (row_delta_ != 0) transaction_->CountRows(layout_, row_delta_);
  row_delta_ = 0;
}

absl::Status TableWriter::FinishStatement(const catalog::CatalogState* catalog, RowRules* rules) {
  if (changes_.needed()) {
    RETURN_IF_ERROR(StatementEnd(&call_, transaction_, catalog, this, rules).Run());
  } else {
    CountRows();
  }
  return transaction_->CheckSize();
}

}  // namespace adbms::storage::txn
