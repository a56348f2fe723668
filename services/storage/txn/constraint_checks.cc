#include "services/storage/txn/constraint_checks.h"

#include <algorithm>

#include "common/status/macros.h"
#include "services/storage/engine/skipped_deletions.h"
#include "services/storage/txn/constraint_errors.h"
#include "services/storage/txn/exclusion_checks.h"
#include "services/storage/txn/stored_row.h"

namespace adbms::storage::txn {
namespace {

constexpr size_t kRowsAtOnce = 1024;

// The keys that the parent does not have any more, or all.
absl::StatusOr<std::vector<KeyChange>> StillLost(Transaction* transaction,
                                                 const Reference& reference,
                                                 const std::vector<KeyChange>& keys) {
  const ReadView view = transaction->View(/*latest=*/true);
  std::vector<KeyChange> lost;
  for (const KeyChange& key : keys) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(view.Get(reference.ParentKey(key.before), &value, &found));
    if (!found) lost.push_back({key.before, {}});
  }
  return lost;
}

// The keys of the rows that have entries with this prefix.
absl::StatusOr<std::vector<std::string>> RowsWith(Transaction* transaction,
                                                  const codec::TableLayout& table,
                                                  const std::string& prefix) {
  auto it = transaction->View(/*latest=*/true).NewIterator({prefix, codec::PrefixEnd(prefix)}, {});
  std::vector<std::string> rows;
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    std::string_view suffix;
    if (!codec::IndexLayout::RowSuffix(engine::ToView(it->key()), engine::ToView(it->value()),
                                       &suffix))
      return absl::InternalError("malformed index entry");
    rows.push_back(table.Begin());
    rows.back().append(suffix);
  }
  RETURN_IF_ERROR(it->status());
  return rows;
}

absl::Status KeyTwice(Transaction* transaction, const catalog::TableEntry& table,
                      const codec::IndexLayout& index, const std::string& row_key) {
  engine::PinnableSlice value;
  bool found = false;
  RETURN_IF_ERROR(transaction->View(/*latest=*/true).Get(row_key, &value, &found));
  if (!found) return absl::InternalError("an index entry without its row");
  StoredRow row(table.layout);
  RETURN_IF_ERROR(row.Decode(engine::ToView(value)));
  return UniqueViolation(table, index.name, index.columns, row.columns(), 0);
}

}  // namespace

absl::Status CheckReferences(const rpc::CallContext& call, Transaction* transaction,
                             const Reference& reference, const std::vector<KeyValues>& keys) {
  for (const KeyValues& values : keys) {
    const std::string key = reference.ParentKey(values);
    engine::PinnableSlice value;
    bool found = false;
    if (transaction->validates()) {
      // A row that the transaction does not see is not there for it.
      RETURN_IF_ERROR(transaction->View().Get(key, &value, &found));
      if (!found) return reference.NotPresent(values);
      value.Reset();
    }
    RETURN_IF_ERROR(transaction->LockRow(call, key, LockMode::kForKeyShare, /*validate=*/false,
                                         &value, &found));
    if (found) continue;
    RETURN_IF_ERROR(transaction->CheckUnchanged(key));
    return reference.NotPresent(values);
  }
  return absl::OkStatus();
}

