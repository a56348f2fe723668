#include "services/storage/txn/exclusion_checks.h"

#include <algorithm>
#include <functional>

#include "absl/container/flat_hash_map.h"
#include "common/sql/functions/function_catalog.h"
#include "common/status/macros.h"
#include "services/storage/codec/indexed_rows.h"
#include "services/storage/txn/constraint_errors.h"
#include "services/storage/txn/stored_row.h"

namespace adbms::storage::txn {
namespace {

// A row with the values of an index's keys.
class KeyedRow {
 public:
  KeyedRow(const codec::TableLayout& layout, const codec::IndexLayout& index)
      : index_(index), row_(layout), indexed_(&layout, &index) {}

  // False for one that is gone, or that the constraint is not about: of its WHERE, or with a NULL.
  absl::StatusOr<bool> Read(const ReadView& view, std::string_view row_key) {
    engine::PinnableSlice value;
    bool found = false;
    RETURN_IF_ERROR(view.Get(row_key, &value, &found));
    if (!found) return false;
    RETURN_IF_ERROR(row_.Decode(engine::ToView(value)));
    RETURN_IF_ERROR(indexed_.Read(row_.columns(), 0));
    return indexed_.count() > 0 &&
           std::none_of(index_.columns.begin(), index_.columns.end(), [this](uint32_t ordinal) {
             return indexed_.columns()[ordinal]->is_null(0);
           });
  }
  codec::Columns columns() const { return indexed_.columns(); }

 private:
  const codec::IndexLayout& index_;
  StoredRow row_;
  codec::IndexedRows indexed_;
};

absl::StatusOr<bool> Conflicts(const rpc::CallContext& call, const codec::IndexLayout& index,
                               codec::Columns a, codec::Columns b) {
  sql::functions::EvaluationContext context;
  context.check_interrupts = [&call] { return call.Check(); };
  for (size_t i = 0; i < index.exclusion.size(); ++i) {
    types::Vector result({types::TypeId::kBool, 0});
    result.Resize(1);
    RETURN_IF_ERROR(index.exclusion[i]->kernel(context, {a[index.columns[i]], b[index.columns[i]]},
                                               1, &result));
    if (result.is_null(0) || result.data<uint8_t>()[0] == 0) return false;
  }
  return true;
}

class Exclusion {
 public:
  Exclusion(const rpc::CallContext& call, Transaction* transaction,
            const catalog::TableEntry& table, const codec::IndexLayout& index, bool building)
      : call_(call),
        transaction_(transaction),
        table_(table),
        index_(index),
        building_(building),
        stored_(table.layout, index),
        other_(table.layout, index) {}

  // `is_later`: whether a row is checked after this one, and finds it then.
  absl::Status Check(const std::string& row_key,
                     const std::function<bool(const std::string&)>& is_later) {
    // Others may have stored theirs since the statement began; what this transaction has is there.
    ASSIGN_OR_RETURN(const bool concerned,
                     stored_.Read(transaction_->View(/*latest=*/true), row_key));
    if (!concerned) return absl::OkStatus();
    std::string prefix;
    index_.AppendPrefix(stored_.columns(), 0, index_.equal_keys, &prefix);
    RETURN_IF_ERROR(transaction_->LockRow(call_, prefix, LockMode::kForUpdate, /*validate=*/false,
                                          nullptr, nullptr));
    const ReadView view = transaction_->View(/*latest=*/true);
    auto it = view.NewIterator({prefix, codec::PrefixEnd(prefix)}, {});
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      RETURN_IF_ERROR(call_.Check());
      std::string_view suffix;
      if (!codec::IndexLayout::RowSuffix(engine::ToView(it->key()), engine::ToView(it->value()),
                                         &suffix))
        return absl::InternalError("malformed index entry");
      std::string key = table_.layout.Begin();
      key.append(suffix);
      if (key == row_key) continue;
      ASSIGN_OR_RETURN(bool conflicts, ConflictsWith(view, key));
      if (!conflicts || is_later(key)) continue;
      // Somebody may be removing it, or changing it; a new one of the same values waits for the
      // lock on them.
      RETURN_IF_ERROR(transaction_->LockRow(call_, key, LockMode::kForShare, /*validate=*/false,
                                            nullptr, nullptr));
      ASSIGN_OR_RETURN(conflicts, ConflictsWith(view, key));
      if (conflicts)
        return ExclusionViolation(table_, index_.name, index_.columns, stored_.columns(),
                                  other_.columns(), building_);
    }
    return it->status();
  }

 private:
  absl::StatusOr<bool> ConflictsWith(const ReadView& view, const std::string& row_key) {
    ASSIGN_OR_RETURN(const bool concerned, other_.Read(view, row_key));
    return concerned ? Conflicts(call_, index_, stored_.columns(), other_.columns())
                     : absl::StatusOr<bool>(false);
  }

  const rpc::CallContext& call_;
  Transaction* const transaction_;
  const catalog::TableEntry& table_;
  const codec::IndexLayout& index_;
  const bool building_;
  KeyedRow stored_;
  KeyedRow other_;
};

}  // namespace

absl::Status CheckExclusion(const rpc::CallContext& call, Transaction* transaction,
                            const catalog::TableEntry& table, const codec::IndexLayout& index,
                            const std::vector<std::string>& rows) {
  Exclusion exclusion(call, transaction, table, index, /*building=*/false);
  absl::flat_hash_map<std::string_view, size_t> places;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto is_later = [&](const std::string& key) {
      for (size_t at = places.size(); at < rows.size(); ++at) places.emplace(rows[at], at);
      const auto found = places.find(key);
      return found != places.end() && found->second > i;
    };
    RETURN_IF_ERROR(exclusion.Check(rows[i], is_later));
  }
  return absl::OkStatus();
}

absl::Status CheckExclusionOfAll(const rpc::CallContext& call, Transaction* transaction,
                                 const catalog::TableEntry& table,
                                 const codec::IndexLayout& index) {
  Exclusion exclusion(call, transaction, table, index, /*building=*/true);
  auto it = transaction->View(/*latest=*/true)
                .NewIterator({table.layout.Begin(), table.layout.End()}, {});
  for (it->SeekToFirst(); it->Valid(); it->Next())
    RETURN_IF_ERROR(exclusion.Check(std::string(engine::ToView(it->key())),
                                    [](const std::string&) { return false; }));
  return it->status();
}

}  // namespace adbms::storage::txn
