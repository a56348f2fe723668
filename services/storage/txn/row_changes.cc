#include "services/storage/txn/row_changes.h"

#include <algorithm>

#include "common/types/text_io.h"
#include "services/storage/txn/deferred_constraints.h"

namespace adbms::storage::txn {
namespace {

bool AnyAssigned(const std::vector<uint32_t>& ordinals, const std::vector<bool>& assigned) {
  return std::any_of(ordinals.begin(), ordinals.end(),
                     [&](uint32_t ordinal) { return assigned[ordinal]; });
}

bool Equal(const types::Value& a, const types::Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() == b.is_null();
  return types::CompareValues(a, b) == 0;
}

// Equal, and not to be told apart in any way either: 1.0 and 1.00 are not.
bool SameImage(const types::Value& a, const types::Value& b) {
  if (!Equal(a, b) || a.is_null()) return Equal(a, b);
  std::string texts[2];
  types::FormatText(a, types::TextOptions(), &texts[0]);
  types::FormatText(b, types::TextOptions(), &texts[1]);
  return texts[0] == texts[1];
}

template <typename Same>
bool Differ(const std::vector<uint32_t>& ordinals, codec::Columns before, uint32_t before_row,
            codec::Columns after, uint32_t after_row, const Same& same) {
  return std::any_of(ordinals.begin(), ordinals.end(), [&](uint32_t ordinal) {
    return !same(before[ordinal]->Get(before_row), after[ordinal]->Get(after_row));
  });
}

}  // namespace

RowChangeCollector::RowChangeCollector(Transaction* transaction, const catalog::TableEntry* table,
                                       const catalog::CatalogState* catalog)
    : transaction_(transaction), table_(table) {
  const auto deferred = [&](uint32_t table_id, const std::string& name,
                            common::v1::Deferral deferral) {
    return deferral != common::v1::DEFERRAL_UNSPECIFIED &&
           transaction->deferred()->IsDeferred(table_id, name, deferral);
  };
  for (const auto& key : table->descriptor.foreign_keys()) {
    std::optional<Reference> reference = Reference::Resolve(*catalog, table, &key);
    if (!reference.has_value()) continue;
    changes_.references.push_back(
        {*std::move(reference),
         deferred(table->descriptor.table_id(), key.name(), key.deferral()),
         {},
         {},
         false});
  }
  for (const auto& [child, key] : catalog->ReferencesTo(table->descriptor.table_id())) {
    std::optional<Reference> reference = Reference::Resolve(*catalog, child, key);
    if (!reference.has_value()) continue;
    changes_.lost.push_back({*std::move(reference),
                             deferred(child->descriptor.table_id(), key->name(), key->deferral()),
                             {},
                             {}});
  }
  const std::vector<codec::IndexLayout>& indexes = table->layout.indexes;
  for (size_t i = 0; i < indexes.size(); ++i) {
    const codec::IndexLayout& index = indexes[i];
    if (!index.checked_later()) continue;
    key_positions_.resize(indexes.size());
    key_positions_[i] = changes_.keys.size();
    changes_.keys.push_back(
        {&index, deferred(table->descriptor.table_id(), index.name, index.deferral), {}});
  }
  seen_references_.resize(changes_.references.size());
  seen_keys_.resize(changes_.keys.size());
  needed_ = !changes_.references.empty() || !changes_.lost.empty() || !changes_.keys.empty();
}

void RowChangeCollector::NoteReference(size_t position, codec::Columns columns, uint32_t row,
                                       std::string_view row_key) {
  StoredReferences& stored = changes_.references[position];
  const std::vector<uint32_t>& ordinals = stored.reference.child_ordinals();
  const auto nulls = std::count_if(ordinals.begin(), ordinals.end(), [&](uint32_t ordinal) {
    return columns[ordinal]->is_null(row);
  });
  if (nulls > 0) {
    const bool mixed =
        stored.reference.key().match_full() && nulls < static_cast<ptrdiff_t>(ordinals.size());
    if (!mixed) return;
    if (!stored.deferred) {
      stored.mixed_nulls = true;
      return;
    }
  }
  if (stored.deferred) {
    stored.rows.emplace_back(row_key);
    return;
  }
  KeyValues values = *Reference::ValuesOf(ordinals, columns, row);
  if (seen_references_[position].keys.insert(stored.reference.ParentKey(values)).second)
    stored.keys.push_back(std::move(values));
}

void RowChangeCollector::Stored(codec::Columns columns, uint32_t row, std::string_view row_key) {
  for (size_t i = 0; i < changes_.references.size(); ++i) NoteReference(i, columns, row, row_key);
}

void RowChangeCollector::Removed(codec::Columns columns, uint32_t row) {
  for (LostKeys& lost : changes_.lost) {
    std::optional<KeyValues> values =
        Reference::ValuesOf(lost.reference.parent_ordinals(), columns, row);
    if (values.has_value()) lost.removed.push_back({*std::move(values), {}});
  }
}

void RowChangeCollector::Replaced(codec::Columns before, uint32_t before_row, codec::Columns after,
                                  uint32_t after_row, std::string_view row_key, bool moved,
                                  const std::vector<bool>& assigned) {
  for (LostKeys& lost : changes_.lost) {
    const std::vector<uint32_t>& ordinals = lost.reference.parent_ordinals();
    if (!AnyAssigned(ordinals, assigned) ||
        !Differ(ordinals, before, before_row, after, after_row, SameImage))
      continue;
    std::optional<KeyValues> values = Reference::ValuesOf(ordinals, before, before_row);
    if (!values.has_value()) continue;
    KeyChange change{*std::move(values), {}};
    for (uint32_t ordinal : ordinals) change.after.push_back(after[ordinal]->Get(after_row));
    lost.changed.push_back(std::move(change));
  }
  for (size_t i = 0; i < changes_.references.size(); ++i) {
    const StoredReferences& stored = changes_.references[i];
    const std::vector<uint32_t>& ordinals = stored.reference.child_ordinals();
    const bool changed = AnyAssigned(ordinals, assigned) &&
                         Differ(ordinals, before, before_row, after, after_row, Equal);
    // What is deferred knows rows by their keys, and this may be one of them.
    const bool awaits =
        moved && stored.deferred &&
        (!stored.rows.empty() || transaction_->AwaitsChecks(table_->descriptor.table_id()));
    if (changed || awaits) NoteReference(i, after, after_row, row_key);
  }
}

void RowChangeCollector::KeyStored(size_t index, std::string prefix) {
  const size_t position = key_positions_[index];
  if (seen_keys_[position].keys.insert(prefix).second)
    changes_.keys[position].prefixes.push_back(std::move(prefix));
}

RowChanges RowChangeCollector::Take() {
  RowChanges taken;
  for (LostKeys& lost : changes_.lost) {
    if (lost.removed.empty() && lost.changed.empty()) continue;
    taken.lost.push_back(
        {lost.reference, lost.deferred, std::move(lost.removed), std::move(lost.changed)});
    lost.removed.clear();
    lost.changed.clear();
  }
  for (StoredReferences& stored : changes_.references) {
    if (stored.keys.empty() && stored.rows.empty() && !stored.mixed_nulls) continue;
    taken.references.push_back(std::move(stored));
    stored = {taken.references.back().reference, taken.references.back().deferred, {}, {}, false};
  }
  for (StoredKeys& stored : changes_.keys) {
    if (stored.prefixes.empty()) continue;
    taken.keys.push_back({stored.index, stored.deferred, std::move(stored.prefixes)});
    stored.prefixes.clear();
  }
  for (Seen& seen : seen_references_) seen.keys.clear();
  for (Seen& seen : seen_keys_) seen.keys.clear();
  return taken;
}

}  // namespace adbms::storage::txn
