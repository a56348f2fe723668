#include "services/storage/txn/reference.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status/macros.h"
#include "common/status/sql_error.h"
#include "common/types/text_io.h"

namespace adbms::storage::txn {
namespace {

using catalog::TableEntry;

template <typename List>
bool SameSet(const List& a, const google::protobuf::RepeatedField<uint32_t>& b) {
  std::vector<uint32_t> x(a.begin(), a.end());
  std::vector<uint32_t> y(b.begin(), b.end());
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  return x == y;
}

// Whether there can be a value of the type that equals this one.
bool Fits(const types::Value& value, types::TypeId id) {
  if (!types::IsInteger(id) || value.is_null()) return true;
  const int64_t number = value.int_value();
  if (id == types::TypeId::kInt2) return number == static_cast<int16_t>(number);
  return id == types::TypeId::kInt8 || number == static_cast<int32_t>(number);
}

}  // namespace

types::Value AsType(types::Value value, types::Type type) {
  if (value.is_null()) return types::Value::Null(type);
  if (types::IsInteger(type.id)) return types::Value::Int(type.id, value.int_value());
  value.set_type(type);
  return value;
}

std::optional<Reference> Reference::Resolve(const catalog::CatalogState& catalog,
                                            const TableEntry* child,
                                            const common::v1::ForeignKeyDescriptor* key) {
  const catalog::TableEntryPtr* parent = catalog.Find(key->referenced_table_id());
  if (parent == nullptr) return std::nullopt;
  const codec::TableLayout& layout = (*parent)->layout;
  Reference reference;
  reference.parent_ = parent->get();
  reference.child_ = child;
  reference.key_ = key;
  if (SameSet(layout.primary_key, key->referenced_columns())) {
    reference.parent_ordinals_ = layout.primary_key;
  } else {
    for (const codec::IndexLayout& index : layout.indexes) {
      if (!index.unique || index.formula != nullptr ||
          !SameSet(index.columns, key->referenced_columns()))
        continue;
      reference.index_ = &index;
      reference.parent_ordinals_ = index.columns;
      break;
    }
  }
  if (reference.parent_ordinals_.empty()) return std::nullopt;
  for (uint32_t ordinal : reference.parent_ordinals_) {
    for (int i = 0; i < key->columns_size(); ++i) {
      if (key->referenced_columns(i) == ordinal)
        reference.child_ordinals_.push_back(key->columns(i));
    }
  }
  return reference;
}

std::optional<KeyValues> Reference::ValuesOf(const std::vector<uint32_t>& ordinals,
                                             codec::Columns columns, uint32_t row) {
  KeyValues values;
  values.reserve(ordinals.size());
  for (uint32_t ordinal : ordinals) {
    if (columns[ordinal]->is_null(row)) return std::nullopt;
    values.push_back(columns[ordinal]->Get(row));
  }
  return values;
}

std::string Reference::ParentKey(const KeyValues& values) const {
  const codec::TableLayout& layout = parent_->layout;
  std::string key;
  codec::AppendSpace(index_ == nullptr ? layout.storage_id : index_->index_id, &key);
  for (size_t i = 0; i < values.size(); ++i) {
    const codec::KeyColumn& column =
        index_ == nullptr ? layout.primary_key_columns[i] : index_->key[i];
    if (Fits(values[i], column.type.id)) {
      codec::AppendKey(AsType(values[i], column.type), column, &key);
    } else {  // A key of a length that none has.
      const types::Type wide{types::TypeId::kInt8, 0};
      codec::AppendKey(AsType(values[i], wide), {wide, false, column.nullable}, &key);
    }
  }
  return key;
}

std::optional<Reference::ChildIndex> Reference::FindChildIndex() const {
  const auto begins = [&](const std::vector<uint32_t>& columns) {
    return columns.size() >= child_ordinals_.size() &&
           std::is_permutation(child_ordinals_.begin(), child_ordinals_.end(), columns.begin());
  };
  const std::vector<uint32_t>* columns = nullptr;
  ChildIndex found;
  if (begins(child_->layout.primary_key)) {
    columns = &child_->layout.primary_key;
  } else {
    for (const codec::IndexLayout& candidate : child_->layout.indexes) {
      if (!candidate.is_public || candidate.formula != nullptr || candidate.inverted() ||
          !begins(candidate.columns))
        continue;
      found.index = &candidate;
      columns = &candidate.columns;
    }
  }
  if (columns == nullptr) return std::nullopt;
  for (size_t i = 0; i < child_ordinals_.size(); ++i) {
    const auto at = std::find(child_ordinals_.begin(), child_ordinals_.end(), (*columns)[i]);
    found.positions.push_back(static_cast<size_t>(at - child_ordinals_.begin()));
  }
  return found;
}

absl::Status Reference::LookUp(const rpc::CallContext& call, const ReadView& view,
                               const ChildIndex& by, const std::vector<KeyChange>& keys,
                               const Visit& visit) const {
  const codec::TableLayout& layout = child_->layout;
  const uint32_t space = by.index == nullptr ? layout.storage_id : by.index->index_id;
  std::string prefix;
  for (size_t position = 0; position < keys.size(); ++position) {
    if ((position & 255) == 0) RETURN_IF_ERROR(call.Check());
    prefix.clear();
    codec::AppendSpace(space, &prefix);
    bool possible = true;
    for (size_t i = 0; i < by.positions.size(); ++i) {
      const codec::KeyColumn& column =
          by.index == nullptr ? layout.primary_key_columns[i] : by.index->key[i];
      const types::Value& value = keys[position].before[by.positions[i]];
      possible &= Fits(value, column.type.id);
      codec::AppendKey(AsType(value, column.type), column, &prefix);
    }
    if (!possible) continue;
    // Within the key's own bounds: beyond them may be any number of deletions to step over.
    const auto it = view.NewIterator({prefix, codec::PrefixEnd(prefix)}, {});
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const std::string_view key = engine::ToView(it->key());
      std::string row_key(key);
      if (by.index != nullptr) {
        std::string_view suffix;
        if (!codec::IndexLayout::RowSuffix(key, engine::ToView(it->value()), &suffix))
          return absl::InternalError("malformed index entry");
        row_key = layout.Begin();
        row_key.append(suffix);
      }
      ASSIGN_OR_RETURN(const bool more, visit(position, row_key));
      if (!more) return absl::OkStatus();
    }
    RETURN_IF_ERROR(it->status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<KeyValues>> Reference::StoredValues(const codec::RowDecoder& decoder,
                                                                 std::string_view stored) const {
  std::vector<types::Vector> vectors;
  std::vector<types::Vector*> out;
  vectors.reserve(child_ordinals_.size());
  for (uint32_t ordinal : child_ordinals_) {
    vectors.emplace_back(child_->layout.types[ordinal]);
    vectors.back().Resize(1);
    out.push_back(&vectors.back());
  }
  RETURN_IF_ERROR(decoder.Decode(stored, 0, out.data()));
  KeyValues values;
  for (const types::Vector& vector : vectors) {
    if (vector.is_null(0)) return std::optional<KeyValues>();
    values.push_back(vector.Get(0));
  }
  return std::optional<KeyValues>(std::move(values));
}

absl::Status Reference::Scan(const rpc::CallContext& call, const ReadView& view,
                             const std::vector<KeyChange>& keys, const Visit& visit) const {
  absl::flat_hash_map<std::string, size_t> wanted;
  for (size_t position = 0; position < keys.size(); ++position)
    wanted.emplace(ParentKey(keys[position].before), position);
  const codec::TableLayout& layout = child_->layout;
  const codec::RowDecoder decoder(&layout.row, child_ordinals_, &layout.missing);
  auto it = view.NewIterator({layout.Begin(), layout.End()}, {});
  uint64_t rows = 0;
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    if ((++rows & 1023) == 0) RETURN_IF_ERROR(call.Check());
    ASSIGN_OR_RETURN(const std::optional<KeyValues> values,
                     StoredValues(decoder, engine::ToView(it->value())));
    if (!values.has_value()) continue;
    const auto hit = wanted.find(ParentKey(*values));
    if (hit == wanted.end()) continue;
    ASSIGN_OR_RETURN(const bool more, visit(hit->second, engine::ToView(it->key())));
    if (!more) return absl::OkStatus();
  }
  return it->status();
}

absl::Status Reference::ForEachReferencing(const rpc::CallContext& call, Transaction* transaction,
                                           const std::vector<KeyChange>& keys, bool committed_only,
                                           const Visit& visit) const {
  const ReadView view =
      committed_only ? transaction->CommittedView() : transaction->View(/*latest=*/true);
  const std::optional<ChildIndex> by = FindChildIndex();
  if (!by.has_value()) return Scan(call, view, keys, visit);
  if (by->index != nullptr) {
    // So that an index which serves nothing else is not taken for unused.
    IndexUse* const use = transaction->shared()->counts->Index(by->index->index_id);
    use->scans.fetch_add(1, std::memory_order_relaxed);
    use->last_scan_us.store(absl::ToUnixMicros(absl::Now()), std::memory_order_relaxed);
  }
  return LookUp(call, view, *by, keys, visit);
}

absl::StatusOr<bool> Reference::Refers(std::string_view stored, const KeyValues& values) const {
  const codec::TableLayout& layout = child_->layout;
  const codec::RowDecoder decoder(&layout.row, child_ordinals_, &layout.missing);
  ASSIGN_OR_RETURN(const std::optional<KeyValues> has, StoredValues(decoder, stored));
  return has.has_value() && ParentKey(*has) == ParentKey(values);
}

std::string Reference::Describe(const KeyValues& values, bool as_child) const {
  std::string names = "(";
  std::string shown = "(";
  for (int i = 0; i < key_->columns_size(); ++i) {
    const auto at =
        std::find(parent_ordinals_.begin(), parent_ordinals_.end(), key_->referenced_columns(i));
    const auto position = static_cast<size_t>(at - parent_ordinals_.begin());
    if (i > 0) {
      names += ", ";
      shown += ", ";
    }
    names += as_child ? child_->layout.names[key_->columns(i)]
                      : parent_->layout.names[key_->referenced_columns(i)];
    types::FormatText(values[position], types::TextOptions(), &shown);
  }
  return names + ")=" + shown + ")";
}

absl::Status Reference::Violation(std::string message, std::string detail) const {
  status::SqlError error;
  error.sqlstate = std::string(status::sqlstate::kForeignKeyViolation);
  error.message = std::move(message);
  error.detail = std::move(detail);
  error.schema = child_->descriptor.schema();
  error.table = child_->descriptor.name();
  error.constraint = key_->name();
  return status::ToStatus(error);
}

std::string Reference::InsertOrUpdate() const {
  return "insert or update on table \"" + child_->descriptor.name() +
         "\" violates foreign key constraint \"" + key_->name() + "\"";
}

absl::Status Reference::NotPresent(const KeyValues& values) const {
  return Violation(InsertOrUpdate(), "Key " + Describe(values, /*as_child=*/true) +
                                         " is not present in table \"" +
                                         parent_->descriptor.name() + "\".");
}

absl::Status Reference::StillReferenced(const KeyValues& values) const {
  const std::string& child = child_->descriptor.name();
  return Violation("update or delete on table \"" + parent_->descriptor.name() +
                       "\" violates foreign key constraint \"" + key_->name() + "\" on table \"" +
                       child + "\"",
                   "Key " + Describe(values, /*as_child=*/false) +
                       " is still referenced from table \"" + child + "\".");
}

absl::Status Reference::MixedNulls() const {
  return Violation(InsertOrUpdate(),
                   "MATCH FULL does not allow mixing of null and nonnull key values.");
}

}  // namespace adbms::storage::txn