absl::Status CheckReferencesOfRows(const rpc::CallContext& call, Transaction* transaction,
                                   const Reference& reference,
                                   const std::vector<std::string>& rows) {
  const std::vector<uint32_t>& ordinals = reference.child_ordinals();
  StoredRow row(reference.child().layout);
  absl::flat_hash_set<std::string> seen;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % kRowsAtOnce == 0) {
      RETURN_IF_ERROR(call.Check());
      seen.clear();  // What it has seen is locked; the set only saves work.
    }
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(transaction->View(/*latest=*/true).Get(rows[i], &value, &found));
    if (!found) continue;
    RETURN_IF_ERROR(row.Decode(engine::ToView(value)));
    std::optional<KeyValues> values = Reference::ValuesOf(ordinals, row.columns(), 0);
    if (!values.has_value()) {
      const bool all_null = std::all_of(ordinals.begin(), ordinals.end(), [&](uint32_t ordinal) {
        return row.columns()[ordinal]->is_null(0);
      });
      if (reference.key().match_full() && !all_null) return reference.MixedNulls();
      continue;
    }
    if (!seen.insert(reference.ParentKey(*values)).second) continue;
    RETURN_IF_ERROR(CheckReferences(call, transaction, reference, {*std::move(values)}));
  }
  return absl::OkStatus();
}

absl::Status CheckLostKeys(const rpc::CallContext& call, Transaction* transaction,
                           const Reference& reference, const std::vector<KeyChange>& keys,
                           bool unless_taken_over) {
  std::vector<KeyChange> lost;
  if (unless_taken_over) {
    ASSIGN_OR_RETURN(lost, StillLost(transaction, reference, keys));
    if (lost.empty()) return absl::OkStatus();
  }
  const std::vector<KeyChange>& checked = unless_taken_over ? lost : keys;
  std::optional<size_t> first;
  bool gone = false;
  const auto visit = [&](size_t position, std::string_view row_key) -> absl::StatusOr<bool> {
    if (first.has_value() && *first <= position) return true;
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(transaction->LockRow(call, row_key, LockMode::kForKeyShare,
                                         /*validate=*/false, &value, &found));
    if (!found) {
      RETURN_IF_ERROR(transaction->CheckUnchanged(row_key));
      gone = true;
      return true;
    }
    ASSIGN_OR_RETURN(const bool refers,
                     reference.Refers(engine::ToView(value), checked[position].before));
    if (refers) first = position;
    return !refers || position > 0;
  };
  uint64_t skipped = 0;
  const absl::Status looked = [&] {
    const engine::SkippedDeletions counted(&skipped);
    // Again for as long as rows were gone that may refer under another key now.
    do {
      gone = false;
      RETURN_IF_ERROR(reference.ForEachReferencing(call, transaction, checked,
                                                   /*committed_only=*/false, visit));
    } while (gone && !first.has_value());
    return absl::OkStatus();
  }();
  transaction->shared()->engine->NoteSkipped(skipped);
  RETURN_IF_ERROR(looked);
  return first.has_value() ? reference.StillReferenced(checked[*first].before) : absl::OkStatus();
}

absl::Status CheckStored(const rpc::CallContext& call, Transaction* transaction,
                         const catalog::TableEntry& table, const codec::IndexLayout& index,
                         const std::vector<std::string>& stored) {
  return index.excludes() ? CheckExclusion(call, transaction, table, index, stored)
                          : CheckKeys(call, transaction, table, index, stored);
}

absl::Status CheckKeys(const rpc::CallContext& call, Transaction* transaction,
                       const catalog::TableEntry& table, const codec::IndexLayout& index,
                       const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    RETURN_IF_ERROR(transaction->LockRow(call, prefix, LockMode::kForUpdate, /*validate=*/false,
                                         nullptr, nullptr));
    // Read under the lock: whoever had it before has committed what he stored.
    ASSIGN_OR_RETURN(std::vector<std::string> rows, RowsWith(transaction, table.layout, prefix));
    if (rows.size() < 2) continue;
    // Somebody may be removing one of them, or giving it another key.
    for (const std::string& row : rows)
      RETURN_IF_ERROR(transaction->LockRow(call, row, LockMode::kForShare, /*validate=*/false,
                                           nullptr, nullptr));
    ASSIGN_OR_RETURN(rows, RowsWith(transaction, table.layout, prefix));
    if (rows.size() > 1) return KeyTwice(transaction, table, index, rows.back());
  }
  return absl::OkStatus();
}

}  // namespace adbms::storage::txn
